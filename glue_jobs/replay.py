"""Plans a replay: which archived raw objects of a range of log numbers are read again, as new batches.

Replayed objects keep the name, time and document id that they have in the log. So each new row has the key of the row
that it replaces, and the current rows have no duplicates. The new rows win because their batch is later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from glue_jobs.commit_log import CommitLog
from glue_jobs.log_entry import CommittedInput, Input
from shared import lake
from shared.store import Listed, ObjectStore
from shared.terminal import printable


class ReplayError(ValueError):
    """The log does not have these numbers; the message says which numbers it has."""


@dataclass(frozen=True)
class Replay:
    """What a range of the log holds: `inputs` can be read again, `gone` and `outside` cannot.

    `document_ids` has, by key, the ids by which the lake knows the documents.
    """

    first: int
    last: int
    inputs: tuple[Input, ...]
    document_ids: dict[str, str]
    quarantined: int
    gone: tuple[str, ...]  # removed by retention or by hand
    outside: tuple[str, ...]  # taken by --source: the lake has no copy

    def as_text(self) -> str:
        """What the replay will read, in a few lines for people."""
        size = sum(planned.size for planned in self.inputs) / 2**20
        lines = [
            (
                f"Replay of batches {self.first} to {self.last}: {len(self.inputs):,} raw objects ({size:,.1f} MB), "
                f"{self.quarantined:,} of them from quarantine."
            )
        ]
        for keys, what in (
            (self.gone, "are not in the archive any more and are left out"),
            (self.outside, "were taken by --source, the lake has no copy, and are left out"),
        ):
            if keys:
                lines.append(f"{len(keys):,} {what}; the first: {keys[0]}")
        return "\n".join(printable(line) for line in lines)


def plan_replay(store: ObjectStore, commits: CommitLog, first: int, last: int) -> Replay:
    """The inputs of the batches with these log numbers; each object once, even if it was replayed before.

    Raises ReplayError if the log has fewer entries, CommitLogError if it is damaged.
    """
    archived: dict[str, CommittedInput] = {}
    outside: list[str] = []
    head = 0
    for entry in commits.entries():
        head = entry.number
        if first <= head <= last:
            for committed in entry.inputs:
                key = archived_key(entry.number, committed)
                if key is None:
                    outside.append(committed.key)
                else:
                    archived.setdefault(key, committed)
    if last > head:
        has = f"has the numbers 1 to {head}" if head else "is empty"
        raise ReplayError(f"--replay {first}..{last}: the log of {store.uri} {has}")
    present = _present(store, archived)
    readable = {key: committed for key, committed in archived.items() if key in present}
    return Replay(
        first=first,
        last=last,
        # The time of documents that do not contain one.
        inputs=tuple(
            Input(key, present[key].token, present[key].size, datetime.fromisoformat(committed.extracted_at))
            for key, committed in readable.items()
        ),
        document_ids={key: committed.document_id for key, committed in readable.items() if committed.document_id},
        quarantined=sum(committed.reason is not None for committed in readable.values()),
        gone=tuple(key for key in archived if key not in present),
        outside=tuple(outside),
    )


def archived_key(number: int, committed: CommittedInput) -> str | None:
    """The key under which the lake keeps an input of the batch; None for a --source file, which is not archived."""
    if committed.place != "source":
        return lake.archived(number, committed.key, quarantined=committed.place == "quarantine")
    return committed.key if lake.pending_key(committed.key) != committed.key else None


def first_number(inputs: Iterable[Input]) -> int:
    """The lowest log number under which any of the archived objects is kept."""
    return min(int(planned.key.split("/")[2][:20]) for planned in inputs)


def first_versions(inputs: Iterable[Input]) -> list[Input]:
    """The first version of each object. Later versions under the same key go into later batches, so that they win."""
    first: dict[str, Input] = {}
    for planned in inputs:
        first.setdefault(lake.pending_key(planned.key), planned)
    return list(first.values())


def _present(store: ObjectStore, keys: Iterable[str]) -> dict[str, Listed]:
    folders = sorted({"/".join(key.split("/")[:3]) + "/" for key in keys})  # raw/<place>/<log number>/
    return {listed.key: listed for folder in folders for listed in store.list(folder)}
