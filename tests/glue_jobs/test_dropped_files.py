"""Dropped files through the whole job: how they are planned, what the summary counts, and that no value is quoted."""

import gzip
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyspark.sql import SparkSession

from glue_jobs import sources
from glue_jobs.arguments import parse_arguments
from glue_jobs.commit_log import Batch, CommitLog
from glue_jobs.explode_playlists import main
from glue_jobs.log_entry import CommittedInput, Input, StagedFile
from glue_jobs.read_batch import _divide
from glue_jobs.sources import Source, StillGrowingError
from glue_jobs.summary import Summary
from shared.store import Leave, Listed, ObjectStore, open_store
from shared.store.folder import FolderStore
from tests.glue_jobs.accounts import assert_accounted_for, names, table
from tests.glue_jobs.documents import as_bytes, page_body, song
from tests.glue_jobs.reading.test_odd_files import READ, REFUSED, as_data

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DROP = "raw/pending/drop/"
SECRET = "anna@example.org"


def drop(lake: Path, age: float = 3600, **files: bytes) -> None:
    for name, data in files.items():
        path = lake / DROP / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (time.time() - age,) * 2)


class CountingStore(FolderStore):
    """Counts the listings of all pending objects."""

    listings = 0

    def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
        self.listings += prefix.startswith("raw/pending/") and not after
        return super().list(prefix, after, left)


class Clock:
    """A clock that only sleeping moves; meanwhile `written` is changed, if it is a file."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.written: Path | None = None

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.written:
            os.utime(self.written, (self.now.timestamp(),) * 2)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    # Only for this module: threads of other tests' servers sleep, too.
    monkeypatch.setattr(sources, "time", SimpleNamespace(sleep=clock.sleep))
    return clock


def planned(lake: Path, max_objects: int, clock: Clock, store: ObjectStore | None = None) -> list[list[str]]:
    """The keys below drop/ of each batch; each of them is committed."""
    store = store or open_store(str(lake))
    ids = iter(f"id{number}" for number in range(99))
    commits = CommitLog(store, clock=lambda: clock.now, new_id=lambda: next(ids), max_objects=max_objects)
    source = Source(commits, lambda _: commits.next_batch(), is_pending=True)
    batches = []
    while batch := source.next_batch():
        batches.append([each.key.removeprefix(DROP) for each in batch.inputs])
        inputs = [CommittedInput(i.key, i.token, i.size, "", "2026-11-20T12:00:00Z", "processed") for i in batch.inputs]
        commits.commit(
            batch, inputs, [], rejects={}, reconciliation={}, batches_file=partial(_batches_file, store, batch)
        )
    return batches


def _batches_file(store: ObjectStore, batch: Batch, number: int, _at: datetime) -> StagedFile:
    key = f"staging/{batch.batch_id}/batches-{number}/part-0.parquet"
    store.put(key, b"")
    return StagedFile("batches", key, 1)


def test_the_files_of_a_folder_are_in_one_batch(tmp_path: Path, clock: Clock) -> None:
    drop(tmp_path, a__1=b"1", a__2=b"2", b__1=b"3", b__2=b"4", c=b"5")

    assert planned(tmp_path, 3, clock) == [["a/1", "a/2"], ["b/1", "b/2", "c"]]


def test_a_folder_larger_than_a_batch_is_divided(tmp_path: Path, clock: Clock) -> None:
    drop(tmp_path, a__1=b"1", a__2=b"2", a__3=b"3")

    assert planned(tmp_path, 2, clock) == [["a/1", "a/2"], ["a/3"]]


def test_a_folder_larger_than_a_batch_is_divided_between_playlists(tmp_path: Path, clock: Clock) -> None:
    drop(tmp_path, **{f"a__{name}-{page}": b"1" for name in ("9x1", "y", "z") for page in range(2)})
    drop(tmp_path, **{f"b__{page}-{name}": b"1" for name in ("x", "y") for page in range(2)})

    assert planned(tmp_path, 3, clock) == [
        ["a/9x1-0", "a/9x1-1"],
        ["a/y-0", "a/y-1"],
        ["a/z-0", "a/z-1"],
        ["b/0-x", "b/1-x"],
        ["b/0-y", "b/1-y"],
    ]


def test_many_batches_are_planned_from_one_listing(tmp_path: Path, clock: Clock) -> None:
    drop(tmp_path, **{f"{folder:02d}__{number}": b"1" for folder in range(20) for number in range(2)})
    store = CountingStore(tmp_path)

    batches = planned(tmp_path, 3, clock, store)

    assert batches == [[f"{folder:02d}/0", f"{folder:02d}/1"] for folder in range(20)]
    assert store.listings == 2  # the second has nothing left


def test_a_folder_that_was_still_growing_is_listed_again(tmp_path: Path, clock: Clock) -> None:
    drop(tmp_path, a__1=b"1", c=b"2")
    drop(tmp_path, age=-1, a__2=b"3")

    batches = planned(tmp_path, 9, clock)

    assert batches == [["c"], ["a/1", "a/2"]]


def test_a_folder_waits_for_a_file_that_is_still_being_written(tmp_path: Path, clock: Clock) -> None:
    drop(tmp_path, a__1=b"1")
    drop(tmp_path, age=-1, a__2=b"2")

    assert planned(tmp_path, 9, clock) == [["a/1", "a/2"]]


def test_a_file_that_is_written_for_long_stays_in_place_with_its_folder(tmp_path: Path, clock: Clock) -> None:
    drop(tmp_path, a__1=b"1", c=b"2")
    drop(tmp_path, age=0, a__2=b"3")
    clock.written = tmp_path / DROP / "a/2"

    with pytest.raises(StillGrowingError):
        planned(tmp_path, 9, clock)

    assert names(tmp_path, "raw/pending") == [f"{DROP}a/1", f"{DROP}a/2"]


def test_files_of_a_folder_are_in_one_part_where_they_may_be_pages_of_one_read() -> None:
    size = 20 * 2**20
    inputs = [Input(f"{DROP}{name}", "t", size, NOON) for name in ("a/1", "a/2", "a/3", "b", "c")]
    many = [Input(f"{DROP}d/{number:02d}", "t", size, NOON) for number in range(8)]
    many += [Input(f"{DROP}e/{name}", "t", size, NOON) for name in "abcde"]
    many += [Input(f"{DROP}f/{number:02d}", "t", size, NOON) for number in range(13)]

    parts = [[each.key.removeprefix(DROP) for each in part] for part in _divide([*inputs, *many])]

    assert parts == [
        ["a/1", "a/2", "a/3"],
        ["b", "c"],
        ["d/00", "d/01", "d/02", "d/03", "d/04", "d/05", "d/06", "d/07"],
        ["e/a", "e/b"],
        ["e/c", "e/d"],
        ["e/e", "f/00"],
        ["f/01", "f/02"],
        ["f/03", "f/04"],
        ["f/05", "f/06"],
        ["f/07", "f/08"],
        ["f/09", "f/10"],
        ["f/11", "f/12"],
    ]


FILES = {
    "morning__1.json": as_bytes(page_body(song("s1"), song("s2"), total=3)),
    "morning__2.json": as_bytes(page_body(song("s3"), offset=2, total=3)),
    "rows.json": as_bytes([song("s4")]),
    "complete__rows.json": as_bytes([song("s5")]),
    "fields__names.json": as_bytes(
        {"items": [{"track": {"name": "A song", "id": "s8", "artists": [], "album": None}}], "next": None}
    ),
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
    assert sorted(value for key, value in counts.items() if key.startswith("document:")) == [
        (1, False),
        (1, False),
        (1, True),
    ]
    items = table(tmp_path, "playlist_items")
    assert items is not None
    assert sorted(row["song_id"] for row in items.to_pylist()) == [f"s{number}" for number in range(1, 9)]
    assert (
        "2 reads are incomplete: BI shows their items, and no other item counts as removed; see Dropped files in"
        in printed.err
    )
    assert json.loads(printed.out.splitlines()[-1])["incomplete_reads"] == 2
    assert (
        "1 row is not in songs: its file has no keys disc_number, duration_ms, explicit, track_number and uri."
        in printed.err
    )
    assert json.loads(printed.out.splitlines()[-1])["left_out"] == {
        "songs": {"rows": 1, "absent_keys": ["disc_number", "duration_ms", "explicit", "track_number", "uri"]}
    }
    assert "user data of the account" in printed.err
    texts = [printed.out, printed.err, caplog.text]
    texts += [(tmp_path / name).read_text() for name in names(tmp_path, "log") if name.endswith(".json")]
    texts += [gzip.decompress((tmp_path / name).read_bytes()).decode() for name in names(tmp_path, "rejects")]
    assert [text for text in texts if SECRET in text] == []
    assert len(names(tmp_path, "raw/quarantine")) == 5


def test_a_folder_of_odd_files_gives_rows_or_sentences_and_quotes_no_value(
    spark: SparkSession,  # the job uses the session
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    files = {f"{DROP}{name}.json": as_data(value) for name, (value, _) in (READ | REFUSED).items()}
    drop(tmp_path, **{key.removeprefix(DROP): data for key, data in files.items()})

    assert main(["--lake", str(tmp_path)]) == 0

    assert_accounted_for(tmp_path, files)
    summary = capsys.readouterr()
    quarantined = json.loads(summary.out.splitlines()[-1])["quarantined"]
    assert quarantined.keys() == {f"{DROP}{name}.json" for name in REFUSED}
    assert [
        name for name, (_, reason) in REFUSED.items() if not quarantined[f"{DROP}{name}.json"].endswith(reason)
    ] == []
    assert "Dropped files in docs/data-model.md lists what is read." in summary.err
    items = table(tmp_path, "playlist_items")
    assert items is not None
    read_count = len(READ) - 2  # three are reads of one version of the playlist, of which the newest counts
    assert Counter(row["song_id"] for row in items.to_pylist()) == {"s1": read_count, "s2": read_count}
    texts = [summary.out, summary.err, caplog.text]
    texts += [(tmp_path / name).read_text() for name in names(tmp_path, "log") if name.endswith(".json")]
    texts += [gzip.decompress((tmp_path / name).read_bytes()).decode() for name in names(tmp_path, "rejects")]
    assert [text for text in texts if SECRET in text] == []


@pytest.mark.parametrize(
    ("rows", "keys", "sentence"),
    [
        (12, {"duration_ms"}, "12 rows are not in songs: their file has no key duration_ms."),
        (1, {"album", "album.id", "uri"}, "1 row is not in songs: its file has no keys album and uri."),
        (
            1_200,
            {"a", "b", "c", "d", "e", "f"},
            "1,200 rows are not in songs: their file has no keys a, b, c, d and 2 others.",
        ),
    ],
)
def test_the_summary_names_the_absent_keys(rows: int, keys: set[str], sentence: str) -> None:
    summary = Summary("lake", batches=["b1"], left_out=Counter(songs=rows), absent_keys={"songs": frozenset(keys)})

    assert sentence in summary.as_table().splitlines()


@pytest.mark.parametrize(("argv", "is_whole"), [([], False), (["--complete"], True), (["--complete", "yes"], True)])
def test_complete_takes_yes_or_no_value(argv: list[str], *, is_whole: bool) -> None:
    assert parse_arguments(["--lake", "out", *argv]).is_whole is is_whole
