"""Dropped files through the job into the warehouse: which reads BI knows, and what incomplete ones show."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from pyspark.sql import SparkSession

from deploy.snowflake.embedded import EmbeddedSnowflake
from glue_jobs.explode_playlists import parse_arguments, run
from shared.store import open_store
from tests.glue_jobs.documents import Json, as_bytes, page_body, song

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIRST = {name: as_bytes(page_body(song("s1"), song("s2"), total=3, playlist_id=name)) for name in ("p1", "p2", "p3")}
SECOND = {name: as_bytes(page_body(song("s3"), offset=2, total=3, playlist_id=name)) for name in FIRST}


def described(page: Json) -> bytes:
    return as_bytes({"id": "p4", "type": "playlist", "snapshot_id": "v1", "name": "Four", "tracks": page})


FILES = {
    **{f"{name}/1.json": data for name, data in FIRST.items()},
    **{f"{name}/2.json": data for name, data in SECOND.items() if name != "p3"},
    "p4/1.json": described(page_body(song("s1"), total=2, playlist_id="p4")),
    "p4/2.json": as_bytes(page_body(song("s2"), offset=1, total=2, playlist_id="p4")),
}


@pytest.fixture(scope="module")
def warehouse(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedSnowflake]:
    """Monday: pages of four playlists, of p3 the first page alone. Tuesday: p1 and p4 again, as they were."""
    lake = tmp_path_factory.mktemp("joined") / "lake"
    for day, names in (("20261116", {"p1", "p2", "p3", "p4"}), ("20261117", {"p1", "p4"})):
        for name, data in FILES.items():
            if name.partition("/")[0] in names:
                path = lake / f"raw/pending/drop/at={day}T100000Z/{name}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                os.utime(path, (0, 0))
        arguments = ["--lake", str(lake)]
        run(parse_arguments(arguments), arguments, lambda: NOON)
    with EmbeddedSnowflake(lake=open_store(str(lake))) as warehouse:
        warehouse.deploy()
        assert {load.status for load in warehouse.load_new()} == {"LOADED"}
        yield warehouse


def test_the_document_ids_of_joined_pages_are_in_both_orders() -> None:
    is_ascending = [sha256(FIRST[name]).hexdigest() < sha256(SECOND[name]).hexdigest() for name in ("p1", "p2")]
    assert sorted(is_ascending) == [False, True]


def test_a_read_that_was_joined_from_pages_is_known(warehouse: EmbeddedSnowflake) -> None:
    checks = warehouse.query(
        "select playlist_id, check_number, is_complete, is_known, is_newest from SPOTIFY.BI.PLAYLIST_CHECKS "
        "where playlist_id <> 'p3' order by playlist_id, check_number"
    )

    assert checks == [
        ("p1", 1, True, True, True),
        ("p2", 1, True, True, True),
        ("p4", 1, True, True, True),
    ]


def test_the_songs_of_a_joined_read_are_still_there(warehouse: EmbeddedSnowflake) -> None:
    stays = warehouse.query(
        "select playlist_id, song_id, state from SPOTIFY.BI.PLAYLIST_MEMBERSHIP where playlist_id <> 'p3' order by 1, 2"
    )

    assert stays == [
        ("p1", "s1", "still there"),
        ("p1", "s2", "still there"),
        ("p1", "s3", "still there"),
        ("p2", "s1", "still there"),
        ("p2", "s2", "still there"),
        ("p2", "s3", "still there"),
        ("p4", "s1", "still there"),
        ("p4", "s2", "still there"),
    ]


def test_a_first_page_alone_shows_its_songs_and_is_marked(warehouse: EmbeddedSnowflake) -> None:
    checks = "select is_complete, missing_count, is_known from SPOTIFY.BI.PLAYLIST_CHECKS where playlist_id = 'p3'"
    stays = "select song_id, state from SPOTIFY.BI.PLAYLIST_MEMBERSHIP where playlist_id = 'p3' order by 1"

    assert warehouse.query(checks) == [(False, 1, False)]
    assert warehouse.query(stays) == [("s1", "still there"), ("s2", "still there")]
