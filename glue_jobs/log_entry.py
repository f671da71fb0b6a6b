"""One entry of the commit log: the inputs and files of a batch, and how they are written as JSON."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from shared import document, lake
from shared.store import ObjectStore

VERSION = 2
REJECTS = "rejects"  # the table name of staged files that go to rejects/


class CommitLogError(Exception):
    """The log or the lake was changed or damaged, or a caller uses it wrongly; the message says what to do."""


class UnreadableEntryError(CommitLogError):
    """An object with the key of a log entry is damaged or of another program; the message has only the reason."""


class Input(NamedTuple):
    """A planned raw object: a key of the lake, or an absolute URI for --source files.

    `token` identifies this version in the store (the ETag on S3; inode, size and times in a folder). `time` is the
    last modification.
    """

    key: str
    token: str
    size: int
    time: datetime

    @property
    def json_size(self) -> int:
        """Estimated bytes of JSON: gzip compresses Spotify's answers to about a tenth."""
        return self.size * 10 if self.key.endswith(".gz") else self.size

    @property
    def version(self) -> tuple[str, str]:
        """Key and token: a changed object is another version."""
        return self.key, self.token


@dataclass(frozen=True)
class CommittedInput:
    """An input as recorded in the log entry. `document_id` is empty if it was quarantined without being read."""

    key: str
    token: str
    size: int
    document_id: str
    extracted_at: str
    place: Literal["processed", "quarantine", "source"]  # where it is archived; a file of --source stays in place
    reason: str | None = None

    @property
    def version(self) -> tuple[str, str]:
        """Key and token: a changed object is another version."""
        return self.key, self.token


@dataclass(frozen=True)
class StagedFile:
    """A file to publish; `staged` is its key under staging/, `table` is `rejects` for rejects."""

    table: str
    staged: str
    rows: int


@dataclass(frozen=True)
class PublishedFile:
    """A staged file and its final name."""

    staged: str
    final: str
    table: str
    rows: int


class BatchContent(NamedTuple):
    """What an entry says of a batch, except its number: its inputs, rejects per reason, and the reconciliation."""

    inputs: Sequence[CommittedInput]
    rejects: Mapping[str, int]
    reconciliation: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A committed batch. Files are in order of publishing; `rows` counts per table, `rejects` per reason."""

    number: int
    batch_id: str
    committed_at: datetime
    ingest_date: date
    inputs: tuple[CommittedInput, ...]
    files: tuple[PublishedFile, ...]
    rows: Mapping[str, int]
    rejects: Mapping[str, int]
    reconciliation: Mapping[str, Any]

    def as_bytes(self) -> bytes:
        """The entry as readable JSON; equal entries give equal bytes."""
        content = dataclasses.asdict(self) | {
            "version": VERSION,
            "committed_at": document.timestamp(self.committed_at),
            "ingest_date": self.ingest_date.isoformat(),
        }
        return as_json(content)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Entry":
        """The entry that `as_bytes` wrote.

        Raises UnreadableEntryError, or CommitLogError if another version of the suite wrote it.
        """
        try:
            content = _object(data)
            version = content.pop("version")
            if version != VERSION:
                is_newer = isinstance(version, int) and version > VERSION
                raise CommitLogError(
                    "A newer version of the suite wrote this log entry: update this one."
                    if is_newer
                    else "An older version of the suite wrote this lake: start a new lake and put the raw objects "
                    "under raw/processed/ of this one into its raw/pending/."
                )
            content |= {
                "committed_at": datetime.fromisoformat(content["committed_at"]),
                "ingest_date": date.fromisoformat(content["ingest_date"]),
                "inputs": tuple(CommittedInput(**committed) for committed in content["inputs"]),
                "files": tuple(PublishedFile(**file) for file in content["files"]),
            }
            for name in ("rows", "rejects", "reconciliation"):
                if not isinstance(content.get(name, {}), dict):
                    raise UnreadableEntryError(f"its {name} is no object")
            return cls(**content)
        except KeyError as error:
            raise UnreadableEntryError(f"it lacks {error.args[0]}") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise UnreadableEntryError("its values are not as the suite writes them") from error


def read_entry(store: ObjectStore, number: int) -> Entry | None:
    """The log entry of this number, None if it is not there. Raises CommitLogError as `Entry.from_bytes` does."""
    fetched = store.get(lake.log_entry(number))
    if fetched is None:
        return None
    entry = Entry.from_bytes(fetched.data)
    if entry.number != number:
        raise UnreadableEntryError(f"it is the entry of number {entry.number}")
    return entry


def _object(data: bytes) -> dict[str, Any]:
    if not data:
        raise UnreadableEntryError("it is empty")
    try:
        content = json.loads(data)
    except ValueError as error:
        raise UnreadableEntryError("it is no JSON: perhaps it is truncated") from error
    if not isinstance(content, dict):
        raise UnreadableEntryError("it is no JSON object")
    return content


def as_json(content: Mapping[str, Any]) -> bytes:
    """Readable JSON with sorted keys: equal contents give equal bytes."""
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def new_entry(number: int, batch_id: str, now: datetime, content: BatchContent, staged: Sequence[StagedFile]) -> Entry:
    """The entry that commits these staged files under this number, with their final names."""
    parts: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    files = []
    for file in staged:
        part = parts[file.table]
        parts[file.table] += 1
        if file.table == REJECTS:
            final = lake.rejects_file(now.date(), number, part)
        else:
            final = lake.processed_file(file.table, now.date(), number, part)
            rows[file.table] += file.rows
        files.append(PublishedFile(file.staged, final, file.table, file.rows))
    return Entry(
        number=number,
        batch_id=batch_id,
        committed_at=now,
        ingest_date=now.date(),
        inputs=tuple(content.inputs),
        files=tuple(files),
        rows=dict(rows),
        rejects=dict(content.rejects),
        reconciliation=dict(content.reconciliation),
    )
