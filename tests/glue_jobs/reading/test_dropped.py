"""Which shapes of dropped files are read, to which playlist they belong, and why others are refused."""

import pytest

from glue_jobs.reading.document import read_document
from glue_jobs.reading.model import UnreadableDocumentError
from shared.document import document_id
from tests.glue_jobs.documents import as_bytes, ndjson, page_body, song
from tests.glue_jobs.reading.checks import only_check, song_ids

API = "https://api.spotify.com/v1"


@pytest.mark.parametrize(
    ("href", "playlist_id"),
    [
        (f"{API}/playlists/p1/items?offset=0", "p1"),
        (f"{API}/playlists/p1/tracks", "p1"),
        (f"{API}/users/u1/playlists/p1/tracks?x", "p1"),
        (f"{API}/me/tracks?offset=0", "liked:me"),
    ],
)
def test_the_href_names_the_playlist_of_a_page(href: str, playlist_id: str) -> None:
    assert only_check(as_bytes({"href": href, "items": [song("s1")]})).playlist_id == playlist_id


@pytest.mark.parametrize("key", ["items", "tracks"])
def test_a_playlist_with_contents_is_a_check_with_its_description(key: str) -> None:
    described = {"id": "p1", "snapshot_id": "v1", "name": "Mine", key: page_body(song("s1"))}

    check = only_check(as_bytes(described))

    assert (check.playlist_id, check.snapshot_id, song_ids(check)) == ("p1", "v1", ["s1"])
    assert (check.total, check.item_count, check.is_complete) == (1, 1, True)
    assert check.playlist is not None
    assert check.playlist["name"] == "Mine"


def test_contents_under_both_keys_count_once() -> None:
    both = {"id": "p1", "items": page_body(song("s1")), "tracks": page_body(song("s1"), song("s2"))}

    assert song_ids(only_check(as_bytes(both))) == ["s1"]


def test_a_playlist_without_an_id_takes_the_id_in_its_href_else_one_made_from_the_document() -> None:
    known = {"type": "playlist", "tracks": page_body(song("s1"), playlist_id="p7")}
    unknown = as_bytes({"type": "playlist", "id": "", "tracks": []})

    assert only_check(as_bytes(known)).playlist_id == "p7"
    assert only_check(unknown).playlist_id == f"document:{document_id(unknown)}#0"


def test_embedded_contents_do_not_count_beside_pages_of_the_playlist() -> None:
    described = {"id": "p1", "snapshot_id": "v1", "items": page_body(song("s1"), total=2)}
    pages = [page_body(song("s1"), total=2), page_body(song("s2"), offset=1, total=2)]

    check = only_check(ndjson(described, *pages))

    assert song_ids(check) == ["s1", "s2"]
    assert (check.snapshot_id, check.item_count, check.is_complete) == ("v1", 2, True)


def test_a_part_without_playlist_data_is_damage_beside_parts_with_it() -> None:
    document = read_document(as_bytes([page_body(song("s1")), {"error": {"message": "Later"}}, 5]))

    assert [song_ids(check) for check in document.checks] == [["s1"]]
    assert [damage.reason for damage in document.damages] == [
        "value 2: an error answer of the API",
        "value 3: neither an object nor a list",
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"5", "neither an object nor a list"),
        (b"null", "neither an object nor a list"),
        (b'"text"', "neither an object nor a list"),
        (b"[]", "an empty list"),
        (b"[[]]", "value 1: an empty list"),
        (b"{}", "an object without keys"),
        (b'{"b": 1, "name": 2}', "an object with the key name and 1 other"),
        (as_bytes({"error": {"status": 404, "message": "Not check."}}), "an error answer of the API (status 404)"),
        (as_bytes({"error": "invalid_grant"}), "an error answer of the API"),
        (as_bytes({"href": f"{API}/me/playlists?x", "items": [{"id": "p1"}]}), "a list of playlists without their"),
        (as_bytes({"href": f"{API}/albums/a/tracks", "items": [{"id": "s1"}]}), "a page of an album's tracks"),
        (as_bytes({"href": f"{API}/me/top/artists", "items": [{"id": "a1"}]}), "a page of something else, not of"),
        (as_bytes({"items": []}), "a page without playlist rows"),
        (as_bytes({"items": [{"type": "track", "track": True}]}), "value 1: a track, without a playlist"),
        (as_bytes({"type": "track", "track": True, "id": "s1"}), "a track, without a playlist"),
    ],
)
def test_json_without_playlist_data_is_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableDocumentError) as refused:
        read_document(data)

    assert words in str(refused.value)
