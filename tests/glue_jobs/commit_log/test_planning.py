"""Planning: several batches from one listing; batch size follows the cluster; cost is one listing."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.arguments import parse_arguments
from glue_jobs.runtime import GlueJob
from shared.store import Leave, Listed, ObjectStore, open_store
from tests.glue_jobs.commit_log import s3_double
from tests.glue_jobs.commit_log.test_races import archived, commit_and_die, planned, rows
from tests.glue_jobs.commit_log.writer import commit_log, run, take
from tests.stores import content, keys
from tests.waiting import finished

ROOT = Path(__file__).parents[3]

A, B, C, D = (f"raw/pending/run=1/{name}" for name in "abcd")
QUIET = "raw/quiet/run=1.json"


class CountingStore:
    """A store that counts its operations and keeps what each listing yielded."""

    def __init__(self, store: ObjectStore) -> None:
        self.operations = Counter[str]()
        self.listings: list[tuple[str, list[str]]] = []
        self._store = store

    def __getattr__(self, name: str) -> Any:
        """The store's operation, counted."""
        operation = getattr(self._store, name)
        if not callable(operation):
            return operation

        def counted(*args: Any, **named: Any) -> Any:
            self.operations[name] += 1
            return operation(*args, **named)

        return counted

    def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
        self.operations["list"] += 1
        yielded: list[str] = []
        self.listings.append((prefix, yielded))
        for listed in self._store.list(prefix, after, left):
            yielded.append(listed.key)
            yield listed


def fill(store: ObjectStore, *keys_to_put: str) -> Any:
    for key in keys_to_put:
        store.put(key, key.encode())
    return CountingStore(store)


def test_a_run_of_many_batches_lists_what_is_pending_once(store: ObjectStore) -> None:
    asked = fill(store, A, B, C, D)

    entries = run(asked, max_objects=1)

    assert [[committed.key for committed in entry.inputs] for entry in entries] == [[A], [B], [C], [D]]
    # The first plan, the check before each commit, and the last plan, which lists nothing new.
    assert [yielded for prefix, yielded in asked.listings if prefix == "raw/pending/"] == [
        [A, B, C, D],
        [A, B],
        [B, C],
        [C, D],
        [D],
        [],
    ]
    assert [entry.batch_id[:21] for entry in entries] == [f"{number:020d}-" for number in range(4)]


def test_an_object_that_arrives_after_the_listing_is_committed_by_the_same_run(store: ObjectStore) -> None:
    asked = fill(store, A, C)
    log = commit_log(asked, max_objects=1)
    take(log, asked, planned(log))
    store.put(B, b"arrived")

    committed = []
    while batch := log.next_batch():
        committed.append(batch.inputs[0].key)
        take(log, asked, batch)

    assert committed == [C, B]


def test_what_another_run_committed_after_the_listing_is_not_planned(store: ObjectStore) -> None:
    asked = fill(store, A, B, C)
    log = commit_log(asked, max_objects=1)
    take(log, asked, planned(log))
    other = commit_log(store, max_objects=1)
    foreign = take(other, store, planned(other))
    assert foreign is not None
    assert [committed.key for committed in foreign.inputs] == [B]

    batch = planned(log)

    assert [planned_input.key for planned_input in batch.inputs] == [C]
    assert batch.batch_id.startswith("00000000000000000002-")
    assert batch.head == 2


def test_inputs_of_an_entry_that_a_long_listing_missed_are_excluded(folder_store: ObjectStore) -> None:
    store = folder_store
    fill(store, A, B, C, D)

    class MissesEntry2(CountingStore):
        def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
            listing = self._store.list(prefix, after, left)
            return iter([listed for listed in listing if listed.key != "log/00000000000000000002.json"])

    log = commit_log(MissesEntry2(store), max_objects=1)  # type: ignore[arg-type]  # all else by __getattr__
    take(log, store, planned(log))
    for _ in range(2):
        other = commit_log(store, max_objects=1)
        take(other, store, planned(other))

    assert [planned_input.key for planned_input in planned(log).inputs] == [D]


def test_after_a_lost_race_what_is_pending_is_listed_again(store: ObjectStore) -> None:
    asked = fill(store, A, B)
    log = commit_log(asked, max_objects=1)
    take(log, asked, planned(log))
    batch = planned(log)
    store.put(B, b"replaced")
    assert take(log, asked, batch) is None

    entry = take(log, asked, planned(log))

    assert entry is not None
    assert rows(store) == archived(store) == Counter([A.encode(), b"replaced"])


def test_an_input_left_in_place_is_not_planned_again_from_the_same_listing(store: ObjectStore) -> None:
    asked = fill(store, A, B, C)
    log = commit_log(asked, max_objects=1)
    take(log, asked, planned(log))
    log.leave(B, "it cannot be read")

    assert [planned_input.key for planned_input in planned(log).inputs] == [C]


def test_a_failed_input_is_planned_alone_from_the_same_listing(store: ObjectStore) -> None:
    asked = fill(store, A, B, C, D)
    log = commit_log(asked, max_objects=2)
    batch = planned(log)
    log.fail(batch, [batch.inputs[0]])

    second = planned(log)
    assert [planned_input.key for planned_input in second.inputs] == [B, C]
    take(log, asked, second)
    third = planned(log)
    assert [planned_input.key for planned_input in third.inputs] == [D]
    take(log, asked, third)
    alone = planned(log)
    assert ([planned_input.key for planned_input in alone.inputs], alone.alone) == ([A], True)


def test_a_marker_of_objects_that_arrived_later_survives_a_plan_from_an_earlier_listing(store: ObjectStore) -> None:
    asked = fill(store, A, B)
    log = commit_log(asked, max_objects=1)
    take(log, asked, planned(log))
    store.put(C, b"c")
    other = commit_log(store)
    batch = planned(other)
    other.fail(batch, [batch.inputs[-1]])
    marker = f"log/attempts/{batch.batch_id}.json"
    assert [planned_input.key for planned_input in batch.inputs] == [B, C]
    other.fail(batch, [planned_input for planned_input in batch.inputs if planned_input.key == C])

    planned(log)

    assert content(store, marker) is not None


def test_an_undone_entry_of_another_run_is_finished_when_only_its_inputs_are_pending(store: ObjectStore) -> None:
    asked = fill(store, A, B)
    log = commit_log(asked, max_objects=1)
    take(log, asked, planned(log))
    commit_and_die(store)

    assert log.next_batch() is None
    assert rows(store) == archived(store) == Counter([A.encode(), B.encode()])
    assert keys(store, "raw/pending/") == []


# --- the check before the commit


def test_the_check_before_a_commit_lists_the_keys_of_the_batch_only(store: ObjectStore) -> None:
    fill(store, *(f"raw/pending/run=1/{number:02d}" for number in range(30)), QUIET, "raw/quiet/run=2.json")
    first = commit_log(store, max_objects=10)
    take(first, store, planned(first))
    asked: Any = CountingStore(store)
    log = commit_log(asked, max_objects=10)
    batch = planned(log)
    asked.listings.clear()

    assert log.still_there(batch)
    # The listing ends at the first key behind the batch.
    assert asked.listings == [("raw/pending/", [f"raw/pending/run=1/{number:02d}" for number in range(10, 21)])]


@pytest.mark.parametrize("changed", [A, B, QUIET])
@pytest.mark.parametrize("is_gone", [True, False])
def test_the_check_before_a_commit_sees_each_change(store: ObjectStore, changed: str, is_gone: bool) -> None:
    asked = fill(store, A, B, QUIET)
    log = commit_log(asked)
    batch = planned(log)
    if is_gone:
        store.delete(changed)
    else:
        store.put(changed, b"changed")

    assert not log.still_there(batch)


# --- bounds


def test_a_batch_is_bounded_by_the_bytes_per_core_of_the_cluster_at_its_planning(store: ObjectStore) -> None:
    for key in (A, B, C, D):
        store.put(key, b"12345")
    cores = [1, 3]
    log = commit_log(store, cores=lambda: cores.pop(0), bytes_per_core=5)

    first = planned(log)
    take(log, store, first)

    assert len(first.inputs) == 1
    assert len(planned(log).inputs) == 3


def test_a_batch_has_at_most_20000_objects_by_default() -> None:
    assert parse_arguments(["--lake", "x"]).max_objects == 20_000


PLAN = """
import resource, sys
from shared.store import open_store
from tests.glue_jobs.commit_log.writer import commit_log
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
log, before = commit_log(open_store(sys.argv[1]), max_objects=20_000), peak()
print(len(log.next_batch().inputs), peak() - before)
"""


@pytest.fixture(scope="module")
def backlog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with 50,000 pending objects."""
    lake = tmp_path_factory.mktemp("backlog")
    for run_number in range(50):
        folder = lake / f"raw/pending/run={run_number:02d}"
        folder.mkdir(parents=True)
        for number in range(1000):
            (folder / f"{number:04d}").touch()
    return lake


def test_the_cores_of_one_machine_are_counted_without_starting_spark() -> None:
    job = GlueJob("tests", [])

    assert job.cores() == os.cpu_count()
    assert job._session is None


def test_50000_pending_objects_are_planned_by_a_listing(backlog: Path) -> None:
    asked: Any = CountingStore(open_store(str(backlog)))
    log = commit_log(asked, max_objects=20_000)

    batch = planned(log)

    assert len(batch.inputs) == 20_000
    # Get: the watermark. List: log, completion markers, raw/pending/, raw/quiet/, attempt markers. Put: its own marker.
    assert asked.operations == Counter(get=1, list=5, put=1)
    asked.operations.clear()
    asked.listings.clear()
    assert log.still_there(batch)
    assert asked.operations == Counter(list=1)
    assert sum(len(yielded) for _, yielded in asked.listings) == 20_001
    log.drop(batch)


def test_50000_pending_objects_are_planned_in_little_memory(backlog: Path) -> None:
    done = finished([sys.executable, "-c", PLAN, str(backlog)], cwd=ROOT)

    assert done.returncode == 0, done.stderr
    count, mebibytes = map(int, done.stdout.split())
    assert count == 20_000
    assert mebibytes < 100


def test_the_next_batch_is_planned_without_a_listing_of_what_is_pending() -> None:
    asked = fill(s3_double.new_store(), *(f"raw/pending/run=1/{number:03d}" for number in range(500)))
    log = commit_log(asked, max_objects=200)
    batch = planned(log)
    take(log, asked, batch)
    asked.operations.clear()
    asked.listings.clear()

    second = planned(log)

    assert second.inputs[0].key == "raw/pending/run=1/200"
    assert len(second.inputs) == 200
    assert asked.operations == Counter(get=1, list=2, put=1)  # its own entry; the log, the markers; its own marker
    assert sorted(prefix for prefix, _ in asked.listings) == ["log/", "log/attempts/"]


@pytest.fixture(autouse=True)
def _machine_stays_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
