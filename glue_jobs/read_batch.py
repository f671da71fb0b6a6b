"""Reads a batch: divides its objects into parts by size, and reads each part in the driver or in a task of Spark.

Tasks read a large batch, so the driver gets only keys and reports. The driver itself reads small batches and local
--source files.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from glue_jobs.commit_log import Batch
from glue_jobs.log_entry import CommittedInput, Input, StagedFile
from glue_jobs.reading.part import DocumentReport, Part, PartReport, ReadMemoryError, read_part
from glue_jobs.reading.presence import add_absent_keys
from glue_jobs.reading.sets import series_of, set_of
from glue_jobs.runtime import GlueJob
from shared import lake
from shared.contract import ObservedPer, Table
from shared.document import MAX_BYTES, timestamp
from shared.store import StoreError

log = logging.getLogger(__name__)

PART_BYTES = 32 * 2**20  # of JSON in one part; smaller parts cost more for starting tasks than they gain
# A folder of up to SET_PARTS times PART_BYTES is never split, so that its pages can join. In a larger folder, a series
# (files whose names differ only in digits) of up to SERIES_PARTS times PART_BYTES is never split.
SET_PARTS = 2
SERIES_PARTS = 8
LARGE_BYTES = 64 * 2**20  # of JSON: reading it takes longer than starting Python workers
_SINGLE = 90_000  # parts with a single input are numbered from here
_RAISED = (StoreError, ReadMemoryError)  # not caused by an object, or the error names the object


class InputVanishedError(Exception):
    """A raw object was removed or replaced after the batch was planned: plan again."""


class InputsLeftError(Exception):
    """Raw objects cannot be read and stay in place: plan again without them."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        """Reasons by key."""
        super().__init__(reasons)
        self.reasons = reasons


class InputFailedError(Exception):
    """Reading this object alone crashes its reader: plan again without it, then quarantine it."""

    def __init__(self, failed: Input) -> None:
        super().__init__(failed.key)
        self.failed = failed


@dataclass(frozen=True)
class ReadOptions:
    """How raw objects are read; see `Part`."""

    extracted_at: datetime | None = None
    document_ids: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    max_json_bytes: int = MAX_BYTES
    is_whole: bool = False


@dataclass
class BatchRead:
    """What was read from a batch: its inputs, the items of each, and per table the rows made, refused and left out.

    `documents` counts, by key, the kinds of the items of each object that was not quarantined, `plays` its plays.
    """

    inputs: list[CommittedInput] = field(default_factory=list)
    documents: dict[str, Counter[str]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    plays: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    absent_keys: dict[str, frozenset[str]] = field(default_factory=dict)
    rejects: Counter[str] = field(default_factory=Counter)
    rejects_files: list[StagedFile] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    repeats: set[str] = field(default_factory=set)
    reads: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    used_file_time: int = 0
    incomplete: int = 0

    def add(self, report: PartReport) -> None:
        """Add the report of a part."""
        for document in report.documents:
            self.inputs.append(_committed(document))
            if document.reason is not None:
                log.warning("%s goes to quarantine: %s", lake.pending_key(document.input.key), document.reason)
                continue
            self.documents[document.input.key] = document.kinds
            self.kinds.update(document.kinds)
            self.plays[document.input.key] += document.plays
            self.used_file_time += document.used_file_time
        self.made += report.made
        self.refused += report.refused
        self.left_out += report.left_out
        add_absent_keys(self.absent_keys, report.absent_keys)
        self.rejects += report.rejects
        self.rejects_files += report.files
        self.digests |= report.digests
        self.repeats |= report.repeats
        self.reads.update(report.reads)
        self.incomplete += report.incomplete

    def accepted(self, table: str) -> int:
        """The rows that Spark makes in the table, before the newest are chosen."""
        return self.made[table] - self.refused[table] - self.left_out[table]

    @property
    def row_count(self) -> int:
        """The number of playlist items and plays."""
        return self.kinds.total() + self.plays.total()

    def needs_choice(self, table: Table) -> bool:
        """Whether rows of the table may be superseded by others of the batch."""
        if table.newest_per and table.observed_per is ObservedPer.READ:
            return max(self.reads.values(), default=0) > 1
        return bool(table.newest_per)


def read_batch(job: GlueJob, lake_uri: str, batch: Batch, options: ReadOptions) -> BatchRead:
    """Read every object of the batch once and stage its rows.

    Raises InputVanishedError if an object was removed or replaced, InputsLeftError for objects that cannot be read,
    InputFailedError for an object that crashes its reader, ReadMemoryError, and StoreError.
    """
    read = BatchRead()
    parts = [
        Part(
            number=number,
            inputs=inputs,
            lake=lake_uri,
            batch_id=batch.batch_id,
            document_ids={
                planned.key: options.document_ids[planned.key]
                for planned in inputs
                if planned.key in options.document_ids
            },
            extracted_at=options.extracted_at,
            is_poison=batch.is_poison,
            source=options.source,
            max_json_bytes=options.max_json_bytes,
            is_whole=options.is_whole,
        )
        for number, inputs in enumerate(_divide(batch.inputs))
    ]
    is_local_file = options.source is not None and not options.source.startswith("s3://")
    is_large = sum(planned.json_size for planned in batch.inputs) >= LARGE_BYTES
    # On a cluster, tasks read a batch that is alone, so that its object may crash an executor but not the driver.
    is_by_tasks = (is_large or (batch.alone and job.has_executors)) and not is_local_file and not batch.is_poison
    reports = _by_tasks(job, parts) if is_by_tasks else map(read_part, parts)
    left: dict[str, str] = {}
    for report in reports:
        if report.vanished is not None:
            raise InputVanishedError(report.vanished)
        left |= report.left
        read.add(report)
    if left:
        raise InputsLeftError(left)
    return read


def _by_tasks(job: GlueJob, parts: Sequence[Part]) -> list[PartReport]:
    """The reports of parts that Spark's tasks read. If a task crashes, searches for the object that crashes it."""
    try:
        return job.map_by_tasks(read_part, parts, _RAISED)
    except _RAISED:
        raise
    except Exception as error:
        log.warning("reading failed; each part is read again by itself")
        for part in parts:
            _find_failing(job, part, error)
        raise  # no part fails when it is read alone


def _find_failing(job: GlueJob, part: Part, reason: Exception) -> None:
    try:
        job.map_by_tasks(read_part, [part], _RAISED)
    except _RAISED:
        raise
    except Exception:  # noqa: BLE001  # any error ends a task
        for number, planned in enumerate(part.inputs):
            try:
                # A number of its own, because the part may have staged files under its number.
                single = replace(part, number=_SINGLE + part.number + number, inputs=(planned,))
                job.map_by_tasks(read_part, [single], _RAISED)
            except _RAISED:
                raise
            except Exception as error:
                raise InputFailedError(planned) from error
        raise reason from None


def _divide(inputs: Sequence[Input]) -> Iterator[tuple[Input, ...]]:
    """Parts of about PART_BYTES. Files that may be pages of one read stay in one part, unless they are too large."""
    part: list[Input] = []
    size = 0
    for files in _together(inputs):
        is_kept = _json_size(files) <= SERIES_PARTS * PART_BYTES
        for number, planned in enumerate(files, start=1):
            part.append(planned)
            size += planned.json_size
            if size >= PART_BYTES and (number == len(files) or not is_kept):
                yield tuple(part)
                part, size = [], 0
    if part:
        yield tuple(part)


def _together(inputs: Sequence[Input]) -> Iterator[list[Input]]:
    """The inputs in groups whose pages may join: a set, or of a large set each series. Other inputs are alone."""
    for files in _grouped(inputs, set_of):
        if _json_size(files) <= SET_PARTS * PART_BYTES:
            yield files
        else:
            yield from _grouped(files, series_of)


def _grouped(inputs: Sequence[Input], group_of: Callable[[Input], str | None]) -> Iterable[list[Input]]:
    groups: dict[str, list[Input]] = {}
    for planned in inputs:
        groups.setdefault(group_of(planned) or planned.key, []).append(planned)
    return groups.values()


def _json_size(inputs: Sequence[Input]) -> int:
    return sum(planned.json_size for planned in inputs)


def _committed(document: DocumentReport) -> CommittedInput:
    # A replayed object stays in the archive, and a --source file where it is; both have the place `source`.
    planned = document.input
    place = "processed" if planned.key.startswith((lake.PENDING, lake.QUIET)) else "source"
    if document.reason is not None and place == "processed":
        place = "quarantine"
    return CommittedInput(
        planned.key,
        planned.token,
        planned.size,
        document.document_id,
        timestamp(document.extracted_at),
        place,  # type: ignore[arg-type]  # one of the three words
        document.reason,
    )
