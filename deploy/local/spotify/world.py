"""The contents of a catalogue: people, songs, playlists, and how playlists change from day to day."""

import base64
import hashlib
import math
import random
import urllib.parse
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

FIRST_DAY = datetime(2026, 11, 19, 8, tzinfo=UTC)
LIKED = "liked"
AlbumType = Literal["album", "single", "compilation"]
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Person:
    """A user of Spotify; some have no display name."""

    id: str
    display_name: str | None


@dataclass(frozen=True)
class Artist:
    """A credited artist."""

    id: str
    name: str


@dataclass(frozen=True)
class Album:
    """An album of any type; `total_tracks` also counts tracks that no playlist has."""

    id: str
    name: str
    album_type: AlbumType
    artists: tuple[Artist, ...]
    release_date: str  # "1974", "1974-03" or "1974-03-08"
    total_tracks: int


@dataclass(frozen=True)
class Song:
    """A song on an album; its artists are in the order of the credits."""

    id: str
    name: str
    artists: tuple[Artist, ...]
    album: Album
    disc_number: int
    track_number: int
    duration_ms: int
    is_explicit: bool
    isrc: str | None
    base_popularity: int
    restriction: Literal["market", "product", "explicit"] | None = None
    linked_from_id: str | None = None

    def popularity(self, day: int) -> int:
        """0 to 100: varies around the base within some weeks and a little each day; 0 when not playable."""
        if self.restriction:
            return 0
        phase = zlib.crc32(self.id.encode())
        swing = 6 * math.sin(day / 5 + phase % 63 / 10) + (phase + day) % 3 - 1
        return min(100, max(0, round(self.base_popularity + swing)))


@dataclass(frozen=True)
class Show:
    """A podcast."""

    id: str
    name: str
    publisher: str
    description: str
    language: str
    is_explicit: bool
    total_episodes: int


@dataclass(frozen=True)
class Episode:
    """One episode of a podcast."""

    id: str
    name: str
    show: Show
    description: str
    duration_ms: int
    release_date: str


@dataclass(frozen=True)
class LocalFile:
    """A file on the listener's own machine: Spotify knows its tags but gives it no id."""

    name: str
    artist: str
    album: str
    seconds: int

    @property
    def uri(self) -> str:
        """Spotify's URI for it, made from its tags, any of which may be empty."""
        tags = (urllib.parse.quote_plus(tag) for tag in (self.artist, self.album, self.name))
        return f"spotify:local:{':'.join(tags)}:{self.seconds}"


@dataclass(frozen=True)
class Item:
    """One position of a playlist; `content` is None where the API answers null."""

    content: Song | Episode | LocalFile | None
    added_at: datetime | None
    added_by: Person | None


@dataclass(frozen=True)
class Playlist:
    """A playlist on one day; `version` counts its changes of any kind."""

    id: str
    name: str
    description: str  # HTML-escaped, as the API returns it
    owner: Person
    is_public: bool | None
    is_collaborative: bool
    items: tuple[Item, ...]
    follower_count: int = 0
    version: int = 1

    @property
    def snapshot_id(self) -> str:
        """24 bytes in base64, like Spotify's: a counter and a hash."""
        tag = hashlib.sha256(f"{self.id}:{self.version}".encode()).digest()[:20]
        return base64.b64encode(self.version.to_bytes(4, "big") + tag).decode()


@dataclass(frozen=True)
class World:
    """The first day of a catalogue; `next_day` returns a playlist as of the next day, None if it is deleted."""

    me: Person
    songs: tuple[Song, ...]
    playlists: tuple[Playlist, ...]
    liked: tuple[Item, ...]  # newest first
    next_day: Callable[[Playlist, int], Playlist | None]


def morning(day: int) -> datetime:
    """The time of a day's check; additions of that day happen in the eight hours before."""
    return FIRST_DAY + timedelta(days=day)


def new_id(rng: random.Random) -> str:
    """An id like Spotify's: 128 bits as 22 base-62 digits."""
    return rng.choice("01234567") + "".join(rng.choices(BASE62, k=21))
