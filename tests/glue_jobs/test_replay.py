"""Replays of archived raw objects: rows of a corrected transform take effect, and nothing doubles."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from deploy.generate.schemas import current_select
from glue_jobs.explode_playlists import ArgumentError, Summary, main, parse_arguments, run
from glue_jobs.transforms import TRANSFORMS
from shared.contract import Table
from shared.document import timestamp
from shared.tables import TABLES
from shared.tables.batches import BATCHES
from shared.tables.songs import SONGS
from tests.glue_jobs.builders import page_body, song

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 16, 10, tzinfo=UTC)
FIRST = "raw/processed/00000000000000000001/"


def take(lake: Path, *arguments: str) -> Summary:
    all_arguments = ["--lake", str(lake), *arguments]
    return run(parse_arguments(all_arguments), all_arguments, lambda: NOON)


def drop(lake: Path, name: str, content: object, at: datetime = MONDAY) -> None:
    target = lake / "raw/pending/drop" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content if isinstance(content, str) else json.dumps(content))
    os.utime(target, (at.timestamp(), at.timestamp()))


def rows_of(lake: Path, table: Table, select: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as engine:
        files = f"read_parquet('{lake}/processed/{table.name}/*/*.parquet', hive_partitioning = false)"
        return sorted(engine.execute(f"select {select} from {files}").fetchall())


def current(lake: Path, table: Table) -> list[tuple[Any, ...]]:
    """Current rows by the generated SQL, without batch_id."""
    with duckdb.connect() as engine:
        files = f"read_parquet('{lake}/processed/{table.name}/*/*.parquet', hive_partitioning = false)"
        rows = f"select * exclude (batch_id) from ({current_select(table, files)})"
        return sorted(engine.execute(rows).fetchall(), key=str)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> Path:
    """Two pages with a playlist id, one without any, and an answer that is quarantined; one batch."""
    drop(tmp_path, "a.json", page_body(song("s1", popularity=5), song("s2")))
    drop(tmp_path, "b.json", [song("s3", popularity=6)])
    drop(tmp_path, "c.json", page_body(song("s4"), playlist_id="p2"))
    drop(tmp_path, "error.json", {"error": {"message": "no"}})
    take(tmp_path)
    return tmp_path


def test_nothing_doubles_in_any_table(lake: Path) -> None:
    tables = [table for table in TABLES if table is not BATCHES and (lake / "processed" / table.name).is_dir()]
    before = {table.name: current(lake, table) for table in tables}

    first = take(lake, "--replay", "1..1")
    again = take(lake, "--replay", "1..1")

    assert [summary.objects.total() for summary in (first, again)] == [4, 4]
    assert rows_of(lake, BATCHES, "batch_number, object_count, item_count") == [(1, 4, 4), (2, 4, 4), (3, 4, 4)]
    assert {table.name: current(lake, table) for table in tables} == before
    counts = {name: len(rows) for name, rows in before.items()}
    assert counts.items() >= {"songs": 4, "playlist_items": 4, "playlist_checks": 3, "song_popularity": 2}.items()


def test_rows_of_a_replay_carry_the_first_name_and_time(lake: Path) -> None:
    take(lake, "--replay", "1..1")

    assert rows_of(lake, SONGS, "distinct song_id, source_object, extracted_at::varchar") == [
        (song_id, f"raw/pending/drop/{name}", "2026-11-16 10:00:00")
        for song_id, name in (("s1", "a.json"), ("s2", "a.json"), ("s3", "b.json"), ("s4", "c.json"))
    ]


def test_raw_stays_where_it_is(lake: Path) -> None:
    before = {path: path.read_bytes() for path in (lake / "raw").rglob("*") if path.is_file()}

    take(lake, "--replay", "1..1")

    assert {path: path.read_bytes() for path in (lake / "raw").rglob("*") if path.is_file()} == before


def test_a_corrected_transform_takes_effect(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = TRANSFORMS["songs"]

    def repaired(items: DataFrame) -> DataFrame:
        return broken(items).withColumn("name", F.upper("name"))

    monkeypatch.setitem(TRANSFORMS, "songs", repaired)
    take(lake, "--replay", "1..1")

    assert [row[:2] for row in current(lake, SONGS)] == [(song_id, "A SONG") for song_id in ("s1", "s2", "s3", "s4")]


def test_a_quarantined_object_is_tried_again(lake: Path) -> None:
    repaired = lake / "raw/quarantine/00000000000000000001/drop/error.json"
    repaired.write_text(json.dumps(page_body(song("s5"), playlist_id="p3")))

    summary = take(lake, "--replay", "1..1")

    assert summary.quarantined == {}
    assert ("s5", "raw/pending/drop/error.json") in rows_of(lake, SONGS, "song_id, source_object")


def test_batches_are_bounded_and_an_object_counts_once(lake: Path) -> None:
    take(lake, "--replay", "1..1", "--max-objects", "3")

    summary = take(lake, "--replay", "1..3")

    assert rows_of(lake, BATCHES, "batch_number, object_count") == [(1, 4), (2, 3), (3, 1), (4, 4)]
    assert summary.replay is not None
    assert len(summary.replay.inputs) == 4


def test_the_plan_is_shown_first(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (lake / FIRST / "drop/c.json").unlink()

    summary = take(lake, "--replay", "1..1", "--dry-run")

    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "Replay of batches 1 to 1: 3 raw objects (0.0 MB), 1 of them from quarantine.",
        f"1 are not in the archive any more and are left out; the first: {FIRST}drop/c.json",
    ]
    assert summary.batches == []
    assert len(rows_of(lake, BATCHES, "batch_number")) == 1


def test_a_later_version_under_the_same_name_stays_the_later(lake: Path) -> None:
    drop(lake, "a.json", page_body(song("s1", name="Second"), song("s2")))  # the same time, a later batch
    take(lake)

    take(lake, "--replay", "1..2")

    assert current(lake, SONGS)[0][:2] == ("s1", "Second")
    assert rows_of(lake, BATCHES, "batch_number, object_count") == [(1, 4), (2, 1), (3, 4), (4, 1)]


def test_files_of_a_source_are_left_out_and_reported(
    lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "mine"
    source.mkdir()
    (source / "page.json").write_text(json.dumps(page_body(song("s9"))))
    take(lake, "--source", str(source), "--extracted-at", timestamp(MONDAY))
    capsys.readouterr()

    summary = take(lake, "--replay", "2..2")

    assert summary.batches == []
    assert (
        f"1 were taken by --source, the lake has no copy, and are left out; the first: {source.as_uri()}/page.json"
        in (capsys.readouterr().err)
    )


def test_a_range_beyond_the_log_is_one_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--lake", str(tmp_path), "--replay", "1..2"]) == 2
    assert f"--replay 1..2: the log of {tmp_path.as_uri()} is empty" in capfd.readouterr().err


@pytest.mark.parametrize("text", ["0", "0..2", "5..4", "1..x", "..2", "3..", "1..2..3", "-7", ""])
def test_a_malformed_range_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="no number of a batch such as 3, and no range such as"):
        parse_arguments(["--lake", "x", "--replay", text])


def test_one_number_is_the_range_of_that_batch() -> None:
    assert parse_arguments(["--lake", "x", "--replay", "7"]).replay == (7, 7)


@pytest.mark.parametrize("more", [["--source", "y"], ["--extracted-at", "2026-11-20T10:00:00Z"]])
def test_a_replay_refuses_other_sources(more: list[str]) -> None:
    with pytest.raises(ArgumentError, match="--replay takes neither"):
        parse_arguments(["--lake", "x", "--replay", "1..2", *more])
