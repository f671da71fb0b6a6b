"""Whether an object of the lake still has the content that the job wrote, or that `make forget` left.

The log entry has the sha256 of every published file (`reconciliation.sha256`, by the file's key in staging) and the
document id of every raw object. Before `make forget` rewrites an object, it writes the new sha256 there. If an entry
has no sha256 of a published file, every page of the file is read: pages have checksums, footers do not.
"""

import gzip
import io
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.log_entry import REJECTS, CommittedInput, Entry, PublishedFile
from shared.document import document_id, id_of_plain

_MAGIC = b"PAR1"
_UNREADABLE = (pa.ArrowException, OSError, EOFError, ValueError, OverflowError, MemoryError, zlib.error)


def is_raw_intact(entry: Entry, committed: CommittedInput, key: str, data: bytes) -> bool:
    """Whether the archived object is the one that the batch read; if it was quarantined unread, by its size only."""
    if _noted(entry, key) == id_of_plain(data):
        return True
    return document_id(data) == committed.document_id if committed.document_id else len(data) == committed.size


def rows_of(entry: Entry, file: PublishedFile, data: bytes) -> tuple[int | None, bool]:
    """The number of rows in the file, None if it cannot be counted; and whether the file is intact."""
    noted = _noted(entry, file.staged)
    if not data:
        return None, False
    try:
        if file.table == REJECTS:
            with gzip.open(io.BytesIO(data)) as lines:
                rows = sum(1 for _ in lines)
        else:
            rows = _parquet_rows(data, read=noted is None)
    except _UNREADABLE:
        return None, False
    return rows, noted is None or noted == id_of_plain(data)


def _parquet_rows(data: bytes, *, read: bool) -> int:
    """The row count of the footer. With `read`, also checks every page. Raises ArrowException and others."""
    file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
    rows = int(file.metadata.num_rows)
    if read and (not data.startswith(_MAGIC) or sum(batch.num_rows for batch in file.iter_batches()) != rows):
        raise ValueError("the pages are not what the footer says")
    return rows


def _noted(entry: Entry, key: str) -> str | None:
    noted = entry.reconciliation.get("sha256", {}).get(key)
    return str(noted) if noted else None
