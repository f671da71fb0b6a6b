"""A large world: 300 playlists with 60,000 items, for tests with many faults.

It does not change from day to day. The sizes test paging: no item, one item, a full page, one more than a page.
"""

# ruff: noqa: PLR2004, S311  # the numbers define the world; no secrets

import itertools
import random
from datetime import UTC, datetime, timedelta

from deploy.local.spotify.world import Album, Artist, Item, LocalFile, Person, Playlist, Song, World, new_id

SIZES = (
    *(10_000, 3_000, 2_000, 1_000, 1_000),
    *(0, 0, 0, 1, 1, 49, 50, 51, 99, 100, 101),
    *itertools.repeat(500, 19),
    *itertools.repeat(250, 60),
    *itertools.repeat(100, 100),
    *itertools.repeat(75, 100),
    *(48, 100, 100, 200, 100),
)
ME = Person("storm", "Storm")
_BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def world(seed: int) -> World:
    """The storm world; the same seed makes the same world."""
    rng = random.Random(seed)
    artists = [Artist(new_id(rng), f"Artist {n}") for n in range(400)]
    albums = [
        Album(new_id(rng), f"Album {n}", "album", (rng.choice(artists),), str(1960 + n % 66), 12) for n in range(800)
    ]
    songs = [
        Song(
            new_id(rng),
            f"Song {n}",
            tuple(rng.sample(artists, 1 + n % 3)),
            albums[n % len(albums)],
            disc_number=1,
            track_number=1 + n % 12,
            duration_ms=120_000 + n,
            is_explicit=n % 9 == 0,
            isrc=f"XXAAA26{n:05}",
            base_popularity=n % 101,
        )
        for n in range(5_000)
    ]
    playlists = tuple(_playlist(rng, n, size, songs) for n, size in enumerate(SIZES))
    return World(ME, tuple(songs), playlists, (), lambda playlist, _day: playlist)


def _playlist(rng: random.Random, number: int, size: int, songs: list[Song]) -> Playlist:
    items = tuple(
        Item(_content(rng, n, songs), _BEGIN + timedelta(minutes=n), ME if n % 11 else None) for n in range(size)
    )
    return Playlist(
        new_id(rng), f"Storm {number}", "", ME, is_public=number % 2 == 0, is_collaborative=False, items=items
    )


def _content(rng: random.Random, position: int, songs: list[Song]) -> Song | LocalFile | None:
    if position % 97 == 96:
        return None
    if position % 101 == 100:
        return LocalFile(f"Tape {position}", "Me", "", 60)
    return rng.choice(songs)
