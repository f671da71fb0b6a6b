"""The meaning of "current", tested with the same rows in Snowflake's and in Athena's generated SQL."""

from collections.abc import Callable

from shared.contract import Table
from shared.tables.batches import BATCHES
from shared.tables.playlist_checks import PLAYLIST_CHECKS
from shared.tables.playlist_items import PLAYLIST_ITEMS
from shared.tables.song_artists import SONG_ARTISTS
from shared.tables.song_popularity import SONG_POPULARITY
from shared.tables.songs import SONGS

Row = dict[str, object]
Publish = Callable[..., str]
Current = Callable[[Table, str], list[tuple[object, ...]]]


def test_the_newest_description_of_a_song_wins_regardless_of_its_batch(publish: Publish, current: Current) -> None:
    publish(SONGS, {"song_id": "s1", "name": "New", "extracted_at": "2026-11-17", "batch_id": "b1"}, batch=1)
    publish(
        SONGS,
        {"song_id": "s1", "name": "Old", "extracted_at": "2026-11-16", "batch_id": "b2"},
        {"song_id": "s2", "name": "Other", "extracted_at": "2026-11-16", "batch_id": "b2"},
        batch=2,
    )

    assert current(SONGS, "song_id, name") == [("s1", "New"), ("s2", "Other")]


def test_a_value_withheld_in_the_newest_observation_is_null(publish: Publish, current: Current) -> None:
    publish(SONGS, {"song_id": "s1", "popularity": 50, "is_playable": True, "extracted_at": "2026-11-16"}, batch=1)
    publish(SONGS, {"song_id": "s1", "popularity": None, "is_playable": None, "extracted_at": "2026-11-17"}, batch=2)

    assert current(SONGS, "song_id, popularity, is_playable") == [("s1", None, None)]


def test_an_artist_dropped_from_the_credits_leaves(publish: Publish, current: Current) -> None:
    publish(
        SONG_ARTISTS,
        {"song_id": "s1", "artist_id": "a1", "position": 0, "extracted_at": "2026-11-16"},
        {"song_id": "s1", "artist_id": "a2", "position": 1, "extracted_at": "2026-11-16"},
        {"song_id": "s2", "artist_id": "a2", "position": 0, "extracted_at": "2026-11-16"},
        batch=1,
    )
    publish(SONG_ARTISTS, {"song_id": "s1", "artist_id": "a1", "position": 0, "extracted_at": "2026-11-17"}, batch=2)

    assert current(SONG_ARTISTS, "song_id, artist_id, position") == [("s1", "a1", 0), ("s2", "a2", 0)]


def test_a_later_read_of_a_snapshot_replaces_it_whole(publish: Publish, current: Current) -> None:
    first = {"playlist_id": "p1", "snapshot_id": "v1", "kind": "song", "extracted_at": "2026-11-16"}
    again = first | {"extracted_at": "2026-11-17"}
    other = first | {"snapshot_id": "v0", "extracted_at": "2026-11-15"}
    publish(
        PLAYLIST_ITEMS,
        other | {"position": 0, "song_id": "s9", "source_position": 0},
        first | {"position": 0, "song_id": "s1", "source_position": 0},
        first | {"position": 1, "song_id": "s2", "source_position": 1},
        first | {"position": 2, "song_id": "s3", "source_position": 2},
        batch=1,
    )
    publish(
        PLAYLIST_ITEMS,
        again | {"position": 0, "song_id": "s1", "source_position": 0},
        again | {"position": 1, "song_id": "s3", "source_position": 1},
        batch=2,
    )

    assert current(PLAYLIST_ITEMS, "snapshot_id, position, song_id") == [
        ("v0", 0, "s9"),
        ("v1", 0, "s1"),
        ("v1", 1, "s3"),
    ]


def test_the_later_of_two_rows_for_a_position_in_one_read_wins(publish: Publish, current: Current) -> None:
    read = {"playlist_id": "p1", "snapshot_id": "v1", "kind": "song", "position": 0}
    publish(
        PLAYLIST_ITEMS,
        read | {"song_id": "s1", "source_position": 8},
        read | {"song_id": "s2", "source_position": 9},
        read | {"song_id": "s3", "source_position": 7},
    )

    assert current(PLAYLIST_ITEMS, "position, song_id") == [(0, "s2")]


TIES: dict[str, tuple[Row, Row]] = {
    "time, then source object": (
        {"extracted_at": "2026-11-16 10:00:00.002", "source_object": "raw/a", "batch_id": "b1"},
        {"extracted_at": "2026-11-16 10:00:00.001", "source_object": "raw/b", "batch_id": "b2"},
    ),
    "source object, then position and batch": (
        {"source_object": "raw/b", "source_position": 1, "batch_id": "b1"},
        {"source_object": "raw/a", "source_position": 2, "batch_id": "b2"},
    ),
    "source object by code point": ({"source_object": "raw/ä"}, {"source_object": "raw/z"}),
    "position, as a number, then batch": (
        {"source_position": 10, "batch_id": "b1"},
        {"source_position": 9, "batch_id": "b2"},
    ),
    "batch last": ({"batch_id": "b2"}, {"batch_id": "b1"}),
}


def test_a_tie_is_broken_the_same_way_in_any_order_of_arrival(publish: Publish, current: Current) -> None:
    rows: list[Row] = []
    for tie, (winner, loser) in TIES.items():
        rows += [{"song_id": f"{tie}: last", "name": "loser"} | loser]
        rows += [{"song_id": f"{tie}: {place}", "name": "winner"} | winner for place in ("first", "last")]
        rows += [{"song_id": f"{tie}: first", "name": "loser"} | loser]
    publish(SONGS, *rows)

    assert current(SONGS, "name, song_id") == [
        ("winner", "batch last: first"),
        ("winner", "batch last: last"),
        ("winner", "position, as a number, then batch: first"),
        ("winner", "position, as a number, then batch: last"),
        ("winner", "source object by code point: first"),
        ("winner", "source object by code point: last"),
        ("winner", "source object, then position and batch: first"),
        ("winner", "source object, then position and batch: last"),
        ("winner", "time, then source object: first"),
        ("winner", "time, then source object: last"),
    ]


def test_a_replayed_read_counts_as_of_its_later_batch(publish: Publish, current: Current) -> None:
    read = {"playlist_id": "p1", "snapshot_id": "v1", "kind": "song"}
    publish(
        PLAYLIST_ITEMS,
        read | {"position": 0, "song_id": "s1", "source_position": 5, "batch_id": "b1"},
        read | {"position": 1, "song_id": "s2", "source_position": 6, "batch_id": "b1"},
        batch=1,
    )
    publish(
        PLAYLIST_ITEMS,
        read | {"position": 0, "song_id": "s2", "source_position": 1, "batch_id": "b2"},
        batch=2,
    )

    assert current(PLAYLIST_ITEMS, "position, song_id, batch_id") == [(0, "s2", "b2")]


def test_a_history_keeps_every_observation_and_one_per_key(publish: Publish, current: Current) -> None:
    monday = {"song_id": "s1", "document_id": "d1", "extracted_at": "2026-11-16"}
    tuesday = {"song_id": "s1", "document_id": "d2", "extracted_at": "2026-11-17"}
    publish(
        SONG_POPULARITY,
        monday | {"popularity": 40, "source_position": 0},
        monday | {"popularity": 41, "source_position": 1},
        batch=1,
    )
    publish(
        SONG_POPULARITY,
        tuesday | {"popularity": 42, "source_position": 0},
        monday | {"popularity": 41, "source_position": 1, "batch_id": "b2"},
        batch=2,
    )

    assert current(SONG_POPULARITY, "document_id, source_position, popularity, batch_id") == [
        ("d1", 0, 40, "b1"),
        ("d1", 1, 41, "b2"),
        ("d2", 0, 42, "b1"),
    ]


def test_a_failed_check_of_a_playlist_is_kept_beside_the_reads(publish: Publish, current: Current) -> None:
    publish(
        PLAYLIST_CHECKS,
        {"playlist_id": "p1", "run_id": "r1", "status": "read", "name": "Mine", "total": 3, "is_complete": True},
        {"playlist_id": "p1", "run_id": "r2", "status": "failed", "failure_class": "quota"},
    )

    assert current(PLAYLIST_CHECKS, "run_id, status, name, total, is_complete") == [
        ("r1", "read", "Mine", 3, True),
        ("r2", "failed", None, None, None),
    ]


def test_a_file_published_twice_under_two_names_counts_once(publish: Publish, current: Current) -> None:
    batch = {"committed_at": "2026-11-16", "object_count": 1, "item_count": 2, "reject_count": 0, "batch_id": "b1"}
    publish(BATCHES, batch | {"batch_number": 2**40}, batch=1)
    publish(BATCHES, batch | {"batch_number": 2**40}, batch=2)

    assert current(BATCHES, "batch_number, item_count") == [(1099511627776, 2)]
