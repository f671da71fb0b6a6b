"""S3 as a pure function: bucket and request in, bucket and answer out.

The real `S3Store` works on it, request by request. It has the conditions that the commit log needs, of which moto
ignores some: If-None-Match on PutObject, CopyObject and CompleteMultipartUpload, CopySourceIfMatch on CopyObject and
UploadPartCopy, If-Match on GetObject and DeleteObject. As on S3, an ETag is of the bytes, so equal bytes have equal
ETags. Listings are atomic. Parts of a multipart copy are kept under hidden keys of the bucket.
"""

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

import botocore.exceptions  # type: ignore[import-untyped, unused-ignore]

from shared.store.s3 import S3Store

Bucket = Mapping[str, bytes]
Request = tuple[Any, ...]  # name and arguments; hashable, as answers are

MODIFIED = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
MISSING = "NoSuchKey"
CHANGED = "PreconditionFailed"
BUSY = "InternalError"


class Refusal(str):  # noqa: SLOT000  # an answer, distinguished from bytes and keys by its type
    """An error code as an answer."""


def etag(data: bytes) -> str:
    """The ETag of an object with these bytes."""
    return md5(data, usedforsecurity=False).hexdigest()


def answered(bucket: Bucket, request: Request) -> tuple[Bucket, Any]:
    """The bucket after the request (the same object if nothing changed), and the answer."""
    return _RULES[request[0]](bucket, *request[1:])


def _get(bucket: Bucket, key: str, if_match: str | None = None) -> tuple[Bucket, Any]:
    if if_match and key in bucket and etag(bucket[key]) != if_match:
        return bucket, Refusal(CHANGED)
    return bucket, bucket.get(key, Refusal(MISSING))


def _head(bucket: Bucket, key: str) -> tuple[Bucket, Any]:
    return bucket, etag(bucket[key]) if key in bucket else Refusal(MISSING)


def _put(bucket: Bucket, key: str, data: bytes, if_none_match: str | None) -> tuple[Bucket, Any]:
    if if_none_match and key in bucket:
        return bucket, Refusal(CHANGED)
    return {**bucket, key: data}, None


def _list(bucket: Bucket, prefix: str, start_after: str) -> tuple[Bucket, Any]:
    listed = (
        key for key in sorted(bucket) if key.startswith(prefix) and key > start_after and not key.startswith(HIDDEN)
    )
    return bucket, tuple((key, len(bucket[key]), etag(bucket[key])) for key in listed)


def _copy(
    bucket: Bucket, source: str, target: str, if_match: str | None, if_none_match: str | None = None
) -> tuple[Bucket, Any]:
    if source not in bucket:
        return bucket, Refusal(MISSING)
    if (if_match and etag(bucket[source]) != if_match) or (if_none_match and target in bucket):
        return bucket, Refusal(CHANGED)
    return {**bucket, target: bucket[source]}, None


def _copy_part(bucket: Bucket, source: str, part: str, if_match: str, byte_range: str) -> tuple[Bucket, Any]:
    if source not in bucket:
        return bucket, Refusal(MISSING)
    if etag(bucket[source]) != if_match:
        return bucket, Refusal(CHANGED)
    first, last = byte_range.removeprefix("bytes=").split("-")
    return {**bucket, part: bucket[source][int(first) : int(last) + 1]}, None


def _complete(bucket: Bucket, upload: str, target: str, if_none_match: str | None) -> tuple[Bucket, Any]:
    parts = sorted(key for key in bucket if key.startswith(upload))
    if if_none_match and target in bucket:
        return bucket, Refusal(CHANGED)
    rest = {key: data for key, data in bucket.items() if key not in parts}
    return {**rest, target: b"".join(bucket[part] for part in parts)}, None


def _abort(bucket: Bucket, upload: str) -> tuple[Bucket, Any]:
    return {key: data for key, data in bucket.items() if not key.startswith(upload)}, None


def _delete(bucket: Bucket, key: str, if_match: str | None) -> tuple[Bucket, Any]:
    if if_match and key not in bucket:
        return bucket, Refusal(MISSING)
    if if_match and etag(bucket[key]) != if_match:
        return bucket, Refusal(CHANGED)
    return {name: data for name, data in bucket.items() if name != key}, None


def _delete_many(bucket: Bucket, keys: tuple[str, ...]) -> tuple[Bucket, Any]:
    return {name: data for name, data in bucket.items() if name not in keys}, None


_RULES: Mapping[str, Callable[..., tuple[Bucket, Any]]] = {
    "get": _get,
    "head": _head,
    "put": _put,
    "list": _list,
    "copy": _copy,
    "copy_part": _copy_part,
    "complete": _complete,
    "abort": _abort,
    "delete": _delete,
    "delete_many": _delete_many,
}
CHANGING = frozenset({"put", "copy", "copy_part", "complete", "abort", "delete", "delete_many"})
HIDDEN = "\0"  # keys of unfinished uploads


class Client:
    """The part of boto3's client that S3Store uses. `ask` returns the answer to a request, or a Refusal."""

    def __init__(self, ask: Callable[[Request], Any]) -> None:
        self._ask = ask

    def _answer(self, *request: Any) -> Any:
        answer = self._ask(request)
        if isinstance(answer, Refusal):
            raise botocore.exceptions.ClientError({"Error": {"Code": str(answer), "Message": ""}}, request[0])
        return answer

    def get_object(self, Bucket: str, Key: str, IfMatch: str | None = None) -> dict[str, Any]:  # boto3's names
        data = self._answer("get", Key, IfMatch) if IfMatch else self._answer("get", Key)
        return {"Body": io.BytesIO(data), "ETag": f'"{etag(data)}"'}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"ETag": f'"{self._answer("head", Key)}"'}

    def put_object(self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str | None = None) -> None:
        self._answer("put", Key, Body, IfNoneMatch)

    def copy_object(self, **named: Any) -> None:
        assert named["TaggingDirective"] == "REPLACE", "copying tags requires two more permissions"
        source = named["CopySource"]["Key"]
        self._answer("copy", source, named["Key"], named.get("CopySourceIfMatch"), named.get("IfNoneMatch"))

    def create_multipart_upload(self, **named: Any) -> dict[str, str]:
        return {"UploadId": f"{HIDDEN}{named['Key']}{HIDDEN}"}

    def upload_part_copy(self, **named: Any) -> dict[str, Any]:
        part = f"{named['UploadId']}{named['PartNumber']:05d}"
        source = named["CopySource"]["Key"]
        self._answer("copy_part", source, part, named["CopySourceIfMatch"], named["CopySourceRange"])
        return {"CopyPartResult": {"ETag": f'"{part}"'}}

    def complete_multipart_upload(self, **named: Any) -> None:
        self._answer("complete", named["UploadId"], named["Key"], named.get("IfNoneMatch"))

    def abort_multipart_upload(self, **named: Any) -> None:
        self._answer("abort", named["UploadId"])

    def delete_object(self, Bucket: str, Key: str, IfMatch: str | None = None) -> None:
        self._answer("delete", Key, IfMatch)

    def delete_objects(self, Bucket: str, Delete: dict[str, Any]) -> None:
        self._answer("delete_many", tuple(item["Key"] for item in Delete["Objects"]))

    def get_paginator(self, name: str) -> "Client":
        assert name == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str, StartAfter: str = "") -> Iterator[dict[str, Any]]:
        yield {
            "Contents": [
                {"Key": key, "Size": size, "ETag": f'"{token}"', "LastModified": MODIFIED}
                for key, size, token in self._answer("list", Prefix, StartAfter)
            ]
        }


def s3_store(ask: Callable[[Request], Any]) -> S3Store:
    """The real S3Store of the bucket `lake`, its requests answered by `ask`."""
    store = object.__new__(S3Store)  # its constructor would make a real client
    store.uri = "s3://lake"
    store._bucket = "lake"
    store._prefix = ""
    store._errors = botocore.exceptions
    store._client = Client(ask)
    return store


def new_store(before: Callable[[Request, Bucket], Bucket | None] | None = None) -> S3Store:
    """The real S3Store of an empty bucket in this process; threads may share it.

    `before` gets each request and the bucket before it is answered, and may return another bucket.
    """
    bucket: Bucket = {}
    lock = threading.Lock()

    def ask(request: Request) -> Any:
        nonlocal bucket
        with lock:
            replaced = before(request, bucket) if before else None
            bucket, answer = answered(bucket if replaced is None else replaced, request)
        return answer

    return s3_store(ask)
