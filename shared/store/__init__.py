"""An object store with two roots: a folder (`file://` or a plain path, the embedded default) and a bucket (`s3://`).

Keys are plain text with `/` between their parts, and are never quoted. A token names a version of an object: the ETag
on S3 (equal bytes may have equal ETags), inode-size-mtime-ctime in a folder. Listings of both stores leave out files
that may be incomplete: dot files, `.part`, `.tmp`, `.crc` and everything under `_temporary`. They show `_manifest.json`
and Spark's `_SUCCESS`.
"""

from pathlib import Path

from shared.store.folder import FolderStore, plain_words
from shared.store.protocol import (
    Fetched,
    Leave,
    Listed,
    ObjectStore,
    StoreError,
    TargetDiffersError,
    TransientError,
    UnreadableObjectError,
)
from shared.store.s3 import S3Store

__all__ = [
    "Fetched",
    "Leave",
    "Listed",
    "ObjectStore",
    "StoreError",
    "TargetDiffersError",
    "TransientError",
    "UnreadableObjectError",
    "open_store",
]


def open_store(uri: str, *, create: bool = False) -> ObjectStore:
    """The store at `s3://bucket/prefix`, `file:///path` or a plain path.

    Raises StoreError if the folder does not exist and `create` is false. Sends no request to a bucket.
    """
    scheme, colon, rest = uri.partition("://")
    if scheme == "s3" and colon:
        bucket, _, prefix = rest.partition("/")
        if not bucket:
            raise StoreError(f"{uri} names no bucket: write s3://bucket/prefix.")
        return S3Store(bucket, prefix.strip("/"))
    if colon and (scheme != "file" or not rest.startswith("/")):
        raise StoreError(f"{uri} is no lake: write s3://bucket/prefix, file:///path or a path.")
    root = Path(rest if colon else uri).expanduser()
    if create:
        with plain_words(root):
            root.mkdir(parents=True, exist_ok=True)
    if root.is_file():
        raise StoreError(f"{root} is a file, and a lake is a folder: check --lake.")
    if not root.is_dir():
        raise StoreError(f"There is no lake at {root}: create the folder or check --lake.")
    return FolderStore(root)
