"""Files as people have them: each gives its rows, or one true sentence that says what the file is and what to do."""

import bz2
import gzip
import io
import json
import lzma
import pprint
import tarfile
from typing import Any

import pytest

from glue_jobs.reading.document import read_document
from glue_jobs.reading.model import UnreadableDocumentError
from tests.glue_jobs.documents import Json, as_bytes
from tests.glue_jobs.reading.test_containers import kinds, zipped

ID = "0List000000000000000A1"
SECRET = "anna@example.org"
TRACK = {
    "type": "track",
    "id": "s1",
    "name": "A song",
    "artists": [{"id": "a1", "name": "Ada"}],
    "album": {"id": "al1"},
}
ROW = {"added_at": "2024-01-01T00:00:00Z", "added_by": {"id": SECRET}, "is_local": False, "track": TRACK}
OTHER_ROW = ROW | {"track": TRACK | {"id": "s2"}}
PAGE: Json = {
    "href": f"https://api.spotify.com/v1/playlists/{ID}/tracks?offset=0&limit=100",
    "items": [ROW, OTHER_ROW],
    "limit": 100,
    "next": None,
    "offset": 0,
    "total": 2,
}
DESCRIPTION: Json = {
    "id": ID,
    "type": "playlist",
    "snapshot_id": "v1",
    "name": "Mine",
    "tracks": {"href": "x", "total": 2},
}
TEXT = json.dumps(PAGE).encode()
PRETTY = json.dumps(PAGE, indent=2).encode()
TWO = [(0, "song", "s1"), (1, "song", "s2")]


def tarred(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("a.json")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def as_data(value: object) -> bytes:
    return value if isinstance(value, bytes) else as_bytes(value)


# Playlist id and name, and whether the read is complete; rows are those of TWO.
UNKNOWN = (None, None, False)
OF_PLAYLIST = (ID, None, True)
READ: dict[str, tuple[object, tuple[str | None, str | None, bool]]] = {
    "the output of curl -i": (
        b"HTTP/2 200 \r\ncontent-type: application/json\r\nset-cookie: a=b\r\n\r\n" + TEXT,
        OF_PLAYLIST,
    ),
    "the output of curl -i, pretty-printed": (
        b"HTTP/1.1 200 OK\nContent-Type: application/json\n\n" + PRETTY,
        OF_PLAYLIST,
    ),
    "the output of curl -i after a proxy": (
        b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/2 200\r\nage: 0\r\n\r\n" + TEXT,
        OF_PLAYLIST,
    ),
    "a byte order mark": (b"\xef\xbb\xbf" + TEXT, OF_PLAYLIST),
    "PowerShell's UTF-16": (PRETTY.decode().replace("\n", "\r\n").encode("utf-16"), OF_PLAYLIST),
    "lines with blank lines between them": (
        b"\n\n" + as_bytes(ROW) + b"\r\n\r\n \n" + as_bytes(OTHER_ROW) + b"\n",
        UNKNOWN,
    ),
    "lines that end in commas": (as_bytes(ROW) + b",\n" + as_bytes(OTHER_ROW) + b",\n", UNKNOWN),
    "JSON text sequences": (b"\x1e" + as_bytes(ROW) + b"\n\x1e" + as_bytes(OTHER_ROW) + b"\n", UNKNOWN),
    "rows by the ids of their songs": ({"s1": ROW, "s2": OTHER_ROW}, UNKNOWN),
    "rows by number below items": ({"items": {"0": ROW, "1": OTHER_ROW}, "total": 2}, UNKNOWN),
    "rows as a workflow tool wraps them": ([{"json": ROW}, {"json": OTHER_ROW, "pairedItem": 0}], UNKNOWN),
    "rows as a search engine wraps them": ([{"_id": "1", "_source": ROW}, {"_id": "2", "_source": OTHER_ROW}], UNKNOWN),
    "rows as JSON strings": ({"items": [json.dumps(ROW), json.dumps(OTHER_ROW)], "total": 2}, (None, None, True)),
    "an answer with its headers": ({"body": PAGE, "headers": {"retry-after": "1"}, "statusCode": 200}, OF_PLAYLIST),
    "an answer of a Lambda": ({"statusCode": 200, "headers": {}, "body": json.dumps(PAGE)}, OF_PLAYLIST),
    "an export of a database": ({"_id": {"$oid": "x"}} | DESCRIPTION | {"tracks": PAGE}, (ID, "Mine", True)),
    "the old address of a user's playlist": (
        PAGE | {"href": f"https://api.spotify.com/v1/users/u1/playlists/{ID}/tracks?offset=0"},
        OF_PLAYLIST,
    ),
    "a description beside its rows": ({"playlist": DESCRIPTION, "tracks": [ROW, OTHER_ROW]}, (ID, "Mine", True)),
    "a description beside some of its rows": (
        {"playlist": DESCRIPTION | {"tracks": {"total": 9}}, "tracks": [ROW, OTHER_ROW]},
        (ID, "Mine", False),
    ),
    "a name and an id beside rows": (
        {"playlist_name": "Mine", "playlist_id": ID, "tracks": [ROW, OTHER_ROW]},
        (ID, "Mine", True),
    ),
    "a name of emoji beside songs": ({"name": "🎸💔", "songs": [ROW, OTHER_ROW]}, (None, "🎸💔", True)),
    "an id of another kind beside rows": ({"id": "export-7", "data": [ROW, OTHER_ROW]}, UNKNOWN),
}


@pytest.mark.parametrize("name", READ)
def test_files_of_tools_and_scripts_give_their_rows(name: str) -> None:
    value, (playlist_id, title, is_complete) = READ[name]

    (check,) = read_document(as_data(value)).checks

    assert kinds(check) == TWO
    assert (check.playlist_id == playlist_id) or (playlist_id is None and check.playlist_id.startswith("document:"))
    assert ((check.playlist or {}).get("name"), check.is_complete) == (title, is_complete)


TOOL = "a song in the format of another tool: only rows of the Web API are read"
PLAYER = "an answer of Spotify's own player: only answers of the Web API are read"
CUT = "the file ends too early, perhaps it was cut off; save it again"
BEFORE = "other text comes before the JSON, which begins at line {}, column {}; remove that text"
JSON5 = "it begins like JSON5 or JavaScript; write it as JSON"
PYTHON = "it begins like Python's own notation; write it with json.dumps"
REFUSED: dict[str, tuple[object, str]] = {
    # songs of other tools
    "a table as JSON": ([{"Track URI": "x", "Track Name": SECRET, "Artist Name(s)": "Ada"}], f"value 1: {TOOL}"),
    "a transfer tool's list": ([{"title": SECRET, "artist": "Ada", "album": "First", "isrc": "X"}], f"value 1: {TOOL}"),
    "a transfer tool's playlist": (
        {"title": SECRET, "tracks": [{"title": SECRET, "artist": "Ada"}]},
        f"tracks, value 1: {TOOL}",
    ),
    "a download tool's list": ([{"name": SECRET, "artists": ["Ada"], "artist": "Ada", "url": "u"}], f"value 1: {TOOL}"),
    "JSPF": (
        {"playlist": {"title": SECRET, "creator": SECRET, "track": [{"title": SECRET, "creator": "Ada"}]}},
        f"playlist, track, value 1: {TOOL}",
    ),
    "the player's GraphQL": ({"data": {"playlistV2": {"__typename": "Playlist", "content": {"items": [{}]}}}}, PLAYER),
    "the player's list": ({"revision": "x", "length": 1, "contents": {"items": [{"uri": SECRET}]}}, PLAYER),
    "a recording of a browser": (
        {"log": {"version": "1.2", "creator": {}, "entries": [{"response": {"content": {"text": json.dumps(PAGE)}}}]}},
        "entry 1: a recording of a browser (HAR): it may contain your login, save the answers alone",
    ),
    "a page of other entries": (
        {"kind": "x", "items": [{"snippet": {"title": SECRET}}]},
        "a page without playlist rows",
    ),
    "columns": ({"track": {"0": TRACK}, "added_at": {"0": "x"}}, "track, entry 1: a track, without a playlist"),
    # texts that are no JSON
    "a quoted table": (
        b'"Track URI","Track Name"\n"spotify:track:s1","anna@example.org"\n',
        "no JSON object and no list: it begins like a table (CSV), which is not read",
    ),
    "a table with semicolons": (
        b"Name;Mail\nAnna;anna@example.org\n",
        "no JSON at line 1, column 1: it begins like a table (CSV), which is not read",
    ),
    "addresses": (
        b"https://open.spotify.com/track/s1\nhttps://open.spotify.com/track/s2\n",
        "no JSON at line 1, column 1: it is other text, without a JSON object or list",
    ),
    "the output of curl -v": (
        b"* Connected\n> GET /v1/playlists HTTP/2\n> Authorization: anna@example.org\n\n" + TEXT,
        BEFORE.format(5, 1),
    ),
    "a script": (
        b"const data = " + PRETTY + b";\n",
        BEFORE.format(1, 14),
    ),
    "a script that is cut off": (b'data = {"items": [{"track": null}], "tot', "no JSON at line 1, column 1"),
    "a fenced block": (
        b"```json\n" + PRETTY + b"\n```\n",
        BEFORE.format(2, 1),
    ),
    "JSON5": (b"// mine\n{\n  items: [{track: {id: 's1'}}],\n}\n", f"no JSON at line 1, column 1: {JSON5}"),
    "comments": (b'{\n // mine\n "items": []}', f"no JSON at line 2, column 2: {JSON5}"),
    "what Node.js prints": (b"{ items:\n   [ { track: [Object] } ] }", f"no JSON at line 1, column 3: {JSON5}"),
    "what Python prints": (pprint.pformat(PAGE).encode(), f"no JSON at line 1, column 2: {PYTHON}"),
    "a comma after the last row": (
        b"[\n " + as_bytes(ROW) + b",\n]\n",
        "no JSON at line 3, column 1: remove the comma before the closing bracket",
    ),
    "typographic quotation marks": (
        "{“items”: []}".encode(),
        "no JSON at line 1, column 2: it has typographic quotation marks; save it as plain text",
    ),
    "JSON that is cut off": (TEXT[:40], f"no JSON at line 1, column 10: {CUT}"),
    "pretty JSON that is cut off": (b'{\n "total": 1,\n "next": nu', f"no JSON at line 3, column 10: {CUT}"),
    "XML": (b'<?xml version="1.0"?><playlist/>', "no JSON at line 1, column 1: it begins like XML, which is not read"),
    "a web page after a mark": (
        b"\xef\xbb\xbf\r\n<!DOCTYPE html><html>",
        "no JSON at line 2, column 1: it begins like a web page; request the answer again",
    ),
    "another encoding": ('{"name": "Café"}'.encode("cp1252"), "the text is not UTF-8 (byte 13): save it as UTF-8"),
    "zero bytes": (bytes(512), "the file has zero bytes alone: save it again"),
    # files that are no text
    "gzip in gzip": (gzip.compress(gzip.compress(TEXT)), "no JSON: gzip in gzip: uncompress it once"),
    "bzip2": (bz2.compress(TEXT), "no JSON: a bzip2 file: uncompress it"),
    "xz": (lzma.compress(TEXT), "no JSON: an xz file: uncompress it"),
    "tar": (tarred(TEXT), "no JSON: a tar archive: unpack it into a folder"),
    "tar.gz": (gzip.compress(tarred(TEXT)), "no JSON: a tar archive: unpack it into a folder"),
    "a database": (b"SQLite format 3\0" + bytes(84), "no JSON: an SQLite database"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(20), "no JSON: a picture"),
    "a spreadsheet": (
        zipped(**{"[Content_Types].xml": b"<?xml?>", "xl": b"<?xml?>"}),
        "an Office document (Excel or Word), which is not read",
    ),
    "gzip that is cut off": (gzip.compress(TEXT)[:-20], "the gzip stream is cut off or broken (it ends too early)"),
    "a ZIP in a ZIP": (zipped(a=zipped(b=TEXT)), "file 1 of the ZIP: a ZIP in a ZIP: unzip it first"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_has_one_sentence(name: str) -> None:
    value, sentence = REFUSED[name]

    with pytest.raises(UnreadableDocumentError) as refused:
        read_document(as_data(value))

    shown = str(refused.value)
    assert shown.endswith(sentence)
    assert SECRET not in shown


def test_a_whole_account_data_download_gives_playlists_and_library() -> None:
    track = {"trackName": "A song", "artistName": "Ada", "albumName": "First", "trackUri": "spotify:track:s1"}
    playlist = {
        "name": "Morning",
        "lastModifiedDate": "2024-02-03",
        "items": [{"track": track, "addedDate": "2024-01-01"}],
    }
    library = {"tracks": [{"artist": "Ada", "album": "First", "track": "A song", "uri": "spotify:track:s2"}]}
    data = zipped(
        **{
            "MyData/Playlist1.json": as_bytes({"playlists": [playlist]}),
            "MyData/YourLibrary.json": as_bytes(library | {"albums": [], "shows": [], "episodes": []}),
            "MyData/Userdata.json": as_bytes({"username": SECRET, "email": SECRET}),
            "MyData/ReadMeFirst.pdf": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3",
        }
    )

    document = read_document(data)

    assert [kinds(check) for check in document.checks] == [[(0, "song", "s1")], [(0, "song", "s2")]]
    assert document.checks[1].playlist_id == "export:library"
    assert [damage.reason for damage in document.damages] == [
        "file 3 of the ZIP: user data of the account",
        "file 4 of the ZIP: no JSON: a PDF document",
    ]


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (b"\x1a", "the text after value 1: no JSON at line 1, column 18"),
        (b"\0\0\0", "the text after value 1: no JSON at line 1, column 18"),
    ],
)
def test_text_after_the_json_is_a_damage(after: bytes, reason: str) -> None:
    document = read_document(b'[{"track": null}]' + after)

    assert [kinds(check) for check in document.checks] == [[(0, "empty", None)]]
    assert [damage.reason for damage in document.damages] == [reason]


@pytest.mark.parametrize(
    "value",
    [
        {"playlists": [DESCRIPTION], "tracks": [ROW, OTHER_ROW]},
        {"playlist": DESCRIPTION, "liked": [ROW, OTHER_ROW]},
        {"first": DESCRIPTION, "second": DESCRIPTION, "tracks": [ROW, OTHER_ROW]},
    ],
)
def test_rows_that_may_be_of_another_playlist_are_not_joined_with_a_description(value: Json) -> None:
    document = read_document(as_bytes(value))

    (check,) = document.checks
    assert check.playlist_id.startswith("document:")
    assert kinds(check) == TWO
    assert {damage.reason.rpartition(": ")[2] for damage in document.damages} == {
        "a playlist without its songs, only a description"
    }


def test_other_values_among_bare_rows_are_damages_and_no_rows() -> None:
    user = {"username": SECRET, "email": SECRET}
    error = {"error": {"status": 429, "message": SECRET}}

    document = read_document(as_bytes([ROW, SECRET, user, {"index": {}}, 200, error, {SECRET: 1}, None, OTHER_ROW]))

    (check,) = document.checks
    assert kinds(check) == [(0, "song", "s1"), (1, "empty", None), (2, "song", "s2")]
    assert [damage.reason for damage in document.damages] == [
        "value 2: neither an object nor a list",
        "value 3: user data of the account",
        "value 4: an object with 1 unknown key",
        "value 5: neither an object nor a list",
        "value 6: an error answer of the API (status 429)",
        "value 7: an object with 1 unknown key",
    ]


def test_the_status_that_curl_writes_after_a_page_is_a_damage() -> None:
    document = read_document(TEXT + b"200")

    assert [kinds(check) for check in document.checks] == [TWO]
    assert [damage.reason for damage in document.damages] == ["value 2: neither an object nor a list"]


@pytest.mark.parametrize(
    "value",
    [
        {"title": "Mine", "creator": "Anna", "data": [ROW, OTHER_ROW]},
        {"artistName": "Ada", "trackName": "x", "rows": [ROW, OTHER_ROW]},
    ],
)
def test_titles_and_artists_beside_rows_are_no_song(value: Any) -> None:
    (check,) = read_document(as_bytes(value)).checks

    assert kinds(check) == TWO
