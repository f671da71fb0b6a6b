"""How published files come into the warehouse of one machine."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import snowflake.connector

from deploy.local.warehouse import LoadStatus, Warehouse
from shared.tables import SONGS, TABLES

Publish = Callable[..., Path]


def test_a_file_is_loaded_once_however_often_it_is_offered(publish: Publish, warehouse: Warehouse) -> None:
    file = publish(SONGS, {"song_id": "s1"}, {"song_id": "s2"})

    loads = warehouse.load("songs", [file, file])
    warehouse.deploy()
    later = warehouse.load("songs", [file])

    assert [(load.status, load.row_count) for load in loads + later] == [
        (LoadStatus.LOADED, 2),
        (LoadStatus.SKIPPED, 0),
        (LoadStatus.SKIPPED, 0),
    ]
    assert warehouse.query("select song_id from SPOTIFY.LANDING.SONGS order by song_id") == [("s1",), ("s2",)]


def test_a_row_says_which_file_and_row_it_came_from(publish: Publish, warehouse: Warehouse) -> None:
    first = publish(SONGS, {"song_id": "s1"}, {"song_id": "s2"}, batch=1)
    second = publish(SONGS, {"song_id": "s3"}, {"song_id": "s4"}, batch=2)

    warehouse.load("songs", [first, second])

    assert warehouse.query(
        "select song_id, file_name, file_row_number, loaded_at is not null as is_timed "
        "from SPOTIFY.LANDING.SONGS order by song_id"
    ) == [
        ("s1", "processed/songs/ingest_date=2026-11-16/00000000000000000001-00000.parquet", 1, True),
        ("s2", "processed/songs/ingest_date=2026-11-16/00000000000000000001-00000.parquet", 2, True),
        ("s3", "processed/songs/ingest_date=2026-11-16/00000000000000000002-00000.parquet", 1, True),
        ("s4", "processed/songs/ingest_date=2026-11-16/00000000000000000002-00000.parquet", 2, True),
    ]


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"nothing": ["of", "ours"]}, id="no-column-of-ours"),
        pytest.param({"song_id": ["s2", "s3"], "name": ["no", "lineage"]}, id="no-lineage"),
    ],
)
def test_a_file_without_key_columns_is_refused_whole_and_hinders_no_other(
    publish: Publish, warehouse: Warehouse, columns: dict[str, list[str]]
) -> None:
    good = publish(SONGS, {"song_id": "s1"}, batch=2)
    bad = good.with_name("00000000000000000001-00000.parquet")
    pq.write_table(pa.table(columns), bad)

    refused, loaded = warehouse.load("songs", [bad, good])

    assert refused.status is LoadStatus.FAILED
    assert "NOT NULL constraint failed" in str(refused.error)
    assert loaded.status is LoadStatus.LOADED
    assert warehouse.query("select song_id from SPOTIFY.LANDING.SONGS") == [("s1",)]


def test_a_file_with_one_null_key_is_refused_whole(publish: Publish, warehouse: Warehouse) -> None:
    file = publish(SONGS, {"song_id": "s1"}, {"song_id": None})

    [load] = warehouse.load("songs", [file])

    assert load.status is LoadStatus.FAILED
    assert warehouse.query("select song_id from SPOTIFY.LANDING.SONGS") == []


def test_a_refused_file_is_taken_once_it_is_whole(publish: Publish, warehouse: Warehouse) -> None:
    warehouse.load("songs", [publish(SONGS, {"song_id": None})])

    [load] = warehouse.load("songs", [publish(SONGS, {"song_id": "s1"})])

    assert load.status is LoadStatus.LOADED


def test_a_file_whose_rows_and_name_were_removed_loads_again(publish: Publish, warehouse: Warehouse) -> None:
    file = publish(SONGS, {"song_id": "s1"})
    warehouse.load("songs", [file])
    warehouse.query("delete from SPOTIFY.LANDING.SONGS")
    warehouse.query("delete from SPOTIFY._LOCAL.LOADED_FILES")

    [load] = warehouse.load("songs", [file])

    assert (load.status, load.row_count) == (LoadStatus.LOADED, 1)


def test_a_value_that_stands_only_in_the_path_is_not_loaded(publish: Publish, warehouse: Warehouse) -> None:
    warehouse.query("alter table SPOTIFY.LANDING.SONGS add column ingest_date varchar")

    warehouse.load("songs", [publish(SONGS, {"song_id": "s1"})])

    assert warehouse.query("select ingest_date from SPOTIFY.LANDING.SONGS") == [(None,)]


def test_a_folder_may_have_any_name(publish: Publish, warehouse: Warehouse, tmp_path: Path) -> None:
    odd = tmp_path / "Ann's [lake] 100%"
    shutil.copytree(publish(SONGS, {"song_id": "s1"}).parents[2], odd / "processed")

    [load] = warehouse.load("songs", odd.glob("processed/songs/*/*"))

    assert (load.status, load.error) == (LoadStatus.LOADED, None)


def test_values_arrive_as_they_were_published(publish: Publish, warehouse: Warehouse) -> None:
    row = {"song_id": "s1", "name": "L'été — ;--", "duration_ms": 2**31 - 1, "explicit": False, "popularity": None}
    warehouse.load("songs", [publish(SONGS, row | {"extracted_at": "2026-11-16 23:59:59.999999"})])

    assert warehouse.query("select name, duration_ms, explicit, popularity, extracted_at from SPOTIFY.CORE.SONGS") == [
        ("L'été — ;--", 2147483647, False, None, datetime.fromisoformat("2026-11-16 23:59:59.999999"))
    ]


@pytest.mark.parametrize(
    "name",
    ["processed/artists/ingest_date=2026-11-16/00000000000000000001-00000.parquet", "staging/b1/songs/part-0.parquet"],
)
def test_what_is_no_published_file_of_the_table_is_an_error(tmp_path: Path, name: str) -> None:
    with Warehouse() as warehouse, pytest.raises(ValueError, match="is no published file of songs"):
        warehouse.load("songs", [tmp_path / name])


def test_an_unknown_table_is_an_error() -> None:
    with Warehouse() as warehouse, pytest.raises(ValueError, match="There is no table 'tracks'"):
        warehouse.load("tracks", [])


def test_a_warehouse_in_a_folder_remembers_rows_and_files(publish: Publish, tmp_path: Path) -> None:
    file = publish(SONGS, {"song_id": "s1"})
    for expected in (LoadStatus.LOADED, LoadStatus.SKIPPED):
        with Warehouse(tmp_path / "new" / "warehouse") as warehouse:
            warehouse.deploy()
            [load] = warehouse.load("songs", [file])
            rows = warehouse.query("select song_id from SPOTIFY.CORE.SONGS")

        assert load.status is expected
        assert rows == [("s1",)]


def test_a_closed_warehouse_gives_the_connector_back() -> None:
    real = snowflake.connector.connect
    with Warehouse():
        assert snowflake.connector.connect is not real
    assert snowflake.connector.connect is real


def test_landing_and_views_have_the_contracts_columns(warehouse: Warehouse) -> None:
    for table in TABLES:
        landing = warehouse.query(f"describe table SPOTIFY.LANDING.{table.name}")
        view = warehouse.query(f"describe view SPOTIFY.CORE.{table.name}")

        assert [(name, null) for name, _, _, null, *_ in landing] == [
            *((column.name.upper(), "Y" if column.nullable else "N") for column in table.all_columns),
            ("FILE_NAME", "Y"),
            ("FILE_ROW_NUMBER", "Y"),
            ("LOADED_AT", "Y"),
        ]
        assert [name for name, *_ in view] == [column.name.upper() for column in table.all_columns]
