"""A backlog of any size is committed in bounded batches; each object is read once and memory does not grow.

`BACKLOG=5000 pytest tests/glue_jobs/test_backlog.py` runs 1,000 and 5,000 objects through Spark, which takes minutes.
"""

import gzip
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.store import Fetched, ObjectStore, open_store
from tests.glue_jobs.accounts import entries, names
from tests.glue_jobs.builders import page_body, song
from tests.glue_jobs.commit_log.writer import run
from tests.waiting import finished

ROOT = Path(__file__).parents[2]


def fill(lake: Path, count: int, items: int) -> None:
    """Drops `count` documents, each of another playlist with `items` items."""
    drop = lake / "raw/pending/drop/at=20261120T100000Z"
    drop.mkdir(parents=True)
    for number in range(count):
        rows = [song(f"s{number}-{n}", artists=["a1", "a2"], popularity=n) for n in range(items)]
        file = drop / f"{number:05d}.json.gz"
        file.write_bytes(gzip.compress(json.dumps(page_body(*rows, playlist_id=f"p{number}")).encode(), 1))
        os.utime(file, (0, 0))


def figures_of_run(lake: Path, max_objects: int) -> list[dict[str, float]]:
    """The figures that the job prints for each batch."""
    done = finished([sys.executable, "-m", "tests.glue_jobs.backlog", str(lake), str(max_objects)], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.jvm
def test_batches_one_after_the_other_take_no_more_memory_than_one(tmp_path: Path) -> None:
    fill(tmp_path, 400, items=100)

    batches = figures_of_run(tmp_path, 100)

    assert [batch["fetched"] for batch in batches] == [100, 100, 100, 100]
    assert batches[3]["python"] - batches[0]["python"] < 15, batches  # MB
    assert batches[3]["peak"] - batches[0]["peak"] < 15, batches
    assert batches[3]["java"] - batches[0]["java"] < 60, batches
    kinds = [entry["reconciliation"]["kinds"]["song"] for entry in entries(tmp_path)]
    assert kinds == [100 * 100] * 4
    assert len(names(tmp_path, "raw/processed")) == 400
    assert names(tmp_path, "raw/pending") == []


@pytest.mark.jvm
@pytest.mark.skipif("BACKLOG" not in os.environ, reason="takes minutes: BACKLOG=5000 runs it")
def test_five_times_the_backlog_takes_no_more_memory(tmp_path: Path) -> None:
    count = int(os.environ["BACKLOG"])
    figures = {}
    for objects in (count // 5, count):
        fill(tmp_path / str(objects), objects, items=20)
        figures[objects] = figures_of_run(tmp_path / str(objects), 500)
        print(objects, *figures[objects], sep="\n")  # noqa: T201  # the figures are the result

    small, large = figures.values()
    assert sum(batch["fetched"] for batch in large) == count
    assert large[-1]["peak"] - small[-1]["peak"] < 30
    assert max(batch["java"] for batch in large) - max(batch["java"] for batch in small) < 60


class Counting:
    """A store that counts how often each object is fetched."""

    def __init__(self, store: ObjectStore) -> None:
        self.fetched: Counter[str] = Counter()
        self._store = store

    def __getattr__(self, name: str) -> Any:
        """Every other operation is the store's."""
        return getattr(self._store, name)

    def get(self, key: str) -> Fetched | None:
        """Counts the read."""
        self.fetched[key] += 1
        return self._store.get(key)


def test_five_thousand_objects_are_committed_in_ten_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the machine stays on
    folder = tmp_path / "raw/pending/run=20261120T100000Z"
    folder.mkdir(parents=True)
    for number in range(5000):
        (folder / f"{number:04d}.ndjson.gz").write_bytes(str(number).encode())
    store: Any = Counting(open_store(str(tmp_path)))

    committed = run(store, max_objects=500)

    assert [len(entry.inputs) for entry in committed] == [500] * 10
    assert len({raw.key for entry in committed for raw in entry.inputs}) == 5000
    assert len(names(tmp_path, "raw/processed")) == 5000
    assert names(tmp_path, "raw/pending") == []
    # Each object is read once; archiving copies inside the store.
    assert Counter(n for key, n in store.fetched.items() if key.startswith("raw/")) == {1: 5000}
