"""Where a run's batches come from: pending raw objects, the user's files, or archived objects to be replayed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from glue_jobs.arguments import Arguments
from glue_jobs.commit_log import SETTLING_TIME, Batch, CommitLog
from glue_jobs.log_entry import Entry, Input
from glue_jobs.reading.sets import series_of, set_of
from glue_jobs.replay import Replay, first_versions, plan_replay
from shared.store import Leave, ObjectStore, StoreError, open_store

_MAX_WAITS = 3  # for files that may still be growing, before they are left to the next run


class StillGrowingError(Exception):
    """A dropped file is still being written; everything else was taken."""

    def __init__(self) -> None:
        super().__init__(
            "a file in raw/pending/drop/ is still being written; it stays there, the rest was taken: run again."
        )


@dataclass
class Source:
    """One source of batches. `plan` returns the next batch of inputs that are not committed yet.

    With `is_pending`, its inputs are the lake's pending objects. `store_uri` is the store of --source files, null for
    the lake's own objects. `document_ids` has, by key, the ids by which the lake knows archived documents. `listed` has
    the inputs that the last batch was planned from; it is empty for pending objects.
    """

    commits: CommitLog
    plan: Callable[["Source"], Batch | None]
    is_pending: bool = False
    store_uri: str | None = None
    document_ids: Mapping[str, str] = field(default_factory=dict)
    committed_keys: set[str] = field(default_factory=set)
    listed: list[Input] = field(default_factory=list)
    _waits: int = 0

    def next_batch(self) -> Batch | None:
        """The next batch; null if no input is left.

        Waits for dropped files that may still be growing. Raises StillGrowingError if they still are after some waits.
        """
        while True:
            batch = self.plan(self)
            whole = batch and self._with_whole_sets(batch)
            if whole is not None or (batch is None and not self.commits.waiting_seconds):
                return whole
            self._waits += 1
            if self._waits > _MAX_WAITS:
                raise StillGrowingError
            if batch is not None:
                self.commits.drop(batch)
            time.sleep(self.commits.waiting_seconds or SETTLING_TIME.total_seconds())

    def _with_whole_sets(self, batch: Batch) -> Batch | None:
        """The batch without files of folders that it has only a part of; null if the other files are still growing.

        A folder that does not fit into one batch is divided between several, each with whole series if these fit. A
        batch that is alone or poison is returned as it is.
        """
        sets = {set_of(planned) for planned in batch.inputs} - {None}
        if not sets or batch.alone or batch.is_poison:
            return batch
        if self.is_pending:
            others = self.commits.unplanned(batch)
        else:
            keys = {planned.key for planned in batch.inputs} | self.commits.left.keys()
            others = [listed for listed in self.listed if listed.key not in keys]
        growing = sets & {set_of(young) for young in self.commits.young}
        cut = growing | sets & {set_of(other) for other in others}
        whole = tuple(planned for planned in batch.inputs if set_of(planned) not in cut)
        if whole or growing:
            return replace(batch, inputs=whole) if whole else None
        cut = {series_of(other) for other in others}
        whole = tuple(planned for planned in batch.inputs if series_of(planned) not in cut)
        return replace(batch, inputs=whole) if whole else batch

    def add_committed(self, entry: Entry) -> None:
        """Record that a batch of this source was committed."""
        self.committed_keys.update(committed.key for committed in entry.inputs)


def source_of(arguments: Arguments, store: ObjectStore, commits: CommitLog, replay: Replay | None) -> Source:
    """The source that the arguments name."""
    if replay:
        return _replayed(store, commits, replay)
    if arguments.source is not None:
        return _files(arguments.source, commits)
    return Source(commits, lambda _: commits.next_batch(), is_pending=True)


def _replayed(store: ObjectStore, commits: CommitLog, replay: Replay) -> Source:
    def plan(source: Source) -> Batch | None:
        # Planned again for each batch, because archived objects may change meanwhile.
        inputs = plan_replay(store, commits, replay.first, replay.last).inputs
        source.listed = first_versions(planned for planned in inputs if planned.key not in source.committed_keys)
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
