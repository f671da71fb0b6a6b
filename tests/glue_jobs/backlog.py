"""Runs the job over a backlog and prints the memory that each batch took.

`python -m tests.glue_jobs.backlog LAKE MAX_OBJECTS` prints a line of JSON per batch: seconds so far; in MB what
this process takes now and at its peak, and the live heap of Spark's JVM; how many raw objects were read.
"""

import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark import SparkContext

from glue_jobs.explode_playlists import parse_arguments, run
from glue_jobs.reading import part
from shared.lake import PENDING, log_number
from shared.store import Fetched, ObjectStore, open_store


class ReportingStore:
    """A store that reports each batch when it is committed."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._begun = time.monotonic()
        self._fetched = 0

    def __getattr__(self, name: str) -> Any:
        """Every other operation is the store's."""
        return getattr(self._store, name)

    def get(self, key: str) -> Fetched | None:
        """Counts reads. Reads after a commit are for archiving, so they are not counted."""
        self._fetched += key.startswith(PENDING)
        return self._store.get(key)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Reports before each commit; the completion marker resets the count for the next batch."""
        number = log_number(key)
        if number is not None and key.endswith(".json"):
            self._report()
        elif number is not None:
            self._fetched = 0
        return self._store.put_if_absent(key, data)

    def _report(self) -> None:
        # pyspark has no public access to its JVM.
        java: Any = SparkContext._jvm
        java.System.gc()
        runtime = java.Runtime.getRuntime()
        figures = {
            "seconds": round(time.monotonic() - self._begun, 1),
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "python": _resident(),
            "java": (runtime.totalMemory() - runtime.freeMemory()) // 2**20,
            "fetched": self._fetched,
        }
        print(json.dumps(figures), flush=True)  # noqa: T201  # a program


def _resident() -> int:
    """MB of this process now; 0 without /proc."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() // 2**20 if statm.exists() else 0


if __name__ == "__main__":
    arguments = ["--lake", sys.argv[1], "--max-objects", sys.argv[2]]
    store: Any = ReportingStore(open_store(sys.argv[1]))
    part.open_store = lambda _: store  # a task opens the store by its URI
    run(parse_arguments(arguments), arguments, lambda: datetime.now(UTC), store)
