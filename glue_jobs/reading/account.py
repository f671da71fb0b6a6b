"""Playlists and library of Spotify's account data download, as playlist rows.

The download has names, URIs and days, but no playlist ids, no snapshots and little about each song. Since 2020 its
files have had these forms: the rows are under `tracks` or `items`; the names and the URI are in the row itself, or in
an object of the row that is named after its type.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

LIBRARY = "export:library"
_ID_LENGTH = 22  # as long as Spotify's own ids
_ENTRIES = ("track", "episode", "localTrack", "audiobook", "chapter")
_NAMES = ("trackName", "episodeName", "chapterName", "audiobookName", "track", "name")
_ARTISTS = ("artistName", "artist", "authorName")
_URIS = ("trackUri", "episodeUri", "chapterUri", "audiobookUri", "uri")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_URI = re.compile(r"spotify:[a-z]+:([^:]+)")


def is_playlist(value: Mapping[str, Any]) -> bool:
    """Whether the object is a playlist of the download."""
    rows = _rows(value)
    return rows is not None and ("lastModifiedDate" in value or any(_is_row(row) for row in rows))


def is_library(value: Mapping[str, Any]) -> bool:
    """Whether the object is the library of the download."""
    is_named = any(key in value for key in ("bannedTracks", "bannedArtists")) or value.keys() >= {"albums", "shows"}
    return is_named and all(isinstance(value.get(key, []), list) for key in ("tracks", "albums")) and "tracks" in value


def playlist_id(value: Mapping[str, Any]) -> str | None:
    """An id made from the playlist's name, since the download has no ids; null without a name."""
    name = value.get("name")
    if not isinstance(name, str) or not name:
        return None
    return "export:" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:_ID_LENGTH]


def described(value: Mapping[str, Any]) -> dict[str, Any]:
    """The playlist object as the API would show it."""
    about = {"name": value.get("name"), "description": value.get("description")}
    return about | {"followers": {"total": value.get("numberOfFollowers")}}


def playlist_rows(value: Mapping[str, Any]) -> list[Any]:
    """The rows of a playlist, as the API would show them: without the keys that the download does not have."""
    return [_row(row) for row in _rows(value) or []]


def library_rows(value: Mapping[str, Any]) -> list[Any]:
    """The tracks of the library, then its episodes."""
    saved = [*value["tracks"], *(value["episodes"] if isinstance(value.get("episodes"), list) else [])]
    return [{"item": _entry(row)} if isinstance(row, dict) else row for row in saved]


def _rows(value: Mapping[str, Any]) -> list[Any] | None:
    return next((value[key] for key in ("items", "tracks") if isinstance(value.get(key), list)), None)


def _is_row(row: object) -> bool:
    if not isinstance(row, dict):
        return False
    return (
        "addedDate" in row
        or "trackName" in row
        or any(
            isinstance(row.get(key), dict) and any(name in row[key] for name in (*_NAMES[:4], *_URIS[:4]))
            for key in _ENTRIES
        )
    )


def _row(row: object) -> Any:  # noqa: ANN401  # a JSON value is anything
    if not isinstance(row, dict):
        return row
    made: dict[str, Any] = {}
    day = row.get("addedDate")
    if day is not None:
        made["added_at"] = f"{day}T00:00:00Z" if isinstance(day, str) and _DAY.fullmatch(day) else day
    entry = next((row[key] for key in _ENTRIES if isinstance(row.get(key), dict)), None)
    if entry is not None or any(name in row for name in (*_NAMES[:4], *_URIS)):
        return made | {"item": _entry(row if entry is None else entry)}
    is_empty = any(key in row for key in _ENTRIES) and all(row.get(key) is None for key in _ENTRIES)
    return made | ({"item": None} if is_empty else {})


def _entry(source: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": None}
    uri = _first(source, _URIS)
    if isinstance(uri, str):
        match = _URI.match(uri)
        made |= {"uri": uri, "id": match[1] if match and not uri.startswith("spotify:local:") else None}
    name, artist = _first(source, _NAMES), _first(source, _ARTISTS)
    if name is not None:
        made["name"] = name
    if artist is not None:
        made["artists"] = [{"name": artist}]
    return made


def _first(source: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    return next((source[key] for key in keys if source.get(key) is not None), None)
