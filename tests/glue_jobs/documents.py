"""Playlist rows, pages and documents in Spotify's form, without Spark."""

import json
from typing import Any

from shared.document import RawLine

Json = dict[str, Any]

# The API sends every key; tests set only the values that they need.
ARTIST_KEYS: Json = dict.fromkeys(("id", "name", "uri"))
ALBUM_KEYS: Json = dict.fromkeys(("album_type", "release_date", "release_date_precision", "total_tracks", "uri"))
EPISODE_KEYS: Json = dict.fromkeys(("duration_ms", "explicit", "release_date", "release_date_precision", "uri", "name"))
TRACK_KEYS: Json = dict.fromkeys(
    ("duration_ms", "explicit", "disc_number", "track_number", "album", "artists", "uri", "name")
)


def credited(*artists: str | Json) -> list[Json]:
    """Credited artists: an id alone, or the whole object."""
    return [
        ARTIST_KEYS | ({"id": artist, "name": artist.upper()} if isinstance(artist, str) else artist)
        if isinstance(artist, str | dict)
        else artist
        for artist in artists
    ]


def album(album_id: str | None, *, artists: list[Any] | None = None, **fields: object) -> Json:
    """An album as a track contains it."""
    return ALBUM_KEYS | {"id": album_id, "name": "An album", "artists": credited(*(artists or [])), **fields}


def row(entry: object, *, key: str = "item", **fields: object) -> Json:
    """A playlist row around an entry."""
    return {"added_at": "2026-07-01T08:00:00Z", "added_by": {"id": "u1"}, "is_local": False, key: entry, **fields}


def song(song_id: str, *, artists: list[Any] | None = None, row_fields: Json | None = None, **fields: object) -> Json:
    """A row with a song."""
    track = TRACK_KEYS | {
        "type": "track",
        "id": song_id,
        "name": "A song",
        "artists": credited(*(artists or [])),
        **fields,
    }
    return row(track, **(row_fields or {}))


def episode(episode_id: str, **fields: object) -> Json:
    """A row with a podcast episode."""
    return row(EPISODE_KEYS | {"type": "episode", "id": episode_id, "name": "An episode", **fields})


def local(uri: str, **fields: object) -> Json:
    """A row with a local file."""
    return row({"type": "track", "id": None, "uri": uri, **fields}, is_local=True)


def page_body(*rows: object, playlist_id: str = "p1", offset: int = 0, total: object = None) -> Json:
    """A page of playlist items; complete by itself if no total is given."""
    return {
        "href": f"https://api.spotify.com/v1/playlists/{playlist_id}/items?offset={offset}&limit=50",
        "items": list(rows),
        "offset": offset,
        "total": offset + len(rows) if total is None else total,
    }


def as_bytes(value: object) -> bytes:
    """The value as JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False).encode()


def ndjson(*values: object) -> bytes:
    """One JSON value per line."""
    return b"\n".join(as_bytes(value) for value in values) + b"\n"


def raw_line(**fields: Any) -> RawLine:
    """A line of our own documents: the first page of playlist `p1`, with these fields replaced."""
    usual: Json = {
        "run_id": "r1",
        "playlist_id": "p1",
        "snapshot_id": "v1",
        "extracted_at": "2026-11-20T10:00:00Z",
        "asked": "/playlists/p1/items",
        "offset": 0,
        "attempt": 1,
        "body": page_body(),
    }
    return RawLine(**(usual | fields))
