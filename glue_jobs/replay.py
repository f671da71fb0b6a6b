"""Plans a replay: which archived raw objects of a range of log numbers are taken again, as new batches.

What is replayed keeps its name, its time and its document id as the log has them, so that each new row meets the one it
replaces: nothing doubles in the current rows, and rows of a corrected transform win by their later batch.
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
    """The range is not one of this log; the message says which numbers it has."""


@dataclass(frozen=True)
class Replay:
    """What a range of the log holds: `inputs` are there to be taken, `gone` and `outside` are not.

    `document_ids` has, by key, the ids under which the documents went into the lake.
    """

    first: int
    last: int
    inputs: tuple[Input, ...]
    document_ids: dict[str, str]
    quarantined: int
    gone: tuple[str, ...]  # removed by retention or by hand
    outside: tuple[str, ...]  # taken by --source: the lake has no copy

    def as_text(self) -> str:
        """A few lines for people, before anything is done."""
        size = sum(one.size for one in self.inputs) / 2**20
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
    """What the batches with these log numbers took, each object once however often it was replayed.

    Raises ReplayError if the log does not reach that far, CommitLogError if it is damaged.
    """
    taken: dict[str, CommittedInput] = {}
    outside: list[str] = []
    head = 0
    for entry in commits.entries():
        head = entry.number
        if first <= head <= last:
            for one in entry.inputs:
                key = archived_key(entry.number, one)
                if key is None:
                    outside.append(one.key)
                else:
                    taken.setdefault(key, one)
    if last > head:
        has = f"has the numbers 1 to {head}" if head else "is empty"
        raise ReplayError(f"--replay {first}..{last}: the log of {store.uri} {has}")
    present = _present(store, taken)
    there = {key: one for key, one in taken.items() if key in present}
    return Replay(
        first=first,
        last=last,
        # This time dates documents that do not contain one.
        inputs=tuple(
            Input(key, present[key].token, present[key].size, datetime.fromisoformat(one.extracted_at))
            for key, one in there.items()
        ),
        document_ids={key: one.document_id for key, one in there.items() if one.document_id},
        quarantined=sum(one.reason is not None for one in there.values()),
        gone=tuple(key for key in taken if key not in present),
        outside=tuple(outside),
    )


def archived_key(number: int, taken: CommittedInput) -> str | None:
    """Where the lake keeps the object that the batch took; None for a --source file, which stays its owner's."""
    if taken.place != "source":
        return lake.archived(number, taken.key, quarantined=taken.place == "quarantine")
    return taken.key if lake.pending_key(taken.key) != taken.key else None


def first_number(inputs: Iterable[Input]) -> int:
    """The lowest log number under which any of the archived objects is kept."""
    return min(int(planned.key.split("/")[2][:20]) for planned in inputs)


def one_of_each(inputs: Iterable[Input]) -> list[Input]:
    """The first version of each object; a later one under the same key goes into a later batch, and wins as it did."""
    first: dict[str, Input] = {}
    for one in inputs:
        first.setdefault(lake.pending_key(one.key), one)
    return list(first.values())


def _present(store: ObjectStore, keys: Iterable[str]) -> dict[str, Listed]:
    folders = sorted({"/".join(key.split("/")[:3]) + "/" for key in keys})  # raw/<place>/<log number>/
    return {listed.key: listed for folder in folders for listed in store.list(folder)}
