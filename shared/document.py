"""The raw document: one complete and consistent read of one playlist, as newline-delimited JSON.

Each line is
`{"run_id", "playlist_id", "snapshot_id", "extracted_at", "asked", "offset", "attempt", "body"}`, where body is
the API's answer untouched. Pages of items were asked from a path that ends in `/items` or `/me/tracks`; any other
line describes the playlist. Beside the documents of a run lies its manifest.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

GZIP_MAGIC = b"\x1f\x8b"
LIKED_SONGS = "liked:me"
_HEAD = ("run_id", "playlist_id", "snapshot_id", "extracted_at", "asked", "offset", "attempt")
_LEVEL = 6  # of compression: twice as fast as the highest, for a few percent more bytes


class DamagedDocumentError(ValueError):
    """The bytes are no whole document; the message says why."""


def uncompressed(data: bytes) -> bytes:
    """The document's bytes, gunzipped if they are gzip, whatever the name says.

    Raises DamagedDocumentError for a gzip stream that is cut off or broken.
    """
    if not data.startswith(GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        message = f"the gzip stream is cut off or broken ({error})"
        raise DamagedDocumentError(message) from error


def document_id(data: bytes) -> str:
    """sha256 of the uncompressed bytes, in hex; of the stored bytes where they cannot be uncompressed."""
    try:
        return id_of_plain(uncompressed(data))
    except DamagedDocumentError:
        return id_of_plain(data)


def id_of_plain(data: bytes) -> str:
    """The document's id, of bytes that are uncompressed already: sha256 in hex."""
    return hashlib.sha256(data).hexdigest()


def timestamp(at: datetime) -> str:
    """UTC as the API writes it, with microseconds only where there are some."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, kw_only=True)
class RawLine:
    """One answer of the API with the circumstances of asking."""

    run_id: str
    playlist_id: str
    snapshot_id: str
    extracted_at: str
    asked: str
    offset: int | None
    attempt: int
    body: Mapping[str, Any]


def write_document(lines: Iterable[RawLine]) -> bytes:
    """The lines as gzipped NDJSON; equal lines give equal bytes."""
    text = "".join(json.dumps(asdict(line), ensure_ascii=False) + "\n" for line in lines)
    return gzip.compress(text.encode("utf-8", "replace"), mtime=0)


def raw_line_text(line: RawLine, body: str) -> str:
    """The line as it stands in a document, with the JSON text of an answer in place of the line's own body."""
    head = {name: getattr(line, name) for name in _HEAD}
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "body": {body}}}\n'


def compressed(lines: Iterable[str]) -> bytes:
    """The lines as a document, held in memory one by one; equal lines give equal bytes, however they are parted."""
    gzip_format = 31
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, gzip_format)
    return b"".join([*(packer.compress(line.encode("utf-8", "replace")) for line in lines), packer.flush()])


def is_raw_line(value: object) -> bool:
    """Whether a JSON value is a line of our own documents."""
    return isinstance(value, dict) and "body" in value and "asked" in value


def is_page_request(asked: str) -> bool:
    """Whether the answer to this path is a page of playlist items."""
    path = asked.partition("?")[0].rstrip("/")
    return path.endswith(("/items", "/me/tracks"))


@dataclass(frozen=True, kw_only=True)
class Look:
    """How one look at one playlist ended: a line of the manifest.

    `status` is read, unchanged, failed or gone; `playlist` is the playlist object the API showed, if any.
    """

    playlist_id: str
    status: str
    failure_class: str | None = None
    snapshot_id: str | None = None
    object: str | None = None
    item_count: int | None = None
    playlist: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run read, skipped and failed."""

    run_id: str
    extracted_at: str
    looks: tuple[Look, ...] = field(default=())

    def as_bytes(self) -> bytes:
        """The manifest as one line of JSON."""
        return (json.dumps({"manifest": 1, **asdict(self)}, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def is_manifest(value: object) -> bool:
    """Whether a JSON value is a run's manifest."""
    return isinstance(value, dict) and "manifest" in value and "looks" in value
