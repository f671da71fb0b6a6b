"""Commit logs that each leave out one rule of the protocol; the explorer must report what breaks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from glue_jobs.commit_log import Batch, CommitLog
from glue_jobs.log_entry import CommittedInput, Entry
from shared import lake
from tests.glue_jobs.commit_log.explorer import ONE_OBJECT, OTHER_AGAIN, REPUT, TWO, MakeLog, Scenario


class HeadNotedAtTheCommit(CommitLog):
    """Step 2 without its first half: the head is noted when the batch is staged."""

    def still_there(self, batch: Batch) -> bool:
        there = super().still_there(batch)
        object.__setattr__(batch, "head", self._head()[0])
        return there


class NoSubtraction(CommitLog):
    """Step 2: the inputs of undone entries are not left out."""

    _is_planning = False

    def next_batch(self, **how: Any) -> Batch | None:
        self._is_planning = True
        try:
            return super().next_batch(**how)
        finally:
            self._is_planning = False

    def _head(self) -> tuple[int, list[int]]:
        head, undone = super()._head()
        return head, [] if self._is_planning else undone


class NoSecondList(CommitLog):
    """Step 4 left out."""

    def still_there(self, batch: Batch) -> bool:
        return True


class NoOwnEntryCheck(CommitLog):
    """Step 5: a refused entry is always treated as another run's."""

    def _entry(self, number: int) -> Entry:
        entry = super()._entry(number)
        return replace(entry, batch_id="?") if entry.batch_id in self._perhaps_committed else entry


class EntriesSkippedUnread(CommitLog):
    """Step 5: a refused run takes the next number, whatever the entry in the way took."""

    _is_committing = False

    def commit(self, *args: Any, **named: Any) -> Entry | None:
        self._is_committing = True
        try:
            return super().commit(*args, **named)
        finally:
            self._is_committing = False

    def finish(self, number: int) -> None:
        self._is_committing = False
        super().finish(number)

    def _entry(self, number: int) -> Entry:
        entry = super()._entry(number)
        return replace(entry, inputs=()) if self._is_committing else entry


class StagingGoesWithAnUnknownEnd(CommitLog):
    """Step 5: a batch whose commit ended in an unknown state is dropped with its staging."""

    def drop(self, batch: Batch) -> None:
        self._perhaps_committed.clear()
        super().drop(batch)


class ArchivedWithoutToken(CommitLog):
    """Step 6: any object under the key is archived and deleted."""

    def _archive(self, number: int, committed: CommittedInput) -> None:
        fetched = self.store.get(committed.key)
        if fetched is not None:
            self.store.put_if_absent(lake.archived(number, committed.key), fetched.data)
            self.store.delete(committed.key)


class ArchivedWithoutNumber(CommitLog):
    """Step 6: the archive keeps one object of each name."""

    def _archive(self, number: int, committed: CommittedInput) -> None:
        super()._archive(0, committed)


class CompletionMarkerFirst(CommitLog):
    """Step 6 backwards."""

    def finish(self, number: int) -> None:
        if not self._is_done(number):
            self.store.put_if_absent(lake.completion_marker(number), b"")
            entry = self._entry(number)
            for file in entry.files:
                self.store.copy(file.staged, file.final)
            for committed in entry.inputs:
                self._archive(number, committed)


class BatchesPublishedFirst(CommitLog):
    """Step 6: table batches comes before the tables that it announces."""

    def _entry(self, number: int) -> Entry:
        entry = super()._entry(number)
        return replace(entry, files=tuple(reversed(entry.files)))


class ForeignStagingDeleted(CommitLog):
    """Step 7: staging that no undone entry names is removed at every start."""

    def finish_earlier_commits(self) -> list[int]:
        undone = super().finish_earlier_commits()
        used = {self._entry(number).batch_id for number in self._head()[1]}
        for batch_id in sorted({listed.key.split("/")[1] for listed in self.store.list(lake.STAGING)} - used):
            self.store.delete_under(lake.staging(batch_id))
        return undone


class WatermarkAheadOfTheMarkers(CommitLog):
    """Step 7: the watermark moves to the greatest done number, over entries that are not done."""

    def _done(self, after: int) -> Iterable[int]:  # type: ignore[override]
        numbers = list(super()._done(after))
        return range(after + 1, max(numbers, default=after) + 1)


@dataclass(frozen=True)
class Broken:
    """A commit log without one rule, and the scenario in which that shows."""

    make_log: MakeLog
    scenario: Scenario
    finds: str  # a part of a violation
    private_staging: bool = True
    breadth_first: bool = False  # where a depth-first search takes too long


BROKEN = {
    "the head noted at the commit": Broken(HeadNotedAtTheCommit, Scenario(ONE_OBJECT), "taken twice"),
    "no subtraction": Broken(NoSubtraction, Scenario(ONE_OBJECT), "taken twice"),
    "no second list": Broken(NoSecondList, Scenario(ONE_OBJECT, runs=("run",), events=REPUT), "names another version"),
    "no own entry check": Broken(NoOwnEntryCheck, Scenario(ONE_OBJECT, runs=("run",), lost_answers=1), "is damaged"),
    "entries skipped unread": Broken(EntriesSkippedUnread, Scenario(ONE_OBJECT), "taken twice"),
    "staging goes with an unknown end": Broken(
        StagingGoesWithAnUnknownEnd, Scenario(ONE_OBJECT, runs=("run",), errors=1), "is damaged"
    ),
    "archived without token": Broken(
        ArchivedWithoutToken, Scenario(ONE_OBJECT, runs=("run",), events=REPUT), "was lost"
    ),
    "archived without the log number": Broken(
        ArchivedWithoutNumber, Scenario(ONE_OBJECT, runs=("run",), events=OTHER_AGAIN), "is not the object that"
    ),
    "completion marker first": Broken(
        CompletionMarkerFirst, Scenario(ONE_OBJECT, runs=("run",), kills=1), "rows are not those of its inputs"
    ),
    "batches published first": Broken(BatchesPublishedFirst, Scenario(ONE_OBJECT, runs=("run",)), "announced before"),
    "foreign staging deleted": Broken(
        ForeignStagingDeleted, Scenario(ONE_OBJECT, runs=("run", "finisher")), "staged file", private_staging=False
    ),
    "the watermark passes what is not done": Broken(
        WatermarkAheadOfTheMarkers,
        Scenario(TWO, max_objects=1, watermark=True, kills=1),
        "is not done",
        breadth_first=True,
    ),
}
