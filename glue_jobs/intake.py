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
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from threading import Thread
from typing import Any, Never, TypeVar

from glue_jobs import packed
from glue_jobs.commit_log import REJECTS, Batch, Input, StagedFile, Taken
from glue_jobs.reader import Item, Read, UnreadableDocumentError, read_document
from shared import lake
from shared.document import document_id, timestamp
from shared.store import Fetched, ObjectStore

log = logging.getLogger(__name__)

Fetch = Callable[[Input], Fetched | None]
_Raw = tuple[Input, bytes, str | None]  # what was planned, its bytes, and the id under which it is known, if it is
_Given = TypeVar("_Given")
_Result = TypeVar("_Result")

_PART = 16 * 2**20  # bytes of JSON that make one file
_FETCHES_AHEAD = 8
_LARGE = 64 * 2**20  # takes longer to read than processes take to start
_AT_FOLDER = re.compile(r"(?:^|/)at=([^/]+)/")


class InputVanishedError(Exception):
    """A raw object is gone or was replaced since the batch was planned: a lost race, so plan again."""


class ReaderDiedError(Exception):
    """A process that reads raw objects died."""

    def __init__(self) -> None:
        super().__init__("a process that read raw objects was killed, perhaps for want of memory; run again")


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


def take_in(
    batch: Batch,
    fetch: Fetch,
    store: ObjectStore,
    *,
    extracted_at: datetime | None = None,
    document_ids: Mapping[str, str] | None = None,
    processes: int = 1,
) -> Intake:
    """Reads every object of the batch once and stages its rows in the store.

    `extracted_at` dates dropped documents that do not say themselves. `document_ids` has, by key, the ids under which
    documents are known already: forgetting a person changes their bytes, and the rows of a replay must meet the old
    ones. A large batch is read by that many processes. Raises InputVanishedError when an object is not the one that was
    planned, ReaderDiedError, and StoreError.
    """
    found = Intake()
    staged_items, staged_reads = lake.staging(batch.batch_id, "items"), lake.staging(batch.batch_id, "reads")
    reads = packed.Packer(packed.READS)
    lines: list[str] = []
    tell = partial(_tell, default=extracted_at, condemned=batch.condemned)
    read = _in_processes(processes) if processes > 1 and is_large(batch.inputs) else map
    for n, part in enumerate(read(tell, _parts(_fetched(batch.inputs, fetch), document_ids or {}))):
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


def _parts(fetched: Iterable[tuple[Input, bytes]], known: Mapping[str, str]) -> Iterator[list[_Raw]]:
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


def _tell(part: list[_Raw], default: datetime | None, *, condemned: bool) -> _Part:
    # JSON has no cycles, and to look for some takes a quarter of the time.
    looks_for_cycles = gc.isenabled()
    gc.disable()
    try:
        items = packed.Packer(packed.ITEMS)
        told = [_told(raw, default, items, condemned=condemned) for raw in part]
        return _Part(told, items.close())
    finally:
        if looks_for_cycles:
            gc.enable()


def _told(raw: _Raw, default: datetime | None, items: packed.Packer, *, condemned: bool) -> _Told:
    """What the object holds; its items are packed."""
    given, data, known_as = raw
    source_object = lake.pending_key(given.key)
    try:
        read = _condemned() if condemned else read_document(data, known_as)
        at, is_dated_by_file = _extracted_at(read.extracted_at, given, default)
    except UnreadableDocumentError as error:
        identity = known_as or document_id(data)
        reason = str(error).encode("utf-8", "replace").decode()  # it may quote half of a surrogate pair
        line = _reject(source_object, identity, reason, None)
        return _Told(_taken(given, identity, given.time, reason), rejects=[line])
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


def _condemned() -> Never:
    message = "the job died over this file again and again"
    raise UnreadableDocumentError(message)


def _fetched(inputs: Sequence[Input], fetch: Fetch) -> Iterator[tuple[Input, bytes]]:
    with ThreadPoolExecutor(_FETCHES_AHEAD) as pool:
        yield from _ahead(pool, partial(_fetch_one, fetch), inputs, _FETCHES_AHEAD)


def _fetch_one(fetch: Fetch, given: Input) -> tuple[Input, bytes]:
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


def _in_processes(count: int) -> Callable[[Callable[[_Given], _Result], Iterable[_Given]], Iterator[_Result]]:
    def read(function: Callable[[_Given], _Result], values: Iterable[_Given]) -> Iterator[_Result]:
        # Spawned: a fork would copy threads' locks, those of fetches and of the way to Java among them.
        with ProcessPoolExecutor(count, get_context("spawn"), _live_with_parent) as pool:
            try:
                yield from _ahead(pool, function, values, count + 1)
            except BrokenProcessPool as error:
                raise ReaderDiedError from error
            except BaseException:
                for reader in active_children():  # else the pool waits for what they are at
                    reader.kill()
                raise

    return read


def _live_with_parent() -> None:
    """A worker leaves Ctrl-C to its parent, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_die_with_parent, daemon=True).start()


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
