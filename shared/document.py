"""The raw document: one complete and consistent read of one playlist, as newline-delimited JSON.

Each line is `{"run_id", "playlist_id", "snapshot_id", "extracted_at", "asked", "offset", "attempt", "body"}`. `asked`
is the path of the request, `body` the unchanged answer of the API. The lines of an incomplete read also have `missing`,
the number of rows that it lacks. A page of items has a path that ends in `/items` or `/me/tracks`; every other line
describes the playlist. The manifest of a run is beside its documents.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

GZIP_MAGIC = b"\x1f\x8b"
LIKED_SONGS = "liked:me"
_HEAD = ("run_id", "playlist_id", "snapshot_id", "extracted_at", "asked", "offset", "attempt")
# Default limit of a document, uncompressed. A task reads it with about six times as much memory
# (docs/scale.md), and four tasks share the 3 GB that a Glue worker leaves to Python.
MAX_BYTES = 128 * 2**20
_SLICE = 2**16  # bytes of a gzip stream that are uncompressed at a time, to at most 64 MiB
_CHUNK = 2**20
_GZIP_FORMAT = 31  # zlib's wbits for a gzip header and trailer
_LEVEL = 6  # of compression: twice as fast as the highest, for a few percent more bytes


class DamagedDocumentError(ValueError):
    """The bytes are not a complete document; the message says why."""


class DocumentTooLargeError(DamagedDocumentError):
    """The document is larger than the limit; the message names the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"it is larger than {limit / 2**20:g} MiB uncompressed, the limit (--max-json-mib of the job)")


def uncompressed(data: bytes, limit: int | None = MAX_BYTES) -> bytes:
    """The document's bytes, uncompressed if they are gzip. Gzip inside gzip is uncompressed once.

    Raises DamagedDocumentError for a gzip stream that is truncated or broken, DocumentTooLargeError if there are more
    than `limit` bytes; it holds no more than these in memory. None means no limit.
    """
    parts: list[bytes] = []
    size = 0
    for part in _plain_parts(data):
        size += len(part)
        if limit is not None and size > limit:
            raise DocumentTooLargeError(limit)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _plain_parts(data: bytes) -> Iterator[bytes]:
    """The uncompressed bytes in parts of at most 1 MiB; all at once if they are no gzip.

    A stream may have many members.
    """
    if not data.startswith(GZIP_MAGIC):
        yield data
        return
    stream = None
    try:
        for start in range(0, len(data), _SLICE):
            rest = data[start : start + _SLICE]
            while rest:
                if stream is None:
                    rest = rest.lstrip(b"\0")  # gzip allows padding between members
                    stream = zlib.decompressobj(_GZIP_FORMAT) if rest else None
                    continue
                yield stream.decompress(rest, _CHUNK)
                rest = stream.unused_data if stream.eof else stream.unconsumed_tail
                stream = None if stream.eof else stream
    except zlib.error as error:
        raise _damaged(error) from error
    if stream is not None:
        raise _damaged(EOFError("it ends too early"))


def _damaged(reason: Exception) -> DamagedDocumentError:
    return DamagedDocumentError(f"the gzip stream is cut off or broken ({reason})")


def document_id(data: bytes, limit: int | None = None) -> str:
    """sha256 of the uncompressed bytes, in hex; of the stored bytes if they cannot be uncompressed.

    Empty for a document larger than the limit. The uncompressed bytes are never all in memory.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        for part in _plain_parts(data):
            size += len(part)
            if limit is not None and size > limit:
                return ""
            digest.update(part)
    except DamagedDocumentError:
        return id_of_plain(data)
    return digest.hexdigest()


def id_of_plain(data: bytes) -> str:
    """The document's id from bytes that are already uncompressed: sha256 in hex."""
    return hashlib.sha256(data).hexdigest()


def timestamp(at: datetime) -> str:
    """The time in UTC, in the form of the API; with microseconds only if they are not 0."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class RawLine:
    """One answer of the API, with the request and the run that made it."""

    run_id: str
    playlist_id: str
    snapshot_id: str
    extracted_at: str
    asked: str
    offset: int | None
    attempt: int
    body: Mapping[str, Any]
    missing: int | None = None  # the number of rows that an incomplete read lacks


def write_document(lines: Iterable[RawLine]) -> bytes:
    """The lines as gzipped NDJSON; equal lines give equal bytes."""
    text = "".join(raw_line_text(line, json.dumps(line.body, ensure_ascii=False)) for line in lines)
    return gzip.compress(text.encode("utf-8", "replace"), mtime=0)


def raw_line_text(line: RawLine, body: str) -> str:
    """The line as written in a document, with the JSON text of an answer in place of the line's own body."""
    head = {name: getattr(line, name) for name in _HEAD}
    head |= {} if line.missing is None else {"missing": line.missing}
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "body": {body}}}\n'


def compressed(lines: Iterable[str]) -> bytes:
    """The lines, gzipped one at a time. Equal texts give equal bytes, however they are divided into lines."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    return b"".join([*(packer.compress(line.encode("utf-8", "replace")) for line in lines), packer.flush()])


def is_raw_line(value: object) -> bool:
    """Whether a JSON value is a line of an extractor's document."""
    return isinstance(value, dict) and "body" in value and "asked" in value


def is_page_request(asked: str) -> bool:
    """Whether the answer to this path is a page of playlist items."""
    path = asked.partition("?")[0].rstrip("/")
    return path.endswith(("/items", "/me/tracks"))


@dataclass(frozen=True, kw_only=True)
class PlaylistCheck:
    """How the check of one playlist ended: a line of the manifest.

    `status` is read, unchanged, failed or gone; `playlist` is the playlist object the API showed, if any.
    """

    playlist_id: str
    status: str
    failure_class: str | None = None
    snapshot_id: str | None = None
    object: str | None = None
    item_count: int | None = None
    missing_count: int | None = None  # rows that an incomplete read lacks; null for other checks
    playlist: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run read, skipped and failed."""

    run_id: str
    extracted_at: str
    checks: tuple[PlaylistCheck, ...] = field(default=())

    def as_bytes(self) -> bytes:
        """The manifest as one line of JSON."""
        return (json.dumps({"manifest": 1, **asdict(self)}, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def is_manifest(value: object) -> bool:
    """Whether a JSON value is a run's manifest."""
    return isinstance(value, dict) and "manifest" in value and "checks" in value
