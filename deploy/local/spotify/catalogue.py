"""What the stub knows: people, songs and playlists, and what the playlists hold on any day.

This is the truth that answers are made from and tests compare with; how the API words it is in answers.py.
"""

import base64
import hashlib
import math
import random
import threading
import urllib.parse
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

FIRST_DAY = datetime(2026, 11, 19, 8, tzinfo=UTC)
LIKED = "liked"
AlbumType = Literal["album", "single", "compilation"]
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Person:
    """A user of Spotify; some show no name."""

    id: str
    display_name: str | None


@dataclass(frozen=True)
class Artist:
    """Whoever is credited."""

    id: str
    name: str


@dataclass(frozen=True)
class Album:
    """A record of any kind; `total_tracks` counts tracks that no playlist has as well."""

    id: str
    name: str
    album_type: AlbumType
    artists: tuple[Artist, ...]
    release_date: str  # "1974", "1974-03" or "1974-03-08", as exact as it is known
    total_tracks: int


@dataclass(frozen=True)
class Song:
    """A song as it is on one album; its artists in the order of the credits."""

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
        """0 to 100: swings around the base within some weeks, a little differently every day; 0 when not playable."""
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
    """A file of the listener's own machine: Spotify knows its tags, and no id."""

    name: str
    artist: str
    album: str
    seconds: int

    @property
    def uri(self) -> str:
        """Spotify's name for it, made of its tags, any of which may be empty."""
        tags = (urllib.parse.quote_plus(tag) for tag in (self.artist, self.album, self.name))
        return f"spotify:local:{':'.join(tags)}:{self.seconds}"


@dataclass(frozen=True)
class Item:
    """One position of a playlist; no content where the API answers null."""

    content: Song | Episode | LocalFile | None
    added_at: datetime | None
    added_by: Person | None


@dataclass(frozen=True)
class Playlist:
    """A playlist on one day; `version` counts its changes of any kind."""

    id: str
    name: str
    description: str  # HTML-escaped, as the API has it
    owner: Person
    is_public: bool | None
    is_collaborative: bool
    items: tuple[Item, ...]
    follower_count: int = 0
    version: int = 1

    @property
    def snapshot_id(self) -> str:
        """24 bytes in base64 as Spotify's: a counter and a hash."""
        tag = hashlib.sha256(f"{self.id}:{self.version}".encode()).digest()[:20]
        return base64.b64encode(self.version.to_bytes(4, "big") + tag).decode()


@dataclass(frozen=True)
class World:
    """Where a catalogue begins, and how a playlist gets from one day to the next: None when it is deleted."""

    me: Person
    songs: tuple[Song, ...]
    playlists: tuple[Playlist, ...]
    liked: tuple[Item, ...]  # newest first
    next_day: Callable[[Playlist, int], Playlist | None]


class Catalogue:
    """The same for the same seed and size, on any day >= 0, in whatever order days are asked for."""

    def __init__(self, seed: int = 1, size: Literal["demo", "small", "storm"] = "demo") -> None:
        from deploy.local.spotify import demo, small, storm  # noqa: PLC0415 (all are made of the classes above)

        world = {"demo": demo.world, "small": lambda _: small.world(), "storm": storm.world}[size](seed)
        self.me = world.me
        self._songs = {song.id: song for song in world.songs}
        self._next_day = world.next_day
        liked = Playlist(LIKED, "Liked Songs", "", world.me, is_public=None, is_collaborative=False, items=world.liked)
        self._days = [{playlist.id: playlist for playlist in (*world.playlists, liked)}]
        self._lock = threading.Lock()

    @property
    def songs(self) -> tuple[Song, ...]:
        """All there are, also those in no playlist."""
        return tuple(self._songs.values())

    def song(self, song_id: str) -> Song:
        """KeyError if there is none."""
        return self._songs[song_id]

    def playlists(self, day: int) -> tuple[Playlist, ...]:
        """The listener's library, followed playlists of others included, in the order of /me/playlists."""
        return tuple(playlist for playlist in self._on(day).values() if playlist.id != LIKED)

    def playlist(self, playlist_id: str, day: int) -> Playlist:
        """KeyError if there is none on that day."""
        return self._on(day)[playlist_id]

    def items(self, playlist_id: str, day: int) -> tuple[Item, ...]:
        """What a playlist holds, in its order; KeyError if there is no such playlist on that day."""
        return self.playlist(playlist_id, day).items

    def liked(self, day: int) -> tuple[Item, ...]:
        """Liked songs, newest first."""
        return self.items(LIKED, day)

    def _on(self, day: int) -> dict[str, Playlist]:
        if day < 0:
            message = f"The catalogue begins with day 0; there is no day {day}."
            raise ValueError(message)
        with self._lock:
            while len(self._days) <= day:
                tomorrow = (
                    (playlist, self._next_day(playlist, len(self._days))) for playlist in self._days[-1].values()
                )
                self._days.append({before.id: _counted(before, after) for before, after in tomorrow if after})
            return self._days[day]


def _counted(before: Playlist, after: Playlist) -> Playlist:
    return before if after == before else replace(after, version=before.version + 1)


def morning(day: int) -> datetime:
    """When day n is looked at: everything of that day was added in the eight hours before."""
    return FIRST_DAY + timedelta(days=day)


def new_id(rng: random.Random) -> str:
    """22 base-62 digits of 128 bits, as Spotify's."""
    return rng.choice("01234567") + "".join(rng.choices(BASE62, k=21))
