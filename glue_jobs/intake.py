"""Takes a batch's raw objects in: each is read once, and what it holds is packed into few files that Spark reads.

Packing spares Spark thousands of small files and all that no column is made from, gives every row its lineage, and
sets a broken document aside before any work is done on it.
"""

import gc
import gzip
import json
import logging
import os
import re
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from glue_jobs import packed
from glue_jobs.commit_log import REJECTS, Batch, Input, StagedFile, Taken
from glue_jobs.reader import Item, Read, UnreadableDocumentError, read_document
from shared import lake
from shared.document import MAX_BYTES, DocumentTooLargeError, document_id, timestamp
from shared.store import Fetched, ObjectStore

log = logging.getLogger(__name__)

Fetch = Callable[[Input], Fetched | None]
# What was planned, its bytes (None if they are not read), and the id under which it is known, if it is.
_Raw = tuple[Input, bytes | None, str | None]
_Given = TypeVar("_Given")
_Result = TypeVar("_Result")

_PART = 16 * 2**20  # bytes of JSON that make one file
_FETCHES_AHEAD = 8
_LARGE = 64 * 2**20  # takes longer to read than processes take to start
_POISON = "the job failed each time it read this file, also alone; it was not read again"
_AT_FOLDER = re.compile(r"(?:^|/)at=([^/]+)/")


class InputVanishedError(Exception):
    """A raw object is gone or was replaced since the batch was planned: a lost race, so plan again."""


class ReadMemoryError(Exception):
    """Memory ran out while these raw objects were read, or the process that read them was killed."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        super().__init__(inputs)
        self.inputs = inputs


@dataclass(frozen=True)
class Reading:
    """How raw objects are read.

    `extracted_at` dates dropped documents that do not say themselves. `document_ids` has, by key, the ids under which
    documents are known already: forgetting a person changes their bytes, and the rows of a replay must meet the old
    ones. A large batch is read by so many `processes`. A document with more than `max_bytes` of JSON is quarantined.
    """

    extracted_at: datetime | None = None
    document_ids: Mapping[str, str] = field(default_factory=dict)
    processes: int = 1
    max_bytes: int = MAX_BYTES


@dataclass
class Intake:
    """What a batch's raw objects hold: where the packed rows lie, what became of each object, and how many items.

    `items` and `reads` are prefixes, empty if there are none. `documents` has the kinds of each object that was taken,
    by its key.
    """

    items: str = ""
    reads: str = ""
    taken: list[Taken] = field(default_factory=list)
    rejects: list[StagedFile] = field(default_factory=list)
    reject_reasons: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    documents: dict[str, Counter[str]] = field(default_factory=dict)
    dated_by_file: list[str] = field(default_factory=list)


@dataclass
class _Told:
    """What one raw object holds beside its items, and what the batch's account needs.

    `kinds` is None for an object that goes to quarantine.
    """

    taken: Taken
    reads: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[str] = field(default_factory=list)
    kinds: Counter[str] | None = None
    is_dated_by_file: bool = False


@dataclass
class _Part:
    """What some raw objects hold, one after the other, and their items as a file for Spark; no bytes if none."""

    told: list[_Told]
    items: bytes


def take_in(batch: Batch, fetch: Fetch, store: ObjectStore, how: Reading) -> Intake:
    """Reads every object of the batch once and stages its rows in the store.

    Raises InputVanishedError when an object is not the one that was planned, ReadMemoryError when memory runs out,
    and StoreError.
    """
    found = Intake()
    staged_items, staged_reads = lake.staging(batch.batch_id, "items"), lake.staging(batch.batch_id, "reads")
    reads = packed.Packer(packed.READS)
    lines: list[str] = []
    tell = partial(_tell, default=how.extracted_at, condemned=batch.condemned, max_bytes=how.max_bytes)
    read = _in_processes(how.processes) if how.processes > 1 and is_large(batch.inputs) else map
    # What is condemned or too large as it is stored is not even fetched.
    fetch_one = partial(_fetch_one, fetch, 0 if batch.condemned else how.max_bytes)
    for n, part in enumerate(read(tell, _parts(_fetched(batch.inputs, fetch_one), how.document_ids))):
        for told in part.told:
            _add(found, told)
            lines += told.rejects
            reads.add(told.reads)
        if part.items:
            store.put(f"{staged_items}part-{n:05d}.parquet", part.items)
            found.items = staged_items
    if file := reads.close():
        store.put(f"{staged_reads}part-00000.parquet", file)
        found.reads = staged_reads
    if lines:
        key = lake.staging(batch.batch_id, REJECTS) + "documents.json.gz"
        store.put(key, gzip.compress("".join(lines).encode("utf-8", "replace"), mtime=0))
        found.rejects.append(StagedFile(REJECTS, key, len(lines)))
    return found


def _add(found: Intake, told: _Told) -> None:
    found.taken.append(told.taken)
    if told.kinds is None:
        log.warning("%s goes to quarantine: %s", lake.pending_key(told.taken.key), told.taken.reason)
        found.reject_reasons["file quarantined"] += 1
        return
    if told.rejects:
        found.reject_reasons["part of a file unreadable"] += len(told.rejects)
    if told.is_dated_by_file:
        found.dated_by_file.append(told.taken.key)
    found.documents[told.taken.key] = told.kinds
    found.kinds.update(told.kinds)


def _parts(fetched: Iterable[tuple[Input, bytes | None]], known: Mapping[str, str]) -> Iterator[list[_Raw]]:
    part: list[_Raw] = []
    size = 0
    for given, data in fetched:
        part.append((given, data, known.get(given.key)))
        size += given.json_size
        if size >= _PART:
            yield part
            part, size = [], 0
    if part:
        yield part


def _tell(part: list[_Raw], default: datetime | None, *, condemned: bool, max_bytes: int) -> _Part:
    # JSON has no cycles, and to look for some takes a quarter of the time.
    looks_for_cycles = gc.isenabled()
    gc.disable()
    told: list[_Told] = []
    suspects = part
    try:
        items = packed.Packer(packed.ITEMS)
        for raw in part:
            suspects = [raw]
            told.append(_told(raw, default, items, condemned=condemned, max_bytes=max_bytes))
        suspects = part
        return _Part(told, items.close())
    except MemoryError:
        pass  # raised again outside: until this block ends, its traceback keeps alive what filled the memory
    finally:
        if looks_for_cycles:
            gc.enable()
    raise ReadMemoryError([given for given, _, _ in suspects])


def _told(raw: _Raw, default: datetime | None, items: packed.Packer, *, condemned: bool, max_bytes: int) -> _Told:
    """What the object holds; its items are packed."""
    given, data, known_as = raw
    source_object = lake.pending_key(given.key)
    if data is None:
        reason = _POISON if condemned else str(DocumentTooLargeError(max_bytes))
        return _quarantined(given, known_as or "", reason)
    try:
        read = read_document(data, known_as, max_bytes)
        at, is_dated_by_file = _extracted_at(read.extracted_at, given, default)
    except UnreadableDocumentError as error:
        reason = str(error).encode("utf-8", "replace").decode()  # it may quote half of a surrogate pair
        return _quarantined(given, known_as or document_id(data, max_bytes), reason)
    identity = read.document_id
    lineage = {"source_object": source_object, "document_id": identity, "extracted_at": at.replace(tzinfo=None)}
    items.add(lineage | _item_row(one, item) for one in read.reads for item in one.items)
    return _Told(
        _taken(given, identity, at),
        [lineage | _read_row(one) for one in read.reads],
        [_reject(source_object, identity, damage.reason, damage.text) for damage in read.damages],
        Counter(item.kind for one in read.reads for item in one.items),
        is_dated_by_file,
    )


def _quarantined(given: Input, identity: str, reason: str) -> _Told:
    line = _reject(lake.pending_key(given.key), identity, reason, None)
    return _Told(_taken(given, identity, given.time, reason), rejects=[line])


def _fetched(
    inputs: Sequence[Input], fetch_one: Callable[[Input], tuple[Input, bytes | None]]
) -> Iterator[tuple[Input, bytes | None]]:
    with ThreadPoolExecutor(_FETCHES_AHEAD) as pool:
        yield from _ahead(pool, fetch_one, inputs, _FETCHES_AHEAD)


def _fetch_one(fetch: Fetch, max_bytes: int, given: Input) -> tuple[Input, bytes | None]:
    """The object's bytes; None if more than `max_bytes` are stored."""
    if given.size > max_bytes:
        return given, None
    fetched = fetch(given)
    if fetched is None or fetched.token != given.token:
        raise InputVanishedError(given.key)
    return given, fetched.data


def _ahead(
    pool: Executor, function: Callable[[_Given], _Result], values: Iterable[_Given], count: int
) -> Iterator[_Result]:
    """The function's results in the order of the values, so many of them on their way, so that memory stays flat."""
    waiting: deque[Future[_Result]] = deque()
    for value in values:
        waiting.append(pool.submit(function, value))
        if len(waiting) == count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


# --- one process or several


def is_large(inputs: Sequence[Input]) -> bool:
    """Whether it takes a while to read them."""
    return sum(given.json_size for given in inputs) >= _LARGE


def _in_processes(count: int) -> Callable[[Callable[[list[_Raw]], _Part], Iterable[list[_Raw]]], Iterator[_Part]]:
    def read(function: Callable[[list[_Raw]], _Part], parts: Iterable[list[_Raw]]) -> Iterator[_Part]:
        # Each thread talks to a process of its own. Python's own pool of processes is not used: before 3.11.5 it waits
        # for ever when its processes are killed (github.com/python/cpython/issues/94777).
        idle: SimpleQueue[_Reader] = SimpleQueue()
        readers: list[_Reader] = []

        def ask(part: list[_Raw]) -> _Part:
            reader = idle.get()
            try:
                return reader.ask(function, part)
            finally:
                idle.put(reader)

        with ThreadPoolExecutor(count) as pool:
            try:
                for _ in range(count):
                    readers.append(_Reader())
                    idle.put(readers[-1])
                yield from _ahead(pool, ask, parts, count + 1)
            finally:
                for reader in readers:  # a thread that waits for one gets an EOFError
                    reader.kill()

    return read


class _Reader:
    """A process that reads parts."""

    def __init__(self) -> None:
        # Spawned: a fork would copy threads' locks, those of fetches and of the way to Java among them.
        context = get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # else its end of the pipe stays open when it dies

    def ask(self, function: Callable[[list[_Raw]], _Part], part: list[_Raw]) -> _Part:
        """What the function makes of the part. Raises its error; ReadMemoryError if the process was killed."""
        try:
            self._ours.send((function, part))
            answer: _Part | Exception = self._ours.recv()
        except (EOFError, OSError) as error:
            raise ReadMemoryError([given for given, _, _ in part]) from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kill(self) -> None:
        """Ends the process at once."""
        self._process.kill()
        self._process.join()


def _serve(requests: Connection) -> None:
    """Answers until the other end closes. Leaves Ctrl-C to the parent, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_die_with_parent, daemon=True).start()
    while True:
        function, part = requests.recv()
        try:
            answer = function(part)
        except Exception as error:  # noqa: BLE001  # raised again where the part was sent from
            answer = error
        requests.send(answer)
        del part, answer  # before the next part arrives


def _die_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # noqa: S101  # a spawned process has one
    parent.join()
    os._exit(1)


# --- what a row says


def _extracted_at(said: str | None, given: Input, default: datetime | None) -> tuple[datetime, bool]:
    """When the document was extracted: as it says, as its folder `at=…` says, as the caller says, else as file time.

    And whether the file's time had to do.
    """
    folder = _AT_FOLDER.search(given.key)
    for text, where in ((said, "extracted_at"), (folder and folder[1], "the folder's at=")):
        if text is not None:
            return _instant(text, where), False
    if default is not None:
        return default, False
    # What is replayed has the time that the log knows.
    return given.time, lake.pending_key(given.key) == given.key


def _instant(text: str, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError) as error:  # 0001-01-01T00:00:00+01:00 is before all time
        message = f"{where} is no ISO time: {text!r:.80}"
        raise UnreadableDocumentError(message) from error


def _taken(given: Input, identity: str, at: datetime, quarantined: str | None = None) -> Taken:
    # An archived object is replayed from where it rests, a --source file stays the user's.
    place = "processed" if given.key.startswith((lake.PENDING, lake.QUIET)) else "source"
    if quarantined is not None and place == "processed":
        place = "quarantine"
    return Taken(given.key, given.token, given.size, identity, timestamp(at), place, quarantined)  # type: ignore[arg-type]


def _reject(source_object: str, identity: str, reason: str, text: str | None) -> str:
    record = {"reason": reason, "source_object": source_object, "document_id": identity, "row": text}
    return json.dumps(record, ensure_ascii=False) + "\n"


def _read_row(read: Read) -> dict[str, Any]:
    return {
        "source_position": read.source_position,
        "playlist_id": read.playlist_id,
        "run_id": read.run_id,
        "status": read.status,
        "failure_class": read.failure_class,
        "snapshot_id": read.snapshot_id,
        "total": read.total,
        "item_count": read.item_count,
        "is_complete": read.is_complete,
        "playlist": read.playlist,
    }


def _item_row(read: Read, item: Item) -> dict[str, Any]:
    return {
        "source_position": item.source_position,
        "playlist_id": read.playlist_id,
        "snapshot_id": read.snapshot_id,
        "position": item.position,
        "kind": item.kind,
        "reason": item.reason,
        "raw": item.raw,
        **item.row,
    }
