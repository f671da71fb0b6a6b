"""Reads one part of a batch, on the driver or an executor: raw objects in; Parquet, rejects and a report out."""

import gc
import gzip
import json
import logging
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from traceback import format_tb

from glue_jobs.log_entry import REJECTS, Input, StagedFile
from glue_jobs.reading.collect import CheckCollector, ItemCollector, Place, PlayCollector
from glue_jobs.reading.document import read_document
from glue_jobs.reading.model import Document, UnreadableDocumentError
from glue_jobs.reading.refusals import TypedRow
from glue_jobs.reading.sets import Fragment, Read, joined, may_join, set_of, single
from glue_jobs.reading.values import MAX_TEXT, clean_text, to_json
from shared import lake
from shared.contract import MadeFrom
from shared.document import MAX_BYTES, DocumentTooLargeError, document_id, timestamp
from shared.store import Fetched, ObjectStore, StoreError, UnreadableObjectError, open_store

log = logging.getLogger(__name__)


class ReadMemoryError(Exception):
    """Memory ran out while these raw objects were read."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        super().__init__(inputs)
        self.inputs = inputs


_FETCHES_AHEAD = 8
_RAISED = (StoreError, ReadMemoryError, MemoryError)  # not caused by the reader
_COMPLETE = f"{lake.DROP}complete/"
_AT_FOLDER = re.compile(r"(?:^|/)at=([^/]+)/")


@dataclass(frozen=True)
class Part:
    """What one task reads. `source` is the store of --source files; the keys of their inputs are URIs in it.

    `document_ids` has, by key, the ids by which the lake knows documents. They are needed because `make forget` changes
    the bytes of a document, and the rows of a replay must still replace the old rows. `extracted_at` is the time of
    dropped documents that state none. A poison object has crashed the job before; it goes to quarantine unread, as does
    an object with more JSON than the limit. With `is_whole`, rows without a total are all rows of their playlist, as
    they are below drop/complete/.
    """

    number: int
    inputs: tuple[Input, ...]
    lake: str
    batch_id: str
    document_ids: Mapping[str, str] = field(default_factory=dict)
    extracted_at: datetime | None = None
    is_poison: bool = False
    source: str | None = None
    max_json_bytes: int = MAX_BYTES
    is_whole: bool = False


@dataclass
class DocumentReport:
    """The result for one raw object. With a `reason` it goes to quarantine; otherwise `kinds` counts its items.

    `plays` is the number of its plays.
    """

    input: Input
    document_id: str
    extracted_at: datetime
    reason: str | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    plays: int = 0
    used_file_time: bool = False


@dataclass
class PartReport:
    """The result for a part: documents, rows made, refused and left out per table, rejects per reason, rejects files.

    A row is left out of a table if its document lacks keys that the table needs; `absent_keys` has these by table. If
    an object vanished or changed since it was planned (`vanished`), or cannot be read (`left`, with the reason), the
    report has nothing else, and nothing was staged. `digests` has the sha256 of each staged file that is published.
    `repeats` are tables for which an item may make two rows of one key. `reads` has the playlist and snapshot of each
    read with items, twice if positions repeat in it. A read that occurs once needs no choice of the newest row.
    """

    documents: list[DocumentReport] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    absent_keys: dict[str, frozenset[str]] = field(default_factory=dict)
    rejects: Counter[str] = field(default_factory=Counter)
    files: list[StagedFile] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    repeats: set[str] = field(default_factory=set)
    reads: list[tuple[str, str | None]] = field(default_factory=list)
    incomplete: int = 0
    vanished: str | None = None
    left: dict[str, str] = field(default_factory=dict)


def read_part(part: Part) -> PartReport:
    """Read the part's objects and stage their rows. If Spark repeats the task, the files have the same names.

    An object for which the reader itself fails goes to quarantine; `--replay` takes it after an upgrade. Raises
    StoreError, and ReadMemoryError when memory runs out.
    """
    store = open_store(part.lake)
    source = store if part.source is None else open_store(part.source)
    try:
        return _read(part, store, source, {})
    except _RAISED:
        raise
    except Exception as error:
        failing = _failing(part, store, source)
        if not failing:
            raise
        # Logs no text of the error, since it may quote the file.
        log.debug("the reader failed: %s\n%s", type(error).__name__, "".join(format_tb(error.__traceback__)))
        return _read(part, store, source, failing)


def _failing(part: Part, store: ObjectStore, source: ObjectStore) -> dict[str, str]:
    """The objects for which the reader fails, by key, with the type of the error."""
    failing: dict[str, str] = {}
    for planned in part.inputs:
        try:
            _read(replace(part, inputs=(planned,)), store, source, {})
        except _RAISED:
            raise
        except Exception as error:  # noqa: BLE001  # any error that the reader does not expect
            failing[planned.key] = type(error).__name__
    return failing


def _read(part: Part, store: ObjectStore, source: ObjectStore, failing: Mapping[str, str]) -> PartReport:
    # JSON has no cycles, and checking for them takes a quarter of the time.
    collects_garbage = gc.isenabled()
    gc.disable()
    suspects: Sequence[Input] = part.inputs
    try:
        reading = _PartReading(part)
        for planned, fetched in _fetched(part, partial(_fetch, source, part.source)):
            if isinstance(fetched, UnreadableObjectError):
                reading.leave(planned, fetched)
            elif fetched is None:
                reading.quarantine(planned, part.document_ids.get(planned.key, ""), _unread(part))
            elif fetched.token != planned.token:
                return PartReport(vanished=planned.key)
            else:
                suspects = [planned]
                reading.add(planned, fetched.data, failing.get(planned.key))
        suspects = part.inputs
        return reading.stage(store)
    except MemoryError:
        pass  # raised again below: inside this block, the traceback keeps the objects that filled the memory
    finally:
        if collects_garbage:
            gc.enable()
    raise ReadMemoryError(suspects)


def _unread(part: Part) -> str:
    if part.is_poison:
        return "the job failed each time it read this file, also alone; it was not read again"
    return str(DocumentTooLargeError(part.max_json_bytes))


_GONE = Fetched(b"", "")  # a token that no object has


def _fetch(store: ObjectStore, source: str | None, planned: Input) -> Fetched | UnreadableObjectError:
    try:
        return store.get(planned.key if source is None else planned.key.removeprefix(store.uri + "/")) or _GONE
    except UnreadableObjectError as error:
        return error


def _fetched(
    part: Part, fetch: Callable[[Input], Fetched | UnreadableObjectError]
) -> Iterator[tuple[Input, Fetched | UnreadableObjectError | None]]:
    """Each input with its bytes, in order; null for an input that must not be read.

    Fetches only a few inputs ahead, so that the network is busy but memory use does not grow.
    """
    with ThreadPoolExecutor(_FETCHES_AHEAD) as pool:
        waiting: deque[tuple[Input, Future[Fetched | UnreadableObjectError] | None]] = deque()
        for planned in part.inputs:
            is_read = not part.is_poison and planned.size <= part.max_json_bytes
            waiting.append((planned, pool.submit(fetch, planned) if is_read else None))
            if len(waiting) == _FETCHES_AHEAD:
                first, future = waiting.popleft()
                yield first, None if future is None else future.result()
        for planned, future in waiting:
            yield planned, None if future is None else future.result()


class _PartReading:
    """Collects what is read from a part."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._report = PartReport()
        self._items = ItemCollector(self._reject)
        self._checks = CheckCollector(self._reject)
        self._plays = PlayCollector(self._reject)
        self._lines: list[str] = []
        self._sets: dict[str, list[Fragment]] = defaultdict(list)  # by set: reads that may be joined

    def add(self, planned: Input, data: bytes, failing: str | None) -> None:
        """Read an object and collect its rows, or quarantine it with a reason."""
        known_as = self._part.document_ids.get(planned.key)
        limit = self._part.max_json_bytes
        try:
            is_whole = self._part.is_whole or lake.pending_key(planned.key).startswith(_COMPLETE)
            document = _document(data, known_as, limit, failing, is_whole=is_whole)
            at, used_file_time = _extracted_at(document.extracted_at, planned, self._part.extracted_at)
        except UnreadableDocumentError as error:
            self.quarantine(planned, known_as or document_id(data, limit), clean_text(str(error)))
            return
        report = DocumentReport(planned, document.document_id, at, used_file_time=used_file_time)
        self._report.documents.append(report)
        self._add_document(document, report)

    def leave(self, planned: Input, error: UnreadableObjectError) -> None:
        """Report an object that cannot be read; `stage` then stages nothing."""
        self._report.left[planned.key] = error.reason

    def quarantine(self, planned: Input, identity: str, reason: str) -> None:
        """Report an object that goes to quarantine; `identity` is its document id, empty if it was not read."""
        self._report.documents.append(DocumentReport(planned, identity, planned.time, reason))
        self._report.rejects["file quarantined"] += 1
        self._reject_file(planned, identity, reason)

    def _add_document(self, document: Document, report: DocumentReport) -> None:
        for damage in document.damages:
            self._report.rejects["part of a file unreadable"] += 1
            self._reject_file(report.input, document.document_id, damage.reason)
        place = {
            "source_object": lake.pending_key(report.input.key),
            "document_id": document.document_id,
            "extracted_at": report.extracted_at.replace(tzinfo=None),
        }
        report.plays = len(document.plays)
        if document.plays:
            self._plays.add(document.plays, {**place, **document.own, "packaged_at": place["extracted_at"]})
        folder = set_of(report.input)
        for check in document.checks:
            fragment = Fragment(check, place, report.kinds)
            if folder is not None and may_join(check):
                self._sets[folder].append(fragment)
            else:
                self._add_read(single(fragment))

    def _add_read(self, read: Read) -> None:
        check = read.check
        self._checks.add(check, read.place)
        for part in read.parts:
            self._items.add(part.check, part.place, part.kinds)
        self._report.incomplete += check.is_dropped and not check.is_complete
        if check.item_count:
            reads = (check.playlist_id, check.snapshot_id)
            self._report.reads += [reads, reads] if check.has_repeats() else [reads]

    def _reject(self, place: Place, raw: object, typed: TypedRow) -> None:
        text = None if raw is None else clean_text(to_json(raw)[:MAX_TEXT])
        lineage = {name: place[name] for name in ("source_object", "document_id", "source_position")}
        lineage["extracted_at"] = timestamp(place["extracted_at"].replace(tzinfo=UTC))
        for reject in typed.rejects:
            self._report.rejects[f"{reject.table}.{reject.column}" if reject.column else reject.table] += 1
            own = {"table": reject.table, "column": reject.column}
            self._lines.append(_reject_line(self._part.batch_id, reject.reason, text, **own, **lineage))

    def _reject_file(self, planned: Input, identity: str, reason: str) -> None:
        place = {"source_object": lake.pending_key(planned.key), "document_id": identity}
        self._lines.append(_reject_line(self._part.batch_id, reason, None, **place))

    def stage(self, store: ObjectStore) -> PartReport:
        """Write the rows and rejects of all objects; returns the report."""
        if self._report.left:
            return PartReport(left=self._report.left)
        for fragments in self._sets.values():
            for read in joined(fragments):
                self._add_read(read)
        name = f"part-{self._part.number:05d}"
        self._items.flush()
        self._checks.flush()
        frames = ((self._items, MadeFrom.ITEM), (self._checks, MadeFrom.CHECK), (self._plays, MadeFrom.PLAY))
        for collector, folder in frames:
            if data := collector.buffer.close():
                store.put(f"{lake.staging(self._part.batch_id, folder)}{name}.parquet", data)
            self._report.made += collector.buffer.made
            self._report.refused += collector.buffer.refused
            self._report.left_out += collector.buffer.left_out
            self._report.repeats |= collector.buffer.repeats
        self._report.absent_keys = self._items.absent_keys
        if self._lines:
            key = f"{lake.staging(self._part.batch_id, REJECTS)}{name}.json.gz"
            data = gzip.compress("".join(self._lines).encode("utf-8", "replace"), mtime=0)
            store.put(key, data)
            self._report.digests[key] = sha256(data).hexdigest()
            self._report.files.append(StagedFile(REJECTS, key, len(self._lines)))
        return self._report


def _document(data: bytes, known_as: str | None, limit: int, failing: str | None, *, is_whole: bool) -> Document:
    if failing is not None:
        raise UnreadableDocumentError(
            f"the reader failed with {failing}, a fault of the suite: run the job with --replay after an upgrade"
        )
    return read_document(data, known_as, limit, is_whole=is_whole)


def _reject_line(batch_id: str, reason: str, text: str | None, **place: object) -> str:
    """One line of rejects/: the reason, table and column if known, where it was read, and the row as received."""
    record = {"reason": reason, **place, "batch_id": batch_id, "row": text}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _extracted_at(stated: str | None, planned: Input, default: datetime | None) -> tuple[datetime, bool]:
    """When the document was extracted, and whether the file's time was used.

    The first known time of these counts: the document's own, that of its folder `at=…`, the caller's, the file's.
    """
    folder = _AT_FOLDER.search(planned.key)
    for text, where in ((stated, "extracted_at"), (folder and folder[1], "the folder's at=")):
        if text is not None:
            return _instant(text, where), False
    if default is not None:
        return default, False
    # A replayed object has the time of the log, not the file's.
    return planned.time, lake.pending_key(planned.key) == planned.key


def _instant(text: str, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:  # 0001-01-01T00:00:00+01:00 is before year 1
        raise UnreadableDocumentError(f"{where} is no ISO time such as 2026-11-20T10:00:00Z") from error
