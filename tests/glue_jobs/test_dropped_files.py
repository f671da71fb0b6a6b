"""Dropped files through the whole job: planning, what the BI views leave out, and no value is quoted."""

import gzip
import json
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_jobs.arguments import parse_arguments
from glue_jobs.commit_log import CommitLog
from glue_jobs.explode_playlists import main
from glue_jobs.log_entry import Input
from glue_jobs.read_batch import _divide
from glue_jobs.sources import Source, StillGrowingError
from shared.store import open_store
from tests.glue_jobs.accounts import names, table
from tests.glue_jobs.documents import as_bytes, page_body, song

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DROP = "raw/pending/drop/"
SECRET = "anna@example.org"


def drop(lake: Path, age: float = 60, **files: bytes) -> None:
    for name, data in files.items():
        path = lake / DROP / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (time.time() - age,) * 2)


def planned(lake: Path, max_objects: int) -> list[list[str]]:
    """The keys below drop/ of each batch, as if each batch were committed."""
    store = open_store(str(lake))
    ids = iter(f"id{number}" for number in range(99))
    commits = CommitLog(store, clock=lambda: datetime.now(UTC), new_id=lambda: next(ids), max_objects=max_objects)
    source = Source(commits, lambda _: commits.next_batch(), is_pending=True)
    batches = []
    while batch := source.next_batch():
        batches.append([each.key.removeprefix(DROP) for each in batch.inputs])
        commits.drop(batch)
        for each in batch.inputs:
            store.delete(each.key, each.token)
    return batches


def test_the_files_of_a_folder_are_in_one_batch(tmp_path: Path) -> None:
    drop(tmp_path, a__1=b"1", a__2=b"2", b__1=b"3", b__2=b"4", c=b"5")

    assert planned(tmp_path, 3) == [["a/1", "a/2"], ["b/1", "b/2", "c"]]


def test_a_folder_larger_than_a_batch_is_divided(tmp_path: Path) -> None:
    drop(tmp_path, a__1=b"1", a__2=b"2", a__3=b"3")

    assert planned(tmp_path, 2) == [["a/1", "a/2"], ["a/3"]]


@pytest.mark.slow
def test_a_folder_waits_for_a_file_that_is_still_being_written(tmp_path: Path) -> None:
    drop(tmp_path, a__1=b"1")
    drop(tmp_path, age=-1, a__2=b"2")

    try:
        batches = planned(tmp_path, 9)
    except StillGrowingError:
        pytest.skip("the machine was too slow to see the file young")
    assert batches == [["a/1", "a/2"]]


def test_the_files_of_a_folder_are_in_one_part() -> None:
    size = 20 * 2**20
    inputs = [Input(f"{DROP}{name}", "t", size, NOON) for name in ("a/1", "a/2", "a/3", "b", "c")]
    many = [Input(f"{DROP}d/{number}", "t", size, NOON) for number in range(8)]

    parts = [[each.key.removeprefix(DROP) for each in part] for part in _divide([*inputs, *many])]

    assert parts == [
        ["a/1", "a/2", "a/3"],
        ["b", "c"],
        ["d/0", "d/1"],
        ["d/2", "d/3"],
        ["d/4", "d/5"],
        ["d/6", "d/7"],
    ]


FILES = {
    "morning__1.json": as_bytes(page_body(song("s1"), song("s2"), total=3)),
    "morning__2.json": as_bytes(page_body(song("s3"), offset=2, total=3)),
    "rows.json": as_bytes([song("s4")]),
    "complete__rows.json": as_bytes([song("s5")]),
    "Userdata.json": as_bytes({"username": SECRET, "email": SECRET, "birthdate": "2000-01-01"}),
    "html": b"<html>" + SECRET.encode(),
    "python": b"{'name': 'anna@example.org'}",
    "lines": as_bytes(page_body(song("s6"), playlist_id="p6")) + b"\n{" + SECRET.encode() + b"\n",
    "parts": as_bytes(
        [page_body(song("s7"), playlist_id="p7"), {"error": {"message": SECRET}}, {SECRET: {SECRET: [1]}}]
    ),
    "time": as_bytes({"manifest": 1, "run_id": "r", "extracted_at": SECRET, "checks": []}),
    "check": as_bytes({"manifest": 1, "run_id": "r", "extracted_at": "x", "checks": [{"playlist_id": SECRET}]}),
}


def test_pages_join_the_summary_counts_and_no_value_is_quoted(
    spark: SparkSession,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    drop(tmp_path, **FILES)

    assert main(["--lake", str(tmp_path)]) == 0

    printed = capsys.readouterr()
    checks = table(tmp_path, "playlist_checks")
    assert checks is not None
    counts = {row["playlist_id"]: (row["item_count"], row["is_complete"]) for row in checks.to_pylist()}
    assert {key: value for key, value in counts.items() if not key.startswith("document:")} == {
        "p1": (3, True),
        "p6": (1, True),
        "p7": (1, True),
    }
    assert sorted(value for key, value in counts.items() if key.startswith("document:")) == [(1, False), (1, True)]
    items = table(tmp_path, "playlist_items")
    assert items is not None
    assert sorted(row["song_id"] for row in items.to_pylist()) == [f"s{number}" for number in range(1, 8)]
    assert "1 read is incomplete: BI leaves it out; see Dropped files in docs/data-model.md." in printed.err
    assert json.loads(printed.out.splitlines()[-1])["incomplete_reads"] == 1
    assert "user data of the account" in printed.err
    texts = [printed.out, printed.err, caplog.text]
    texts += [(tmp_path / name).read_text() for name in names(tmp_path, "log") if name.endswith(".json")]
    texts += [gzip.decompress((tmp_path / name).read_bytes()).decode() for name in names(tmp_path, "rejects")]
    assert [text for text in texts if SECRET in text] == []
    assert len(names(tmp_path, "raw/quarantine")) == 5


@pytest.mark.parametrize(("argv", "is_whole"), [([], False), (["--complete"], True), (["--complete", "yes"], True)])
def test_complete_takes_yes_or_no_value(argv: list[str], *, is_whole: bool) -> None:
    assert parse_arguments(["--lake", "out", *argv]).is_whole is is_whole
