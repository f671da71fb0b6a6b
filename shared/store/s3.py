"""An object store in a bucket."""

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC
from hashlib import sha256
from typing import Any, TypeVar

from shared.store.protocol import (
    NO_PARTS,
    Fetched,
    Leave,
    Listed,
    StoreError,
    TargetDiffersError,
    TransientError,
    checked_key,
    is_hidden,
)

_TRIES = 5
_ATTEMPTS = 8  # of botocore for a request; it waits 1, 2, 4 … 20 s between them. AWS_MAX_ATTEMPTS overrides it
_READS = 3  # attempts to read a body that breaks off; botocore does not repeat these
_CHUNK = 1 << 20
_T = TypeVar("_T")
MAX_COPY = 5 * 2**30  # bytes that S3 copies in one request
COPY_PART = 2**30  # bytes in a part of a larger copy: 5 TiB, the largest object, is 5,120 parts of the 10,000 allowed

_MAX_KEY = 1024  # bytes that S3 allows
_ARCHIVE_NAME = 32  # bytes that lake.archived adds to a key at most
_MISSING = {"404", "NoSuchKey", "NotFound"}
_CHANGED = {"412", "PreconditionFailed"}
_CONFLICT = {"409", "ConditionalRequestConflict"}
_REFUSED = {"403", "401", "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
_BUSY = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling", "RequestTimeTooSkewed"}


def _code(error: Any) -> str:  # noqa: ANN401  # botocore's ClientError, which has no types
    return str(error.response.get("Error", {}).get("Code", ""))


class S3Store:
    """A lake in a bucket. boto3 finds credentials, region and endpoint itself (AWS_ENDPOINT_URL and so on)."""

    requests_at_once = 64  # far below the limit of 3,500 changing requests per second and prefix

    def __init__(self, bucket: str, prefix: str) -> None:
        """The prefix has no slash at its ends and may be empty."""
        import boto3  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # a folder needs no boto3
        import botocore.config  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # likewise
        import botocore.exceptions  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  # likewise

        self.uri = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._errors: Any = botocore.exceptions
        # A custom endpoint has no host name for each bucket.
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        style = {"addressing_style": "path"} if endpoint else {}
        attempts = {} if os.environ.get("AWS_MAX_ATTEMPTS") else {"total_max_attempts": _ATTEMPTS}
        with self._plain_words():
            self._client: Any = boto3.client(
                "s3",
                config=botocore.config.Config(
                    retries={"mode": "standard", **attempts}, s3=style, max_pool_connections=self.requests_at_once
                ),
            )

    @property
    def _broken_off(self) -> tuple[type[Exception], ...]:
        """The errors of botocore if an answer breaks off."""
        errors = self._errors
        return errors.HTTPClientError, errors.ConnectionError, errors.IncompleteReadError

    @contextlib.contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except self._errors.ClientError as error:
            raise self._in_plain_words(error) from error
        except (self._errors.NoCredentialsError, self._errors.PartialCredentialsError) as error:
            raise StoreError(
                f"There are no AWS credentials for {self.uri}: log in (aws sso login) or set AWS_PROFILE."
            ) from error
        except self._broken_off as error:
            raise TransientError(
                f"{self.uri} does not answer ({error}): check the network and AWS_ENDPOINT_URL, then start again."
            ) from error
        except self._errors.BotoCoreError as error:
            raise StoreError(f"{self.uri} cannot be used ({error}): check the AWS settings.") from error

    def _in_plain_words(self, error: Any) -> StoreError:  # noqa: ANN401  # botocore has no types
        code = _code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == "NoSuchBucket":
            return StoreError(f"There is no bucket {self._bucket}: create it or check --lake.")
        if code in _REFUSED:
            return StoreError(
                f"AWS refuses {error.operation_name} on {self.uri} ({code}): check the credentials and that they allow "
                "s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject there."
            )
        if code in _BUSY | _CONFLICT or status >= 500:  # noqa: PLR2004  # a server's own fault, RFC 9110
            return TransientError(f"{self.uri} is busy ({code}): start again in a minute.")
        return StoreError(f"{error.operation_name} on {self.uri} failed: {error}.")

    def _name(self, key: str) -> str:
        return self._prefix + checked_key(key)

    def _etag(self, key: str) -> str | None:
        try:
            return str(self._client.head_object(Bucket=self._bucket, Key=self._name(key))["ETag"]).strip('"')
        except self._errors.ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise

    def _read(self, key: str, token: str | None, take: Callable[[Any], _T]) -> _T | None:
        """Calls `take` with GetObject's answer; None if the object is gone or, with a token, has another version.

        If the body breaks off, the request is repeated.
        """
        condition = {"IfMatch": token} if token else {}
        for tries_left in reversed(range(_READS)):
            try:
                return take(self._client.get_object(Bucket=self._bucket, Key=self._name(key), **condition))
            except self._errors.ClientError as error:
                if _code(error) in _MISSING | (_CHANGED if token else set()):
                    return None
                raise
            except self._broken_off:
                if not tries_left:
                    raise
        return None

    def _digest(self, key: str, token: str | None = None) -> bytes | None:
        """The sha256 of the object's bytes; None if it is gone or, with a token, has another version."""

        def digest(answer: Any) -> bytes:  # noqa: ANN401  # botocore has no types
            hasher = sha256()
            while data := answer["Body"].read(_CHUNK):
                hasher.update(data)
            return hasher.digest()

        return self._read(key, token, digest)

    def _is_made(self, request: Callable[[], object]) -> bool:
        """Whether a conditional write succeeded. Tries again after a 409: another write of the key is in progress."""
        for tries_left in reversed(range(_TRIES)):
            try:
                request()
            except self._errors.ClientError as error:
                if _code(error) in _MISSING | _CHANGED:
                    return False
                if _code(error) not in _CONFLICT or not tries_left:
                    raise
            else:
                break
        return True

    def get(self, key: str) -> Fetched | None:
        """See ObjectStore."""
        with self._plain_words():
            return self._read(key, None, lambda answer: Fetched(answer["Body"].read(), answer["ETag"].strip('"')))

    def put(self, key: str, data: bytes) -> None:
        """See ObjectStore."""
        with self._plain_words():
            self._client.put_object(Bucket=self._bucket, Key=self._name(key), Body=data)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """See ObjectStore."""
        where = {"Bucket": self._bucket, "Key": self._name(key)}
        with self._plain_words():
            return self._is_made(lambda: self._client.put_object(**where, Body=data, IfNoneMatch="*"))

    def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
        """See ObjectStore. Leaves out the empty objects that the AWS console makes for folders."""
        if prefix:
            checked_key(prefix.removesuffix("/"))
        for item in self._objects(prefix, after):
            key = item["Key"].removeprefix(self._prefix)
            parts = key.split("/")
            if any(is_hidden(part) for part in parts if part not in NO_PARTS):
                continue
            if key.endswith("/") and item["Size"] == 0:
                continue
            is_refused = not NO_PARTS.isdisjoint(parts)
            if is_refused and left:
                left(key, "its key has an empty part, '.' or '..'; copy it to another key and delete it")
            elif left and len(item["Key"].encode()) > _MAX_KEY - _ARCHIVE_NAME:
                left(key, "its key is too long to be archived; copy it to a shorter key and delete it")
            elif not is_refused:
                yield Listed(key, item["Size"], item["ETag"].strip('"'), item["LastModified"].astimezone(UTC))

    def _objects(self, prefix: str, after: str = "") -> Iterator[dict[str, Any]]:
        start = {"StartAfter": self._prefix + after} if after else {}
        with self._plain_words():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix, **start):
                yield from page.get("Contents", ())

    def copy(self, source: str, target: str, token: str | None = None, size: int = 0) -> bool:
        """See ObjectStore. S3 copies, and nothing is downloaded; an ordinary copy needs two requests.

        CopyObject accepts If-None-Match since October 2025. Some stores ignore it (moto), so the target is requested
        first. If the copy is refused and the target exists now, another run copied it, or it differs. If the target
        does not exist, the source is gone or has another version.
        """
        with self._plain_words():
            existing = self._etag(target)
            if existing is None:
                if self._is_made(lambda: self._copy_once(source, target, token, size)):
                    return True
                existing = self._etag(target)
            source_etag = self._etag(source) if existing else None
            if source_etag is None:
                return existing is not None
            if token and source_etag != token:
                return False
            if source_etag != existing:  # under SSE-KMS equal bytes have different ETags
                bytes_copied, bytes_existing = self._digest(source, token), self._digest(target)
                if token and bytes_copied is None:
                    return False
                if bytes_copied and bytes_existing and bytes_copied != bytes_existing:
                    raise TargetDiffersError(source, target)
        return True

    def _copy_once(self, source: str, target: str, token: str | None, size: int) -> None:
        if token and size > MAX_COPY:
            self._copy_in_parts(source, target, token, size)
            return
        self._client.copy_object(
            Bucket=self._bucket,
            Key=self._name(target),
            CopySource={"Bucket": self._bucket, "Key": self._name(source)},
            TaggingDirective="REPLACE",  # copying tags requires two more permissions
            IfNoneMatch="*",
            **({"CopySourceIfMatch": token} if token else {}),
        )

    def _copy_in_parts(self, source: str, target: str, token: str, size: int) -> None:
        where = {"Bucket": self._bucket, "Key": self._name(target)}
        upload = where | {"UploadId": self._client.create_multipart_upload(**where)["UploadId"]}
        parts: list[dict[str, Any]] = []
        try:
            for start in range(0, size, COPY_PART):
                answer = self._client.upload_part_copy(
                    **upload,
                    PartNumber=len(parts) + 1,
                    CopySource={"Bucket": self._bucket, "Key": self._name(source)},
                    CopySourceRange=f"bytes={start}-{min(start + COPY_PART, size) - 1}",
                    CopySourceIfMatch=token,
                )
                parts.append({"PartNumber": len(parts) + 1, "ETag": answer["CopyPartResult"]["ETag"]})
            self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except BaseException:
            self._client.abort_multipart_upload(**upload)
            raise

    def delete(self, key: str, token: str | None = None, data: bytes | None = None) -> bool:  # noqa: ARG002  # a folder's
        """See ObjectStore. With a token, S3 (since September 2025) and moto compare and delete in one step."""
        where = {"Bucket": self._bucket, "Key": self._name(key)}
        with self._plain_words():
            if token:
                return self._is_made(lambda: self._client.delete_object(**where, IfMatch=token))
            if self._etag(key) is None:
                return False
            self._client.delete_object(**where)
        return True

    def delete_under(self, prefix: str) -> None:
        """See ObjectStore. Objects that cannot be removed stay."""
        checked_key(prefix.removesuffix("/"))
        names = [item["Key"] for item in self._objects(prefix.removesuffix("/") + "/")]
        with self._plain_words():
            for start in range(0, len(names), 1000):  # the limit of DeleteObjects
                names_to_delete = [{"Key": name} for name in names[start : start + 1000]]
                self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": names_to_delete, "Quiet": True})

    def object_uri(self, key: str) -> str:
        """See ObjectStore."""
        return f"{self.uri}/{checked_key(key)}"
