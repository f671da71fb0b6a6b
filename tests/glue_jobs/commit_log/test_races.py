"""With concurrent runs, changing objects and wrong clocks, each raw object is committed exactly once."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.commit_log import Batch, CommitLog
from shared.store import Leave, Listed, ObjectStore, open_store
from shared.store.s3 import S3Store
from tests.glue_jobs.commit_log import s3_double
from tests.glue_jobs.commit_log.writer import Clock, as_inputs, commit_log, run, take
from tests.stores import content, keys

X = "raw/pending/run=1/x.json"
Y = "raw/pending/run=1/y.json"
OPERATIONS = ("get", "put", "put_if_absent", "list", "copy", "delete", "delete_under")


class Died(BaseException):
    """The writer is killed by an object."""


class Disturbed:
    """A store that calls `happens` once, before operation number `at`."""

    def __init__(self, store: ObjectStore, at: int, happens: Callable[[], object]) -> None:
        self.uri = store.uri
        self.count = 0
        self._store = store
        self._at = at
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        """The store's operation."""
        operation = getattr(self._store, name)
        if name not in OPERATIONS:
            return operation

        def disturbed(*args: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self._at:
                self._happens()
            return iter(tuple(operation(*args, **named))) if name == "list" else operation(*args, **named)

        return disturbed


@pytest.fixture(params=["folder", "S3 double"])
def new_lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Makes empty lakes. Stopping at every operation means thousands of requests, so S3 is the double."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the machine stays on
    made = iter(range(10_000))
    if request.param == "folder":
        return lambda: open_store(str(tmp_path / str(next(made))), create=True)
    return s3_double.new_store


def planned(log: CommitLog, **how: Any) -> Batch:
    batch = log.next_batch(**how)
    assert batch is not None
    return batch


class DiesAfterItsCommit(Disturbed):
    """The store of a run that is killed after its commit, before it publishes anything."""

    def copy(self, *_: Any) -> bool:
        raise Died


def commit_and_die(store: ObjectStore) -> None:
    log = commit_log(DiesAfterItsCommit(store, 0, _nothing))
    with pytest.raises(Died):
        take(log, store, planned(log))


def _nothing() -> None:
    pass


@pytest.fixture
def a_lake(new_lake: Callable[[], ObjectStore]) -> ObjectStore:
    """An empty lake."""
    return new_lake()


def rows(store: ObjectStore, table: str = "songs") -> Counter[bytes]:
    """How often each document was published."""
    published = [content(store, key) or b"" for key in keys(store, f"processed/{table}/")]
    return Counter(row for data in published for row in data.split(b"|") if row)


def archived(store: ObjectStore, place: str = "processed") -> Counter[bytes | None]:
    return Counter(content(store, key) for key in keys(store, f"raw/{place}/"))


def stopping_at_every_operation(
    new_lake: Callable[[], ObjectStore], happens: Callable[[ObjectStore], object]
) -> Iterator[tuple[ObjectStore, int]]:
    """Yields lakes in which `happens` was called before operation 1, 2, 3 …, each completed by an ordinary run."""
    at = 0
    while True:
        at += 1
        store = new_lake()
        store.put(X, b"x1")
        disturbed = Disturbed(store, at, lambda: happens(store))
        run(disturbed)
        if disturbed.count < at:
            break
        run(store)
        assert keys(store, "raw/pending/") == [], at
        yield store, at
    assert at > 30


# --- changes during a run


def test_a_key_put_again_at_any_moment_is_committed_in_its_last_version(new_lake: Callable[[], ObjectStore]) -> None:
    seen = Counter[int]()
    for store, at in stopping_at_every_operation(new_lake, lambda store: store.put(X, b"x2")):
        assert rows(store)[b"x2"] == 1, at
        assert archived(store)[b"x2"] == 1, at
        assert archived(store)[b"x1"] <= rows(store)[b"x1"] <= 1, at
        seen[rows(store)[b"x1"]] += 1
    assert set(seen) == {0, 1}


def test_versions_with_equal_sizes_and_times_are_distinguished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def put_again(store: ObjectStore) -> None:
        path = Path(store.object_uri(X).removeprefix("file://"))
        before = path.stat() if path.exists() else None
        store.put(X, b"x2")
        if before:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    monkeypatch.setattr(os, "fsync", lambda _: None)
    made = iter(range(1000))
    for store, at in stopping_at_every_operation(
        lambda: open_store(str(tmp_path / str(next(made))), create=True), put_again
    ):
        assert rows(store)[b"x2"] == archived(store)[b"x2"] == 1, at


def test_an_object_that_arrives_at_any_moment_is_committed_once(new_lake: Callable[[], ObjectStore]) -> None:
    for store, at in stopping_at_every_operation(new_lake, lambda store: store.put(Y, b"y1")):
        assert rows(store) == archived(store) == Counter([b"x1", b"y1"]), at


@pytest.mark.parametrize("again", [b"x1", b"x2"])
def test_a_key_dropped_again_after_its_archive_is_a_new_object(
    again: bytes, new_lake: Callable[[], ObjectStore]
) -> None:
    def drop_again(store: ObjectStore) -> None:
        if X not in keys(store, X):
            store.put(X, again)

    dropped = 0
    for store, at in stopping_at_every_operation(new_lake, drop_again):
        assert rows(store) == archived(store), at
        assert rows(store) in (Counter([b"x1"]), Counter([b"x1", again])), at
        dropped += rows(store).total() == 2
    assert dropped > 3


def test_another_run_at_any_moment_changes_nothing(new_lake: Callable[[], ObjectStore]) -> None:
    for store, at in stopping_at_every_operation(new_lake, run):
        assert rows(store) == archived(store) == Counter([b"x1"]), at
        assert len(keys(store, "log/0")) == 1, at
        assert keys(store, "staging/") == [], at


def test_another_run_of_more_at_any_moment_changes_nothing(new_lake: Callable[[], ObjectStore]) -> None:
    def more(store: ObjectStore) -> None:
        store.put(Y, b"y1")
        run(store, max_objects=1)

    for store, at in stopping_at_every_operation(new_lake, more):
        assert rows(store) == archived(store) == Counter([b"x1", b"y1"]), at


# --- many at a time


@pytest.mark.parametrize(("runs", "max_objects"), [(2, 1), (2, 3), (4, 1), (4, 3)])
def test_runs_at_the_same_time_take_each_object_once(runs: int, max_objects: int, a_lake: ObjectStore) -> None:
    take_at_the_same_time(a_lake, runs, max_objects)


@pytest.mark.parametrize("runs", [2, 4])
def test_runs_at_the_same_time_over_http_take_each_object_once(runs: int, s3_store: ObjectStore) -> None:
    take_at_the_same_time(s3_store, runs, 3)


def take_at_the_same_time(store: ObjectStore, runs: int, max_objects: int) -> None:
    start = threading.Barrier(runs + 1)
    failed: list[Exception] = []
    for number in range(4):
        store.put(f"raw/pending/run=1/{number}", b"%d" % number)

    def one_run() -> None:
        start.wait()
        try:
            run(store, max_objects=max_objects, moves_at_once=3)
        except Exception as error:  # noqa: BLE001  # a thread's errors are checked below
            failed.append(error)

    threads = [threading.Thread(target=one_run) for _ in range(runs)]
    for thread in threads:
        thread.start()
    start.wait()
    for number in range(4, 6):  # the pending sets overlap, and differ
        store.put(f"raw/pending/run=1/{number}", b"%d" % number)
    for thread in threads:
        thread.join()
    run(store)

    assert failed == []
    assert rows(store) == rows(store, "artists") == archived(store) == Counter(b"%d" % number for number in range(6))
    assert keys(store, "raw/pending/") == keys(store, "staging/") == keys(store, "log/attempts/") == []


# --- stale runs


def test_a_run_that_wakes_up_after_many_commits_takes_nothing_twice(a_lake: ObjectStore) -> None:
    store = a_lake
    store.put(X, b"x1")
    stale = commit_log(store)
    batch = planned(stale)
    run(store)
    for number in range(3):
        store.put(Y, b"y%d" % number)
        run(store)
    store.put(X, b"x1")  # the same bytes again: on S3 the same version

    assert take(stale, store, batch) is None
    run(store)

    assert rows(store) == archived(store) == Counter([b"x1", b"x1", b"y0", b"y1", b"y2"])


def test_a_late_commit_of_unclaimed_inputs_follows_the_other_entries(a_lake: ObjectStore) -> None:
    store = a_lake
    sources = {"file:///home/me/s.json": b"s1"}
    stale = commit_log(store)
    batch = planned(stale, sources=as_inputs(sources))
    for number in range(3):
        store.put(Y, b"y%d" % number)
        run(store)

    entry = take(stale, store, batch, sources)

    assert entry is not None
    assert entry.number == 4
    assert rows(store) == Counter([b"s1", b"y0", b"y1", b"y2"])


def test_a_finisher_that_wakes_up_late_changes_nothing(new_lake: Callable[[], ObjectStore]) -> None:
    for at in range(1, 30):
        store = new_lake()
        store.put(X, b"x1")
        commit_and_die(store)

        def others() -> None:
            run(store)
            store.put(X, b"x2")
            run(store)

        late = Disturbed(store, at, others)
        commit_log(late).finish_earlier_commits()
        run(store)
        assert rows(store)[b"x1"] == archived(store)[b"x1"] == 1, at
        if late.count < at:
            break
        assert rows(store)[b"x2"] == archived(store)[b"x2"] == 1, at
    assert at > 10


def test_an_entry_that_a_long_listing_missed_is_seen(folder_store: ObjectStore) -> None:
    """A folder is read in pieces: of two entries that arrive meanwhile, a listing may show only the second."""
    store = folder_store
    for key, data in ((X, b"x1"), (Y, b"y1")):
        store.put(key, data)
        commit_and_die(store)
    assert keys(store, "log/0") == ["log/00000000000000000001.json", "log/00000000000000000002.json"]

    class MissesTheFirst(Disturbed):
        def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
            listed = store.list(prefix, after, left)
            return iter([entry for entry in listed if entry.key != "log/00000000000000000001.json"])

    log = commit_log(MissesTheFirst(store, 0, _nothing))

    assert log.next_batch() is None
    assert rows(store) == Counter([b"x1", b"y1"])


def test_a_lake_that_is_copied_with_an_undone_entry_is_finished(folder_store: ObjectStore, tmp_path: Path) -> None:
    folder_store.put(X, b"x1")
    commit_and_die(folder_store)
    os.system(f"cp -r '{folder_store.uri.removeprefix('file://')}' '{tmp_path / 'copied'}'")  # noqa: S605  # as people do
    copied = open_store(str(tmp_path / "copied"))

    run(copied)

    assert rows(copied) == archived(copied) == Counter([b"x1"])


# --- clocks


@pytest.mark.parametrize("hours", [-72, -1, 11, 13, 72])
def test_a_clock_that_jumps_at_any_moment_loses_and_doubles_nothing(
    hours: int, new_lake: Callable[[], ObjectStore]
) -> None:
    readings = 0

    def at_reading(jump: int, store: ObjectStore) -> int:
        clock = Clock()
        count = 0

        def read() -> datetime:
            nonlocal count
            count += 1
            if count == jump:
                clock.now += timedelta(hours=hours)
            return clock()

        run(store, read)
        return count

    for jump in range(1, 100):
        store = new_lake()
        store.put(X, b"x1")
        readings = at_reading(jump, store)
        store.put(Y, b"y1")
        run(store)
        assert rows(store) == archived(store) == Counter([b"x1", b"y1"]), jump
        if readings < jump:
            break
    assert 3 < jump < 99


def test_a_second_run_whose_clock_is_far_ahead_leaves_the_first_ones_staging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    made = iter(range(1000))

    def far_ahead(store: ObjectStore) -> None:
        clock = Clock()
        clock.now = datetime.now(UTC) + timedelta(days=9)
        commit_log(store, clock).finish_earlier_commits()

    for store, at in stopping_at_every_operation(
        lambda: open_store(str(tmp_path / str(next(made))), create=True), far_ahead
    ):
        assert rows(store) == archived(store) == Counter([b"x1"]), at


def test_staging_left_by_a_kill_is_removed_after_its_attempt_marker(folder_store: ObjectStore) -> None:
    folder_store.put(X, b"x1")
    killed_batch = planned(commit_log(folder_store))
    folder_store.put(f"staging/{killed_batch.batch_id}/songs/part-0", b"")
    clock = Clock()
    clock.now = datetime.now(UTC) + timedelta(days=2)

    run(folder_store, clock)
    assert keys(folder_store, "staging/") != []
    run(folder_store, clock)  # its plan removes the marker of the first run, whose inputs it commits
    run(folder_store, clock)

    assert keys(folder_store, "staging/") == keys(folder_store, "log/attempts/") == []


def test_batches_keep_the_order_of_the_log_when_the_clock_stops_or_goes_back(a_lake: ObjectStore) -> None:
    store = a_lake
    clock = Clock()
    batch_ids = []
    for number, step in enumerate((0, 0, -86_400, 1)):
        clock.now += timedelta(seconds=step)
        store.put(X, b"x%d" % number)
        batch_ids += [entry.batch_id for entry in run(store, clock)]

    assert len(batch_ids) == 4
    assert batch_ids == sorted(batch_ids)
    assert len(set(batch_ids)) == 4


# --- a poison object


def test_a_poison_object_ends_in_quarantine_and_the_others_are_committed(a_lake: ObjectStore) -> None:
    store = a_lake
    clock = Clock()
    for number in range(3):
        store.put(f"raw/pending/run=1/{number}", b"%d" % number)
    store.put("raw/pending/run=1/1-poison", b"poison")
    poison: list[str] = []

    def one_run() -> bool:
        """A run that is killed when it reads the poison object; whether it completed."""
        log = commit_log(store, clock)
        log.finish_earlier_commits()
        while batch := log.next_batch():
            if batch.is_poison:
                poison.extend(raw.key for raw in batch.inputs)
            elif any("poison" in raw.key for raw in batch.inputs):
                return False
            take(log, store, batch)
        return True

    runs = 1
    while not one_run() and runs < 20:
        clock.now += timedelta(minutes=21)
        runs += 1

    assert runs < 8
    assert poison == ["raw/pending/run=1/1-poison"]
    assert archived(store, "quarantine") == Counter([b"poison"])
    assert rows(store) == archived(store) == Counter([b"0", b"1", b"2"])
    assert keys(store, "raw/pending/") == keys(store, "log/attempts/") == []


# --- objects that cannot be read


def test_an_unreadable_folder_is_left_by_every_run_and_the_rest_is_committed(
    others_lake: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(str(others_lake))
    for key in ("a.json", "shut/b.json", "z.json"):
        store.put(f"raw/pending/drop/{key}", key.encode())
    (others_lake / "raw/pending/drop/shut").chmod(0)

    log = commit_log(store)
    log.finish_earlier_commits()
    batch = planned(log)

    assert take(log, store, batch) is not None
    assert log.next_batch() is None
    assert rows(store) == archived(store) == Counter([b"a.json", b"z.json"])
    reason = "permission denied; check who owns it and who may read it and move it out of the lake"
    assert log.left == {"raw/pending/drop/shut/": reason}
    assert caplog.messages == []  # the run's summary names it
    (others_lake / "raw/pending/drop/shut").chmod(0o700)
    run(store)
    assert rows(store)[b"shut/b.json"] == 1


def test_a_key_with_an_empty_part_is_left_by_every_run_and_the_rest_is_committed(s3_store: S3Store) -> None:
    prefix = s3_store.uri.removeprefix("s3://lake/")
    for name in ("a.json", "double//slash.json", "z.json"):
        s3_store._client.put_object(Bucket="lake", Key=f"{prefix}/raw/pending/drop/{name}", Body=name.encode())

    run(s3_store)
    run(s3_store)

    assert rows(s3_store) == archived(s3_store) == Counter([b"a.json", b"z.json"])
    left = s3_store._client.list_objects_v2(Bucket="lake", Prefix=f"{prefix}/raw/pending/")["Contents"]
    assert [item["Key"] for item in left] == [f"{prefix}/raw/pending/drop/double//slash.json"]


# --- files with other names


def test_hard_linked_files_are_committed_once_by_many_archiving_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    originals = tmp_path / "mine"
    originals.mkdir()
    for number in range(40):
        (originals / f"{number}.json").write_bytes(b"%d" % number)
    expected = Counter(b"%d" % number for number in range(40))
    for lake in range(12):
        store = open_store(str(tmp_path / str(lake)), create=True)
        drop = tmp_path / str(lake) / "raw/pending/drop"
        drop.mkdir(parents=True)
        for file in originals.iterdir():
            os.link(file, drop / file.name)

        entries = run(store, lambda: datetime.now(UTC) + timedelta(seconds=9), moves_at_once=8)

        assert len(entries) == 1, lake
        assert rows(store) == archived(store) == expected, lake
    assert caplog.messages == []


def test_two_names_of_a_file_in_the_drop_folder_are_two_objects(tmp_path: Path) -> None:
    store = open_store(str(tmp_path), create=True)
    store.put("raw/pending/drop/a.json", b"x1")
    for name in "bcdefghi":
        os.link(tmp_path / "raw/pending/drop/a.json", tmp_path / f"raw/pending/drop/{name}.json")

    run(store, lambda: datetime.now(UTC) + timedelta(seconds=9), moves_at_once=8)

    assert rows(store) == archived(store) == Counter({b"x1": 9})
    assert keys(store, "raw/pending/") == []
