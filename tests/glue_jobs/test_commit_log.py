"""The commit log takes every raw object into the lake exactly once."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from deploy.operate.forget import forget_everything
from glue_jobs.commit_log import Batch, CommitLog, new_ulid
from glue_jobs.log_entry import CommitLogError, CommittedInput, Entry, Input, StagedFile
from shared.store import Fetched, Leave, Listed, ObjectStore, TransientError, open_store
from tests.glue_jobs.commit_log import s3_double
from tests.stores import content, folder_store, keys, s3_endpoint, s3_store, store, token

__all__ = ["folder_store", "s3_endpoint", "s3_store", "store"]

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
A = "raw/pending/run=20261120T100000Z/a.ndjson.gz"
B = "raw/pending/run=20261120T100000Z/b.ndjson.gz"
MANIFEST = "raw/pending/run=20261120T100000Z/_manifest.json"
ENTRY_1 = "log/00000000000000000001.json"
ENTRY_2 = "log/00000000000000000002.json"
DONE_1 = "log/done/00000000000000000001"
FINAL_1 = "ingest_date=2026-11-20/00000000000000000001-00000"
ARCHIVED_A = "raw/processed/00000000000000000001/run=20261120T100000Z/a.ndjson.gz"


class Clock:
    """Shows noon until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Watched:
    """A store that calls `before` with the number, name and arguments of each operation."""

    def __init__(self, store: ObjectStore, before: Callable[[int, str, tuple[Any, ...]], None]) -> None:
        self.uri = store.uri
        self._store = store
        self._before = before
        self._count = count(1)

    def _do(self, name: str, *args: Any) -> Any:
        self._before(next(self._count), name, args)
        return getattr(self._store, name)(*args)

    def get(self, key: str) -> Fetched | None:
        return self._do("get", key)  # type: ignore[no-any-return]

    def put(self, key: str, data: bytes) -> None:
        self._do("put", key, data)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self._do("put_if_absent", key, data)  # type: ignore[no-any-return]

    def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
        return iter(tuple(self._do("list", prefix, after, *([left] if left else []))))

    def copy(self, source: str, target: str, token: str | None = None, size: int = 0) -> bool:
        return self._do("copy", source, target, token, size)  # type: ignore[no-any-return]

    def delete(self, key: str, token: str | None = None, data: bytes | None = None) -> bool:
        return self._do("delete", key, token, data)  # type: ignore[no-any-return]

    def delete_under(self, prefix: str) -> None:
        self._do("delete_under", prefix)

    def object_uri(self, key: str) -> str:
        return self._store.object_uri(key)


def commit_log(store: ObjectStore, clock: Callable[[], datetime] | None = None, **bounds: Any) -> CommitLog:
    clock = clock or Clock()
    return CommitLog(store, clock=clock, new_id=lambda: new_ulid(clock), **bounds)


def planned(log: CommitLog, **how: Any) -> Batch:
    batch = log.next_batch(**how)
    assert batch is not None
    return batch


def input_keys(batch: Batch | None) -> list[str]:
    return [raw.key for raw in batch.inputs] if batch else []


def commit(log: CommitLog, store: ObjectStore, batch: Batch, **places: str) -> Entry | None:
    """Writes what a job would: songs and artists whose bytes are those of the inputs, and the row of batches."""
    inputs, rows = [], []
    for raw in batch.inputs:
        data = b"source" if "://" in raw.key else content(store, raw.key)
        if data is None:
            log.drop(batch)
            return None
        place = places.get("place", "processed")
        rows.append(data)
        inputs.append(
            CommittedInput(raw.key, raw.token, raw.size, sha256(data).hexdigest(), "2026-11-20T10:00:00Z", place, None)  # type: ignore[arg-type]
        )
    files = []
    for table in ("songs", "artists"):
        key = f"staging/{batch.batch_id}/{table}/part-0.parquet"
        store.put(key, b"|".join(rows))
        files.append(StagedFile(table, key, len(rows)))

    def batches_file(number: int, committed_at: datetime) -> StagedFile:
        key = f"staging/{batch.batch_id}/batches/{number}.parquet"
        store.put(key, f"{number} {committed_at:%H:%M}".encode())
        return StagedFile("batches", key, 1)

    return log.commit(batch, inputs, files, rejects={"bad": 2}, reconciliation={"items": 3}, batches_file=batches_file)


def job(log: CommitLog, store: ObjectStore) -> None:
    log.finish_earlier_commits()
    while batch := log.next_batch():
        commit(log, store, batch)


def songs(store: ObjectStore) -> list[bytes]:
    """Every published document, as often as it was published."""
    files = [content(store, key) for key in keys(store, "processed/songs/")]
    return sorted(part for data in files if data is not None for part in data.split(b"|"))


def archive(store: ObjectStore) -> list[str]:
    return keys(store, "raw/processed/") + keys(store, "raw/quarantine/")


# --- an undisturbed run


def test_a_commit_publishes_archives_and_cleans_up(store: ObjectStore) -> None:
    for key, data in ((A, b"a"), (MANIFEST, b"m"), ("raw/quiet/run=20261119T100000Z.json", b"q")):
        store.put(key, data)

    job(commit_log(store), store)

    assert keys(store) == [
        ENTRY_1,
        DONE_1,
        "log/frontier.json",
        f"processed/artists/{FINAL_1}.parquet",
        f"processed/batches/{FINAL_1}.parquet",
        f"processed/songs/{FINAL_1}.parquet",
        "raw/processed/00000000000000000001-quiet/run=20261119T100000Z.json",
        "raw/processed/00000000000000000001/run=20261120T100000Z/_manifest.json",
        ARCHIVED_A,
    ]
    assert content(store, f"processed/songs/{FINAL_1}.parquet") == b"m|a|q"
    assert content(store, f"processed/batches/{FINAL_1}.parquet") == b"1 12:00"
    assert content(store, ARCHIVED_A) == b"a"
    assert json.loads(content(store, "log/frontier.json") or b"") == {"done": 1}


def test_an_entry_records_the_commit(store: ObjectStore) -> None:
    store.put(A, b"a")
    version = token(store, A)
    log = commit_log(store)
    batch = planned(log)

    entry = commit(log, store, batch)

    written = json.loads(content(store, ENTRY_1) or b"")
    assert written.pop("batch_id") == batch.batch_id
    assert written.pop("files")[2] == {
        "staged": f"staging/{batch.batch_id}/batches/1.parquet",
        "final": f"processed/batches/{FINAL_1}.parquet",
        "table": "batches",
        "rows": 1,
    }
    assert written == {
        "version": 2,
        "number": 1,
        "committed_at": "2026-11-20T12:00:00Z",
        "ingest_date": "2026-11-20",
        "inputs": [
            {
                "key": A,
                "token": version,
                "size": 1,
                "document_id": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                "extracted_at": "2026-11-20T10:00:00Z",
                "place": "processed",
                "reason": None,
            }
        ],
        "rows": {"songs": 1, "artists": 1, "batches": 1},
        "rejects": {"bad": 2},
        "reconciliation": {"items": 3},
    }
    assert list(log.entries()) == [entry]
    assert list(log.entries(after=1)) == []


def test_parts_are_counted_per_table_and_rejects_go_to_rejects(store: ObjectStore) -> None:
    store.put(A, b"a")
    log = commit_log(store)
    batch = planned(log)
    names = [("songs", "x"), ("rejects", "r"), ("songs", "y"), ("batches", "b")]
    files = [StagedFile(table, f"staging/{batch.batch_id}/{table}/{name}", 1) for table, name in names]
    for file in files:
        store.put(file.staged, file.staged.encode())
    inputs = [CommittedInput(A, token(store, A), 1, "", "2026-11-20T10:00:00Z", "quarantine", "failed alone")]

    entry = log.commit(batch, inputs, files[:3], rejects={}, reconciliation={}, batches_file=lambda *_: files[3])

    assert entry is not None
    assert [file.final for file in entry.files] == [
        f"processed/songs/{FINAL_1}.parquet",
        "rejects/ingest_date=2026-11-20/00000000000000000001-00000.json.gz",
        "processed/songs/ingest_date=2026-11-20/00000000000000000001-00001.parquet",
        f"processed/batches/{FINAL_1}.parquet",
    ]
    assert dict(entry.rows) == {"songs": 2, "batches": 1}
    assert archive(store) == ["raw/quarantine/00000000000000000001/run=20261120T100000Z/a.ndjson.gz"]


def test_nothing_pending_is_no_batch(folder_store: ObjectStore) -> None:
    log = commit_log(folder_store)

    assert log.finish_earlier_commits() == []
    assert log.next_batch() is None
    assert log.waiting_seconds == 0
    assert keys(folder_store) == []


def test_names_may_be_any_text(store: ObjectStore) -> None:
    store.put("raw/pending/drop/Jürgen's 100% +1 & más? 日本.json", b"x")

    job(commit_log(store, Clock()), store)

    assert archive(store) == ["raw/processed/00000000000000000001/drop/Jürgen's 100% +1 & más? 日本.json"]
    assert songs(store) == [b"x"]


def test_a_batch_is_bounded_in_objects_and_bytes_but_never_empty(folder_store: ObjectStore) -> None:
    for name, size in (("a", 5), ("b", 4), ("c", 3), ("d.gz", 2), ("e", 1)):
        folder_store.put(f"raw/pending/run=1/{name}", b"x" * size)

    assert [key[-1] for key in input_keys(commit_log(folder_store, max_objects=2).next_batch())] == ["a", "b"]
    assert [
        key[-1] for key in input_keys(commit_log(folder_store, cores=lambda: 1, bytes_per_core=12).next_batch())
    ] == ["a", "b", "c"]
    assert [
        key[-1] for key in input_keys(commit_log(folder_store, cores=lambda: 1, bytes_per_core=31).next_batch())
    ] == ["a", "b", "c"]
    assert (
        len(input_keys(commit_log(folder_store, cores=lambda: 1, bytes_per_core=32).next_batch())) == 4
    )  # gzip counts ten times its size
    assert [
        key[-1] for key in input_keys(commit_log(folder_store, cores=lambda: 1, bytes_per_core=1).next_batch())
    ] == ["a"]


def test_a_later_batch_wins_a_tie_whatever_the_clocks_say(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put(A, b"a")
    log = commit_log(folder_store, clock)
    first = planned(log)
    commit(log, folder_store, first)
    clock.now -= timedelta(days=1)
    folder_store.put(B, b"b")

    second = planned(log)

    assert first.batch_id[:21] == "00000000000000000000-"
    assert second.batch_id[:21] == "00000000000000000001-"
    assert second.head == 1


# --- files still being written


def test_a_file_still_being_dropped_is_left_for_two_seconds(folder_store: ObjectStore) -> None:
    folder_store.put("raw/pending/drop/a.json", b"a")
    clock = Clock()
    dropped = next(folder_store.list("raw/")).time
    log = commit_log(folder_store, clock)

    clock.now = dropped + timedelta(seconds=0.5)
    assert log.next_batch() is None
    assert log.waiting_seconds == pytest.approx(1.5)
    clock.now = dropped + timedelta(seconds=2)
    assert input_keys(log.next_batch()) == ["raw/pending/drop/a.json"]
    assert log.waiting_seconds == 0


def test_objects_of_programs_are_planned_without_waiting(folder_store: ObjectStore) -> None:
    folder_store.put("raw/pending/drop/a.json", b"a")
    folder_store.put(A, b"a")
    clock = Clock()
    clock.now = datetime.now(UTC)

    log = commit_log(folder_store, clock)

    assert input_keys(log.next_batch()) == [A]
    assert log.waiting_seconds == 0


def test_a_dropped_file_from_the_future_is_not_waited_for(folder_store: ObjectStore) -> None:
    folder_store.put("raw/pending/drop/a.json", b"a")

    assert NOON - next(folder_store.list("raw/")).time != timedelta(0)
    clock = Clock()
    clock.now = datetime.now(UTC) - timedelta(hours=1)
    assert input_keys(commit_log(folder_store, clock).next_batch()) == ["raw/pending/drop/a.json"]


def test_on_s3_a_listed_object_is_complete(s3_store: ObjectStore) -> None:
    s3_store.put("raw/pending/drop/a.json", b"a")
    clock = Clock()
    clock.now = datetime.now(UTC)

    assert input_keys(commit_log(s3_store, clock).next_batch()) == ["raw/pending/drop/a.json"]


# --- changed and vanished inputs


def test_a_changed_input_is_planned_again(store: ObjectStore) -> None:
    store.put(A, b"one")
    log = commit_log(store)
    batch = planned(log)
    store.put(A, b"two")

    assert not log.still_there(batch)
    assert commit(log, store, batch) is None
    assert keys(store) == [A]
    job(log, store)
    assert songs(store) == [b"two"]


def test_a_vanished_input_is_planned_again(store: ObjectStore) -> None:
    store.put(A, b"a")
    store.put(B, b"b")
    log = commit_log(store)
    batch = planned(log)
    inputs = [CommittedInput(raw.key, raw.token, 1, "", "", "processed") for raw in batch.inputs]
    store.delete(B)

    assert (
        log.commit(
            batch, inputs, [], rejects={}, reconciliation={}, batches_file=lambda *_: pytest.fail("must not be called")
        )
        is None
    )
    job(log, store)
    assert songs(store) == [b"a"]


def test_exactly_one_of_two_batches_with_a_shared_input_is_committed(store: ObjectStore) -> None:
    store.put(A, b"a")
    mine, yours = commit_log(store), commit_log(store)
    my_batch = planned(mine)
    store.put(B, b"b")
    your_batch = planned(yours)
    stop_after_entry = stopping_after(store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        commit(commit_log(stop_after_entry), stop_after_entry, your_batch)

    assert commit(mine, store, my_batch) is None
    assert keys(store, f"staging/{my_batch.batch_id}/") == []
    assert keys(store, "log/attempts/") == [f"log/attempts/{your_batch.batch_id}.json"]
    job(mine, store)
    assert songs(store) == [b"a", b"b"]
    assert keys(store, "log/0") == [ENTRY_1]


def test_after_another_runs_entry_the_next_number_is_tried(store: ObjectStore) -> None:
    store.put(A, b"a")
    mine = commit_log(store)
    my_batch = planned(mine, sources=[Input("file:///mine", "1", 1, NOON)])
    your_batch = planned(commit_log(store))
    commit(commit_log(store), store, your_batch)

    entry = commit(mine, store, my_batch, place="source")

    assert entry is not None
    assert entry.number == 2
    assert entry.files[-1].staged == f"staging/{my_batch.batch_id}/batches/2.parquet"
    assert content(store, f"processed/batches/{FINAL_1.replace('1-0', '2-0')}.parquet") == b"2 12:00"
    assert songs(store) == [b"a", b"source"]
    assert json.loads(content(store, "log/frontier.json") or b"") == {"done": 2}


def test_an_entry_with_the_same_key_in_another_version_causes_a_new_plan(store: ObjectStore) -> None:
    store.put(A, b"a")
    mine = commit_log(store)
    my_batch = planned(mine)
    other = Entry(
        number=1,
        batch_id="other",
        committed_at=NOON,
        ingest_date=date(2026, 11, 20),
        inputs=(CommittedInput(A, "another", 1, "0" * 64, "", "processed"),),
        files=(),
        rows={},
        rejects={},
        reconciliation={},
    )
    store.put(ENTRY_1, other.as_bytes())

    assert commit(mine, store, my_batch) is None
    job(mine, store)
    assert songs(store) == [b"a"]


class StopHereError(Exception):
    """The run stops after its operation."""


def stopping_after(store: ObjectStore, name: str, key: str, error: type[BaseException] = StopHereError) -> Watched:
    """A store that executes this operation but raises an error; later operations succeed."""
    stopped = False

    def before(_: int, called: str, args: tuple[Any, ...]) -> None:
        nonlocal stopped
        if not stopped and (called, args[0]) == (name, key):
            stopped = True
            getattr(store, called)(*args)
            raise error

    return Watched(store, before)


def test_a_commit_whose_answer_was_lost_counts(store: ObjectStore) -> None:
    store.put(A, b"a")
    once = [True]

    def before(_: int, name: str, args: tuple[Any, ...]) -> None:
        if name == "put_if_absent" and args[0] == ENTRY_1 and once:
            once.clear()
            store.put_if_absent(*args)  # the first of two tries, whose answer is lost

    watched = Watched(store, before)
    log = commit_log(watched)

    entry = commit(log, watched, planned(log))

    assert entry is not None
    assert entry.number == 1
    assert songs(store) == [b"a"]
    assert keys(store, "log/0") == [ENTRY_1]
    assert archive(store) == [ARCHIVED_A]


def test_staging_survives_a_commit_that_ended_in_an_unknown_state(store: ObjectStore) -> None:
    store.put(A, b"a")
    watched = stopping_after(store, "put_if_absent", ENTRY_1, TransientError)
    log = commit_log(watched)
    batch = planned(log)
    with pytest.raises(TransientError):
        commit(log, watched, batch)

    log.drop(batch)

    assert keys(store, "log/attempts/") == []
    assert len(keys(store, f"staging/{batch.batch_id}/")) == 3
    job(commit_log(store), store)
    assert songs(store) == [b"a"]


def test_staging_is_removed_when_the_batch_is_dropped_before_its_commit(store: ObjectStore) -> None:
    store.put(A, b"a")
    log = commit_log(store)
    batch = planned(log)
    store.put(f"staging/{batch.batch_id}/songs/x", b"")
    store.put("staging/another/songs/x", b"")

    log.drop(batch)

    assert keys(store) == [A, "staging/another/songs/x"]


def test_a_commit_must_account_for_its_inputs(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    log = commit_log(folder_store)
    batch = planned(log)

    with pytest.raises(CommitLogError, match="has 1 inputs; the commit names 0, or others"):
        log.commit(
            batch, [], [], rejects={}, reconciliation={}, batches_file=lambda *_: pytest.fail("must not be called")
        )


def test_a_file_that_was_never_staged_is_not_committed(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    log = commit_log(folder_store)
    batch = planned(log)
    inputs = [CommittedInput(A, token(folder_store, A), 1, "", "", "processed")]
    missing = StagedFile("batches", f"staging/{batch.batch_id}/batches/x", 1)

    with pytest.raises(CommitLogError, match=r"was not committed: its staged file staging/.*/batches/x is missing"):
        log.commit(batch, inputs, [], rejects={}, reconciliation={}, batches_file=lambda *_: missing)
    assert keys(folder_store, "log/0") == []


def test_an_attempt_older_than_half_a_day_is_planned_again(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    clock = Clock()
    log = commit_log(folder_store, clock)
    batch = planned(log)
    clock.now += timedelta(hours=12, seconds=1)

    assert commit(log, folder_store, batch) is None
    assert keys(folder_store, "log/0") == []
    assert keys(folder_store, "staging/") == []


# --- finishing


def test_any_run_finishes_what_a_killed_run_committed(store: ObjectStore) -> None:
    store.put(A, b"a")
    watched = stopping_after(store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(watched), watched)
    assert songs(store) == []
    log = commit_log(store)

    assert log.finish_earlier_commits() == [1]
    assert log.finish_earlier_commits() == []
    log.finish(1)

    assert songs(store) == [b"a"]
    assert archive(store) == [ARCHIVED_A]
    assert keys(store, "raw/pending/") == []


@pytest.mark.parametrize("moment", ["copy", "get", "put_if_absent", "delete"])
def test_another_run_may_finish_the_entry_at_any_moment(store: ObjectStore, moment: str) -> None:
    store.put(A, b"a")
    store.put(B, b"b")
    stop = stopping_after(store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(stop), stop)
    moments: list[int] = []

    def before(number: int, name: str, args: tuple[Any, ...]) -> None:
        if name == moment and args[0] != "log/frontier.json" and not moments:
            moments.append(number)
            commit_log(store).finish(1)
            store.delete_under("staging/")

    job(commit_log(Watched(store, before)), store)

    assert len(moments) == 1
    assert songs(store) == [b"a", b"b"]
    assert len(archive(store)) == 2
    assert keys(store, "raw/pending/") == []


def test_files_are_published_in_order_then_inputs_archived_then_the_completion_marker_written(
    store: ObjectStore,
) -> None:
    store.put(A, b"a")
    seen: list[tuple[str, str]] = []

    def before(_: int, name: str, args: tuple[Any, ...]) -> None:
        if name in {"copy", "put_if_absent", "delete", "delete_under"}:
            seen.append((name, args[1] if name == "copy" else args[0]))

    watched = Watched(store, before)
    log = commit_log(watched)
    batch = planned(log)
    commit(log, watched, batch)

    assert seen == [
        ("put_if_absent", ENTRY_1),
        ("copy", f"processed/songs/{FINAL_1}.parquet"),
        ("copy", f"processed/artists/{FINAL_1}.parquet"),
        ("copy", f"processed/batches/{FINAL_1}.parquet"),
        ("copy", ARCHIVED_A),
        ("delete", A),
        ("put_if_absent", DONE_1),
        ("delete_under", f"staging/{batch.batch_id}/"),
        ("delete", f"log/attempts/{batch.batch_id}.json"),
    ]


def test_threads_archive_each_input_once_before_the_completion_marker(store: ObjectStore) -> None:
    pending = [f"raw/pending/run=1/{number:02d}" for number in range(30)]
    for key in pending:
        store.put(key, key.encode())
    seen: list[tuple[str, str]] = []
    watched = Watched(store, lambda _, name, args: seen.append((name, args[0])))

    job(commit_log(watched, moves_at_once=8), watched)

    archived = [key.replace("pending", "processed/00000000000000000001") for key in pending]
    assert {key: content(store, key) for key in archive(store)} == {
        new: old.encode() for new, old in zip(archived, pending, strict=True)
    }
    assert keys(store, "raw/pending/") == []
    assert sorted(key for name, key in seen if name == "delete" and key in pending) == pending
    done = seen.index(("put_if_absent", DONE_1))
    assert all(("delete", key) in seen[:done] for key in pending)


def test_an_archive_that_fails_half_way_has_no_marker_and_the_next_run_finishes_it(store: ObjectStore) -> None:
    pending = [f"raw/pending/run=1/{number:02d}" for number in range(30)]
    for key in pending:
        store.put(key, key.encode())
    deleted: list[str] = []

    def before(_: int, name: str, args: tuple[Any, ...]) -> None:
        if name == "delete" and args[0] in pending:
            deleted.append(args[0])
            if len(deleted) == 5:
                raise StopHereError

    watched = Watched(store, before)
    with pytest.raises(StopHereError):
        job(commit_log(watched, moves_at_once=4), watched)
    assert content(store, DONE_1) is None
    assert keys(store, "raw/pending/")

    job(commit_log(store, moves_at_once=4), store)

    assert songs(store) == [key.encode() for key in pending]
    assert len(archive(store)) == 30
    assert keys(store, "raw/pending/") == []
    assert content(store, DONE_1) == b""


@pytest.fixture(params=["folder", "S3 double"])
def strict_store(request: pytest.FixtureRequest) -> ObjectStore:
    """An empty lake that honours the condition of a copy, which moto ignores."""
    made: ObjectStore = (
        s3_double.new_store() if request.param == "S3 double" else request.getfixturevalue("folder_store")
    )
    return made


@pytest.mark.parametrize("moment", ["copy", "delete"])
def test_a_new_version_put_while_the_old_is_archived_stays_pending(strict_store: ObjectStore, moment: str) -> None:
    store = strict_store
    store.put(A, b"one")
    once = [True]

    def before(_: int, name: str, args: tuple[Any, ...]) -> None:
        if keys(store, ENTRY_1) and name == moment and args[0] in {A, ARCHIVED_A} and once:
            once.clear()
            store.put(A, b"two")

    watched = Watched(store, before)
    log = commit_log(watched)
    commit(log, watched, planned(log))

    assert not once
    assert content(store, A) == b"two"
    assert content(store, ARCHIVED_A) == (None if moment == "copy" else b"one")
    job(commit_log(store), store)
    assert songs(store) == [b"one", b"two"]
    assert keys(store, "raw/pending/") == []


def test_a_committed_input_whose_file_mode_changed_is_archived(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    stop = stopping_after(folder_store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(stop), stop)
    (Path(folder_store.uri.removeprefix("file://")) / A).chmod(0o600)

    job(commit_log(folder_store), folder_store)

    assert songs(folder_store) == [b"a"]
    assert archive(folder_store) == [ARCHIVED_A]


def test_a_committed_input_that_a_person_removed_does_not_stop_the_log(
    store: ObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(A, b"a")
    stop = stopping_after(store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(stop), stop)
    store.delete(A)

    job(commit_log(store), store)

    assert songs(store) == [b"a"]
    assert f"{A} was removed after it was committed" in caplog.text


def test_a_staged_file_that_vanished_before_publishing_is_damage(store: ObjectStore) -> None:
    store.put(A, b"a")
    stop = stopping_after(store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(stop), stop)
    store.delete(keys(store, "staging/")[-1])

    with pytest.raises(
        CommitLogError, match=r"is damaged: log entry 1 is committed, but processed/songs/.* is missing"
    ):
        job(commit_log(store), store)
    assert keys(store, DONE_1) == []


def test_a_final_file_of_another_batch_is_damage_and_nothing_is_archived(store: ObjectStore) -> None:
    """Happens after the log was restored from an older backup: the number is used again."""
    store.put(A, b"a")
    store.put(f"processed/songs/{FINAL_1}.parquet", b"old")

    for _ in range(2):
        with pytest.raises(CommitLogError) as raised:
            job(commit_log(store), store)

    assert str(raised.value) == (
        f"The lake {store.uri} is damaged: processed/songs/{FINAL_1}.parquet existed before log entry 1 was "
        "committed, and belongs to another batch: the log was probably restored to a time before that batch. Restore "
        "the later log, log/ with log/done/, from its backup; the inputs of this entry are still pending and are taken "
        "again. Without a backup, move that file out of the lake. Until then nothing more is published."
    )
    assert content(store, f"processed/songs/{FINAL_1}.parquet") == b"old"
    assert keys(store, "raw/") == [A]
    assert keys(store, DONE_1) == []


def test_a_log_restored_from_before_a_batch_loses_no_later_batch(store: ObjectStore) -> None:
    store.put(A, b"a")
    job(commit_log(store), store)
    for key in keys(store, "log/"):
        store.delete(key)
    store.put(B, b"b")

    with pytest.raises(CommitLogError, match=r"belongs to another batch: .* Restore the later log"):
        job(commit_log(store), store)

    assert content(store, B) == b"b"
    assert songs(store) == [b"a"]


def test_an_archived_object_of_another_batch_is_damage_and_the_pending_one_stays(store: ObjectStore) -> None:
    store.put(ARCHIVED_A, b"old")
    store.put(A, b"a")

    with pytest.raises(CommitLogError) as raised:
        job(commit_log(store), store)

    assert str(raised.value) == (
        f"The lake {store.uri} is damaged: {ARCHIVED_A} is not the object that log entry 1 took: the log was probably "
        "restored to a time before another batch with this number. Restore the later log, log/ with log/done/, from "
        "its backup, or move that object out of the lake. Until then nothing more is published."
    )
    assert content(store, A) == b"a"
    assert content(store, ARCHIVED_A) == b"old"
    assert keys(store, DONE_1) == []


def test_a_finisher_without_staging_completes_what_another_run_published(store: ObjectStore) -> None:
    store.put(A, b"a")
    stop = stopping_after(store, "copy", A)  # everything is published
    with pytest.raises(StopHereError):
        job(commit_log(stop), store)
    for key in keys(store, "staging/"):
        store.delete(key)

    assert commit_log(store).finish_earlier_commits() == [1]

    assert songs(store) == [b"a"]
    assert keys(store, "raw/") == [ARCHIVED_A]


def test_an_archived_copy_with_the_same_bytes_is_no_damage(store: ObjectStore) -> None:
    store.put(A, b"a")
    store.put(ARCHIVED_A, b"a")  # of a run that was killed between copy and delete

    job(commit_log(store), store)

    assert keys(store, "raw/") == [ARCHIVED_A]


# --- a log with missing objects


def three_batches(store: ObjectStore) -> None:
    for data in (b"a", b"b", b"c"):
        store.put(A, data)
        job(commit_log(store), store)


@pytest.mark.parametrize("pending", [False, True])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_lost_entry_is_named_at_the_next_start(store: ObjectStore, number: int, pending: bool) -> None:
    three_batches(store)
    store.delete(f"log/0000000000000000000{number}.json")
    if pending:
        store.put(B, b"d")
    before = keys(store)

    with pytest.raises(CommitLogError) as raised:
        commit_log(store).finish_earlier_commits()

    assert str(raised.value) == (
        f"The lake {store.uri} is damaged: log/0000000000000000000{number}.json is gone, but log/done/"
        f"0000000000000000000{number} shows that it was committed. Restore it from a backup; if there never was such a "
        f"batch, move log/done/0000000000000000000{number} out of the lake. Until then nothing more is published."
    )
    assert keys(store) == before


@pytest.mark.parametrize("left", [[DONE_1], ["log/frontier.json"], [ENTRY_2], [DONE_1, "log/frontier.json"]])
def test_any_remainder_of_a_log_reveals_the_missing_entry(store: ObjectStore, left: list[str]) -> None:
    three_batches(store)
    for key in keys(store, "log/"):
        if key not in left:
            store.delete(key)

    with pytest.raises(CommitLogError, match=r"log/00000000000000000001[.]json is gone, but log/"):
        commit_log(store).finish_earlier_commits()


def test_a_log_emptied_by_forgetting_everything_has_no_gap(store: ObjectStore) -> None:
    three_batches(store)
    forget_everything(store, None)
    store.put(A, b"d")

    job(commit_log(store), store)
    store.delete("log/frontier.json")
    job(commit_log(store), store)

    assert songs(store) == [b"d"]
    assert keys(store, "log/0") == ["log/00000000000000000003.json", "log/00000000000000000004.json"]


def test_forgetting_everything_can_be_repeated_after_a_stop_at_any_key(folder_store: ObjectStore) -> None:
    three_batches(folder_store)
    for key in keys(folder_store, "log/0"):
        stop = stopping_after(folder_store, "delete", key)
        with contextlib.suppress(StopHereError):
            forget_everything(stop, None)

    forget_everything(folder_store, None)

    assert keys(folder_store, "log/0") == ["log/00000000000000000003.json"]


def test_an_entry_lost_behind_a_forgotten_log_is_named(store: ObjectStore) -> None:
    three_batches(store)
    forget_everything(store, None)
    for data in (b"d", b"e"):
        store.put(A, data)
        job(commit_log(store), store)
    store.delete("log/00000000000000000004.json")

    with pytest.raises(CommitLogError, match=r"log/00000000000000000004[.]json is gone, but log/"):
        commit_log(store).finish_earlier_commits()


def test_a_log_without_completion_markers_is_finished_again(store: ObjectStore) -> None:
    three_batches(store)
    for key in [*keys(store, "log/done/"), "log/frontier.json"]:
        store.delete(key)

    assert commit_log(store).finish_earlier_commits() == [1, 2, 3]
    assert songs(store) == [b"a", b"b", b"c"]


def test_an_entry_committed_during_the_check_is_not_missing(folder_store: ObjectStore) -> None:
    three_batches(folder_store)
    done = count(1)

    def commit_another(_: int, name: str, __: tuple[Any, ...]) -> None:
        """Before each operation of the check, another run commits and finishes a batch."""
        if name in {"get", "list"} and next(done) < 8:
            folder_store.put(B, b"%d" % next(done))
            log = commit_log(folder_store)
            while batch := log.next_batch():
                commit(log, folder_store, batch)

    commit_log(Watched(folder_store, commit_another)).finish_earlier_commits()

    assert len(keys(folder_store, "log/0")) > 4


def test_a_completed_entry_is_not_published_again_after_forgetting(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    log = commit_log(folder_store)
    job(log, folder_store)
    staged = next(log.entries()).files[0].staged
    folder_store.copy(f"processed/songs/{FINAL_1}.parquet", staged)
    folder_store.delete(f"processed/songs/{FINAL_1}.parquet")

    log.finish(1)

    assert songs(folder_store) == []


def test_quarantined_inputs_go_to_quarantine(store: ObjectStore) -> None:
    store.put(A, b"a")
    log = commit_log(store)

    commit(log, store, planned(log), place="quarantine")

    assert archive(store) == ["raw/quarantine/00000000000000000001/run=20261120T100000Z/a.ndjson.gz"]


def test_an_entry_undone_for_a_day_is_an_alarm(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    clock = Clock()
    stop = stopping_after(folder_store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(stop, clock), stop)
    log = commit_log(folder_store, clock)

    clock.now += timedelta(hours=23, minutes=59)
    assert log.undone(timedelta(hours=24)) == []
    clock.now += timedelta(minutes=1)
    assert [entry.number for entry in log.undone(timedelta(hours=24))] == [1]
    log.finish(1)
    assert log.undone(timedelta(hours=24)) == []


# --- planning beside other runs


def test_inputs_of_an_unfinished_entry_are_not_planned(store: ObjectStore) -> None:
    store.put(A, b"a")
    stop = stopping_after(store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(stop), stop)
    store.put(B, b"b")

    assert input_keys(commit_log(store).next_batch()) == [B]


def test_a_new_version_of_an_unfinished_entrys_input_is_planned_after_it_is_finished(store: ObjectStore) -> None:
    store.put(A, b"one")
    stop = stopping_after(store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(stop), stop)
    store.put(A, b"two")
    log = commit_log(store)

    batch = planned(log)

    assert keys(store, DONE_1) == [DONE_1]
    assert input_keys(batch) == [A]
    commit(log, store, batch)
    assert songs(store) == [b"one", b"two"]


def test_the_head_is_read_before_the_listing(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")

    def before(_: int, name: str, args: tuple[Any, ...]) -> None:
        if name == "list" and args[0] == "raw/pending/" and not keys(folder_store, ENTRY_1):
            entry = Entry(
                1, "x", NOON, date(2026, 11, 20), (CommittedInput(A, "t", 1, "", "", "processed"),), (), {}, {}, {}
            )
            folder_store.put(ENTRY_1, entry.as_bytes())

    watched = Watched(folder_store, before)
    log = commit_log(watched)
    batch = planned(log)

    assert batch.head == 0
    assert commit(log, watched, batch) is None


@pytest.mark.parametrize("watermark", [None, b"", b"{}", b"[]", b'{"done": -1}', b'{"done": 1}'])
def test_the_watermark_is_only_a_hint(folder_store: ObjectStore, watermark: bytes | None) -> None:
    store = folder_store
    for data in (b"a", b"b"):
        store.put(A, data)
        job(commit_log(store), store)
    if watermark is None:
        store.delete("log/frontier.json")
    else:
        store.put("log/frontier.json", watermark)
    store.put(A, b"c")

    job(commit_log(store), store)

    assert songs(store) == [b"a", b"b", b"c"]
    assert json.loads(content(store, "log/frontier.json") or b"") == {"done": 3}


def test_a_plan_lists_the_log_only_behind_the_watermark(folder_store: ObjectStore) -> None:
    for data in (b"a", b"b"):
        folder_store.put(A, data)
        job(commit_log(folder_store), folder_store)
    listed: list[tuple[Any, ...]] = []
    read: list[str] = []

    def before(_: int, name: str, args: tuple[Any, ...]) -> None:
        if name == "list":
            listed.append(args)
        if name == "get":
            read.append(args[0])

    assert commit_log(Watched(folder_store, before)).next_batch() is None
    assert listed[:2] == [("log/", ENTRY_2), ("log/done/", "log/done/00000000000000000002")]
    assert read == ["log/frontier.json", "log/done/00000000000000000002"]


def test_what_another_run_committed_since_the_listing_is_not_planned_again(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    folder_store.put(B, b"b")
    ours = commit_log(folder_store, max_objects=1)
    first = planned(ours)
    assert input_keys(first) == [A]
    assert commit(ours, folder_store, first)
    stop = stopping_after(folder_store, "put_if_absent", ENTRY_2)
    with pytest.raises(StopHereError):  # the other run's entry has B, which is still pending
        job(commit_log(stop), stop)
    assert keys(folder_store, "raw/pending") == [B]

    assert ours.next_batch() is None

    job(ours, folder_store)
    assert songs(folder_store) == [b"a", b"b"]


def test_the_watermark_does_not_pass_an_unfinished_entry(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    stop = stopping_after(folder_store, "put_if_absent", ENTRY_1)
    with pytest.raises(StopHereError):
        job(commit_log(stop), stop)
    folder_store.put(B, b"b")
    log = commit_log(folder_store)
    commit(log, folder_store, planned(log))
    assert keys(folder_store, "log/frontier.json") == []

    assert log.finish_earlier_commits() == [1]
    assert json.loads(content(folder_store, "log/frontier.json") or b"") == {"done": 2}


def test_a_log_of_another_version_is_an_error(folder_store: ObjectStore) -> None:
    folder_store.put(ENTRY_1, b'{"version": 3}')

    with pytest.raises(CommitLogError, match=r"00001.json: A newer version of the suite wrote this log entry"):
        commit_log(folder_store).finish_earlier_commits()
    folder_store.put(ENTRY_1, b'{"version": 1}')
    with pytest.raises(CommitLogError, match=r"00001.json: An older version of the suite wrote this lake: start a new"):
        commit_log(folder_store).finish_earlier_commits()
    folder_store.put(ENTRY_1, b'{"vers')
    with pytest.raises(CommitLogError, match=r"00001.json cannot be read \(it is "):
        commit_log(folder_store).finish_earlier_commits()


# --- sources


def test_sources_stay_in_place_and_are_committed_once(store: ObjectStore) -> None:
    store.put(A, b"a")
    log = commit_log(store)
    sources = [Input("file:///home/me/x y.json", "1-2-3-4", 6, NOON), Input("s3://mine/b.json", "e", 6, NOON)]
    batch = planned(log, sources=sources)
    assert batch.inputs == tuple(sources)

    assert log.still_there(batch)
    assert commit(log, store, batch, place="source") is not None

    assert log.next_batch(sources=sources) is None
    assert archive(store) == []
    changed = [sources[0], sources[1]._replace(token="f")]
    assert input_keys(log.next_batch(sources=changed)) == ["s3://mine/b.json"]
    assert input_keys(log.next_batch()) == [A]


# --- failed attempts


def die(store: ObjectStore, clock: Clock) -> Batch:
    """A run that plans a batch and is killed; then the job's timeout passes."""
    batch = planned(commit_log(store, clock))
    clock.now += timedelta(minutes=21)
    return batch


def test_inputs_of_a_failed_batch_are_planned_alone_and_are_poison_after_three_failures(store: ObjectStore) -> None:
    clock = Clock()
    store.put(A, b"a")
    store.put(B, b"b")

    assert input_keys(die(store, clock)) == [A, B]
    alone = [die(store, clock) for _ in range(3)]
    assert [(input_keys(batch), batch.is_poison) for batch in alone] == [([A], False), ([B], False), ([A], False)]
    log = commit_log(store, clock)
    poison = planned(log)
    assert (input_keys(poison), poison.is_poison) == ([A], True)
    commit(log, store, poison, place="quarantine")
    last = planned(log)
    assert (input_keys(last), last.is_poison) == ([B], False)
    commit(log, store, last)

    assert archive(store) == [
        "raw/processed/00000000000000000002/run=20261120T100000Z/b.ndjson.gz",
        "raw/quarantine/00000000000000000001/run=20261120T100000Z/a.ndjson.gz",
    ]
    assert log.next_batch() is None
    assert keys(store, "log/attempts/") == []


def test_after_one_kill_the_three_largest_inputs_are_planned_alone_behind_the_others(folder_store: ObjectStore) -> None:
    clock = Clock()
    sizes = {"a": 50, "b": 1, "c": 40, "d": 2, "e": 30}
    for name, size in sizes.items():
        folder_store.put(f"raw/pending/run=1/{name}.json", bytes(size))
    die(folder_store, clock)
    log = commit_log(folder_store, clock)

    batches = []
    while batch := log.next_batch():
        batches.append(([key[-6] for key in input_keys(batch)], batch.is_poison))
        commit(log, folder_store, batch)

    assert batches == [(["b", "d"], False), (["a"], False), (["c"], False), (["e"], False)]


def test_a_suspected_input_is_planned_alone_at_once_and_is_poison_if_it_fails_again(store: ObjectStore) -> None:
    for key in (A, B, MANIFEST):
        store.put(key, b"x")
    log = commit_log(store)
    batch = planned(log)
    store.put(f"staging/{batch.batch_id}/songs/part-0.parquet", b"half")

    log.fail(batch, [raw for raw in batch.inputs if raw.key == A])

    assert keys(store, "staging/") == []
    others = planned(log)
    assert (input_keys(others), others.is_poison) == ([MANIFEST, B], False)
    commit(log, store, others)
    alone = planned(log)
    assert (input_keys(alone), alone.is_poison) == ([A], False)
    log.fail(alone, alone.inputs)
    poison = planned(log)
    assert (input_keys(poison), poison.is_poison) == ([A], True)
    commit(log, store, poison, place="quarantine")
    assert log.next_batch() is None
    assert keys(store, "log/attempts/") == []


def test_a_marker_of_an_earlier_version_counts(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    inputs = [{"key": A, "token": token(folder_store, A)}]
    note = {"version": 1, "planned_at": "2026-11-20T11:00:00Z", "inputs": inputs, "alone": True}
    for name in ("1", "2", "3"):
        folder_store.put(f"log/attempts/{name}.json", json.dumps(note).encode())

    assert planned(commit_log(folder_store)).is_poison


def commit_unread(log: CommitLog, store: ObjectStore, batch: Batch) -> Entry | None:
    """Commits the batch's only input as the job commits poison: without a document id."""
    [raw] = batch.inputs
    key = f"staging/{batch.batch_id}/batches/part-0.parquet"
    store.put(key, b"1")
    inputs = [CommittedInput(raw.key, raw.token, raw.size, "", "2026-11-20T10:00:00Z", "quarantine", "poison")]
    return log.commit(
        batch, inputs, [], rejects={}, reconciliation={}, batches_file=lambda _, __: StagedFile("b", key, 1)
    )


def test_an_unread_input_is_archived_without_reading_it(store: ObjectStore) -> None:
    store.put(A, b"a")

    def must_not_be_read(_: int, name: str, args: tuple[Any, ...]) -> None:
        assert (name, args[0]) != ("get", A)

    watched = Watched(store, must_not_be_read)
    log = commit_log(watched)
    commit_unread(log, watched, planned(log))

    assert archive(store) == ["raw/quarantine/00000000000000000001/run=20261120T100000Z/a.ndjson.gz"]
    assert keys(store, "raw/pending/") == []


def test_another_version_of_an_unread_input_stays_pending(strict_store: ObjectStore) -> None:
    store = strict_store
    store.put(A, b"a")

    def replace(_: int, name: str, args: tuple[Any, ...]) -> None:
        if (name, args[0]) == ("copy", A):
            store.put(A, b"another")

    watched = Watched(store, replace)
    log = commit_log(watched)
    commit_unread(log, watched, planned(log))

    assert archive(store) == []
    assert content(store, A) == b"another"


def test_healthy_inputs_come_before_those_of_failed_attempts(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put(A, b"a")
    die(folder_store, clock)
    die(folder_store, clock)
    folder_store.put(B, b"b")

    assert input_keys(commit_log(folder_store, clock).next_batch()) == [B]


def test_the_only_input_of_a_batch_is_not_poison_after_one_failure(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put(A, b"a")

    assert [die(folder_store, clock).is_poison for _ in range(4)] == [False, False, False, True]


def test_an_input_that_may_have_killed_a_run_alone_comes_last(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put(A, b"a")
    folder_store.put(B, b"b")
    die(folder_store, clock)

    assert input_keys(planned(commit_log(folder_store, clock))) == [A]  # killed again, a minute ago
    clock.now += timedelta(minutes=1)
    assert input_keys(planned(commit_log(folder_store, clock))) == [B]


def test_a_new_version_starts_without_failed_attempts(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put(A, b"one")
    for _ in range(3):
        die(folder_store, clock)
    folder_store.put(A, b"two")

    assert not planned(commit_log(folder_store, clock)).is_poison
    assert len(keys(folder_store, "log/attempts/")) == 1


def test_running_attempts_and_orderly_ends_do_not_count_as_failures(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put(A, b"a")
    log = commit_log(folder_store, clock)
    for _ in range(3):
        log.drop(planned(log))
        clock.now += timedelta(minutes=21)
    for _ in range(3):
        planned(log)
        clock.now += timedelta(minutes=1)
    folder_store.put(B, b"b")
    folder_store.put("log/attempts/not ours.json", b"?")

    assert input_keys(commit_log(folder_store, clock).next_batch()) == [A, B]


def test_the_marker_of_a_running_attempt_stays_without_its_inputs(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put(A, b"a")
    planned(commit_log(folder_store, clock))
    folder_store.delete(A)
    folder_store.put(B, b"b")

    planned(commit_log(folder_store, clock))

    assert len(keys(folder_store, "log/attempts/")) == 2


def test_a_failed_attempts_marker_on_pending_inputs_survives_a_source_run(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put(A, b"a")
    die(folder_store, clock)

    planned(commit_log(folder_store, clock), sources=[Input("file:///x", "1", 1, NOON)])

    assert len(keys(folder_store, "log/attempts/")) == 2


# --- leftovers


def test_staging_left_by_a_kill_is_removed_from_a_folder_after_a_day(folder_store: ObjectStore) -> None:
    clock = Clock()
    folder_store.put("staging/dead/songs/part-0", b"x")
    clock.now = datetime.now(UTC) + timedelta(hours=23)
    commit_log(folder_store, clock).finish_earlier_commits()
    assert keys(folder_store) == ["staging/dead/songs/part-0"]

    clock.now += timedelta(hours=2)
    commit_log(folder_store, clock).finish_earlier_commits()
    assert keys(folder_store) == []


def test_staging_of_an_unfinished_entry_is_never_removed(folder_store: ObjectStore) -> None:
    folder_store.put(A, b"a")
    clock = Clock()
    clock.now = datetime.now(UTC) + timedelta(days=9)
    stop = stopping_after(folder_store, "put_if_absent", ENTRY_1)

    def before(_: int, name: str, args: tuple[Any, ...]) -> None:
        if name == "list" and args[0] == "staging/":  # another run commits after this run finished earlier commits
            with pytest.raises(StopHereError):
                job(commit_log(stop), stop)

    assert commit_log(Watched(folder_store, before), clock).finish_earlier_commits() == []
    job(commit_log(folder_store, clock), folder_store)

    assert songs(folder_store) == [b"a"]


def test_on_s3_staging_is_left_to_the_lifecycle_rule(s3_store: ObjectStore) -> None:
    clock = Clock()
    clock.now = datetime.now(UTC) + timedelta(days=9)
    s3_store.put("staging/dead/songs/part-0", b"x")

    commit_log(s3_store, clock).finish_earlier_commits()

    assert keys(s3_store) == ["staging/dead/songs/part-0"]


# --- killed at any operation


class Killed(BaseException):
    """The run was killed: none of its code runs any more."""


def outcome(store: ObjectStore) -> dict[str, bytes | None]:
    return {key: content(store, key) for prefix in ("processed/", "raw/") for key in keys(store, prefix)}


@pytest.mark.slow
def test_stopped_between_any_two_operations_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the machine stays on; this saves half of the time

    def lake(name: str) -> ObjectStore:
        store = open_store(str(tmp_path / name), create=True)
        store.put(A, b"a")
        store.put(B, b"b")
        return store

    undisturbed = lake("undisturbed")
    job(commit_log(undisturbed), undisturbed)
    assert len(outcome(undisturbed)) == 5

    for stop in range(1, 100):

        def before(number: int, *_: object) -> None:
            if number >= stop:
                raise Killed

        store = lake(str(stop))
        watched = Watched(store, before)
        try:
            job(commit_log(watched), watched)
        except Killed:
            job(commit_log(store), store)
            assert outcome(store) == outcome(undisturbed), f"stopped before operation {stop}"
            assert keys(store, "log/done/") == [DONE_1]
        else:
            break
    assert 30 < stop < 99


def test_an_id_is_a_ulid() -> None:
    made = new_ulid(lambda: datetime(2016, 7, 30, 23, 54, 10, 259000, tzinfo=UTC))

    assert made[:10] == "01ARZ3NDEK"  # the example of github.com/ulid/spec
    assert len(made) == 26
    assert set(made) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert made != new_ulid(lambda: datetime(2016, 7, 30, 23, 54, 10, 259000, tzinfo=UTC))
