"""The commit log takes every raw object into the lake exactly once, though jobs may be killed or run at the same time.

It is a small version of Delta Lake's protocol. An entry `log/<number>.json` is the commit, put_if_absent decides which
run wins, and the next run finishes what a killed run left. A run may stop between any two operations on the store. The
commit log uses a store, a clock and a source of ids, and has no other effect. docs/commit-log.md has the protocol, its
terms and the reasons.

It is stricter than necessary in two places. Two batches share an input if they share its key, even with different
tokens, since a chmod changes the token of a file. An object with another token is archived only if its document id is
the entry's. The next batch takes what this leaves pending.
"""

import json
import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import BoundedSemaphore
from typing import Any

from glue_jobs.log_entry import (
    VERSION,
    BatchContent,
    CommitLogError,
    CommittedInput,
    Entry,
    Input,
    PublishedFile,
    StagedFile,
    UnreadableEntryError,
    as_json,
    new_entry,
    read_entry,
)
from shared import document, lake
from shared.store import ObjectStore, TargetDiffersError
from shared.terminal import printable

log = logging.getLogger(__name__)

MAX_FAILED_ATTEMPTS = 2  # after this many, an input is planned alone
SUSPECTS = 3  # number of largest inputs of a failed attempt that are planned alone after the first failure
SETTLING_TIME = timedelta(seconds=2)  # a dropped file that changed within this time may still be growing
# The timeout in deploy/aws/terraform/modules/transform/main.tf; a test compares them.
JOB_TIMEOUT = timedelta(minutes=20)
STAGING_KEPT = timedelta(hours=24)
MAX_OBJECTS = 20_000  # in a batch, unless --max-objects says otherwise
BYTES_PER_CORE = 2**30  # of JSON in a batch: measured on a laptop of two cores, this fits into 3 GB
_COMPARING = BoundedSemaphore(8)  # limits the objects in memory, whatever the number of archiving threads
_RESTORE_LOG = "Restore the later log, log/ with log/done/, from its backup"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Batch:
    """What one attempt reads. With `is_poison`, its only input crashed earlier attempts: quarantine it unread."""

    batch_id: str
    head: int
    inputs: tuple[Input, ...]
    planned_at: datetime
    is_poison: bool
    alone: bool = False  # has a single input because of failed attempts, not because nothing else is pending


@dataclass(frozen=True)
class _AttemptMarker:
    """The content of one attempt marker in `log/attempts/`."""

    key: str
    failed_after: datetime  # after this time the attempt counts as failed
    inputs: frozenset[tuple[str, str]]
    suspects: frozenset[tuple[str, str]]  # the inputs that are the probable reason if it failed
    alone: bool  # as `Batch.alone`
    failed: bool  # its own run recorded the failure


class CommitLog:
    """The log of one lake.

    `young` are the dropped files of the last listing that may still be growing. `waiting_seconds` is above 0 when
    next_batch found no others. `left` has, by key, the reason why this log does not plan an object, see `leave`.
    """

    def __init__(  # noqa: PLR0913  # bounds, each with a default
        self,
        store: ObjectStore,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        job_timeout: timedelta = JOB_TIMEOUT,
        max_objects: int = MAX_OBJECTS,
        cores: Callable[[], int] = lambda: os.cpu_count() or 1,
        bytes_per_core: int = BYTES_PER_CORE,
        moves_at_once: int = 1,
        before_attempt: Callable[[Batch], object] | None = None,
    ) -> None:
        """`before_attempt` is called with each planned batch before its marker is written; if it raises, none is.

        A batch holds at most `bytes_per_core` of JSON, as estimated, for each of the `cores` when it is planned; a
        single object may be larger. With `moves_at_once` above 1, threads archive a batch's objects in any order.
        """
        self.waiting_seconds = 0.0
        self.young: list[Input] = []
        self.left: dict[str, str] = {}
        self.store = store
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
        # What is left of the last listing of pending objects. The inputs of entries up to `_newest` are not in it.
        self._rest: dict[str, Input] = {}
        self._newest = 0

    # Step 1 and step 6: finishing.

    def finish_earlier_commits(self) -> list[int]:
        """Finish every entry that has no completion marker; returns their numbers.

        In a folder it also removes expired staging.

        Raises CommitLogError if the log has lost an entry.
        """
        undone = self._checked_log()
        for number in undone:
            self.finish(number)
        if self._is_folder:
            self._remove_expired_staging()
        return undone

    def finish(self, number: int) -> None:
        """Publish the entry's files, archive its inputs and put its completion marker.

        Any run may do this, any number of times. Raises CommitLogError if the lake is damaged: a file exists neither
        staged nor published, or belongs to another batch.
        """
        if self._is_done(number):
            return
        entry = self._entry(number)
        for file in entry.files:
            self._publish(number, file)
        self._archive_all(number, [committed for committed in entry.inputs if committed.place != "source"])
        self.store.put_if_absent(lake.completion_marker(number), b"")
        self._advance_watermark()

    def _publish(self, number: int, file: PublishedFile) -> None:
        try:
            if self.store.copy(file.staged, file.final):
                return
            damage = (
                f"log entry {number} is committed, but {file.final} is missing and its staged file {file.staged} is "
                "gone. Restore either of them."
            )
        except TargetDiffersError:
            damage = (
                f"{file.final} existed before log entry {number} was committed, and belongs to another batch: the log "
                f"was probably restored to a time before that batch. {_RESTORE_LOG}; the inputs of this entry are "
                "still pending and are taken again. Without a backup, move that file out of the lake."
            )
        # After the completion marker, `make forget` and `make retention` may change or remove the entry's files.
        if not self._is_done(number):
            raise self._damaged(damage)

    def _damaged(self, damage: str) -> CommitLogError:
        return CommitLogError(f"The lake {self.store.uri} is damaged: {damage} Until then nothing more is published.")

    def _archive_all(self, number: int, inputs: Sequence[CommittedInput]) -> None:
        if self._moves_at_once == 1:
            for committed in inputs:
                self._archive(number, committed)
            return
        with ThreadPoolExecutor(self._moves_at_once) as pool:
            try:
                list(pool.map(partial(self._archive, number), inputs))  # raises the first error
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)  # else the error would wait for all other threads
                raise

    def _archive(self, number: int, committed: CommittedInput) -> None:
        """Move the committed version of the object; another version under the same key stays pending.

        The store copies the version that has the entry's token, so this does not read the object.
        """
        target = lake.archived(number, committed.key, quarantined=committed.place == "quarantine")
        try:
            is_archived = self.store.copy(committed.key, target, committed.token, committed.size)
        except TargetDiffersError as error:
            if self._is_done(number):  # since then `make forget` may have changed it
                return
            raise self._archive_damaged(number, target) from error
        if is_archived and self.store.delete(committed.key, committed.token):
            return
        if committed.document_id:
            with _COMPARING:
                self._archive_other_token(number, committed, target)

    def _archive_other_token(self, number: int, committed: CommittedInput, target: str) -> None:
        """Move an object with another token if it is the same document.

        A token changes by chmod, in a copied or restored lake, and on S3 when equal bytes are put again under KMS.
        """
        current = self.store.get(committed.key)
        if current is None:
            if self.store.get(target) is None:
                log.warning(
                    "%s was removed after it was committed: its rows are in the lake, it is not.", committed.key
                )
            return
        if document.document_id(current.data) != committed.document_id:
            return
        if self.store.put_if_absent(target, current.data) or self._is_archived(number, committed, target):
            self.store.delete(committed.key, current.token, current.data)  # the version just read

    def _is_archived(self, number: int, committed: CommittedInput, target: str) -> bool:
        """Whether the archived object is the same document.

        Raises CommitLogError if it is another one and the entry is not finished, so that `make forget` did not change
        it.
        """
        kept = self.store.get(target)
        if kept is not None and document.document_id(kept.data) == committed.document_id:
            return True
        if kept is not None and not self._is_done(number):
            raise self._archive_damaged(number, target)
        return False

    def _archive_damaged(self, number: int, target: str) -> CommitLogError:
        return self._damaged(
            f"{target} is not the object that log entry {number} took: the log was probably restored to a time before "
            f"another batch with this number. {_RESTORE_LOG}, or move that object out of the lake."
        )

    def undone(self, after: timedelta = timedelta(0)) -> list[Entry]:
        """The entries without a completion marker that were committed at least `after` ago, as by a killed run.

        Raises CommitLogError if the log has lost an entry.
        """
        entries = [self._entry(number) for number in self._checked_log()]
        return [entry for entry in entries if self._clock() - entry.committed_at >= after]

    # Step 2: planning.

    def leave(self, key: str, reason: str) -> None:
        """Do not plan this object again in this run: it cannot be read, moved or addressed, so it stays in place."""
        if key not in self.left:
            self.left[key] = reason
            log.debug("%s is left in place: %s.", printable(key), printable(reason))  # the summary names it

    def next_batch(self, *, sources: Sequence[Input] | None = None, again: bool = False) -> Batch | None:
        """A bounded batch of the pending objects; None if none can be planned.

        With `sources`, the batch is of those sources that no entry has yet, and not of pending objects. With `again`,
        sources that an entry has are planned too; the caller must leave out what it has committed itself. Inputs
        without failed attempts come first, then poison, then inputs of failed attempts, each alone.
        """
        self.waiting_seconds = 0.0
        present = ready = self._rest_of_listing() if sources is None else []
        is_rest = bool(ready)
        if not is_rest:
            present, ready = self._list_ready(sources, again=again)
        markers = self._markers(present, is_rest=is_rest, of_sources=sources is not None)
        if not ready:
            return None
        inputs, alone, poison = self._choose(ready, markers)
        batch_id = f"{self._newest:020d}-{self._new_id()}"
        batch = Batch(batch_id, self._newest, tuple(inputs), self._clock(), poison, alone)
        if self._before_attempt:
            self._before_attempt(batch)
        self._put_marker(batch, batch.inputs, failed=False, alone=batch.alone)
        return batch

    def unplanned(self, batch: Batch) -> list[Input]:
        """The objects of the last listing that can be planned and are neither committed nor in this batch."""
        keys = {planned.key for planned in batch.inputs} | self.left.keys()
        return [pending for pending in self._rest.values() if pending.key not in keys]

    def _rest_of_listing(self) -> list[Input]:
        """What is left of the last listing, without the inputs of the entries since."""
        if self._rest:
            newest = max(self._numbers(self._newest), default=self._newest)
            # Reads each number up to the newest: the listing of a long folder may miss the first of two entries.
            for number in range(self._newest + 1, newest + 1):
                self._take_out(self._entry(number))
                self._newest = number
        return [pending for pending in self._rest.values() if pending.key not in self.left]

    def _take_out(self, entry: Entry) -> None:
        for committed in entry.inputs:
            self._rest.pop(committed.key, None)

    def _list_ready(self, sources: Sequence[Input] | None, *, again: bool) -> tuple[list[Input], list[Input]]:
        """The pending objects, or the sources; and those of them that can be planned, kept in `_rest` if pending."""
        while True:
            # Read the head before the listing, else an object that is archived in between is planned twice.
            head, undone = self._head()
            held = {committed.key: number for number in undone for committed in self._entry(number).inputs}
            listed = self._pending() if sources is None else list(sources)
            listed = [pending for pending in listed if pending.key not in self.left]
            present = listed if again or sources is None else self._uncommitted(listed)
            free = [pending for pending in present if pending.key not in held]
            if free or not present:
                break
            for number in sorted({held[pending.key] for pending in present}):
                self.finish(number)  # a newer version may be pending under the same key
        young = {pending.key for pending in free if self._is_young(pending)}
        ready = [pending for pending in free if pending.key not in young]
        if not ready:
            self.waiting_seconds = max((self._seconds_to_wait(young) for young in free), default=0.0)
        self._newest = head
        self._rest = {pending.key: pending for pending in ready} if sources is None else {}
        self.young = [pending for pending in free if pending.key in young]
        return present, ready

    def _put_marker(self, batch: Batch, inputs: Sequence[Input], *, failed: bool, alone: bool) -> None:
        marker = {
            "version": VERSION,
            "planned_at": document.timestamp(batch.planned_at),
            "failed_after": document.timestamp(batch.planned_at + self._job_timeout),
            "inputs": [{"key": planned.key, "token": planned.token} for planned in inputs],
            "suspects": [suspect.key for suspect in largest(inputs)],
            "alone": alone,
            "failed": failed,
        }
        self.store.put(lake.attempt(batch.batch_id), as_json(marker))

    def _pending(self) -> list[Input]:
        return [
            Input(listed.key, listed.token, listed.size, listed.time)
            for prefix in (lake.PENDING, lake.QUIET)
            for listed in self.store.list(prefix, left=self.leave)
        ]

    def _uncommitted(self, sources: Iterable[Input]) -> list[Input]:
        committed = {source.version for entry in self.entries() for source in entry.inputs}
        return [source for source in sources if source.version not in committed]

    def _is_young(self, pending: Input) -> bool:
        # A time far in the future comes from a wrong clock, not from a file that is being written.
        return (
            self._is_folder and pending.key.startswith(lake.DROP) and abs(self._clock() - pending.time) < SETTLING_TIME
        )

    def _seconds_to_wait(self, young: Input) -> float:
        return max((young.time + SETTLING_TIME - self._clock()).total_seconds(), 0.01)

    def _markers(self, inputs: Iterable[Input], *, is_rest: bool, of_sources: bool) -> list[_AttemptMarker]:
        """The attempt markers that name any of these inputs.

        Removes the marker of a failed attempt when none of its inputs is left. With `is_rest` it removes none, because
        the inputs are then only a part of what is pending.
        """
        present = {planned.version for planned in inputs}
        markers = []
        for listed in self.store.list(lake.ATTEMPTS):
            fetched = self.store.get(listed.key)
            marker = _read_marker(listed.key, fetched.data) if fetched else None
            if marker is None:
                continue
            if marker.inputs & present:
                markers.append(marker)
            elif (
                not is_rest
                and self._has_failed(marker)
                and of_sources != any(_is_pending(key) for key, _ in marker.inputs)
            ):
                self.store.delete(marker.key)
        return markers

    def running(self) -> Iterator[tuple[str, datetime]]:
        """The marker's key of each attempt that may still be running, and the time when it counts as failed."""
        for listed in self.store.list(lake.ATTEMPTS):
            fetched = self.store.get(listed.key)
            marker = _read_marker(listed.key, fetched.data) if fetched else None
            is_recent = self._clock() - listed.time < JOB_TIMEOUT
            if marker is None and fetched and is_recent:  # an unreadable marker may be a running attempt's
                yield listed.key, listed.time + JOB_TIMEOUT
            elif marker is not None and not self._has_failed(marker):
                yield listed.key, marker.failed_after

    def mark_more(self, *, is_more: bool) -> None:
        """Record for the state machine whether objects were still pending when this run stopped."""
        if is_more:
            self.store.put(lake.MORE, as_json({"stopped_at": document.timestamp(self._clock())}))
        else:
            self.store.delete(lake.MORE)

    def _has_failed(self, marker: _AttemptMarker) -> bool:
        return marker.failed or self._clock() > marker.failed_after

    def _choose(self, ready: Sequence[Input], markers: Sequence[_AttemptMarker]) -> tuple[Sequence[Input], bool, bool]:
        """The inputs of the next batch, whether it is alone because of failed attempts, and whether it is poison."""
        failed_attempts = [marker for marker in markers if self._has_failed(marker)]
        failures = Counter(key for marker in failed_attempts for key in marker.inputs)
        # After one failed attempt the largest inputs are tried alone, so that the others need not wait for a second
        # failed attempt.
        suspects = {
            key for marker in failed_attempts for key in marker.suspects if len(marker.inputs) > 1 or marker.failed
        }
        healthy = [
            pending
            for pending in ready
            if failures[pending.version] < MAX_FAILED_ATTEMPTS and pending.version not in suspects
        ]
        if healthy:
            return self._bounded(healthy), False, False
        failed_alone = {
            key
            for marker in failed_attempts
            if marker.alone
            for key in marker.inputs
            if marker.failed or failures[key] > MAX_FAILED_ATTEMPTS
        }
        for pending in ready:
            if pending.version in failed_alone:
                return [pending], True, True
        # Inputs that another attempt tried alone, or tries alone now, come last.
        tried = {key for marker in markers if marker.alone for key in marker.inputs}
        return [min(ready, key=lambda pending: (pending.version in tried, pending.key))], True, False

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
        """Whether every pending input still exists in the planned version. The caller checks files of --source.

        Lists from the first key of the batch to the last.
        """
        for prefix in (lake.PENDING, lake.QUIET):
            expected = {planned.key: planned.token for planned in batch.inputs if planned.key.startswith(prefix)}
            if not expected:
                continue
            first, last = min(expected), max(expected)
            for listed in self.store.list(prefix, after=first[:-1], left=self.leave):
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
        inputs: Sequence[CommittedInput],
        files: Sequence[StagedFile],
        *,
        rejects: Mapping[str, int],
        reconciliation: Mapping[str, Any],
        batches_file: Callable[[int, datetime], StagedFile],
    ) -> Entry | None:
        """Commit the batch and publish it; returns its entry.

        Returns None if the batch was dropped, because another run took an input, an input changed or the batch is too
        old; the caller then plans again. `batches_file(number, committed_at)` stages the row of table `batches`, once
        for each number that is tried; this file is published last. Raises CommitLogError if the inputs are not the
        batch's, or a staged file is missing.
        """
        if {i.version for i in inputs} != {i.version for i in batch.inputs}:
            raise CommitLogError(
                f"Batch {batch.batch_id} has {len(batch.inputs)} inputs; the commit names {len(inputs)}, or others."
            )
        if not self.still_there(batch):
            self.drop(batch)
            return None
        content = BatchContent(inputs, rejects, reconciliation)
        number = batch.head + 1
        while True:
            now = self._clock().astimezone(UTC)
            if now - batch.planned_at > STAGING_KEPT / 2:  # a laptop slept: the staging will soon be removed
                self.drop(batch)
                return None
            staged = (*files, batches_file(number, now))
            self._must_be_staged(batch, staged)
            entry = new_entry(number, batch.batch_id, now, content, staged)
            self._perhaps_committed.add(batch.batch_id)
            if self.store.put_if_absent(lake.log_entry(number), entry.as_bytes()):
                break
            winner = self._entry(number)
            if winner.batch_id == batch.batch_id:  # the commit succeeded, only the answer was lost
                entry = winner
                break
            self._perhaps_committed.discard(batch.batch_id)
            if {committed.key for committed in winner.inputs} & {planned.key for planned in batch.inputs}:
                self.drop(batch)
                return None
            number += 1
        self.finish(number)
        self._perhaps_committed.discard(batch.batch_id)
        self._tidy_up(batch)
        return entry

    def _must_be_staged(self, batch: Batch, files: Iterable[StagedFile]) -> None:
        present = {listed.key for listed in self.store.list(lake.staging(batch.batch_id))}
        for file in files:
            if file.staged not in present:
                raise CommitLogError(
                    f"Batch {batch.batch_id} was not committed: its staged file {file.staged} is missing."
                )

    def drop(self, batch: Batch) -> None:
        """End an attempt normally: remove the batch's staging and marker, and discard the listing.

        If the outcome of the commit is unknown, the staging stays for the run that finishes the entry. Do not call this
        if an input may be the reason (Spark crashed): the marker must stay, so that it counts as a failed attempt.
        """
        self._rest, self.young = {}, []
        self._tidy_up(batch)

    def _tidy_up(self, batch: Batch) -> None:
        self._delete_staging(batch)
        self.store.delete(lake.attempt(batch.batch_id))

    def _delete_staging(self, batch: Batch) -> None:
        if batch.batch_id not in self._perhaps_committed:
            self.store.delete_under(lake.staging(batch.batch_id))

    def fail(self, batch: Batch, inputs: Sequence[Input], *, alone: bool = False) -> None:
        """End an attempt because of these inputs: it counts at once as a failed attempt of each of them.

        The next batch has inputs without failed attempts, if there are any. After those, the largest of these inputs
        are planned alone. If the attempt was `alone`, its input is poison.
        """
        self._put_marker(batch, inputs, failed=True, alone=batch.alone or alone)
        self._delete_staging(batch)

    def _remove_expired_staging(self) -> None:
        """Remove old staging that no marker and no unfinished entry needs. On S3 a lifecycle rule does this."""
        newest: dict[str, datetime] = {}
        for listed in self.store.list(lake.STAGING):
            batch_id = listed.key.removeprefix(lake.STAGING).partition("/")[0]
            newest[batch_id] = max(listed.time, newest.get(batch_id, listed.time))
        expired = {batch_id for batch_id, at in newest.items() if self._clock() - at > STAGING_KEPT}
        if expired:
            # The run of a marker may be alive and the clock wrong.
            marked = {listed.key for listed in self.store.list(lake.ATTEMPTS)}
            expired = {batch_id for batch_id in expired if lake.attempt(batch_id) not in marked}
            expired -= {self._entry(number).batch_id for number in self._head()[1]}
        for batch_id in sorted(expired):
            self.store.delete_under(lake.staging(batch_id))

    # Reading the log.

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries with numbers above `after`, in order."""
        for number in self._numbers(after):
            yield self._entry(number)

    def _entry(self, number: int) -> Entry:
        key = lake.log_entry(number)
        try:
            entry = read_entry(self.store, number)
        except UnreadableEntryError as error:
            raise self._damaged(
                f"{key} cannot be read ({error}). Restore it from a backup or from an earlier version in the bucket; "
                "if the suite never wrote it, move it out of the lake."
            ) from error
        except CommitLogError as error:
            raise CommitLogError(f"{self.store.object_uri(key)}: {error}") from error
        if entry is None:
            raise self._damaged(f"{key} is gone. Restore it from a backup.")
        return entry

    def _numbers(self, after: int) -> Iterator[int]:
        for listed in self.store.list(lake.LOG, after=lake.log_entry(after)):
            if listed.key > lake.ATTEMPTS:  # sorted: entries come before attempts, completion markers and the watermark
                return
            number = lake.log_number(listed.key)
            if number is not None:
                yield number

    def _done(self, after: int) -> Iterator[int]:
        for listed in self.store.list(lake.DONE, after=lake.completion_marker(after)):
            number = lake.log_number(listed.key)
            if number is not None:
                yield number

    def _is_done(self, number: int) -> bool:
        return self.store.get(lake.completion_marker(number)) is not None

    def _head(self) -> tuple[int, list[int]]:
        """The greatest number in the log, 0 if it is empty, and the entries without a completion marker."""
        watermark = self._watermark()
        head = max(self._numbers(watermark), default=watermark)
        done = set(self._done(watermark))  # read after the head: what is finished in between is no longer pending
        # The log has no gaps, but a long folder's listing may miss the first of two entries that arrive during it.
        return head, [number for number in range(watermark + 1, head + 1) if number not in done]

    def _checked_log(self) -> list[int]:
        """The numbers of the entries without a completion marker. Raises CommitLogError if an entry is missing.

        Entries are never removed, and are written before their completion markers and the watermark. An entry that is
        not in the listing may have been committed since, so it is read before it counts as missing. `make forget
        USER=ALL` removes all entries except the last, which it empties; entries before an emptied one are not missing.
        """
        numbers = sorted(self._numbers(0))
        done = set(self._done(0))
        listed = set(numbers)
        head = max(listed | done, default=0)
        watermark = self._read_watermark()
        last = max(head, watermark)
        after = 0
        while gap := next((n for n in range(after + 1, last + 1) if n not in listed and not self._is_there(n)), 0):
            after = next((n for n in numbers if n > gap and self._is_emptied(n)), 0)
            if not after:
                later = [(n, lake.log_entry(n)) for n in numbers if n > gap] + [
                    (n, lake.completion_marker(n)) for n in done if n >= gap
                ]
                later_key = min(later, default=(watermark, lake.WATERMARK))[1]
                raise self._damaged(
                    f"{lake.log_entry(gap)} is gone, but {later_key} shows that it was committed. Restore it from a "
                    f"backup; if there never was such a batch, move {later_key} out of the lake."
                )
        after = max(after, watermark if watermark in done else 0)
        return [number for number in range(after + 1, head + 1) if number not in done]

    def _is_there(self, number: int) -> bool:
        return self.store.get(lake.log_entry(number)) is not None

    def _is_emptied(self, number: int) -> bool:
        entry = self._entry(number)
        return not entry.inputs and not entry.files

    def _read_watermark(self) -> int:
        fetched = self.store.get(lake.WATERMARK)
        try:
            return int(json.loads(fetched.data)["done"]) if fetched else 0
        except (ValueError, KeyError, TypeError):
            return 0

    def _watermark(self) -> int:
        """The number up to which all entries have completion markers; 0 if the stored number has no marker itself."""
        number = self._read_watermark()
        return number if number > 0 and self._is_done(number) else 0

    def _advance_watermark(self) -> None:
        known = watermark = self._watermark()
        for number in self._done(known):
            if number != watermark + 1:
                break
            watermark = number
        if watermark > known:
            self.store.put(lake.WATERMARK, as_json({"done": watermark}))


def new_ulid(clock: Callable[[], datetime]) -> str:
    """A ULID: 26 characters of Crockford's base 32, 48 bits of milliseconds, 80 random bits (github.com/ulid/spec)."""
    value = int(clock().timestamp() * 1000) << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def largest(inputs: Iterable[Input]) -> list[Input]:
    """The few largest inputs, the largest first."""
    return sorted(inputs, key=lambda planned: (-planned.json_size, planned.key))[:SUSPECTS]


def _is_pending(key: str) -> bool:
    return key.startswith((lake.PENDING, lake.QUIET))


def _read_marker(key: str, data: bytes) -> _AttemptMarker | None:
    try:
        content = json.loads(data)
        inputs = frozenset((version["key"], version["token"]) for version in content["inputs"])
        suspects = set(content.get("suspects", ()))  # markers of earlier versions have none
        return _AttemptMarker(
            key,
            datetime.fromisoformat(content["failed_after"])
            if "failed_after" in content  # markers of earlier versions have none
            else datetime.fromisoformat(content["planned_at"]) + JOB_TIMEOUT,
            inputs,
            frozenset(version for version in inputs if version[0] in suspects),
            bool(content["alone"]),
            bool(content.get("failed")),
        )
    except (ValueError, KeyError, TypeError):
        return None  # not a marker of the suite
