"""Takes a batch's raw objects in: each is read once, and what it holds is packed into few files that Spark reads.

Packing spares Spark thousands of small files, gives every row its lineage, and sets a broken document aside before any
work is done on it.
"""

import gzip
import json
import logging
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Never

from glue_jobs.commit_log import REJECTS, Batch, Input, StagedFile, Taken
from glue_jobs.reader import Item, Read, UnreadableDocumentError, read_document
from shared import lake
from shared.document import document_id, timestamp
from shared.store import Fetched, ObjectStore

log = logging.getLogger(__name__)

Fetch = Callable[[Input], Fetched | None]

_PART_BYTES = 64 * 2**20
_FETCHES_AHEAD = 8
_AT_FOLDER = re.compile(r"(?:^|/)at=([^/]+)/")


class InputVanishedError(Exception):
    """A raw object is gone or was replaced since the batch was planned: a lost race, so plan again."""


@dataclass
class Intake:
    """What a batch's raw objects hold: where the packed lines lie, what became of each object, and how many items.

    `documents` has the kinds of each object that was taken, by its key; `keys` finds that key by source_object and
    document_id, as rows carry them.
    """

    items: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    rejects: list[StagedFile] = field(default_factory=list)
    reject_reasons: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    documents: dict[str, Counter[str]] = field(default_factory=dict)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    dated_by_file: list[str] = field(default_factory=list)


def take_in(
    batch: Batch,
    fetch: Fetch,
    store: ObjectStore,
    *,
    extracted_at: datetime | None = None,
    document_ids: Mapping[str, str] | None = None,
) -> Intake:
    """Reads every object of the batch once and stages its lines in the store.

    `extracted_at` dates dropped documents that do not say themselves. `document_ids` has, by key, the ids under which
    documents are known already: forgetting a person changes their bytes, and the rows of a replay must meet the old
    ones. Raises InputVanishedError when an object is not the one that was planned, and StoreError.
    """
    found = Intake()
    items = _Packer(store, lake.staging(batch.batch_id, "items"))
    reads = _Packer(store, lake.staging(batch.batch_id, "reads"))
    lines: list[str] = []
    for given, data in _fetched(batch.inputs, fetch):
        source_object = lake.pending_key(given.key)
        known_as = (document_ids or {}).get(given.key)
        try:
            read = _condemned() if batch.condemned else read_document(data, known_as)
            identity = read.document_id
            at = _extracted_at(read.extracted_at, given, extracted_at, found)
        except UnreadableDocumentError as error:
            identity = known_as or document_id(data)
            reason = str(error).encode("utf-8", "replace").decode()  # it may quote half of a surrogate pair
            log.warning("%s goes to quarantine: %s", source_object, reason)
            found.taken.append(_taken(given, identity, given.time, reason))
            lines.append(_reject(source_object, identity, reason, None))
            found.reject_reasons["file quarantined"] += 1
            continue
        found.taken.append(_taken(given, identity, at))
        lineage: dict[str, Any] = {
            "source_object": source_object,
            "document_id": identity,
            "extracted_at": timestamp(at),
        }
        for damage in read.damages:
            lines.append(_reject(source_object, identity, damage.reason, damage.text))
            found.reject_reasons["part of a file unreadable"] += 1
        of_document = found.documents.setdefault(given.key, Counter())
        found.keys[source_object, identity] = given.key
        for one in read.reads:
            reads.add(lineage | _read_line(one))
            of_document.update(item.kind for item in one.items)
            for item in one.items:
                items.add(lineage | _item_line(one, item))
    for of_document in found.documents.values():
        found.kinds.update(of_document)
    found.items, found.reads = items.close(), reads.close()
    if lines:
        key = lake.staging(batch.batch_id, REJECTS) + "documents.json.gz"
        store.put(key, gzip.compress("".join(lines).encode("utf-8", "replace"), mtime=0))
        found.rejects.append(StagedFile(REJECTS, key, len(lines)))
    return found


def _condemned() -> Never:
    message = "the job died over this file again and again"
    raise UnreadableDocumentError(message)


def _fetched(inputs: Sequence[Input], fetch: Fetch) -> Iterator[tuple[Input, bytes]]:
    """The inputs with their bytes, in order, a few of them on their way at a time, so that memory stays flat."""
    waiting: deque[tuple[Input, Future[Fetched | None]]] = deque()
    with ThreadPoolExecutor(_FETCHES_AHEAD) as pool:
        rest = iter(inputs)
        while True:
            while len(waiting) < _FETCHES_AHEAD and (given := next(rest, None)) is not None:
                waiting.append((given, pool.submit(fetch, given)))
            if not waiting:
                return
            given, future = waiting.popleft()
            fetched = future.result()
            if fetched is None or fetched.token != given.token:
                raise InputVanishedError(given.key)
            yield given, fetched.data


def _extracted_at(said: str | None, given: Input, default: datetime | None, found: Intake) -> datetime:
    """When the document was extracted: as it says, as its folder `at=…` says, as the caller says, else as file time."""
    folder = _AT_FOLDER.search(given.key)
    for text, where in ((said, "extracted_at"), (folder and folder[1], "the folder's at=")):
        if text is not None:
            return _instant(text, where)
    if default is not None:
        return default
    if lake.pending_key(given.key) == given.key:  # what is replayed has the time that the log knows
        found.dated_by_file.append(given.key)
    return given.time


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


def _read_line(read: Read) -> dict[str, Any]:
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


def _item_line(read: Read, item: Item) -> dict[str, Any]:
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


class _Packer:
    """Lines of JSON into parts of some 64 MB under a prefix."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._lines: list[bytes] = []
        self._size = 0
        self._keys: list[str] = []

    def add(self, record: Mapping[str, Any]) -> None:
        """One more line; a lone surrogate, which UTF-8 has no bytes for, becomes a question mark."""
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        self._lines.append(line)
        self._size += len(line)
        if self._size >= _PART_BYTES:
            self._flush()

    def close(self) -> list[str]:
        """The keys of all parts."""
        if self._lines:
            self._flush()
        return self._keys

    def _flush(self) -> None:
        key = f"{self._prefix}part-{len(self._keys):05d}.json"
        self._store.put(key, b"\n".join(self._lines) + b"\n")
        self._keys.append(key)
        self._lines, self._size = [], 0
