"""What every object store has in common: its interface, its errors, and which keys it accepts."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

_HIDDEN_STARTS = (".", "_temporary")
_HIDDEN_ENDS = (".part", ".tmp", ".crc")
NO_PARTS = frozenset({"", ".", ".."})


class Listed(NamedTuple):
    """An object as a listing shows it; `time` is its last modification, in UTC."""

    key: str
    size: int
    token: str
    time: datetime


class Fetched(NamedTuple):
    """The bytes of an object, and the token of their version."""

    data: bytes
    token: str


class StoreError(Exception):
    """The store cannot do the operation; the message says what to do about it."""


class TransientError(StoreError):
    """A retry may succeed."""


# Spark pickles an executor's error and rebuilds it on the driver from its arguments.
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


Leave = Callable[[str, str], object]  # called with the key of an object that a listing leaves out, and the reason


class ObjectStore(Protocol):
    """What a folder and a bucket have in common. Every method may raise StoreError."""

    uri: str  # 's3://bucket/prefix' or 'file:///absolute/path', no slash at the end
    requests_at_once: int  # number of threads that can use the store at the same time without waiting

    def get(self, key: str) -> Fetched | None:
        """The object's bytes and token; None if it does not exist. May raise UnreadableObjectError."""

    def put(self, key: str, data: bytes) -> None:
        """Write the object atomically; replace an existing one."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write the object atomically, unless it exists; then return False and change nothing.

        On S3 it may also return False after a success whose answer was lost. A caller that must know reads the object.
        """

    def list(self, prefix: str, after: str = "", left: Leave | None = None) -> Iterator[Listed]:
        """The objects whose key starts with the prefix and is greater than `after`, in order of their keys.

        Objects whose keys the other methods refuse are not yielded. If there is a `left`, it is called for each of
        them, and for each object or folder below the prefix's own folder that cannot be listed or moved. Without
        `left`, one that cannot be listed raises StoreError.
        """

    def copy(self, source: str, target: str, token: str | None = None, size: int = 0) -> bool:
        """Copy the object atomically; never change an existing target.

        Returns False if neither source nor target exists, or if the source has another version than the token's. Raises
        TargetDiffersError if both exist with different bytes. `size` is the size of that version; it is required for
        objects over 5 GiB, which S3 copies in parts.
        """

    def delete(self, key: str, token: str | None = None, data: bytes | None = None) -> bool:
        """Remove the object, with a token only that version; False if it does not exist or has another version.

        A folder cannot compare and delete in one step, so it also compares the bytes if there are `data`.
        """

    def delete_under(self, prefix: str) -> None:
        """Remove everything under a prefix that ends in `/`, hidden files too."""

    def object_uri(self, key: str) -> str:
        """The object's address, as Spark needs it."""


def checked_key(key: str) -> str:
    """The unchanged key. Raises StoreError if no store accepts it."""
    if "\0" in key or not NO_PARTS.isdisjoint(key.split("/")):
        raise StoreError(f"{key!r} is no key: it must be relative, without empty parts, '.' and '..'.")
    return key


def is_hidden(name: str) -> bool:
    """Whether listings leave out a file or folder of this name."""
    return name.startswith(_HIDDEN_STARTS) or name.endswith(_HIDDEN_ENDS)


def is_text(key: str) -> bool:
    """Whether the key can be written as UTF-8."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def as_text(key: str) -> str:
    """The key with escapes instead of bytes that are not UTF-8."""
    return os.fsencode(key).decode("utf-8", "backslashreplace")
