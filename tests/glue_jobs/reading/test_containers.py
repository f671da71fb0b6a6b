"""Files of other tools and scripts: containers are opened; contents are read, or refused by name, never lost."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from glue_jobs.reading.document import read_document
from glue_jobs.reading.model import Check, Document, UnreadableDocumentError
from glue_jobs.reading.playlist import entry_of
from shared.document import document_id
from tests.glue_jobs.documents import Json, as_bytes, page_body, row, song

API = "https://api.spotify.com/v1"
ID = "0List000000000000000A1"
OTHER_ID = "0List000000000000000A2"
DESCRIPTION = {"id": ID, "type": "playlist", "snapshot_id": "v1", "name": "Mine", "tracks": {"href": "x", "total": 2}}
ALBUM = {"album_type": "album", "id": "al1", "name": "First", "release_date": "2020-01-02", "total_tracks": 2}
TRACK = {"type": "track", "track": True, "id": "s1", "name": "A song", "artists": [], "album": ALBUM}
SECRET = "anna@example.org"


def kinds(check: Check) -> list[tuple[int, str, Any]]:
    """Position, kind and id of each row."""
    entries = [(position, entry_of(row)) for position, row in check.rows()]
    return [(position, entry.kind, (entry.value or {}).get("id")) for position, entry in entries]


def read(value: object) -> Document:
    return read_document(value if isinstance(value, bytes) else as_bytes(value))


def songs(value: object) -> list[list[tuple[int, str, Any]]]:
    """The rows of each check of a document without damages."""
    document = read(value)
    assert document.damages == []
    return [kinds(check) for check in document.checks]


def reason(value: object) -> str:
    """Why the document is refused; asserts that the reason quotes no value."""
    with pytest.raises(UnreadableDocumentError) as refused:
        read(value)
    assert SECRET not in str(refused.value)
    return str(refused.value)


ONE_SONG = [(0, "song", "s1")]
TWO = [(0, "song", "s1"), (1, "song", "s2")]


# --- a file with contents is never "read with 0 items"


@pytest.mark.parametrize("key", ["tracks", "items"])
def test_a_backup_tools_playlists_have_their_rows_in_a_plain_list(key: str) -> None:
    liked = {"name": "Liked Songs", key: [song("s1"), song("s2")]}
    named = {"id": ID, "type": "playlist", "snapshot_id": "v1", key: [row({"id": "s3"}, key="track")]}

    document = read([liked, named])

    assert [kinds(check) for check in document.checks] == [TWO, [(0, "song", "s3")]]
    assert [check.is_complete for check in document.checks] == [True, True]
    assert [check.total for check in document.checks] == [None, None]
    assert document.checks[1].playlist_id == ID
    assert document.checks[0].playlist_id.startswith("document:")
    assert document.damages == []


@pytest.mark.parametrize(
    ("fields", "is_complete", "total"),
    [
        ({"items": [song("s1")], "total": 1}, True, 1),
        ({"items": [song("s1")], "total": 9}, False, 9),
        ({"items": [song("s1")], "tracks": {"href": "x", "total": 9}}, False, 9),
        ({"tracks": [song("s1")], "items": {"href": "x", "total": 1}}, True, 1),
        ({"tracks": []}, True, None),
    ],
)
def test_a_plain_list_is_complete_unless_a_total_says_otherwise(
    fields: Json, is_complete: bool, total: Any
) -> None:  # a table
    (check,) = read({"id": ID, "name": "Mine", "owner": {"id": "u1"}} | fields).checks

    assert (check.is_complete, check.total) == (is_complete, total)


@pytest.mark.parametrize(
    "value",
    [
        DESCRIPTION,
        [DESCRIPTION, DESCRIPTION | {"id": OTHER_ID}],
        {"href": f"{API}/me/playlists?offset=0", "items": [DESCRIPTION], "total": 1},
        {"items": [DESCRIPTION]},
        {"playlists": {"href": f"{API}/browse/featured-playlists", "items": [DESCRIPTION]}},
        {"id": ID, "type": "playlist", "name": "Mine"},
        DESCRIPTION | {"tracks": None},
    ],
)
def test_a_file_of_descriptions_is_refused_by_name(value: object) -> None:
    assert "without" in reason(value)
    assert "playlist" in reason(value)


def test_a_description_among_reads_is_a_damage() -> None:
    document = read([page_body(song("s1")), DESCRIPTION])

    assert [(check.playlist_id, kinds(check)) for check in document.checks] == [("p1", ONE_SONG)]
    assert [damage.reason for damage in document.damages] == [
        "value 2: a playlist without its songs, only a description"
    ]


def test_a_description_with_its_pages_is_a_read() -> None:
    document = read([DESCRIPTION, page_body(song("s1"), song("s2"), playlist_id=ID)])

    (check,) = document.checks
    assert (check.snapshot_id, kinds(check), document.damages) == ("v1", TWO, [])


@pytest.mark.parametrize(
    "contents", [5, SECRET, {"items": 5}, {"a": SECRET}, [5], [{"name": SECRET}], {"items": [{"name": SECRET}]}]
)
def test_contents_of_unknown_form_are_refused_with_a_reason(contents: object) -> None:
    assert "tracks" in reason({"id": ID, "snapshot_id": "v1", "name": SECRET, "tracks": contents})


def test_rows_of_another_format_are_no_playlist_rows() -> None:
    flat = {"name": "Song 1", "artists": [{"name": "Ada"}], "url": "u", "added_at": "2024-01-01 00:00:00"}

    assert "key item or track" in reason({"snapshot_id": "v1", "name": "Mine", "tracks": [flat]})
    assert "key item or track" in reason(
        [{"name": "Song 1", "artist": "Ada", "id": "s1", "added_at": "2024-01-01T00:00:00Z"}]
    )
    assert "key item or track" in reason({"items": [{"added_at": "2024-01-01T00:00:00Z", "name": "x"}]})


# --- other shapes


SAVED_ALBUM = {"added_at": "2024-05-01T10:00:00Z", "album": ALBUM}
PLAYED = {"track": TRACK, "played_at": "2024-05-01T10:00:00.000Z", "context": None}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (ALBUM | {"tracks": {"items": [TRACK]}}, "an album"),
        (ALBUM | {"type": "album", "tracks": {"href": f"{API}/albums/al1/tracks", "items": [TRACK]}}, "an album"),
        ([ALBUM | {"tracks": {"items": [TRACK]}}], "an album"),
        ({"albums": {"items": [ALBUM]}, "tracks": {"items": [TRACK]}, "artists": {"items": []}}, "a search answer"),
        ({"tracks": {"href": f"{API}/search?x", "items": [TRACK], "total": 1}}, "a search answer"),
        ([PLAYED], "recently played"),
        ({"items": [PLAYED], "cursors": {"after": "1"}, "limit": 50}, "recently played"),
        ({"items": [PLAYED], "href": f"{API}/me/player/recently-played"}, "recently played"),
        ({"items": [SAVED_ALBUM]}, "saved albums"),
        ([SAVED_ALBUM], "saved albums"),
        ({"items": [{"added_at": "x", "episode": {"id": "e1", "type": "episode"}}]}, "saved episodes"),
        ({"items": [{"added_at": "x", "show": {"id": "e1"}}]}, "saved shows"),
        ({"is_playing": True, "progress_ms": 5, "item": TRACK, "currently_playing_type": "track"}, "currently playing"),
        (TRACK, "a track"),
        ([TRACK, TRACK], "a track"),
        ({"Ada": [TRACK], "Bo": [TRACK]}, "a track"),
        ({"tracks": [TRACK]}, "a track"),
        ({"items": [TRACK], "href": f"{API}/me/top/tracks"}, "a track"),
        ({"audio_features": [{"danceability": 0.5, "energy": 0.1, "type": "audio_features"}]}, "audio features"),
        ([{"danceability": 0.5, "energy": 0.1, "id": "s1"}], "audio features"),
        ({"snapshot_id": "abc"}, "the answer to a change of a playlist"),
        ({"type": "artist", "id": "a1", "name": SECRET}, "an artist"),
        ({"type": "user", "id": SECRET}, "a user"),
        ({"error": {"status": 404, "message": SECRET}}, "an error answer of the API (status 404)"),
    ],
)
def test_other_answers_of_the_api_are_refused_by_name(value: object, words: str) -> None:
    assert words in reason(value)


def test_empty_needs_an_entry_key_that_is_null() -> None:
    rows = [song("s1"), row(None), None, {"added_at": "2024-01-01T00:00:00Z"}, {"name": "x"}, {}]

    (check,) = read(rows).checks

    assert [kind for _, kind, _ in kinds(check)] == ["song", "empty", "empty", "rejected", "rejected", "rejected"]


# --- containers


PAGE = page_body(song("s1"), playlist_id=ID)
TWO_PAGES = [page_body(song("s1"), total=2), page_body(song("s2"), offset=1, total=2)]
PLAYLIST = DESCRIPTION | {"tracks": PAGE}


@pytest.mark.parametrize(
    "value",
    [
        [[song("s1")], [song("s2")]],
        [[[song("s1"), song("s2")]]],
        [[page_body(song("s1"), total=2)], [page_body(song("s2"), offset=1, total=2)]],
        b"".join([as_bytes(page_body(song("s1"), total=2)), as_bytes(page_body(song("s2"), offset=1, total=2))]),
        b"".join(json.dumps(page, indent=4).encode() for page in TWO_PAGES),
        as_bytes(json.dumps(page_body(song("s1"), song("s2")))),
        as_bytes(json.dumps(json.dumps([song("s1"), song("s2")]))),
        json.dumps([song("s1"), song("s2")]).encode("utf-16-le"),
        json.dumps([song("s1"), song("s2")]).encode("utf-16-be"),
        as_bytes({"data": page_body(song("s1"), song("s2")), "status": 200}),
        as_bytes({"response": {"body": json.dumps(page_body(song("s1"), song("s2")))}, "ok": True}),
    ],
)
def test_containers_of_one_read_are_opened(value: object) -> None:
    assert songs(value) == [TWO]


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ({"Morning": [song("s1")], "Evening": [song("s1")]}, [None, None]),
        ({ID: PLAYLIST, OTHER_ID: [song("s1")]}, [ID, OTHER_ID]),
        ({"exported_at": "2024-01-01", "playlist": PLAYLIST}, [ID]),
        ({"playlists": [PLAYLIST, {"name": "B", "tracks": [song("s1")]}]}, [ID, None]),
        ({"playlists": {ID: {"name": "B", "items": [song("s1")]}}}, [ID]),
        ([{"playlist": PLAYLIST}, {"playlist": PLAYLIST | {"id": OTHER_ID}}], [ID, OTHER_ID]),
    ],
)
def test_containers_of_several_reads_are_opened(value: object, ids: list[str | None]) -> None:
    document = read(value)

    assert [kinds(check) for check in document.checks] == [ONE_SONG] * len(ids)
    for check, expected in zip(document.checks, ids, strict=True):
        assert check.playlist_id == expected or (expected is None and check.playlist_id.startswith("document:"))


def test_a_playlist_is_named_after_its_key() -> None:
    checks = read({"Morning": [song("s1")], "Evening": [song("s1")]}).checks

    assert [check.playlist and check.playlist["name"] for check in checks] == ["Morning", "Evening"]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_a_constant_that_is_no_json_rejects_at_most_its_row(constant: str) -> None:
    text = as_bytes(page_body(song("s1", duration_ms=0), song("s2")) | {"note": 0}).decode()

    assert songs(text.replace('"note": 0', f'"note": {constant}').encode()) == [TWO]
    assert songs(text.replace('"duration_ms": 0', f'"duration_ms": {constant}').encode()) == [TWO]


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_each_member_of_a_zip_is_read_like_a_file() -> None:
    data = zipped(a=as_bytes(PAGE), b=b"<html>", c=as_bytes({"name": "B", "tracks": [song("s2")]}))

    document = read(data)

    assert [kinds(check) for check in document.checks] == [ONE_SONG, [(0, "song", "s2")]]
    assert [check.run_id for check in document.checks] == [f"document:{document_id(data)}"] * 2
    assert [damage.reason for damage in document.damages] == [
        "file 2 of the ZIP: no JSON at line 1, column 1: it begins like a web page; request the answer again"
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped(), "an empty ZIP"),
        (zipped(a=b"<html>"), "file 1 of the ZIP: no JSON"),
        (zipped(a=zipped(b=as_bytes(PAGE))), "file 1 of the ZIP: a ZIP"),
        (zipped(a=as_bytes(PAGE))[:-30], "a ZIP that is cut off or broken"),
        (zipped(**{f"f{n}": b"{}" for n in range(1001)}), "a ZIP of 1,001 files, more than the limit of 1,000"),
    ],
)
def test_a_zip_that_cannot_be_read_is_refused(data: bytes, words: str) -> None:
    assert words in reason(data)


def test_a_zip_is_bounded_in_bytes() -> None:
    with pytest.raises(UnreadableDocumentError, match=r"larger than 0[.]00195312 MiB uncompressed"):
        read_document(
            zipped(a=as_bytes([song("s1")]) + b" " * 1500, b=as_bytes([song("s2")]) + b" " * 1500), limit=2048
        )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"{'href': 'anna@example.org', 'items': [None]}", "no JSON at line 1, column 2: it begins like Python's own"),
        (b"Track URI,Track Name\nspotify:track:a,anna@example.org\n", "no JSON at line 1, column 1"),
        ({"anna@example.org": 1, "href": "x"}, "an object with the key href and 1 other"),
        ({"a": {"b": SECRET}}, "an object"),
        ([[[[[[[[[[[[song("s1")]]]]]]]]]]]], "nested too deeply"),
        ([1, SECRET], "neither an object nor a list"),
    ],
)
def test_the_reason_names_the_container_and_quotes_no_value(value: object, words: str) -> None:
    assert words in reason(value)


# --- the account data download


def exported(name: str, *items: Json) -> Json:
    return {
        "name": name,
        "lastModifiedDate": "2024-02-03",
        "items": list(items),
        "description": None,
        "numberOfFollowers": 3,
    }


def export_row(uri: str, day: str = "2024-01-01") -> Json:
    track = {"trackName": "Song 1", "artistName": "Ada", "albumName": "First", "trackUri": uri}
    return {"track": track, "episode": None, "localTrack": None, "addedDate": day}


EPISODE = {
    "track": None,
    "episode": {"episodeName": "E", "showName": "S", "episodeUri": "spotify:episode:ep1"},
    "localTrack": None,
    "addedDate": "2024-01-02",
}
MORNING = "export:" + hashlib.sha256(b"Morning").hexdigest()[:22]


@pytest.mark.parametrize(
    "wrap", [lambda container: {"playlists": [container]}, lambda container: container, lambda container: [container]]
)
def test_playlists_of_the_account_data_download(wrap: Any) -> None:
    document = read(wrap(exported("Morning", export_row("spotify:track:s1"), EPISODE)))

    (check,) = document.checks
    assert check.playlist_id == MORNING
    assert kinds(check) == [(0, "song", "s1"), (1, "episode", "ep1")]
    assert (check.is_complete, check.total, document.damages) == (True, None, [])
    assert check.playlist == {"name": "Morning", "description": None, "followers": {"total": 3}}
    first = check.pages[0].rows[0]
    assert first["added_at"] == "2024-01-01T00:00:00Z"
    assert (first["item"]["name"], first["item"]["artists"]) == ("Song 1", [{"name": "Ada"}])


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"trackName": "Song 1", "artistName": "Ada", "albumName": "First"}, ("unavailable", None)),
        ({"trackName": "Song 1", "artistName": "Ada", "trackUri": "spotify:track:s1"}, ("song", "s1")),
        (
            {"track": None, "episode": None, "audiobook": None, "localTrack": None, "addedDate": "2024-01-01"},
            ("empty", None),
        ),
        ({"track": None, "localTrack": {"uri": "spotify:local:Ada:First:Song+1:180"}}, ("local", None)),
        (
            {
                "track": None,
                "audiobook": {"audiobookName": "B", "chapterName": "C", "chapterUri": "spotify:episode:c1"},
            },
            ("episode", "c1"),
        ),
    ],
)
def test_every_form_of_rows_in_the_account_data_download(item: Json, expected: tuple[str, Any]) -> None:
    key = "tracks" if "trackName" in item else "items"
    (check,) = read({"playlists": [{"name": "Morning", "lastModifiedDate": "2020-02-03", key: [item]}]}).checks

    assert kinds(check) == [(0, *expected)]


def test_the_library_of_the_account_data_download() -> None:
    tracks = [{"artist": "Ada", "album": "First", "track": "Song 1", "uri": "spotify:track:s1"}]
    episodes = [{"name": "E", "show": "S", "uri": "spotify:episode:ep1"}]
    library = {
        "tracks": tracks,
        "albums": [],
        "shows": [],
        "episodes": episodes,
        "bannedTracks": [],
        "artists": [],
        "bannedArtists": [],
        "other": [],
    }

    (check,) = read(library).checks

    assert (check.playlist_id, check.is_complete) == ("export:library", True)
    assert kinds(check) == [(0, "song", "s1"), (1, "episode", "ep1")]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            [{"endTime": "2024-01-01 10:00", "artistName": SECRET, "trackName": "x", "msPlayed": 1000}],
            "streaming history",
        ),
        (
            [{"endTime": "2024-01-01 10:00", "podcastName": SECRET, "episodeName": "x", "msPlayed": 1000}],
            "streaming history",
        ),
        ([{"ts": "2024-01-01T10:00:00Z", "ms_played": 1000, "ip_addr": SECRET}], "extended streaming history"),
        ({"username": SECRET, "email": SECRET, "country": "SE", "birthdate": "2000-01-01"}, "user data"),
        ({"displayName": SECRET, "firstName": SECRET, "tasteMaker": False}, "identity"),
        ({"userIsFollowing": [SECRET], "userIsFollowedBy": [], "userIsBlocking": []}, "followed and following users"),
        ([{"platform": "ANDROID", "searchTime": "x", "searchQuery": SECRET}], "search queries"),
        ({"inferences": [SECRET]}, "inferences"),
        ([{"artistName": SECRET, "segment": "Light listeners"}], "Marquee"),
        ({"payment_method": SECRET, "country": "SE"}, "payments"),
    ],
)
def test_other_files_of_the_account_data_download_are_refused_by_name(value: object, words: str) -> None:
    assert words in reason(value)
