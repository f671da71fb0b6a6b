"""The commit log takes every raw object into the lake exactly once, however often a job is started, killed or doubled.

It is Delta Lake's protocol in small: an entry `log/<number>.json` is the commit, put_if_absent decides who wins, and
whatever a killed run left undone is finished by the next one. It works on a store, a clock and an id source, and has no
other effect. A run may be stopped between any two operations on the store.

Two deliberate strictnesses: whether two batches share an input is asked of keys alone, never of tokens (a chmod changes
a folder's token), and an object is archived by its document id. What is left out by that is taken by the next batch.
"""

import dataclasses
import json
import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from threading import BoundedSemaphore
from typing import Any, Literal, NamedTuple

from shared import document, lake
from shared.store import ObjectStore, TargetDiffersError
from shared.terminal import printable

logger = logging.getLogger(__name__)

VERSION = 2
REJECTS = "rejects"  # the table name of staged files that go to rejects/
DEATHS = 2  # so many deaths, and an input is planned alone
SUSPECTS = 3  # the largest inputs of a failed attempt: planned alone after their first failure
YOUNG = timedelta(seconds=2)  # a dropped file may still be on its way
JOB_TIMEOUT = timedelta(minutes=20)  # as in deploy/aws/terraform/modules/transform/main.tf; a test compares them
STAGING_KEPT = timedelta(hours=24)
BYTES_PER_CORE = 2**30  # of JSON in a batch: on a laptop of two cores, as much as was measured to fit into 3 GB
_COMPARING = BoundedSemaphore(8)  # so many archived objects are in memory at a time, however many threads archive
_RESTORE_LOG = "Restore the later log, log/ with log/done/, from its backup"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CommitLogError(Exception):
    """The log or the lake is not as this code left it, or is used wrongly; a person has to look."""


class UnreadableEntryError(CommitLogError):
    """An object in the place of a log entry is damaged, or is not the suite's; the message is the reason alone."""


class Input(NamedTuple):
    """A raw object as it was planned: a key of the lake, or an absolute URI for --source files."""

    key: str
    token: str
    size: int
    time: datetime

    @property
    def json_size(self) -> int:
        """About how many bytes of JSON it holds: Spotify's answers shrink to a tenth."""
        return self.size * 10 if self.key.endswith(".gz") else self.size


@dataclass(frozen=True)
class Batch:
    """What one attempt takes; `condemned` means: its one input died alone before, quarantine it unread."""

    batch_id: str
    head: int
    inputs: tuple[Input, ...]
    planned_at: datetime
    condemned: bool
    alone: bool = False  # because of deaths, not because there was nothing else


@dataclass(frozen=True)
class Taken:
    """An input as the entry has it. An input quarantined unread may leave `document_id` empty."""

    key: str
    token: str
    size: int
    document_id: str
    extracted_at: str
    place: Literal["processed", "quarantine", "source"]  # source: leave it where it is
    reason: str | None = None


@dataclass(frozen=True)
class StagedFile:
    """A file to publish; `staged` is its key under staging/, `table` is `rejects` for rejects."""

    table: str
    staged: str
    rows: int


@dataclass(frozen=True)
class PublishedFile:
    """A staged file and its final name."""

    staged: str
    final: str
    table: str
    rows: int


@dataclass(frozen=True)
class Entry:
    """A committed batch. Files are in order of publishing; `rows` counts per table, `rejects` per reason."""

    number: int
    batch_id: str
    committed_at: datetime
    ingest_date: date
    inputs: tuple[Taken, ...]
    files: tuple[PublishedFile, ...]
    rows: Mapping[str, int]
    rejects: Mapping[str, int]
    reconciliation: Mapping[str, Any]

    def as_bytes(self) -> bytes:
        """The entry as readable JSON; equal entries give equal bytes."""
        content = dataclasses.asdict(self) | {
            "version": VERSION,
            "committed_at": document.timestamp(self.committed_at),
            "ingest_date": self.ingest_date.isoformat(),
        }
        return _json(content)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Entry":
        """The entry that `as_bytes` wrote. Raises UnreadableEntryError, and CommitLogError for another version's."""
        try:
            content = _object(data)
            version = content.pop("version")
            if version != VERSION:
                is_newer = isinstance(version, int) and version > VERSION
                message = (
                    "A newer version of the suite wrote this log entry: update this one."
                    if is_newer
                    else "An older version of the suite wrote this lake: start a new lake and put the raw objects "
                    "under raw/processed/ of this one into its raw/pending/."
                )
                raise CommitLogError(message)
            content |= {
                "committed_at": datetime.fromisoformat(content["committed_at"]),
                "ingest_date": date.fromisoformat(content["ingest_date"]),
                "inputs": tuple(Taken(**taken) for taken in content["inputs"]),
                "files": tuple(PublishedFile(**file) for file in content["files"]),
            }
            for name in ("rows", "rejects", "reconciliation"):
                if not isinstance(content.get(name, {}), dict):
                    raise UnreadableEntryError(f"its {name} is no object")
            return cls(**content)
        except KeyError as error:
            raise UnreadableEntryError(f"it lacks {error.args[0]}") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise UnreadableEntryError("its values are not as the suite writes them") from error


def read_entry(store: ObjectStore, number: int) -> Entry | None:
    """The log entry of this number, None if it is not there. Raises CommitLogError as `Entry.from_bytes` does."""
    fetched = store.get(lake.log_entry(number))
    if fetched is None:
        return None
    entry = Entry.from_bytes(fetched.data)
    if entry.number != number:
        raise UnreadableEntryError(f"it is the entry of number {entry.number}")
    return entry


def _object(data: bytes) -> dict[str, Any]:
    if not data:
        raise UnreadableEntryError("it is empty")
    try:
        content = json.loads(data)
    except ValueError as error:
        raise UnreadableEntryError("it is no JSON: perhaps it is truncated") from error
    if not isinstance(content, dict):
        raise UnreadableEntryError("it is no JSON object")
    return content


@dataclass(frozen=True)
class _Note:
    """What `log/attempts/` says of one attempt."""

    key: str
    failed_after: datetime  # from then on it has failed, whatever became of its run
    inputs: frozenset[tuple[str, str]]
    suspects: frozenset[tuple[str, str]]  # of the inputs, those that probably are the reason if it failed
    alone: bool  # as the batch's
    failed: bool  # its owner says so


class CommitLog:
    """The log of one lake. `waiting_seconds` is above 0 when next_batch left only files that are too young.

    `left` has the reason for each key that is never planned by this log, see `leave`.
    """

    def __init__(  # noqa: PLR0913  # bounds, each with a default
        self,
        store: ObjectStore,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        job_timeout: timedelta = JOB_TIMEOUT,
        max_objects: int = 20_000,
        cores: Callable[[], int] = lambda: os.cpu_count() or 1,
        bytes_per_core: int = BYTES_PER_CORE,
        moves_at_once: int = 1,
        before_attempt: Callable[[Batch], object] | None = None,
    ) -> None:
        """`before_attempt` is called with each planned batch before its marker is written; if it raises, there is none.

        `bytes_per_core` bounds the JSON that a batch probably holds, for each of the `cores` at its planning.

        A single object may be larger.
        With more than one of `moves_at_once`, threads archive a batch's objects, in no order.
        """
        self.waiting_seconds = 0.0
        self.left: dict[str, str] = {}
        self.store = self._store = store
        self._is_folder = store.uri.startswith("file://")
        self._clock = clock
        self._new_id = new_id
        self._job_timeout = job_timeout
        self._max_objects = max_objects
        self._cores = cores
        self._bytes_per_core = bytes_per_core
        self._moves_at_once = moves_at_once
        self._before_attempt = before_attempt
        self._perhaps_committed: set[str] = set()
        # What is left of the last listing of pending objects, and the newest entry whose inputs are not in it.
        self._rest: dict[str, Input] = {}
        self._newest = 0

    # Step 1 and step 6: finishing.

    def finish_earlier_commits(self) -> list[int]:
        """Finish every entry that has no done mark; their numbers. On a folder, also remove expired staging.

        Raises CommitLogError if the log has lost an entry.
        """
        undone = self._checked_log()
        for number in undone:
            self.finish(number)
        if self._is_folder:
            self._remove_expired_staging()
        return undone

    def finish(self, number: int) -> None:
        """Publish the entry's files, archive its inputs, set its done mark: by anyone, any number of times.

        Raises CommitLogError if neither a staged file nor its final one is there, or the final one is of another batch:
        the lake is damaged.
        """
        if self._is_done(number):
            return
        entry = self._entry(number)
        for file in entry.files:
            self._publish(number, file)
        self._archive_all(number, [taken for taken in entry.inputs if taken.place != "source"])
        self._store.put_if_absent(lake.done_mark(number), b"")
        self._advance_frontier()

    def _publish(self, number: int, file: PublishedFile) -> None:
        try:
            if self._store.copy(file.staged, file.final):
                return
            damage = (
                f"log entry {number} is committed, but {file.final} is missing and its staged file {file.staged} is "
                "gone. Restore either of them."
            )
        except TargetDiffersError:
            damage = (
                f"{file.final} was there before log entry {number} was committed, and is of another batch: the log was "
                f"probably restored from before that batch. {_RESTORE_LOG}; what this entry took is still pending and "
                "is taken again. Without a backup, move that file out of the lake."
            )
        if not self._is_done(number):  # after its done mark an entry's files may change by forgetting or retention
            raise self._damaged(damage)

    def _damaged(self, damage: str) -> CommitLogError:
        return CommitLogError(f"The lake {self._store.uri} is damaged: {damage} Until then nothing more is published.")

    def _archive_all(self, number: int, inputs: Sequence[Taken]) -> None:
        if self._moves_at_once == 1:
            for taken in inputs:
                self._archive(number, taken)
            return
        with ThreadPoolExecutor(self._moves_at_once) as pool:
            try:
                list(pool.map(partial(self._archive, number), inputs))  # raises the first error
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # else the error waits for all the others
                raise

    def _archive(self, number: int, taken: Taken) -> None:
        """Move the version that was committed; another version under the same key stays pending.

        The store copies the version with the token of the entry, so that it need not be read.
        """
        target = lake.archived(number, taken.key, quarantined=taken.place == "quarantine")
        try:
            is_archived = self._store.copy(taken.key, target, taken.token, taken.size)
        except TargetDiffersError as error:
            if self._is_done(number):  # after its completion an archived object may change by forgetting
                return
            raise self._archive_damaged(number, target) from error
        if is_archived and self._store.delete(taken.key, taken.token):
            return
        if taken.document_id:
            with _COMPARING:
                self._archive_other_token(number, taken, target)

    def _archive_other_token(self, number: int, taken: Taken, target: str) -> None:
        """Move an object with another token if it is the same document.

        A token changes by chmod, in a copied or restored lake, and on S3 when equal bytes are put again under KMS.
        """
        found = self._store.get(taken.key)
        if found is None:
            if self._store.get(target) is None:
                logger.warning("%s was removed after it was committed: its rows are in the lake, it is not.", taken.key)
            return
        if document.document_id(found.data) != taken.document_id:
            return
        if self._store.put_if_absent(target, found.data) or self._is_archived(number, taken, target):
            self._store.delete(taken.key, found.token, found.data)  # the version just read

    def _is_archived(self, number: int, taken: Taken, target: str) -> bool:
        """Whether the archived object is the same document. Raises CommitLogError unless it may have been forgotten."""
        kept = self._store.get(target)
        if kept is not None and document.document_id(kept.data) == taken.document_id:
            return True
        if kept is not None and not self._is_done(number):
            raise self._archive_damaged(number, target)
        return False

    def _archive_damaged(self, number: int, target: str) -> CommitLogError:
        return self._damaged(
            f"{target} is not the object that log entry {number} took: the log was probably restored from before "
            f"another batch with this number. {_RESTORE_LOG}, or move that object out of the lake."
        )

    def undone_alarm(self, after: timedelta = timedelta(hours=24)) -> list[Entry]:
        """The entries that were committed so long ago and are not done: something keeps them from being finished.

        Raises CommitLogError if the log has lost an entry.
        """
        entries = [self._entry(number) for number in self._checked_log()]
        return [entry for entry in entries if self._clock() - entry.committed_at >= after]

    # Step 2: planning.

    def leave(self, key: str, reason: str) -> None:
        """Plan this object no more: it cannot be read, moved or addressed, and stays in place."""
        if key not in self.left:
            self.left[key] = reason
            logger.debug("%s is left in place: %s.", printable(key), printable(reason))  # the summary names it

    def next_batch(self, *, sources: Sequence[Input] | None = None, again: bool = False) -> Batch | None:
        """A bounded batch of what is pending; None if there is nothing.

        With sources, a batch of those that no entry has yet, instead of what is pending; `again` takes them whether an
        entry has them or not, and the caller leaves out what it has taken itself. Healthy inputs come first, then the
        condemned, then those that died twice, one at a time.
        """
        self.waiting_seconds = 0.0
        found = ready = self._rest_of_listing() if sources is None else []
        is_rest = bool(ready)
        if not is_rest:
            found, ready = self._list_ready(sources, again=again)
        notes = self._notes(found, is_rest=is_rest, of_sources=sources is not None)
        if not ready:
            return None
        inputs, alone, condemned = self._choose(ready, notes)
        batch_id = f"{self._newest:020d}-{self._new_id()}"
        batch = Batch(batch_id, self._newest, tuple(inputs), self._clock(), condemned, alone)
        if self._before_attempt:
            self._before_attempt(batch)
        self._put_note(batch, batch.inputs, failed=False, alone=batch.alone)
        return batch

    def _rest_of_listing(self) -> list[Input]:
        """What no entry took since the listing of which a batch was planned before."""
        if self._rest:
            newest = max(self._numbers(self._newest), default=self._newest)
            for number in range(
                self._newest + 1, newest + 1
            ):  # each: a long folder's listing may miss the first of two
                entry = self._entry(number)
                self._take_out(entry)
                self._newest = number
        return [pending for pending in self._rest.values() if pending.key not in self.left]

    def _take_out(self, entry: Entry) -> None:
        for committed in entry.inputs:
            self._rest.pop(committed.key, None)

    def _list_ready(self, sources: Sequence[Input] | None, *, again: bool) -> tuple[list[Input], list[Input]]:
        """What is pending, or the sources; and of these what can be planned. The rest is kept for later batches."""
        while True:
            # Before the listing, else what is archived in between is planned twice.
            head, undone = self._head()
            held = {committed.key: number for number in undone for committed in self._entry(number).inputs}
            listed = self._pending() if sources is None else list(sources)
            listed = [pending for pending in listed if pending.key not in self.left]
            found = listed if again or sources is None else self._untaken(listed)
            free = [pending for pending in found if pending.key not in held]
            if free or not found:
                break
            for number in sorted({held[pending.key] for pending in found}):
                self.finish(number)  # what is left may be a newer version under an old key
        ready = [pending for pending in free if not self._is_young(pending)]
        if not ready:
            self.waiting_seconds = max((self._seconds_to_wait(young) for young in free), default=0.0)
        self._newest = head
        self._rest = {pending.key: pending for pending in ready} if sources is None else {}
        return found, ready

    def _put_note(self, batch: Batch, inputs: Sequence[Input], *, failed: bool, alone: bool) -> None:
        note = {
            "version": VERSION,
            "planned_at": document.timestamp(batch.planned_at),
            "failed_after": document.timestamp(batch.planned_at + self._job_timeout),
            "inputs": [{"key": one.key, "token": one.token} for one in inputs],
            "suspects": [one.key for one in largest(inputs)],
            "alone": alone,
            "failed": failed,
        }
        self._store.put(lake.attempt(batch.batch_id), _json(note))

    def _pending(self) -> list[Input]:
        return [
            Input(one.key, one.token, one.size, one.time)
            for prefix in (lake.PENDING, lake.QUIET)
            for one in self._store.list(prefix, left=self.leave)
        ]

    def _untaken(self, sources: Iterable[Input]) -> list[Input]:
        taken = {(one.key, one.token) for entry in self.entries() for one in entry.inputs}
        return [one for one in sources if (one.key, one.token) not in taken]

    def _is_young(self, one: Input) -> bool:
        # A time far in the future is a clock gone wrong, not a file on its way.
        return self._is_folder and one.key.startswith(lake.DROP) and abs(self._clock() - one.time) < YOUNG

    def _seconds_to_wait(self, one: Input) -> float:
        return max((one.time + YOUNG - self._clock()).total_seconds(), 0.01)

    def _notes(self, inputs: Iterable[Input], *, is_rest: bool, of_sources: bool) -> list[_Note]:
        """The notes of attempts on any of these inputs.

        Dead ones are removed when none of their inputs is left, unless the inputs are only the rest of a listing.
        """
        present = {(planned.key, planned.token) for planned in inputs}
        notes = []
        for listed in self._store.list(lake.ATTEMPTS):
            fetched = self._store.get(listed.key)
            note = _read_note(listed.key, fetched.data) if fetched else None
            if note is None:
                continue
            if note.inputs & present:
                notes.append(note)
            elif not is_rest and self._is_dead(note) and of_sources != any(_is_pending(key) for key, _ in note.inputs):
                self._store.delete(note.key)
        return notes

    def running(self) -> Iterator[tuple[str, datetime]]:
        """The keys of markers of attempts that may still be at work, and when each counts as failed."""
        for listed in self._store.list(lake.ATTEMPTS):
            fetched = self._store.get(listed.key)
            note = _read_note(listed.key, fetched.data) if fetched else None
            if note is None and fetched and self._clock() - listed.time < JOB_TIMEOUT:  # it cannot be read: be careful
                yield listed.key, listed.time + JOB_TIMEOUT
            elif note is not None and not self._is_dead(note):
                yield listed.key, note.failed_after

    def note_more(self, *, is_more: bool) -> None:
        """Say, for whoever starts the next run, whether this one stopped before it had taken everything."""
        if is_more:
            self._store.put(lake.MORE, _json({"stopped_at": document.timestamp(self._clock())}))
        else:
            self._store.delete(lake.MORE)

    def _is_dead(self, note: _Note) -> bool:
        return note.failed or self._clock() > note.failed_after

    def _choose(self, ready: Sequence[Input], notes: Sequence[_Note]) -> tuple[Sequence[Input], bool, bool]:
        """The inputs of the next batch, whether they stand alone because of deaths, and whether they are condemned."""
        dead = [note for note in notes if self._is_dead(note)]
        deaths = Counter(key for note in dead for key in note.inputs)
        # After one death the largest are tried alone, so that the others need not wait for a second one.
        suspects = {key for note in dead for key in note.suspects if len(note.inputs) > 1 or note.failed}
        healthy = [one for one in ready if deaths[one.key, one.token] < DEATHS and (one.key, one.token) not in suspects]
        if healthy:
            return self._bounded(healthy), False, False
        died_alone = {key for note in dead if note.alone for key in note.inputs if note.failed or deaths[key] > DEATHS}
        for one in ready:
            if (one.key, one.token) in died_alone:
                return [one], True, True
        # Those first that no run tries alone, or tried and died too short a time ago.
        tried = {key for note in notes if note.alone for key in note.inputs}
        return [min(ready, key=lambda one: ((one.key, one.token) in tried, one.key))], True, False

    def _bounded(self, inputs: Sequence[Input]) -> list[Input]:
        bounded: list[Input] = []
        size = 0
        most = self._bytes_per_core * self._cores()
        for planned in inputs[: self._max_objects]:
            size += planned.json_size
            if bounded and size > most:
                break
            bounded.append(planned)
        return bounded

    # Steps 4 and 5: committing.

    def still_there(self, batch: Batch) -> bool:
        """Whether every input is there in the version that was planned; of --source files the caller must know.

        Lists from the first key of the batch to the last.
        """
        for prefix in (lake.PENDING, lake.QUIET):
            expected = {planned.key: planned.token for planned in batch.inputs if planned.key.startswith(prefix)}
            if not expected:
                continue
            first, last = min(expected), max(expected)
            for listed in self._store.list(prefix, after=first[:-1], left=self.leave):
                if listed.key > last:
                    break
                if expected.get(listed.key) == listed.token:
                    del expected[listed.key]
            if expected:
                return False
        return True

    def commit(
        self,
        batch: Batch,
        taken: Sequence[Taken],
        files: Sequence[StagedFile],
        *,
        rejects: Mapping[str, int],
        reconciliation: Mapping[str, Any],
        batches_file: Callable[[int, datetime], StagedFile],
    ) -> Entry | None:
        """Commit the batch and publish it. None: it lost or its inputs changed; it was dropped, plan again.

        `batches_file(number, committed_at)` stages the row of table `batches`, again for every number that is tried;
        it is published last. Raises CommitLogError if taken is not the batch, or a staged file is not there.
        """
        if {(one.key, one.token) for one in taken} != {(one.key, one.token) for one in batch.inputs}:
            message = f"Batch {batch.batch_id} must account for its own inputs, each of them: {len(taken)} are given."
            raise CommitLogError(message)
        if not self.still_there(batch):
            self.drop(batch)
            return None
        number = batch.head + 1
        while True:
            now = self._clock().astimezone(UTC)
            if now - batch.planned_at > STAGING_KEPT / 2:  # a laptop slept: its staging may be removed any time now
                self.drop(batch)
                return None
            staged = (*files, batches_file(number, now))
            self._must_be_staged(batch, staged)
            entry = _new_entry(number, batch, now, taken, staged, rejects, reconciliation)
            self._perhaps_committed.add(batch.batch_id)
            if self._store.put_if_absent(lake.log_entry(number), entry.as_bytes()):
                break
            winner = self._entry(number)
            if winner.batch_id == batch.batch_id:  # it was written, only the answer was lost
                entry = winner
                break
            self._perhaps_committed.discard(batch.batch_id)
            if {one.key for one in winner.inputs} & {one.key for one in batch.inputs}:
                self.drop(batch)
                return None
            number += 1
        self.finish(number)
        self._perhaps_committed.discard(batch.batch_id)
        self._tidy_up(batch)
        return entry

    def _must_be_staged(self, batch: Batch, files: Iterable[StagedFile]) -> None:
        there = {one.key for one in self._store.list(lake.staging(batch.batch_id))}
        for file in files:
            if file.staged not in there:
                message = f"Batch {batch.batch_id} was not committed: its staged file {file.staged} is not there."
                raise CommitLogError(message)

    def drop(self, batch: Batch) -> None:
        """An orderly end: remove the batch's own staging and its note. What is pending is listed again.

        After a commit of which nobody knows how it ended, the staging stays for whoever finishes it. Where an input may
        have been the reason (a crash of Spark), do not drop: the note that stays is what counts as its death.
        """
        self._rest = {}
        self._tidy_up(batch)

    def _tidy_up(self, batch: Batch) -> None:
        self._delete_staging(batch)
        self._store.delete(lake.attempt(batch.batch_id))

    def _delete_staging(self, batch: Batch) -> None:
        if batch.batch_id not in self._perhaps_committed:
            self._store.delete_under(lake.staging(batch.batch_id))

    def fail(self, batch: Batch, inputs: Sequence[Input], *, alone: bool = False) -> None:
        """An orderly end for which these inputs of the batch are the reason: it counts as their death at once.

        The next batch is of healthy inputs, if there are any; the largest of these are then planned alone. An input
        that failed alone is quarantined instead.
        """
        self._put_note(batch, inputs, failed=True, alone=batch.alone or alone)
        self._delete_staging(batch)

    def _remove_expired_staging(self) -> None:
        """By age, never of a batch noted or still to be published. On S3 the bucket's lifecycle rule does it."""
        newest: dict[str, datetime] = {}
        for one in self._store.list(lake.STAGING):
            batch_id = one.key.removeprefix(lake.STAGING).partition("/")[0]
            newest[batch_id] = max(one.time, newest.get(batch_id, one.time))
        expired = {batch_id for batch_id, at in newest.items() if self._clock() - at > STAGING_KEPT}
        if expired:
            noted = {one.key for one in self._store.list(lake.ATTEMPTS)}  # the clock may be wrong, its owner alive
            expired = {batch_id for batch_id in expired if lake.attempt(batch_id) not in noted}
            expired -= {self._entry(number).batch_id for number in self._head()[1]}
        for batch_id in sorted(expired):
            self._store.delete_under(lake.staging(batch_id))

    # Reading the log.

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Every entry above the number, in order."""
        for number in self._numbers(after):
            yield self._entry(number)

    def _entry(self, number: int) -> Entry:
        key = lake.log_entry(number)
        try:
            entry = read_entry(self._store, number)
        except UnreadableEntryError as error:
            raise self._damaged(
                f"{key} cannot be read ({error}). Restore it from a backup or from an earlier version in the bucket; "
                "if the suite never wrote it, move it out of the lake."
            ) from error
        except CommitLogError as error:
            message = f"{self._store.object_uri(key)}: {error}"
            raise CommitLogError(message) from error
        if entry is None:
            damage = f"{key} is gone. Restore it from a backup."
            raise self._damaged(damage)
        return entry

    def _numbers(self, after: int) -> Iterator[int]:
        for listed in self._store.list(lake.LOG, after=lake.log_entry(after)):
            if listed.key > lake.ATTEMPTS:  # sorted: entries come before attempts, done marks and the frontier
                return
            number = lake.log_number(listed.key)
            if number is not None:
                yield number

    def _done(self, after: int) -> Iterator[int]:
        for listed in self._store.list(lake.DONE, after=lake.done_mark(after)):
            number = lake.log_number(listed.key)
            if number is not None:
                yield number

    def _is_done(self, number: int) -> bool:
        return self._store.get(lake.done_mark(number)) is not None

    def _head(self) -> tuple[int, list[int]]:
        """The greatest number in the log, 0 if it is empty, and the numbers of the entries without a done mark."""
        frontier = self._frontier()
        head = max(self._numbers(frontier), default=frontier)
        done = set(self._done(frontier))  # read later: what was finished in between is archived and no longer pending
        # The log has no gaps, but a long folder's listing may miss the first of two entries that arrive meanwhile.
        return head, [number for number in range(frontier + 1, head + 1) if number not in done]

    def _checked_log(self) -> list[int]:
        """The numbers of the entries without a done mark. Raises CommitLogError if an entry is missing.

        Entries are never removed, and are written before their done marks and before the frontier. So what is not in
        the listing is read before it counts as missing: it may have been committed since. Forgetting everything
        removes all entries but the last, and leaves that without inputs and files.
        """
        numbers = sorted(self._numbers(0))
        done = set(self._done(0))
        listed = set(numbers)
        head = max(listed | done, default=0)
        frontier = self._noted_frontier()
        last = max(head, frontier)
        after = 0
        while gap := next((n for n in range(after + 1, last + 1) if n not in listed and not self._is_there(n)), 0):
            after = next((n for n in numbers if n > gap and self._is_emptied(n)), 0)
            if not after:
                later = [(n, lake.log_entry(n)) for n in numbers if n > gap] + [
                    (n, lake.done_mark(n)) for n in done if n >= gap
                ]
                witness = min(later, default=(frontier, lake.FRONTIER))[1]
                raise self._damaged(
                    f"{lake.log_entry(gap)} is gone, but {witness} shows that it was committed. Restore it from a "
                    f"backup; if there never was such a batch, move {witness} out of the lake."
                )
        after = max(after, frontier if frontier in done else 0)
        return [number for number in range(after + 1, head + 1) if number not in done]

    def _is_there(self, number: int) -> bool:
        return self._store.get(lake.log_entry(number)) is not None

    def _is_emptied(self, number: int) -> bool:
        entry = self._entry(number)
        return not entry.inputs and not entry.files

    def _noted_frontier(self) -> int:
        fetched = self._store.get(lake.FRONTIER)
        try:
            return int(json.loads(fetched.data)["done"]) if fetched else 0
        except (ValueError, KeyError, TypeError):
            return 0

    def _frontier(self) -> int:
        """All entries up to it are done. A hint: whatever is not plausible counts as 0."""
        number = self._noted_frontier()
        return number if number > 0 and self._is_done(number) else 0

    def _advance_frontier(self) -> None:
        known = frontier = self._frontier()
        for number in self._done(known):
            if number != frontier + 1:
                break
            frontier = number
        if frontier > known:
            self._store.put(lake.FRONTIER, _json({"done": frontier}))


def new_ulid(clock: Callable[[], datetime]) -> str:
    """A ULID: 26 characters of Crockford's base 32, 48 bits of milliseconds, 80 random bits (github.com/ulid/spec)."""
    value = int(clock().timestamp() * 1000) << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def largest(inputs: Iterable[Input]) -> list[Input]:
    """The few inputs that hold most, the largest first."""
    return sorted(inputs, key=lambda one: (-one.json_size, one.key))[:SUSPECTS]


def _is_pending(key: str) -> bool:
    return key.startswith((lake.PENDING, lake.QUIET))


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _read_note(key: str, data: bytes) -> _Note | None:
    try:
        content = json.loads(data)
        inputs = frozenset((one["key"], one["token"]) for one in content["inputs"])
        suspects = set(content.get("suspects", ()))  # notes of earlier versions have none
        return _Note(
            key,
            datetime.fromisoformat(content["failed_after"])
            if "failed_after" in content  # notes of earlier versions have none
            else datetime.fromisoformat(content["planned_at"]) + JOB_TIMEOUT,
            inputs,
            frozenset(one for one in inputs if one[0] in suspects),
            bool(content["alone"]),
            bool(content.get("failed")),
        )
    except (ValueError, KeyError, TypeError):
        return None  # no note of ours


def _new_entry(  # noqa: PLR0913, PLR0917  (what an entry says)
    number: int,
    batch: Batch,
    now: datetime,
    taken: Sequence[Taken],
    staged: Sequence[StagedFile],
    rejects: Mapping[str, int],
    reconciliation: Mapping[str, Any],
) -> Entry:
    parts: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    files = []
    for file in staged:
        part = parts[file.table]
        parts[file.table] += 1
        if file.table == REJECTS:
            final = lake.rejects_file(now.date(), number, part)
        else:
            final = lake.processed_file(file.table, now.date(), number, part)
            rows[file.table] += file.rows
        files.append(PublishedFile(file.staged, final, file.table, file.rows))
    return Entry(
        number=number,
        batch_id=batch.batch_id,
        committed_at=now,
        ingest_date=now.date(),
        inputs=tuple(taken),
        files=tuple(files),
        rows=dict(rows),
        rejects=dict(rejects),
        reconciliation=dict(reconciliation),
    )
