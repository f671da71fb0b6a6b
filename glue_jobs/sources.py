"""Where a run's batches come from: what is pending, files of the user's, or archived objects to be replayed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from glue_jobs.arguments import Arguments
from glue_jobs.commit_log import YOUNG, Batch, CommitLog
from glue_jobs.log_entry import Entry, Input
from glue_jobs.reading.sets import set_of
from glue_jobs.replay import Replay, one_of_each, plan_replay
from shared import lake
from shared.store import Leave, ObjectStore, StoreError, open_store

_PATIENCE = 3  # times that a file of a folder may be younger than 2 s before it is left for the next run


class StillGrowingError(Exception):
    """A dropped file is still being written; everything else was taken."""

    def __init__(self) -> None:
        super().__init__(
            "a file in raw/pending/drop/ is still being written; it stays there, the rest was taken: run again."
        )


@dataclass
class Source:
    """One source of batches. `plan` gives the next batch of what was not taken yet.

    `is_pending`: it is what is pending in the lake. `store_uri` is the store of --source files, null for objects of the
    lake. `document_ids` has, by key, the ids under which archived documents are known. `listed` is what the last batch
    was planned of, unless that is what is pending.
    """

    commits: CommitLog
    plan: Callable[["Source"], Batch | None]
    is_pending: bool = False
    store_uri: str | None = None
    document_ids: Mapping[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    listed: list[Input] = field(default_factory=list)
    _waits: int = 0

    def next_batch(self) -> Batch | None:
        """The next batch; null if there is nothing more to take.

        Waits for dropped files that may still be growing. Raises StillGrowingError when that takes too long.
        """
        while True:
            batch = self.plan(self)
            whole = batch and self._with_whole_sets(batch)
            if whole is not None or (batch is None and not self.commits.waiting_seconds):
                return whole
            self._waits += 1
            if self._waits > _PATIENCE:
                raise StillGrowingError
            if batch is not None:
                self.commits.drop(batch)
            time.sleep(self.commits.waiting_seconds or YOUNG.total_seconds())

    def _with_whole_sets(self, batch: Batch) -> Batch | None:
        """The batch without the files of folders that it has in part only; null if the others are still growing.

        A folder that does not fit into a batch is taken in several; so are files that have failed before.
        """
        sets = {set_of(planned) for planned in batch.inputs} - {None}
        if not sets or batch.alone or batch.is_poison:
            return batch
        keys = {planned.key for planned in batch.inputs}
        others = [
            other
            for other in (self._pending_drops() if self.is_pending else self.listed)
            if other.key not in keys and other.key not in self.commits.left and set_of(other) in sets
        ]
        cut = {set_of(other) for other in others}
        whole = tuple(planned for planned in batch.inputs if set_of(planned) not in cut)
        if whole:
            return replace(batch, inputs=whole)
        is_folder = self.is_pending and self.commits.store.uri.startswith("file://")
        newest = max((other.time for other in others), default=None)
        is_growing = is_folder and newest is not None and abs(datetime.now(UTC) - newest) < YOUNG
        return None if is_growing else batch

    def _pending_drops(self) -> list[Input]:
        listing = self.commits.store.list(lake.DROP, left=self.commits.leave)
        return [Input(listed.key, listed.token, listed.size, listed.time) for listed in listing]

    def took(self, entry: Entry) -> None:
        """A batch of this source was committed."""
        self.taken.update(committed.key for committed in entry.inputs)


def source_of(arguments: Arguments, store: ObjectStore, commits: CommitLog, replay: Replay | None) -> Source:
    """The source that the arguments name."""
    if replay:
        return _replayed(store, commits, replay)
    if arguments.source is not None:
        return _files(arguments.source, commits)
    return Source(commits, lambda _: commits.next_batch(), is_pending=True)


def _replayed(store: ObjectStore, commits: CommitLog, replay: Replay) -> Source:
    def plan(source: Source) -> Batch | None:
        # Planned again for each batch: archived objects may change meanwhile.
        inputs = plan_replay(store, commits, replay.first, replay.last).inputs
        source.listed = one_of_each(planned for planned in inputs if planned.key not in source.taken)
        return commits.next_batch(sources=source.listed, again=True)

    return Source(commits, plan, document_ids=replay.document_ids)


def _files(uri: str, commits: CommitLog) -> Source:
    folder, _, name = uri.rstrip("/").rpartition("/")
    if "://" not in uri and not Path(uri).expanduser().exists():
        raise StoreError(f"There is no file or folder {uri}: check --source.")
    if "://" not in uri and Path(uri).is_file():
        store, prefix = open_store(folder or "."), name
    else:
        store, prefix = open_store(uri), ""

    def plan(source: Source) -> Batch | None:
        source.listed = _listed(store, prefix, commits.leave)
        return commits.next_batch(sources=source.listed)

    return Source(commits, plan, store_uri=store.uri)


def _listed(store: ObjectStore, prefix: str, leave: Leave) -> list[Input]:
    """The files as inputs whose keys are their URIs."""
    listing = store.list(prefix, left=lambda key, reason: leave(f"{store.uri}/{key}", reason))
    return [Input(store.object_uri(listed.key), listed.token, listed.size, listed.time) for listed in listing]
