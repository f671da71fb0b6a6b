"""A plain writer in Spark's place: it writes two tables per batch, whose rows are the documents themselves.

Run as a program, it commits what is pending in a lake: `python -m tests.glue_jobs.commit_log.writer LAKE`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from glue_jobs.commit_log import Batch, CommitLog, new_ulid
from glue_jobs.log_entry import CommitLogError, CommittedInput, Entry, Input, StagedFile
from shared.store import ObjectStore, StoreError, open_store

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TABLES = ("songs", "artists")


class Clock:
    """Shows noon until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def commit_log(store: ObjectStore, clock: Callable[[], datetime] | None = None, **bounds: Any) -> CommitLog:
    """A commit log whose clock does not move unless another is passed."""
    clock = clock or Clock()
    return CommitLog(store, clock=clock, new_id=lambda: new_ulid(clock), **bounds)


def take(
    log: CommitLog,
    store: ObjectStore,
    batch: Batch,
    sources: Mapping[str, bytes] | None = None,
    tables: Sequence[str] = TABLES,
) -> Entry | None:
    """Stages and commits a batch; None if another run committed it.

    Unlike the job it does not check that it reads the planned version, so the commit log has to notice a change.
    """
    inputs, rows = [], []
    for raw in batch.inputs:
        if sources and raw.key in sources:
            data, place = sources[raw.key], "source"
        else:
            fetched = store.get(raw.key)
            if fetched is None:
                log.drop(batch)
                return None
            data, place = fetched.data, "quarantine" if batch.is_poison else "processed"
        if not batch.is_poison:
            rows.append(data)
        identity = sha256(data).hexdigest()
        inputs.append(CommittedInput(raw.key, raw.token, raw.size, identity, "2026-11-20T10:00:00Z", place))  # type: ignore[arg-type]
    files = []
    for table in tables:
        key = f"staging/{batch.batch_id}/{table}/part-0.parquet"
        store.put(key, b"|".join(rows))
        files.append(StagedFile(table, key, len(rows)))

    def batches_file(number: int, committed_at: datetime) -> StagedFile:
        key = f"staging/{batch.batch_id}/batches/{number}.parquet"
        store.put(key, f"{number} {committed_at:%H:%M}".encode())
        return StagedFile("batches", key, 1)

    return log.commit(batch, inputs, files, rejects={}, reconciliation={}, batches_file=batches_file)


def attempt(
    log: CommitLog,
    store: ObjectStore,
    batch: Batch,
    sources: Mapping[str, bytes] | None = None,
    tables: Sequence[str] = TABLES,
) -> Entry | None:
    """As `take`; if the store or the log fails, the batch is dropped, as the job does."""
    try:
        return take(log, store, batch, sources, tables)
    except (StoreError, CommitLogError):
        log.drop(batch)
        raise


def run(
    store: ObjectStore,
    clock: Callable[[], datetime] | None = None,
    sources: Mapping[str, bytes] | None = None,
    max_objects: int = 1000,
    moves_at_once: int = 1,
) -> list[Entry]:
    """One ordinary run: finishes earlier commits, then commits batches until nothing is pending."""
    log = commit_log(store, clock, max_objects=max_objects, moves_at_once=moves_at_once)
    log.finish_earlier_commits()
    inputs = None if sources is None else as_inputs(sources)
    entries = []
    while batch := log.next_batch(sources=inputs):
        if entry := attempt(log, store, batch, sources):
            entries.append(entry)
    return entries


def as_inputs(sources: Mapping[str, bytes]) -> list[Input]:
    """The inputs of `--source`, with their tokens."""
    return [Input(key, "version", len(data), NOON) for key, data in sources.items()]


if __name__ == "__main__":
    run(open_store(sys.argv[1]), lambda: datetime.now(UTC) + timedelta(seconds=9))
