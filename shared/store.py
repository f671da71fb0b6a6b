"""An object store with two roots: a folder (`file://` or a plain path, the embedded default) and a bucket (`s3://`).

Keys are plain text, `/` between their parts, never quoted. A token names a version of an object: the ETag on S3 (equal
bytes may have equal ETags), inode-size-mtime-ctime in a folder. What is listed is whole: in both stores dot files and
`.part`, `.tmp`, `.crc` and what lies under `_temporary` are left out; `_manifest.json` and Spark's `_SUCCESS` are not.
"""

import contextlib
import errno
import io
import logging
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, Protocol

from shared import lake
from shared.terminal import printable

logger = logging.getLogger(__name__)

_TEMP = ".put-"  # a file on its way in; the visible name is linked to it when it is whole
_ASIDE = ".aside-"  # a folder that holds a file on its way out; its name says which version may go
_HIDDEN_STARTS = (".", "_temporary")
_HIDDEN_ENDS = (".part", ".tmp", ".crc")
_NO_PARTS = frozenset({"", ".", ".."})
_LEFTOVER_SECONDS = 24 * 3600
_TRIES = 5
_CHUNK = 1 << 20
MAX_COPY = 5 * 2**30  # bytes that S3 copies in one request
COPY_PART = 2**30  # bytes in a part of a larger copy: 5 TiB, the largest object, is 5,120 parts of the 10,000 allowed


class Listed(NamedTuple):
    """An object as a listing shows it; `time` is its last modification, in UTC."""

    key: str
    size: int
    token: str
    time: datetime


class Fetched(NamedTuple):
    """The bytes of an object and the version they are of."""

    data: bytes
    token: str


class StoreError(Exception):
    """The store cannot do what was asked; the message says what to do about it."""


class TransientError(StoreError):
    """The same again may succeed."""


# An executor's error is pickled, and made again at the driver from its arguments.
class TargetDiffersError(StoreError):
    """The target of a copy holds other bytes than the source."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(source, target)

    def __str__(self) -> str:
        """The sentence."""
        source, target = self.args
        return f"{target} holds other bytes than {source}: it was left as it is, move it away."


class UnreadableObjectError(StoreError):
    """This object cannot be read, others probably can; `reason` says why and what to do."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.reason = reason

    def __str__(self) -> str:
        """The sentence."""
        name, reason = self.args
        return f"Cannot read {name}: {reason}."


Leave = Callable[[str, str], object]  # gets the key of what a listing leaves out, and why


class ObjectStore(Protocol):
    """What a folder and a bucket have in common. Every method may raise StoreError."""

    uri: str  # 's3://bucket/prefix' or 'file:///absolute/path', no slash at the end
    requests_at_once: int  # so many threads may use the store at a time and none waits for another

    def get(self, key: str) -> Fetched | None:
        """The object's bytes and token; None if it is not there. May raise UnreadableObjectError."""

    def put(self, key: str, data: bytes) -> None:
        """Write the object whole, replacing what is there."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write the object whole; False, and nothing changed, if there is one already.

        On S3 an answer that was lost on its way makes False of a success: whoever must know reads the object.
        """

    def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
        """The objects whose key starts with the prefix and is greater than `after`, in order of their keys.

        Objects whose keys the other methods refuse are not yielded. With `left`, it is called for each of them, and for
        what cannot be listed or moved below the prefix's own folder; without, the latter is a StoreError.
        """

    def copy(self, source: str, target: str, token: str | None = None, size: int = 0) -> bool:
        """Make the target appear whole; an existing target is never changed.

        False if the source is gone and there is no target, or if the source is another version than the token's.
        Raises TargetDiffersError if both exist with different bytes. The size of that version is required for objects
        over MAX_COPY.
        """

    def delete(self, key: str, token: str | None = None, data: bytes | None = None) -> bool:
        """Remove the object, with a token only that version; False if it is not there or another version.

        A folder cannot compare and delete in one step; there the bytes are compared as well, if they are given.
        """

    def delete_under(self, prefix: str) -> None:
        """Remove all that lies under a prefix that ends in `/`, hidden files too."""

    def object_uri(self, key: str) -> str:
        """The object's address as Spark takes it."""


def open_store(uri: str, *, create: bool = False) -> ObjectStore:
    """The store at `s3://bucket/prefix`, `file:///path` or a plain path.

    Raises StoreError if the folder is not there, unless it is to be created. A bucket is not asked before it is used.
    """
    scheme, colon, rest = uri.partition("://")
    if scheme == "s3" and colon:
        bucket, _, prefix = rest.partition("/")
        if not bucket:
            message = f"{uri} names no bucket: write s3://bucket/prefix."
            raise StoreError(message)
        return S3Store(bucket, prefix.strip("/"))
    if colon and (scheme != "file" or not rest.startswith("/")):
        message = f"{uri} is no lake: write s3://bucket/prefix, file:///path or a path."
        raise StoreError(message)
    root = Path(rest if colon else uri).expanduser()
    if create:
        with _plain_words(root):
            root.mkdir(parents=True, exist_ok=True)
    if not root.is_dir():
        message = f"There is no lake at {root}: create the folder or check --lake."
        raise StoreError(message)
    return FolderStore(root)


def _checked(key: str) -> str:
    if "\0" in key or not _NO_PARTS.isdisjoint(key.split("/")):
        message = f"{key!r} is no key: it must be relative, without empty parts, '.' and '..'."
        raise StoreError(message)
    return key


def _is_hidden(name: str) -> bool:
    return name.startswith(_HIDDEN_STARTS) or name.endswith(_HIDDEN_ENDS)


# --- a folder -----------------------------------------------------------------------------------------------------

_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space and start again",
    errno.EDQUOT: "your quota of the disk is used up; free some space and start again",
    errno.EACCES: "permission denied; check who owns the folder and who may write to it",
    errno.EPERM: "not permitted; check the folder's permissions, and that its file system knows hard links",
    errno.EOPNOTSUPP: "the file system knows no hard links; put the lake on a local disk",
    errno.EROFS: "the file system is read-only; put the lake where it can be written",
    errno.ENAMETOOLONG: "the name is too long for the file system; give the file a shorter one",
    errno.EISDIR: "there is a folder of this name; move it out of the lake",
    errno.ENOTDIR: "a part of the path is a file; move it out of the lake",
}


# Errors of one file or folder, while the rest of the lake may be well; ESTALE and EUCLEAN: it is damaged on the disk.
_NAMES_OF_ONE_OBJECT = ("EACCES", "EPERM", "EIO", "EBADMSG", "ESTALE", "EUCLEAN", "ELOOP")
_OF_ONE_OBJECT = {getattr(errno, name) for name in _NAMES_OF_ONE_OBJECT if hasattr(errno, name)}
_DENIED = "permission denied; check who owns it and who may read it and move it out of the lake"


def _reason(error: OSError) -> str:
    is_denied = error.errno in {errno.EACCES, errno.EPERM}
    return _DENIED if is_denied else f"{error.strerror or error}; check the disk"


@contextlib.contextmanager
def _leaving(key: str, left: Leave | None) -> Iterator[None]:
    """What cannot be read is left; without `left`, and for a fault of the whole machine, the error is raised."""
    try:
        yield
    except OSError as error:
        if left is None or error.errno not in _OF_ONE_OBJECT:
            raise
        left(key, _reason(error))


@contextlib.contextmanager
def _plain_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, f"{error.strerror or error}; check the disk and start again")
        message = f"Cannot work on {path}: {advice}. Nothing was left half written."
        raise StoreError(message) from error


def _version(found: os.stat_result) -> str:
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"


def _token(found: os.stat_result) -> str:
    return f"{_version(found)}-{found.st_ctime_ns}"


def _version_of(token: str) -> str:
    return token.rpartition("-")[0]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    _sync(folder.parent)


@contextlib.contextmanager
def _temp_file(target: Path, source: BinaryIO) -> Iterator[Path]:
    """A whole copy of the source on disk, in the target's folder, under a hidden name that is gone afterwards.

    The name is `.put-<inode>`, so that `_settled` finds it from the visible name without a listing. The file stays open
    until the name is removed: until then no other file can have this inode number, and so this name.
    """
    for tries_left in reversed(range(_TRIES)):
        _make_folder(target.parent)
        temp = target.parent / f"{_TEMP}{secrets.token_hex(8)}"
        try:
            file = temp.open("xb")
        except FileNotFoundError:  # the folder was empty, and somebody has just tidied it away
            if not tries_left:
                raise
        else:
            break
    with file:
        try:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
            temp = temp.replace(_hidden_name(target, file))
            yield temp
        finally:
            temp.unlink(missing_ok=True)
    _sync(target.parent)


def _hidden_name(path: Path, file: IO[bytes]) -> Path:
    return path.with_name(f"{_TEMP}{os.fstat(file.fileno()).st_ino}")


def _regular(path: Path) -> os.stat_result | None:
    """The file's stat; None if there is no regular file. Only this answer may mean that a file is gone."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


_SPECIAL_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _special_kind(path: Path) -> str | None:
    """What is there instead of a regular file, which is never opened; None for a file, a folder and nothing."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return next((kind for is_of, kind in _SPECIAL_KINDS if is_of(mode)), None)


def _settled(path: Path) -> os.stat_result | None:
    """The file's stat with a ctime that will last; None if there is no regular file.

    Removing a second name changes the ctime. So before a file with several names is checked, the hidden name is removed
    that a put_if_absent between its link and its unlink, perhaps killed there, has left. The other's unlink then finds
    nothing, which is no error. Hard links that a person made are left alone.
    """
    found = _regular(path)
    if found is None or found.st_nlink == 1:
        return found
    with contextlib.suppress(OSError), path.open("rb") as file:  # what cannot be removed now, a later access removes
        hidden = _hidden_name(path, file)
        if os.path.samestat(hidden.lstat(), os.fstat(file.fileno())):
            hidden.unlink()
    return _regular(path)


def _settle_aside(aside: Path) -> bool:
    """Remove what was set aside if it is the version that may go, else put it back; False if it was put back.

    Anyone may do it at any time, also while another does. The folder's name says all: `.aside-<inode>-<size>-<mtime>-
    <sha256>-<random>`. Where a newer file has the old name by now, it has replaced the one aside.
    """
    version, digest, _ = aside.name.removeprefix(_ASIDE).rsplit("-", 2)
    removed = True
    with contextlib.suppress(FileNotFoundError):  # another settles it
        for file in sorted(aside.iterdir()):
            same = _version(file.lstat()) == version
            if same and digest:
                same = sha256(file.read_bytes()).hexdigest() == digest
            if not same:
                removed = False
                with contextlib.suppress(FileExistsError):
                    os.link(file, aside.parent / file.name)
            file.unlink()
    with contextlib.suppress(OSError):
        aside.rmdir()
    return removed


def _is_version(path: Path, token: str | None) -> bool:
    """Whether the file has the token. A file that is gone has any: where it was moved to decides."""
    found = _settled(path) if token else None
    return found is None or _token(found) == token


class FolderStore:
    """A lake in a folder. Symbolic links are neither listed nor followed out of the folder; `left` gets them."""

    requests_at_once = 8  # a disk answers few fsyncs at a time

    def __init__(self, root: Path) -> None:
        """Root is a folder that exists."""
        self._root = root.resolve()
        self.uri = f"file://{self._root}"
        self._warned: set[str] = set()

    def _path(self, key: str) -> Path:
        path = self._root / _checked(key)
        if not path.parent.resolve().is_relative_to(self._root):
            message = f"{key} leads out of the lake {self._root} by a symbolic link: remove the link."
            raise StoreError(message)
        return path

    def get(self, key: str) -> Fetched | None:
        """See ObjectStore."""
        path = self._path(key)
        with _plain_words(path):
            if _settled(path) is None:
                return None
            try:
                with path.open("rb") as file:
                    token = _token(os.fstat(file.fileno()))
                    return Fetched(file.read(), token)
            except FileNotFoundError:
                return None
            except OSError as error:
                if error.errno not in _OF_ONE_OBJECT:
                    raise
                raise UnreadableObjectError(str(path), _reason(error)) from error

    def put(self, key: str, data: bytes) -> None:
        """See ObjectStore."""
        path = self._path(key)
        with _plain_words(path), _temp_file(path, io.BytesIO(data)) as temp:
            temp.replace(path)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """See ObjectStore."""
        path = self._path(key)
        with _plain_words(path), _temp_file(path, io.BytesIO(data)) as temp:
            try:
                os.link(temp, path)
            except FileExistsError:
                return False
            return True

    def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
        """See ObjectStore. Also tidies up after runs that were killed inside the store."""
        folder = prefix.rpartition("/")[0]
        top = self._path(f"{folder}/x").parent if folder else self._root
        with _plain_words(top):
            yield from self._walk(f"{folder}/" if folder else "", prefix, after, left, is_top=True)

    def _walk(
        self, folder: str, prefix: str, after: str, left: Leave | None, *, is_top: bool = False
    ) -> Iterator[Listed]:
        names: tuple[str, ...] = ()
        with _leaving(folder, None if is_top else left):
            names = self._names(self._root / folder)
        for name in names:
            key = folder + name
            if not key.startswith(prefix):
                continue
            if not _is_text(key):
                (left or self._warn_once)(_as_text(key), "its name is not UTF-8; rename it")
            elif name.endswith("/"):
                if key > after or after.startswith(key):
                    yield from self._walk(key, prefix, after, left)
            elif key > after:
                found = None
                with _leaving(key, left):
                    found = self._listed(key, must_be_movable=left is not None)
                    kind = None if found or not left else _special_kind(self._root / key)
                    if left and kind:
                        left(key, f"it is {kind}, no regular file; put a copy of the file there instead")
                if found:
                    yield found

    def _listed(self, key: str, *, must_be_movable: bool) -> Listed | None:
        """None if there is no regular file. Raises PermissionError for a raw object that could never be archived."""
        path = self._root / key
        found = _settled(path)
        if found is None:
            return None
        is_raw = key.startswith((lake.PENDING, lake.QUIET))
        if must_be_movable and is_raw and not _may_move(path.parent, found) and _may_write(self._root):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return Listed(key, found.st_size, _token(found), datetime.fromtimestamp(found.st_mtime, UTC))

    def _names(self, folder: Path) -> tuple[str, ...]:
        """The names in a folder, those of folders with a slash, in order of the keys they make."""
        try:
            with os.scandir(folder) as entries:
                found = tuple(entries)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        asides = tuple(entry for entry in found if entry.name.startswith(_ASIDE))
        for aside in asides:
            _settle_aside(Path(aside.path))
        names = {f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in found}
        if asides:  # a file may just have been put back, or the folder tidied away
            with contextlib.suppress(FileNotFoundError):
                names |= {path.name for path in folder.iterdir() if path.is_file()}
        for name in names:
            if name.startswith(_TEMP):
                _remove_leftover(folder / name)
        return tuple(sorted(name for name in names if not _is_hidden(name.rstrip("/"))))

    def copy(self, source: str, target: str, token: str | None = None, size: int = 0) -> bool:  # noqa: ARG002  (S3's)
        """See ObjectStore. Bytes are copied: a hard link would let a later write to the source change the target."""
        path, new = self._path(source), self._path(target)
        with _plain_words(new):
            if not _is_version(path, token):
                return False
            if new.exists():
                differs = _differ(path, new)
                if not _is_version(path, token):
                    return False
                if differs:
                    raise TargetDiffersError(source, target)
                return True
            try:
                file = path.open("rb")
            except FileNotFoundError:
                return new.exists()  # another run copied it and removed the source
            with file, _temp_file(new, file) as temp:
                if not _is_version(path, token):
                    return False
                try:
                    os.link(temp, new)
                except FileExistsError:
                    if _differ(temp, new):
                        raise TargetDiffersError(source, target) from None
        return True

    def delete(self, key: str, token: str | None = None, data: bytes | None = None) -> bool:
        """See ObjectStore. With a token: set it aside, look at it, put it back if it is another version.

        Setting aside changes the ctime, so inode, size and mtime are compared, and the bytes if they are given.
        """
        path = self._path(key)
        with _plain_words(path):
            found = _settled(path)
            if found is None or (token and _version(found) != _version_of(token)):
                return False
            if token is None:
                path.unlink(missing_ok=True)
            else:
                digest = "" if data is None else sha256(data).hexdigest()
                aside = _set_aside(path, f"{_version_of(token)}-{digest}")
                if aside is None or not _settle_aside(aside):
                    return False
            with contextlib.suppress(FileNotFoundError):
                _sync(path.parent)  # else a power cut may bring it back after what is written next
            self._tidy(path.parent)
        return True

    def delete_under(self, prefix: str) -> None:
        """See ObjectStore. What cannot be removed stays."""
        folder = self._path(prefix.removesuffix("/"))
        shutil.rmtree(folder, ignore_errors=True)

    def object_uri(self, key: str) -> str:
        """See ObjectStore."""
        return f"{self.uri}/{_checked(key)}"

    def _warn_once(self, key: str, reason: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            logger.warning("Left out %s: %s.", printable(key), reason)

    def _tidy(self, folder: Path) -> None:
        """Remove folders that programs made, `run=…` and staging, once they are empty; those of people stay."""
        staging = self._root / lake.STAGING
        with contextlib.suppress(OSError):
            while folder != self._root and ("=" in folder.name or staging in folder.parents):
                folder.rmdir()
                folder = folder.parent


def _differ(path: Path, other: Path) -> bool:
    """Whether both files exist and hold different bytes."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as one, other.open("rb") as two:
        if os.fstat(one.fileno()).st_size != os.fstat(two.fileno()).st_size:
            return True
        return file_digest(one, "sha256").digest() != file_digest(two, "sha256").digest()
    return False


def _set_aside(path: Path, expected: str) -> Path | None:
    for _ in range(_TRIES):
        aside = path.parent / f"{_ASIDE}{expected}-{secrets.token_hex(8)}"
        try:
            aside.mkdir()
            path.rename(aside / path.name)
        except FileNotFoundError:  # the file is gone, or a listing has just tidied the empty folder away
            with contextlib.suppress(OSError):
                aside.rmdir()
            if not path.exists():
                return None
        else:
            return aside
    return None


def _remove_leftover(temp: Path) -> None:
    with contextlib.suppress(OSError):
        if time.time() - temp.lstat().st_mtime > _LEFTOVER_SECONDS:
            temp.unlink()


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def _may_move(folder: Path, found: os.stat_result) -> bool:
    """Whether the file may leave its folder. From a sticky one, only its owner and the folder's may move it."""
    above = folder.stat()
    is_sticky = bool(above.st_mode & stat.S_ISVTX)
    return _may_write(folder) and (not is_sticky or os.geteuid() in {0, found.st_uid, above.st_uid})


def _is_text(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_text(key: str) -> str:
    return os.fsencode(key).decode("utf-8", "backslashreplace")


# --- a bucket -----------------------------------------------------------------------------------------------------

_MAX_KEY = 1024  # bytes that S3 allows
_ARCHIVE_NAME = 32  # bytes that lake.archived adds to a key at most
_MISSING = {"404", "NoSuchKey", "NotFound"}
_CHANGED = {"412", "PreconditionFailed"}
_CONFLICT = {"409", "ConditionalRequestConflict"}
_REFUSED = {"403", "401", "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
_BUSY = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling", "RequestTimeTooSkewed"}


def _code(error: Any) -> str:  # noqa: ANN401  (botocore's ClientError, which has no types)
    return str(error.response.get("Error", {}).get("Code", ""))


class S3Store:
    """A lake in a bucket. Credentials, region and endpoint are boto3's own (AWS_ENDPOINT_URL and so on)."""

    requests_at_once = 64  # far below the 3,500 changing requests per second that a prefix takes

    def __init__(self, bucket: str, prefix: str) -> None:
        """Prefix has no slash at its ends and may be empty."""
        import boto3  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  (a folder needs no boto3)
        import botocore.config  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415
        import botocore.exceptions  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415

        self.uri = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._errors: Any = botocore.exceptions
        # Behind an endpoint of one's own, bucket names are no host names.
        own = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        style = {"addressing_style": "path"} if own else {}
        with self._plain_words():
            self._client: Any = boto3.client(
                "s3",
                config=botocore.config.Config(
                    retries={"mode": "standard"}, s3=style, max_pool_connections=self.requests_at_once
                ),
            )

    @contextlib.contextmanager
    def _plain_words(self) -> Iterator[None]:
        try:
            yield
        except self._errors.ClientError as error:
            raise self._in_plain_words(error) from error
        except (self._errors.NoCredentialsError, self._errors.PartialCredentialsError) as error:
            message = f"There are no AWS credentials for {self.uri}: log in (aws sso login) or set AWS_PROFILE."
            raise StoreError(message) from error
        except (self._errors.HTTPClientError, self._errors.ConnectionError) as error:
            message = f"{self.uri} does not answer ({error}): check the network and AWS_ENDPOINT_URL, then start again."
            raise TransientError(message) from error
        except self._errors.BotoCoreError as error:
            message = f"{self.uri} cannot be used ({error}): check the AWS settings."
            raise StoreError(message) from error

    def _in_plain_words(self, error: Any) -> StoreError:  # noqa: ANN401  (botocore has no types)
        code = _code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code == "NoSuchBucket":
            return StoreError(f"There is no bucket {self._bucket}: create it or check --lake.")
        if code in _REFUSED:
            return StoreError(
                f"AWS refuses {error.operation_name} on {self.uri} ({code}): check the credentials and that they allow "
                "s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject there."
            )
        if code in _BUSY | _CONFLICT or status >= 500:  # noqa: PLR2004  (a server's own fault, RFC 9110)
            return TransientError(f"{self.uri} is busy ({code}): start again in a minute.")
        return StoreError(f"{error.operation_name} on {self.uri} failed: {error}.")

    def _name(self, key: str) -> str:
        return self._prefix + _checked(key)

    def _etag(self, key: str) -> str | None:
        try:
            return str(self._client.head_object(Bucket=self._bucket, Key=self._name(key))["ETag"]).strip('"')
        except self._errors.ClientError as error:
            if _code(error) in _MISSING:
                return None
            raise

    def _digest(self, key: str, token: str | None = None) -> bytes | None:
        """The sha256 of the object's bytes; None if it is gone or, with a token, another version."""
        condition = {"IfMatch": token} if token else {}
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=self._name(key), **condition)["Body"]
        except self._errors.ClientError as error:
            if _code(error) in _MISSING | _CHANGED:
                return None
            raise
        digest = sha256()
        while data := body.read(_CHUNK):
            digest.update(data)
        return digest.digest()

    def _is_made(self, request: Callable[[], object]) -> bool:
        """Whether a conditional write was made. A 409 means that another write of the key is in progress: try again."""
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
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._name(key))
            except self._errors.ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise
            return Fetched(answer["Body"].read(), answer["ETag"].strip('"'))

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
        """See ObjectStore. The empty objects that the console makes for folders are left out."""
        if prefix:
            _checked(prefix.removesuffix("/"))
        for item in self._objects(prefix, after):
            key = item["Key"].removeprefix(self._prefix)
            parts = key.split("/")
            if any(_is_hidden(part) for part in parts if part not in _NO_PARTS):
                continue
            if key.endswith("/") and item["Size"] == 0:
                continue
            is_refused = not _NO_PARTS.isdisjoint(parts)
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
        """See ObjectStore. The store copies, nothing is downloaded; an ordinary copy is two requests.

        CopyObject takes If-None-Match since October 2025. A store that ignores it (moto) is why the target is requested
        first. A refusal has two meanings: if the target exists now, another run copied it, or it differs; if not, the
        source is gone or another version.
        """
        with self._plain_words():
            existing = self._etag(target)
            if existing is None:
                if self._is_made(lambda: self._copy_once(source, target, token, size)):
                    return True
                existing = self._etag(target)
            found = self._etag(source) if existing else None
            if found is None:
                return existing is not None
            if token and found != token:
                return False
            if found != existing:  # under SSE-KMS equal bytes have different ETags
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

    def delete(self, key: str, token: str | None = None, data: bytes | None = None) -> bool:  # noqa: ARG002
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
        """See ObjectStore. What cannot be removed stays."""
        _checked(prefix.removesuffix("/"))
        names = [item["Key"] for item in self._objects(prefix.removesuffix("/") + "/")]
        with self._plain_words():
            for start in range(0, len(names), 1000):  # as many as DeleteObjects takes
                doomed = [{"Key": name} for name in names[start : start + 1000]]
                self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": doomed, "Quiet": True})

    def object_uri(self, key: str) -> str:
        """See ObjectStore."""
        return f"{self.uri}/{_checked(key)}"
