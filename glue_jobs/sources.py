"""Where a run's batches come from: what is pending, files of the user's, or archived objects to be replayed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glue_jobs.arguments import Arguments
from glue_jobs.commit_log import Batch, CommitLog
from glue_jobs.log_entry import Entry, Input
from glue_jobs.replay import Replay, one_of_each, plan_replay
from shared.store import Leave, ObjectStore, open_store

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
    lake. `document_ids` has, by key, the ids under which archived documents are known.
    """

    commits: CommitLog
    plan: Callable[["Source"], Batch | None]
    is_pending: bool = False
    store_uri: str | None = None
    document_ids: Mapping[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    _waits: int = 0

    def next_batch(self) -> Batch | None:
        """The next batch; null if there is nothing more to take.

        Waits for dropped files that may still be growing. Raises StillGrowingError when that takes too long.
        """
        while (batch := self.plan(self)) is None and self.commits.waiting_seconds:
            self._waits += 1
            if self._waits > _PATIENCE:
                raise StillGrowingError
            time.sleep(self.commits.waiting_seconds)
        return batch

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
        return commits.next_batch(
            sources=one_of_each(planned for planned in inputs if planned.key not in source.taken), again=True
        )

    return Source(commits, plan, document_ids=replay.document_ids)


def _files(uri: str, commits: CommitLog) -> Source:
    folder, _, name = uri.rstrip("/").rpartition("/")
    if "://" not in uri and Path(uri).is_file():
        store, prefix = open_store(folder or "."), name
    else:
        store, prefix = open_store(uri), ""
    return Source(
        commits, lambda _: commits.next_batch(sources=_listed(store, prefix, commits.leave)), store_uri=store.uri
    )


def _listed(store: ObjectStore, prefix: str, leave: Leave) -> list[Input]:
    """The files as inputs whose keys are their URIs."""
    listing = store.list(prefix, left=lambda key, reason: leave(f"{store.uri}/{key}", reason))
    return [Input(store.object_uri(listed.key), listed.token, listed.size, listed.time) for listed in listing]
