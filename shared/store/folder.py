"""An object store in a folder of this machine, the embedded default."""

import contextlib
import errno
import io
import logging
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import IO, BinaryIO

from shared import lake
from shared.store.protocol import (
    Fetched,
    Leave,
    Listed,
    StoreError,
    TargetDiffersError,
    UnreadableObjectError,
    as_text,
    checked_key,
    is_hidden,
    is_text,
)
from shared.terminal import printable

log = logging.getLogger(__name__)

_TEMP = ".put-"  # a file that is being written; it gets its visible name, by a hard link, when it is complete
_ASIDE = ".aside-"  # a folder with a file that is being deleted; its name says which version may be deleted
_LEFTOVER_SECONDS = 24 * 3600
_TRIES = 5
_CHUNK = 1 << 20

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


# Errors of a single file or folder; the rest of the lake may be readable. ESTALE and EUCLEAN mean damage on the disk.
_NAMES_OF_ONE_OBJECT = ("EACCES", "EPERM", "EIO", "EBADMSG", "ESTALE", "EUCLEAN", "ELOOP")
_OF_ONE_OBJECT = {getattr(errno, name) for name in _NAMES_OF_ONE_OBJECT if hasattr(errno, name)}
_DENIED = "permission denied; check who owns it and who may read it and move it out of the lake"


def _reason(error: OSError) -> str:
    is_denied = error.errno in {errno.EACCES, errno.EPERM}
    return _DENIED if is_denied else f"{error.strerror or error}; check the disk"


@contextlib.contextmanager
def _leaving(key: str, left: Leave | None) -> Iterator[None]:
    """Calls `left` if the object cannot be read. Raises the error without `left`, and for a fault of the machine."""
    try:
        yield
    except OSError as error:
        if left is None or error.errno not in _OF_ONE_OBJECT:
            raise
        left(key, _reason(error))


@contextlib.contextmanager
def plain_words(path: Path) -> Iterator[None]:
    """Raises StoreError with advice instead of an OSError."""
    try:
        yield
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, f"{error.strerror or error}; check the disk and start again")
        raise StoreError(f"Cannot work on {path}: {advice}. Nothing was left half written.") from error


def _version(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _token(status: os.stat_result) -> str:
    return f"{_version(status)}-{status.st_ctime_ns}"


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
    """A complete copy of the source on disk, in the target's folder, under a hidden name that is removed afterwards.

    The name is `.put-<inode>`, so that `_settled` can compute it from the visible file without a listing. The file
    stays open until the name is removed, because until then no other file can get this inode number, and so this name.
    """
    for tries_left in reversed(range(_TRIES)):
        _make_folder(target.parent)
        temp = target.parent / f"{_TEMP}{secrets.token_hex(8)}"
        try:
            file = temp.open("xb")
        except FileNotFoundError:  # another run has just removed the empty folder
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
    """The file's stat; None if there is no regular file. Any other error is raised: it does not mean a missing file."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


_SPECIAL_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _special_kind(path: Path) -> str | None:
    """Kind of a special file, which is never opened; None for a regular file, a folder and a missing path."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    return next((kind for is_of, kind in _SPECIAL_KINDS if is_of(mode)), None)


def _settled(path: Path) -> os.stat_result | None:
    """The file's stat with a ctime that will not change; None if there is no regular file.

    Removing a second name changes the ctime. Between its link and its unlink, put_if_absent leaves a hidden second
    name, for ever if it is killed then. So this function first removes the hidden name. If put_if_absent still runs,
    its unlink finds no file, which is no error. Hard links that a person made stay.
    """
    status = _regular(path)
    if status is None or status.st_nlink == 1:
        return status
    with contextlib.suppress(OSError), path.open("rb") as file:  # a later access removes what cannot be removed now
        hidden = _hidden_name(path, file)
        if os.path.samestat(hidden.lstat(), os.fstat(file.fileno())):
            hidden.unlink()
    return _regular(path)


def _settle_aside(aside: Path) -> bool:
    """Remove the file that was set aside if it is the version to delete; otherwise put it back and return False.

    Any run may do this at any time, even two at once, because the folder's name has all that is needed:
    `.aside-<inode>-<size>-<mtime>-<sha256>-<random>`. The file is not put back over a newer file of its old name.
    """
    version, digest, _ = aside.name.removeprefix(_ASIDE).rsplit("-", 2)
    removed = True
    with contextlib.suppress(FileNotFoundError):  # another run does the same
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
    """Whether the file has the token. True for a missing file too, which another run may have archived already."""
    status = _settled(path) if token else None
    return status is None or _token(status) == token


class FolderStore:
    """A lake in a folder. Symbolic links are not listed, but passed to `left`, and not followed out of the folder."""

    requests_at_once = 8  # a disk serves few fsyncs at a time

    def __init__(self, root: Path) -> None:
        """Root is a folder that exists."""
        self._root = root.resolve()
        self.uri = f"file://{self._root}"
        self._warned: set[str] = set()

    def _path(self, key: str) -> Path:
        path = self._root / checked_key(key)
        if not path.parent.resolve().is_relative_to(self._root):
            raise StoreError(f"{key} leads out of the lake {self._root} by a symbolic link: remove the link.")
        return path

    def get(self, key: str) -> Fetched | None:
        """See ObjectStore."""
        path = self._path(key)
        with plain_words(path):
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
        with plain_words(path), _temp_file(path, io.BytesIO(data)) as temp:
            temp.replace(path)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """See ObjectStore."""
        path = self._path(key)
        with plain_words(path), _temp_file(path, io.BytesIO(data)) as temp:
            try:
                os.link(temp, path)
            except FileExistsError:
                return False
            return True

    def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
        """See ObjectStore. Also removes what runs left that were killed inside the store."""
        folder = prefix.rpartition("/")[0]
        top = self._path(f"{folder}/x").parent if folder else self._root
        with plain_words(top):
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
            if not is_text(key):
                (left or self._warn_once)(as_text(key), "its name is not UTF-8; rename it")
            elif name.endswith("/"):
                if key > after or after.startswith(key):
                    yield from self._walk(key, prefix, after, left)
            elif key > after:
                listed = None
                with _leaving(key, left):
                    listed = self._listed(key, must_be_movable=left is not None)
                    kind = None if listed or not left else _special_kind(self._root / key)
                    if left and kind:
                        left(key, f"it is {kind}, no regular file; put a copy of the file there instead")
                if listed:
                    yield listed

    def _listed(self, key: str, *, must_be_movable: bool) -> Listed | None:
        """The file; None if it is no regular file. Raises PermissionError for a raw object that cannot be archived."""
        path = self._root / key
        status = _settled(path)
        if status is None:
            return None
        is_raw = key.startswith((lake.PENDING, lake.QUIET))
        if must_be_movable and is_raw and not _may_move(path.parent, status) and _may_write(self._root):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return Listed(key, status.st_size, _token(status), datetime.fromtimestamp(status.st_mtime, UTC))

    def _names(self, folder: Path) -> tuple[str, ...]:
        """The names in a folder, in the order of their keys; the name of a folder ends in a slash."""
        try:
            with os.scandir(folder) as entries:
                files = tuple(entries)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        asides = tuple(entry for entry in files if entry.name.startswith(_ASIDE))
        for aside in asides:
            _settle_aside(Path(aside.path))
        names = {f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in files}
        if asides:  # a file may have been put back just now, or the folder removed
            with contextlib.suppress(FileNotFoundError):
                names |= {path.name for path in folder.iterdir() if path.is_file()}
        for name in names:
            if name.startswith(_TEMP):
                _remove_leftover(folder / name)
        return tuple(sorted(name for name in names if not is_hidden(name.rstrip("/"))))

    def copy(self, source: str, target: str, token: str | None = None, size: int = 0) -> bool:  # noqa: ARG002  # S3's
        """See ObjectStore. Bytes are copied: a hard link would let a later write to the source change the target."""
        path, new = self._path(source), self._path(target)
        with plain_words(new):
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
        """See ObjectStore. With a token: move the file aside, compare it, move it back if it is another version.

        Moving the file changes its ctime, so inode, size and mtime are compared, and the bytes if there are `data`.
        """
        path = self._path(key)
        with plain_words(path):
            status = _settled(path)
            if status is None or (token and _version(status) != _version_of(token)):
                return False
            if token is None:
                path.unlink(missing_ok=True)
            else:
                digest = "" if data is None else sha256(data).hexdigest()
                aside = _set_aside(path, f"{_version_of(token)}-{digest}")
                if aside is None or not _settle_aside(aside):
                    return False
            with contextlib.suppress(FileNotFoundError):
                _sync(path.parent)  # else a power cut may restore the file but keep later writes
            self._tidy(path.parent)
        return True

    def delete_under(self, prefix: str) -> None:
        """See ObjectStore. Files that cannot be removed stay."""
        folder = self._path(prefix.removesuffix("/"))
        shutil.rmtree(folder, ignore_errors=True)

    def object_uri(self, key: str) -> str:
        """See ObjectStore."""
        return f"{self.uri}/{checked_key(key)}"

    def _warn_once(self, key: str, reason: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            log.warning("Left out %s: %s.", printable(key), reason)

    def _tidy(self, folder: Path) -> None:
        """Remove empty folders that programs made, `run=…` and staging; folders that people made stay."""
        staging = self._root / lake.STAGING
        with contextlib.suppress(OSError):
            while folder != self._root and ("=" in folder.name or staging in folder.parents):
                folder.rmdir()
                folder = folder.parent


def _differ(path: Path, other: Path) -> bool:
    """Whether both files exist and hold different bytes."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as left, other.open("rb") as right:
        if os.fstat(left.fileno()).st_size != os.fstat(right.fileno()).st_size:
            return True
        return file_digest(left, "sha256").digest() != file_digest(right, "sha256").digest()
    return False


def _set_aside(path: Path, expected: str) -> Path | None:
    for _ in range(_TRIES):
        aside = path.parent / f"{_ASIDE}{expected}-{secrets.token_hex(8)}"
        try:
            aside.mkdir()
            path.rename(aside / path.name)
        except FileNotFoundError:  # the file is gone, or a listing has just removed the empty folder
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


def _may_move(folder: Path, status: os.stat_result) -> bool:
    """Whether this process may move the file out of its folder. A sticky folder allows it only to the two owners."""
    above = folder.stat()
    is_sticky = bool(above.st_mode & stat.S_ISVTX)
    return _may_write(folder) and (not is_sticky or os.geteuid() in {0, status.st_uid, above.st_uid})
