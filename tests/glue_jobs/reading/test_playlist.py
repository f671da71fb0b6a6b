"""From rows to kinds and entries, and from pages to checks."""

from typing import Any

import pytest

from glue_jobs.reading.document import read_document
from glue_jobs.reading.playlist import entry_of
from shared.document import document_id, write_document
from tests.glue_jobs.documents import Json, as_bytes, episode, local, page_body, raw_line, row, song
from tests.glue_jobs.reading.checks import only_check, positions, song_ids

API = "https://api.spotify.com/v1"


@pytest.mark.parametrize(
    ("raw_row", "kind"),
    [
        (song("s1"), "song"),
        (row({"id": "s1", "type": "track"}, key="track"), "song"),
        (row({"id": "s1"}), "song"),
        (row({"id": "s1", "type": "track", "track": True, "episode": False}), "song"),
        ({"item": {"id": "s1"}, "track": {"id": "s2"}}, "song"),
        ({"item": None, "track": {"id": "s2"}}, "song"),
        ({"item": True, "track": {"id": "s2"}}, "song"),
        (row({"id": 5}), "song"),
        (row({"id": ["s1"]}), "song"),
        (episode("e1"), "episode"),
        (row({"id": "e1", "type": "track", "uri": "spotify:episode:e1"}), "episode"),
        (row({"id": "s1", "type": "episode", "uri": "spotify:track:s1"}), "song"),
        (row({"id": "e1", "show": {"id": "sh1"}}), "episode"),
        (row({"id": "s1", "show": "text"}), "song"),
        (local("spotify:local:A:B:C:1"), "local"),
        (row({"id": None, "uri": "spotify:local:A:B:C:1"}), "local"),
        (row({"id": None, "is_local": True}), "local"),
        (row({"id": "s1"}, is_local="yes"), "song"),
        (None, "empty"),
        (row(None), "empty"),
        ({"item": None}, "empty"),
        ({"item": None, "track": True}, "empty"),
        (row({"id": None, "type": "track"}), "unavailable"),
        (row({"id": "", "name": "Gone"}), "unavailable"),
        (row({}), "unavailable"),
    ],
)
def test_every_row_has_one_kind(raw_row: object, kind: str) -> None:
    entry = entry_of(raw_row)

    assert entry.kind == kind
    assert entry.reason is None


@pytest.mark.parametrize(
    ("raw_row", "words"),
    [
        (5, "the row is no object but 5"),
        ("text", 'the row is no object but "text"'),
        ([song("s1")], "the row is no object but ["),
        (row("s1"), 'the entry is no object but "s1"'),
        (row([]), "the entry is no object but []"),
        ({"item": None, "track": 7}, "the entry is no object but 7"),
        ({"added_at": None}, "the row has neither item nor track"),
        ({"item": True, "track": False}, "the row has neither item nor track"),
        ({}, "the row has neither item nor track"),
        (row({"id": "c1", "type": "chapter"}), 'neither a track nor an episode: "chapter"'),
        (row({"id": "c1", "type": 5}), "neither a track nor an episode: 5"),
        (row({"id": "c1", "type": "track", "uri": "spotify:chapter:c1"}), "neither a track nor an episode: spotify:ch"),
        (row({"id": "c1", "uri": "spotify:"}), "neither a track nor an episode: spotify:"),
    ],
)
def test_an_entry_that_cannot_be_read_is_rejected_with_its_reason(raw_row: object, words: str) -> None:
    entry = entry_of(raw_row)

    assert entry.kind == "rejected"
    assert entry.reason is not None
    assert entry.reason.startswith(words)


def test_a_reason_shows_eighty_characters_of_the_value() -> None:
    assert entry_of(row("x" * 10_000)).reason == 'the entry is no object but "' + "x" * 79


def test_kinds_and_positions_are_in_the_order_of_the_rows() -> None:
    rows = [song("s1"), None, episode("e1"), 5, local("spotify:local:A:B:C:1"), row({})]

    check = only_check(as_bytes(page_body(*rows, offset=100)))

    kinds = [entry_of(row).kind for _, row in check.rows()]
    assert kinds == ["song", "empty", "episode", "rejected", "local", "unavailable"]
    assert positions(check) == [100, 101, 102, 103, 104, 105]
    assert check.first_item == 0


@pytest.mark.parametrize(
    ("entry", "name", "artists"),
    [
        ({"uri": "spotify:local:Some+Artist:An+Album:A+Title:200"}, "A Title", ["Some Artist"]),
        ({"uri": "spotify:local:Bj%C3%B6rk::J%C3%B3ga:200"}, "Jóga", ["Björk"]),
        ({"uri": "spotify:local:A:B:C:1", "name": "Named", "artists": [{"name": "Her"}]}, "Named", ["Her"]),
        ({"uri": "spotify:local:A:B:C:1", "name": "", "artists": [{"name": ""}]}, "C", ["A"]),
        ({"uri": "spotify:local:A:B:C:1", "artists": [None]}, "C", ["A"]),
        ({"uri": "spotify:local::::200"}, None, None),
        ({"uri": "spotify:local:A"}, None, None),
        ({"uri": None}, None, None),
        ({"uri": {"a": 1}}, None, None),
    ],
)
def test_the_name_of_a_local_file_comes_from_its_fields_else_from_its_uri(
    entry: Json, name: str | None, artists: list[str]
) -> None:
    kind, value, _ = entry_of(row(entry, is_local=True))

    assert kind == "local"
    assert value is not None
    assert value.get("name") == name
    assert [artist["name"] for artist in value["artists"]] == artists if artists else "artists" not in value


@pytest.mark.parametrize(
    ("page", "offset"),
    [
        ({"offset": 50}, 50),
        ({"offset": 50, "href": f"{API}/playlists/p1/items?offset=100"}, 50),
        ({"href": f"{API}/playlists/p1/items?limit=50&offset=100"}, 100),
        ({"href": f"{API}/playlists/p1/items?offset=abc"}, 0),
        ({"href": f"{API}/playlists/p1/items?offset=-5"}, 0),
        ({"offset": None, "href": f"{API}/playlists/p1/items?offset=100"}, 100),
        ({"offset": "50"}, 0),
        ({"offset": -1}, 0),
        ({"offset": True}, 0),
        ({"offset": 50.0}, 0),
        ({"offset": [50]}, 0),
        ({}, 0),
    ],
)
def test_the_first_position_comes_from_the_pages_offset_else_from_its_href(page: Json, offset: int) -> None:
    assert positions(only_check(as_bytes({"items": [song("s1"), song("s2")], **page}))) == [offset, offset + 1]


@pytest.mark.parametrize(
    ("body", "asked", "first"),
    [({}, 50, 50), ({"offset": 100}, 50, 100), ({"href": "/x?offset=150"}, 50, 150), ({}, None, 0), ({}, -1, 0)],
)
def test_the_first_position_of_our_own_page_comes_from_its_offset_else_from_the_request(
    body: Json, asked: Any, first: int
) -> None:
    line = raw_line(offset=asked, body={"items": [song("s1")], **body})

    assert positions(only_check(write_document([line]))) == [first]


def test_an_offset_above_the_greatest_position_is_ignored() -> None:
    page = {"items": [song("s1")], "offset": 2**31}

    assert positions(only_check(as_bytes(page | {"offset": 2**31 - 1}))) == [2**31 - 1]
    assert positions(only_check(as_bytes(page))) == [0]


@pytest.mark.parametrize("href", ["http://[/playlists/p1/items", f"{API}/playlists/p1/items?offset=" + "9" * 5000])
def test_a_malformed_href_has_no_offset(href: str) -> None:
    assert positions(only_check(as_bytes({"href": href, "items": [song("s1")]}))) == [0]


@pytest.mark.parametrize(
    ("bodies", "is_complete"),
    [
        ([page_body(song("s1"), song("s2"))], True),
        ([page_body()], True),
        ([page_body(song("s1"), total=2)], False),
        ([page_body(song("s1"), song("s2"), total=1)], False),
        ([page_body(song("s2"), offset=1)], False),
        ([page_body(song("s1"), total=2), page_body(song("s2"), offset=1, total=2)], True),
        ([page_body(song("s2"), offset=1, total=2), page_body(song("s1"), total=2)], True),
        ([page_body(song("s1"), total=3), page_body(song("s3"), offset=2, total=3)], False),
        ([page_body(song("s1"), total=2), page_body(song("s2"), offset=1, total=3)], False),
        ([page_body(song("s1"), total="1")], False),
        ([page_body(song("s1"), total=True)], False),
        ([{"items": [song("s1")]}], False),
    ],
)
def test_a_check_is_complete_when_its_pages_agree_on_a_total_and_hold_every_position_below_it(
    bodies: list[Json], *, is_complete: bool
) -> None:
    assert only_check(as_bytes(bodies)).is_complete is is_complete


def test_a_huge_total_is_an_incomplete_check() -> None:
    for total in (2**31, 10**30):
        assert only_check(as_bytes(page_body(song("s1"), total=total))).is_complete is False


def test_pages_of_one_playlist_join_and_repeated_positions_begin_another_check() -> None:
    first, second = page_body(song("s1"), total=2), page_body(song("s2"), offset=1, total=2)
    other = page_body(song("s9"), playlist_id="p2")
    document = as_bytes([first, other, second, first])

    checks = read_document(document).checks

    assert [(check.playlist_id, song_ids(check)) for check in checks] == [
        ("p1", ["s1", "s2"]),
        ("p2", ["s9"]),
        ("p1", ["s1"]),
    ]
    of_document = f"document:{document_id(document)}"
    assert [check.run_id for check in checks] == [of_document, of_document, f"{of_document}#1"]
    assert [check.snapshot_id for check in checks] == [f"{of_document}#0", f"{of_document}#1", f"{of_document}#2"]
    assert [check.first_item for check in checks] == [0, 2, 3]


def test_pages_that_name_no_playlist_never_join() -> None:
    checks = read_document(
        as_bytes([{"items": [song("s1")], "offset": 0}, {"items": [song("s2")], "offset": 1}])
    ).checks

    assert [song_ids(check) for check in checks] == [["s1"], ["s2"]]
    assert checks[0].playlist_id != checks[1].playlist_id
