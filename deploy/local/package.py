"""Reads account data downloads: finds the files with listening history, and returns plays without personal fields.

Files are recognised by the keys of their JSON, not by their names. Nothing is unpacked to the disk.
"""

import hashlib
import json
import re
import sqlite3
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.commands import CommandError
from glue_jobs.reading import account
from glue_jobs.reading.json_text import ZIP_MAGIC, parse, zip_infos
from glue_jobs.reading.model import UnreadableDocumentError
from glue_jobs.reading.plays import ACCOUNT, EXTENDED, source_of
from glue_jobs.reading.shapes import name_of

KEEP = ("platform", "country", "private")
ZIPS = "ZIPs in the package: import each by itself"
MAX_FILES = 1_000
MAX_FILE_BYTES = 256 * 2**20
MAX_BYTES = 8 * 2**30
NO_DATE = datetime(1980, 1, 1, tzinfo=UTC)  # the time of a file without a time in a ZIP
_UNREADABLE = "a file of the package cannot be read: check its permissions and the disk"
_ALONE = "name the folder of the history alone"
_MAX_NAMED = 16 * 2**20  # bytes; a larger file is not parsed to find out its kind

_MINUTE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2})")
_URI = re.compile(r"spotify:[a-z]+:([0-9A-Za-z]{22})")
# Keys of each source, with the columns of `plays`. All other keys of a row are dropped.
_EXTENDED = {
    "ms_played": "ms_played",
    "reason_start": "reason_start",
    "reason_end": "reason_end",
    "shuffle": "shuffle",
    "skipped": "skipped",
    "offline": "offline",
}
_ACCOUNT = {
    "msPlayed": "ms_played",
    "trackName": "track_name",
    "artistName": "artist_name",
    "episodeName": "episode_name",
    "podcastName": "show_name",
    "audiobookName": "audiobook_name",
    "chapterName": "chapter_name",
    "authorName": "author_name",
}
# What was played: the first of these with a value decides, since a chapter of an audiobook can also have a song's URI.
_PLAYED = (
    (
        {"audiobook_uri": "audiobook_id", "audiobook_chapter_uri": "chapter_id"},
        {"audiobook_title": "audiobook_name", "audiobook_chapter_title": "chapter_name"},
    ),
    (
        {"spotify_episode_uri": "episode_id"},
        {"episode_name": "episode_name", "episode_show_name": "show_name"},
    ),
    (
        {"spotify_track_uri": "song_id"},
        {
            "master_metadata_track_name": "track_name",
            "master_metadata_album_artist_name": "artist_name",
            "master_metadata_album_album_name": "album_name",
        },
    ),
)

Play = dict[str, Any]
_as_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class HistoryFile:
    """A file of the package with listening history; `read` returns its bytes."""

    number: int
    source: str
    digest: str
    time: datetime
    read: Callable[[], bytes]


@dataclass
class Opened:
    """A package: its files with history, and the counts of its other files by kind."""

    files: list[HistoryFile] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def of(self, source: str) -> list[HistoryFile]:
        """The files of a source."""
        return [file for file in self.files if file.source == source]

    def package_id(self, source: str) -> str:
        """The sha256 of the source's files; it does not depend on their names or order."""
        return hashlib.sha256("".join(sorted(file.digest for file in self.of(source))).encode()).hexdigest()


def open_package(path: Path) -> Opened:
    """The history files of the ZIP or folder, and counts of its other files.

    Raises CommandError if it cannot be read or exceeds the limits.
    """
    opened = Opened()
    digests: set[str] = set()
    size = 0
    for number, (time, read) in enumerate(_files(path), start=1):
        if number > MAX_FILES:
            raise CommandError(f"the package has more than {MAX_FILES:,} files: {_ALONE}")
        data = read()
        size += len(data)
        if size > MAX_BYTES:
            raise CommandError(f"the package has more than {MAX_BYTES / 2**30:g} GiB: {_ALONE}")
        digest = hashlib.sha256(data).hexdigest()
        source = None if data.startswith(ZIP_MAGIC) else source_of(data)
        if source is None:
            opened.others[_kind(data)] += 1
        elif digest in digests:
            opened.others["copies of a history file"] += 1
        else:
            digests.add(digest)
            opened.files.append(HistoryFile(number, source, digest, time, read))
    return opened


def _files(path: Path) -> Iterator[tuple[datetime, Callable[[], bytes]]]:
    """Time and content of each file; links are not followed."""
    if path.is_dir():
        for file in sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink()):
            yield datetime.fromtimestamp(file.stat().st_mtime, UTC), lambda file=file: _read_file(file)  # type: ignore[misc]  # a default binds the loop's value
        return
    if not path.is_file() or not _begins_like_a_zip(path):
        raise CommandError(
            "FILE is neither a ZIP nor a folder: name the download, such as FILE=my_spotify_data.zip, or the folder "
            "that it was unzipped to"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            infos = zip_infos(archive)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CommandError("FILE is an incomplete ZIP: download the package again, or name its folder") from error
    for info in infos:
        yield _time_of(info), lambda info=info: _read_member(path, info)  # type: ignore[misc]  # as above


def _begins_like_a_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(ZIP_MAGIC)
    except OSError as error:
        raise CommandError(_UNREADABLE) from error


def _time_of(info: zipfile.ZipInfo) -> datetime:
    try:
        return datetime(*info.date_time, tzinfo=UTC)
    except ValueError:  # a ZIP may have no valid time
        return NO_DATE


def _read_file(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return _within_limit(opened.read(MAX_FILE_BYTES + 1))
    except OSError as error:
        raise CommandError(_UNREADABLE) from error


def _read_member(path: Path, info: zipfile.ZipInfo) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(info) as member:
            return _within_limit(member.read(MAX_FILE_BYTES + 1))
    except (RuntimeError, NotImplementedError) as error:  # zipfile's errors for a password and an unknown method
        raise CommandError("FILE has a password or an unknown compression: unzip it and name the folder") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise CommandError("FILE is a ZIP that is cut off or broken: download the package again") from error


def _within_limit(data: bytes) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise CommandError(f"a file of the package has more than {MAX_FILE_BYTES / 2**20:g} MiB: {_ALONE}")
    return data


def _kind(data: bytes) -> str:
    """The kind of a file without history, for people; it contains nothing from the file."""
    if data.startswith(ZIP_MAGIC):
        return ZIPS
    if len(data) > _MAX_NAMED:
        return "large files of other data"
    try:
        values, _ = parse(data)
    except (UnreadableDocumentError, RecursionError):
        return "files that are no JSON"
    return _kind_of_value(_first_object(values)) or "files of other account data"


def _first_object(value: object) -> Mapping[str, Any]:
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def _kind_of_value(value: Mapping[str, Any]) -> str | None:
    if account.is_playlist(value) or account.is_playlist(_first_object(value.get("playlists"))):
        return "files of playlists: drop them as docs/data-model.md says"
    if account.is_library(value):
        return "files of the library: drop them as docs/data-model.md says"
    return name_of(value)


# --- from rows to plays


class EqualRows:
    """Counts equal rows of a package in a file, so that memory does not grow with the package.

    `file` is the number of the current file. `in_two_files` counts the rows so far that an earlier file also has.
    """

    def __init__(self) -> None:
        self.file = 0
        self.in_two_files = 0
        self._counts = sqlite3.connect("")  # a temporary file
        self._counts.executescript("pragma journal_mode = off; pragma synchronous = off;")
        self._counts.execute("create table counts (row blob primary key, seen integer, file integer) without rowid")

    def number(self, row: str) -> int:
        """How many rows equal to this text were counted before."""
        sql = "insert into counts values (?, 0, ?) on conflict do update set seen = seen + 1 returning seen, file"
        digest = hashlib.sha256(row.encode("utf-8", "replace")).digest()[:16]
        [(seen, first_file)] = self._counts.execute(sql, [digest, self.file]).fetchall()
        self.in_two_files += first_file != self.file
        return int(seen)

    def close(self) -> None:
        """Remove the temporary file."""
        self._counts.close()


def read_plays(
    file: HistoryFile, label: str, keep: frozenset[str], equal: EqualRows, left_out: Counter[str]
) -> Iterator[Play]:
    """The plays of a file; counts rows that are left out by kind. Raises CommandError if it is damaged."""
    equal.file = file.number
    try:
        values, damages = parse(file.read())
    except (UnreadableDocumentError, RecursionError):
        values, damages = [], []
    if not values or damages:
        raise CommandError(
            f"file {file.number} of the package is listening history, but is cut off or damaged: download the package "
            "again; nothing was imported"
        )
    for row in (row for value in values for row in (value if isinstance(value, list) else [value])):
        source = _source_of_row(row)
        if source is None or source != file.source:
            left_out["rows of another form"] += 1
        elif _is_negative(row.get("ms_played", row.get("msPlayed"))):
            left_out["rows with a listening time below zero"] += 1
        elif row.get("incognito_mode") is True and "private" not in keep:
            left_out["plays of private sessions (KEEP=private keeps them)"] += 1
        else:
            yield _play(row, source, label, keep, equal)


def _source_of_row(row: object) -> str | None:
    if not isinstance(row, dict):
        return None
    if "ts" in row and "ms_played" in row:
        return EXTENDED
    return ACCOUNT if "endTime" in row and "msPlayed" in row else None


def _is_negative(ms_played: object) -> bool:
    if isinstance(ms_played, str):
        return ms_played.lstrip().startswith("-")
    return isinstance(ms_played, int) and ms_played < 0


def _play(row: Mapping[str, Any], source: str, label: str, keep: frozenset[str], equal: EqualRows) -> Play:
    if source == EXTENDED:
        play = {"played_at": row["ts"], "played_at_precision": "second"} | _chosen(row, _EXTENDED)
        uris = _add_what_was_played(row, play)
        if "platform" in keep:
            play["platform"] = row.get("platform")
        if "country" in keep:
            play["country"] = row.get("conn_country")
        if "private" in keep:
            play["is_private"] = row.get("incognito_mode")
    else:
        play = {"played_at": _end_time(row["endTime"]), "played_at_precision": "minute"} | _chosen(row, _ACCOUNT)
        uris = []
    # Spotify writes scalars only. A list or an object may hold personal fields.
    play = {name: value for name, value in play.items() if isinstance(value, str | int) and value != ""}
    names = [value for name, value in play.items() if name.endswith("_name")]
    identity = [label, source, play.get("played_at"), uris or names, play.get("ms_played")]
    text = _as_json(identity)
    play_id = hashlib.sha256(f"{text}{equal.number(text)}".encode("utf-8", "replace")).hexdigest()
    return {"play_id": play_id} | play


def _chosen(row: Mapping[str, Any], columns: Mapping[str, str]) -> Play:
    return {column: row.get(key) for key, column in columns.items()}


def _add_what_was_played(row: Mapping[str, Any], play: Play) -> list[str]:
    """Add ids and names of what was played; returns the URIs."""
    for uris, names in _PLAYED:
        if any(isinstance(row.get(key), str) and row[key] for key in (*uris, *names)):
            play |= _chosen(row, names)
            texts = {column: row[key] for key, column in uris.items() if isinstance(row.get(key), str)}
            play |= {column: match[1] for column, uri in texts.items() if (match := _URI.fullmatch(uri))}
            return list(texts.values())
    return []


def _end_time(text: object) -> object:
    """The minute as an ISO time in UTC; another value is returned unchanged, and the job rejects it."""
    match = _MINUTE.fullmatch(text) if isinstance(text, str) else None
    return f"{match[1]}T{match[2]}:00Z" if match else text
