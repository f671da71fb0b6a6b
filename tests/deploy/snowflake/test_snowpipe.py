"""Events of Snowpipe that are late, repeated or lost lead to the same rows, each once. Numbers are typed by hand."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.generate import schemas
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.embedded_pipe import LoadStatus
from shared.contract import Column, Table, Type
from shared.store import ObjectStore
from shared.tables import TABLES
from shared.tables.songs import SONGS
from tests.deploy.conftest import Publish, parquet
from tests.deploy.snowflake.test_embedded import scripts_of  # noqa: F401  # fixture
from tests.deploy.snowflake.year import publish_hours

TWELVE_HOURS = range(1, 13)

# The answers after the first twelve hours of `year.py`.
SEEN = {
    "select name from SPOTIFY.CORE.SONGS": ["s0 at 10", "s1 at 11", "s2 at 12", "s3 at 8", "s4 at 9"],
    "select song_id, artist_id from SPOTIFY.CORE.SONG_ARTISTS": [
        *(("s0", "ar0"), ("s1", "ar1"), ("s2", "ar0"), ("s3", "ar0"), ("s4", "ar1"))
    ],
    "select album_id, artist_id from SPOTIFY.CORE.ALBUM_ARTISTS": [("al0", "ar0"), ("al1", "ar0"), ("al2", "ar1")],
    "select snapshot_id, song_id from SPOTIFY.CORE.PLAYLIST_ITEMS": [
        *(("v0", "s0"), ("v0", "s8"), ("v0", "s9"), ("v1", "s1"), ("v1", "s8"), ("v1", "s9"))
    ],
    "select count(*) as n from SPOTIFY.CORE.PLAYLIST_CHECKS": [12],
    "select count(*) as n from SPOTIFY.CORE.SONG_POPULARITY": [12],
    "select min(batch_number) as a, max(batch_number) as b, count(*) as n from SPOTIFY.CORE.BATCHES": [(1, 12, 12)],
    "select song_count, album_count, artist_count, episode_count, playlist_count, held_song_count, duration_minutes "
    "from SPOTIFY.BI.TOTALS": [(5, 3, 2, 2, 1, 3, 5.0)],
    "select item_uri, state, stay_number from SPOTIFY.BI.PLAYLIST_MEMBERSHIP": [
        ("spotify:track:s0", "left", 1),
        ("spotify:track:s1", "still there", 1),
        ("spotify:track:s8", "still there", 1),
        ("spotify:track:s9", "still there", 1),
    ],
    "select song_id, popularity, observation_count from SPOTIFY.BI.SONG_POPULARITY_DAILY": [
        *(("s0", 10, 2), ("s1", 11, 3), ("s2", 12, 3), ("s3", 8, 2), ("s4", 9, 2))
    ],
    "select playlist_id, song_count from SPOTIFY.BI.PLAYLIST_DAILY": [("p1", 3)],
}


def seen(warehouse: EmbeddedSnowflake) -> dict[str, list[object]]:
    """The answers to the questions of SEEN, rows sorted; a row with one value becomes that value."""
    answers = {question: sorted(warehouse.query(question), key=str) for question in SEEN}
    return {question: [row[0] if len(row) == 1 else row for row in rows] for question, rows in answers.items()}


def landed(warehouse: EmbeddedSnowflake, table: str = "SONGS") -> int:
    [(count,)] = warehouse.query(f"select count(*) as n from SPOTIFY.LANDING.{table}")  # typed below
    return int(str(count))


@pytest.fixture
def folder(tmp_path: Path, lake: ObjectStore) -> Path:  # the fixture makes the folder
    """The lake's folder."""
    return tmp_path / "lake"


@pytest.fixture
def keys(folder: Path) -> list[str]:
    """The keys of twelve hours of all tables, table by table."""
    return [key for of_table in publish_hours(folder, TWELVE_HOURS).values() for key in of_table]


def test_every_event_may_come_twice(keys: list[str], warehouse: EmbeddedSnowflake) -> None:
    first, second = warehouse.arrived([*keys, *reversed(keys)]), warehouse.arrived(keys)

    statuses = [load.status for load in first]
    assert (len(statuses), statuses.count(LoadStatus.LOADED), statuses.count(LoadStatus.SKIPPED)) == (264, 132, 132)
    assert {load.status for load in second} == {LoadStatus.SKIPPED}
    assert landed(warehouse) == 12
    assert seen(warehouse) == SEEN


def test_events_may_come_backwards(keys: list[str], warehouse: EmbeddedSnowflake) -> None:
    warehouse.arrived(sorted(keys, key=lambda key: key[-31:], reverse=True))

    assert seen(warehouse) == SEEN


def test_events_may_come_in_any_order_days_late_and_again(keys: list[str], warehouse: EmbeddedSnowflake) -> None:
    random.Random(7).shuffle(keys)  # an order, no secret
    early, late = keys[:90], keys[90:]

    warehouse.arrived(early)
    in_between = seen(warehouse)
    warehouse.deploy()
    warehouse.arrived(late + early)

    assert in_between != SEEN
    assert seen(warehouse) == SEEN


def test_an_event_may_never_come_if_new_files_are_listed(keys: list[str], warehouse: EmbeddedSnowflake) -> None:
    warehouse.arrived(keys[::2])
    refreshed = warehouse.load_new()

    assert len(refreshed) == 66
    assert seen(warehouse) == SEEN


def test_broken_files_do_not_affect_good_ones(keys: list[str], warehouse: EmbeddedSnowflake, folder: Path) -> None:
    songs = [key for key in keys if key.startswith("processed/songs/")]
    (folder / songs[11]).write_bytes((folder / songs[11]).read_bytes()[:-40])  # hour 12: cut short
    (folder / songs[10]).write_bytes(parquet(SONGS, {"song_id": "s1"}, {"song_id": None}))  # hour 11: a null key

    loads = warehouse.arrived(keys)

    failed = [load.file_name[-16:] for load in loads if load.status is LoadStatus.FAILED]
    assert (len(loads), failed) == (132, ["11-00000.parquet", "12-00000.parquet"])
    names = "select name from SPOTIFY.CORE.SONGS"
    assert seen(warehouse) == SEEN | {names: ["s0 at 10", "s1 at 6", "s2 at 7", "s3 at 8", "s4 at 9"]}

    # Corrected under their own names the files are never loaded; the songs in later batches are.
    publish_hours(folder, [11, 12], [SONGS])
    assert {load.status for load in warehouse.arrived(songs)} == {LoadStatus.SKIPPED}
    publish_hours(folder, [16, 17], [SONGS])
    assert [load.status for load in warehouse.load_new()] == [LoadStatus.LOADED, LoadStatus.LOADED]
    assert seen(warehouse) == SEEN | {names: ["s0 at 10", "s1 at 16", "s2 at 17", "s3 at 8", "s4 at 9"]}


# --- pipes dropped and created again


def test_a_changed_pipe_refreshed_over_loaded_files_doubles_only_landing(
    keys: list[str],
    warehouse: EmbeddedSnowflake,
    scripts_of: Callable[[Table], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warehouse.arrived(keys)
    monkeypatch.setattr(schemas, "PIPE_VERSION", 2)

    warehouse.deploy(scripts_of(SONGS))
    refreshed = warehouse.arrived(keys)  # as `alter pipe … refresh` does: the new pipe has loaded none of them

    assert {load.status for load in refreshed} == {LoadStatus.LOADED}
    assert landed(warehouse) == 24
    assert seen(warehouse) == SEEN


def test_a_pipe_dropped_by_hand_and_made_again_doubles_only_landing(
    keys: list[str], warehouse: EmbeddedSnowflake
) -> None:
    warehouse.arrived(keys)
    warehouse.query("delete from SPOTIFY._LOCAL.PIPE_LOADS")  # its load history is dropped with it

    warehouse.arrived(keys)

    assert (landed(warehouse), landed(warehouse, "BATCHES"), landed(warehouse, "PLAYLIST_ITEMS")) == (24, 24, 72)
    assert seen(warehouse) == SEEN


# --- a column is added while files of both kinds arrive


def test_a_column_is_added_while_files_of_both_kinds_arrive(
    publish: Publish,
    warehouse: EmbeddedSnowflake,
    scripts_of: Callable[[Table], Path],
) -> None:
    tempo = Column("tempo", Type.INT, "beats per minute")
    more = replace(SONGS, columns=(SONGS.columns[0], tempo, *SONGS.columns[1:]))
    song = {"song_id": "s1", "name": "One"}
    before = publish(SONGS, song | {"extracted_at": "2026-11-16 01:00"}, batch=1)
    too_soon = publish(more, {"song_id": "s2", "name": "Two", "tempo": 90}, batch=2)
    after = publish(more, song | {"tempo": 120, "extracted_at": "2026-11-16 03:00"}, batch=3)
    late = publish(SONGS, {"song_id": "s3", "name": "Three", "extracted_at": "2026-11-16 02:00"}, batch=4)

    loads = warehouse.arrived([before, too_soon])
    warehouse.deploy(scripts_of(more))
    loads += warehouse.arrived([late, after, before, too_soon])

    assert [load.status.value for load in loads] == [
        *("LOADED", "LOADED", "LOADED", "LOADED", "LOAD_SKIPPED", "LOAD_SKIPPED")
    ]
    # s2 came before its column: the table had no such column, and the file is never loaded again.
    assert warehouse.query("select song_id, name, tempo from SPOTIFY.CORE.SONGS order by song_id") == [
        *(("s1", "One", 120), ("s2", "Two", None), ("s3", "Three", None))
    ]
    assert warehouse.query("select song_name from SPOTIFY.BI.SONGS order by 1") == [("One",), ("Three",), ("Two",)]


# --- a year of hourly batches, the first 200 of its 8,760; one table whole: make bench-snowflake


def test_two_hundred_hourly_batches_of_every_table(folder: Path, warehouse: EmbeddedSnowflake) -> None:
    published = publish_hours(folder, range(1, 201))

    loads = [load for keys in published.values() for load in warehouse.arrived([*keys, *keys])]

    statuses = [load.status for load in loads]
    assert (statuses.count(LoadStatus.LOADED), statuses.count(LoadStatus.SKIPPED)) == (200 * len(TABLES),) * 2
    warehouse.query("delete from SPOTIFY._LOCAL.PIPE_LOADS where pipe = 'SPOTIFY.LANDING.SONG_POPULARITY_PIPE_V1'")
    warehouse.arrived(published["song_popularity"])
    assert {table.name: landed(warehouse, table.name) for table in TABLES} == LANDED
    assert {
        name: warehouse.query(f"select count(*) as n from SPOTIFY.{name}")[0][0]  # typed below
        for name in CURRENT
    } == CURRENT
    assert [row[0] for row in warehouse.query("select name from SPOTIFY.CORE.SONGS order by 1")] == [
        *("s0 at 200", "s1 at 196", "s2 at 197", "s3 at 198", "s4 at 199")
    ]


LANDED = {table.name: 200 for table in TABLES} | {
    "song_popularity": 400,  # its pipe was dropped and made again
    "playlist_items": 600,
}
CURRENT = {
    "CORE.SONGS": 5,
    "CORE.ALBUMS": 3,
    "CORE.ARTISTS": 2,
    "CORE.EPISODES": 2,
    "CORE.SONG_ARTISTS": 5,
    "CORE.ALBUM_ARTISTS": 3,
    "CORE.SONG_POPULARITY": 200,
    "CORE.PLAYLIST_ITEMS": 60,  # 20 snapshots of 3 places
    "CORE.PLAYLIST_CHECKS": 200,
    "CORE.PLAYLISTS": 1,
    "CORE.BATCHES": 200,
    "BI.SONGS": 5,
    "BI.SONG_POPULARITY_DAILY": 45,  # 5 songs on 9 days
    "BI.PLAYLIST_DAILY": 9,
    "BI.PLAYLIST_CHECKS": 200,
    "BI.PLAYLIST_VERSIONS": 20,
    "BI.PLAYLIST_MEMBERSHIP": 22,  # s8 and s9 all the time, 5 songs four times each
}
