"""Checks the commit log itself: entries, completion markers and the watermark. Says what to do about each fault.

The job stops at the first fault of its log. `make status` names all faults and continues with the readable entries.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from glue_jobs.log_entry import CommitLogError, Entry, UnreadableEntryError, read_entry
from shared import lake
from shared.store import ObjectStore

_STOPS = "until then the job stops at its start and publishes nothing"


@dataclass
class LogState:
    """The readable entries, in order, and the faults of the log, each with what to do.

    `unfinished` has the numbers of readable entries without a completion marker. `lost` has the numbers of entries that
    are missing or cannot be read; published files with such a number do not count as files of no batch.
    """

    entries: list[Entry] = field(default_factory=list)
    unfinished: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    lost: list[range] = field(default_factory=list)

    def is_lost(self, number: int | None) -> bool:
        """Whether a batch of this number exists, or may have existed, whose entry cannot be read."""
        return number is not None and any(number in numbers for numbers in self.lost)


def check_log(store: ObjectStore, after: int) -> LogState:
    """Reads every entry above `after`. Entries before an emptied entry are no gap: `USER=ALL` removes them."""
    state = LogState()
    numbers = {entry_file.key: lake.log_number(entry_file.key) for entry_file in store.list(lake.LOG)}
    listed = sorted(n for key, n in numbers.items() if n is not None and key == lake.log_entry(n))
    done = {n for key, n in numbers.items() if n is not None and key == lake.completion_marker(n)}
    for number in listed:
        if number > after:
            _read(store, number, state)
    readable = {entry.number for entry in state.entries}
    head = max(readable, default=max((number for number in listed if number <= after), default=0))
    start = max([after, *(entry.number for entry in state.entries if not entry.inputs and not entry.files)])
    _name_missing(sorted(number for number in listed if start < number < head), start, head, state)
    for number in sorted(done - set(listed)):
        if number > max(start, head):
            state.lost.append(range(number, number + 1))
            state.faults.append(
                f"{lake.completion_marker(number)} exists, but {lake.log_entry(number)} does not: restore it from a "
                f"backup or from an earlier version in the bucket; if batch {number} never existed, move the marker "
                f"out of the lake; {_STOPS}"
            )
    state.unfinished = {number for number in readable if number not in done and number >= start}
    state.faults += _watermark_faults(_watermark(store), max([head, *done]), sorted(state.unfinished))
    return state


def _read(store: ObjectStore, number: int, state: LogState) -> None:
    key = lake.log_entry(number)
    try:
        entry = read_entry(store, number)
    except UnreadableEntryError as error:
        state.lost.append(range(number, number + 1))
        state.faults.append(
            f"{key} cannot be read ({error}): restore it from a backup or from an earlier version in the bucket, or, "
            "if the suite never wrote it, move it out of the lake"
        )
    except CommitLogError as error:
        state.lost.append(range(number, number + 1))
        state.faults.append(f"{key}: {error}")
    else:
        if entry is not None:
            state.entries.append(entry)


def _name_missing(present: Sequence[int], start: int, head: int, state: LogState) -> None:
    """Adds a fault for each gap between the listed numbers, whatever its length."""
    for before, number in zip([start, *present], [*present, head], strict=True):
        gap = range(before + 1, number)
        if not gap:
            continue
        state.lost.append(gap)
        first, last = lake.log_entry(gap[0]), lake.log_entry(gap[-1])
        state.faults.append(
            f"{first} is missing: restore it from a backup or from an earlier version in the bucket; {_STOPS}"
            if len(gap) == 1
            else f"{first} to {last} are missing: restore them from a backup or from earlier versions in the bucket; "
            + _STOPS
        )


def _watermark(store: ObjectStore) -> int:
    fetched = store.get(lake.WATERMARK)
    try:
        return int(json.loads(fetched.data)["done"]) if fetched else 0
    except (ValueError, KeyError, TypeError):
        return 0  # the job does not use it, and writes it again


def _watermark_faults(watermark: int, head: int, unfinished: Sequence[int]) -> Iterator[str]:
    says = f"{lake.WATERMARK} says that the batches up to {watermark} are complete, but"
    if watermark > head:
        yield (
            f"{says} the log ends at {head}: restore the later entries with their completion markers from a backup; if "
            f"there never were any, remove {lake.WATERMARK}, the next run writes it again"
        )
    elif early := [number for number in unfinished if number <= watermark]:
        yield (
            f"{says} batch {early[0]} has no completion marker: remove {lake.WATERMARK} and run the job, which "
            "completes it"
        )
