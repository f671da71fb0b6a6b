"""Made-up playlists of any size: the same items in the Lambda's documents and in the pages that tutorials store.

The same seed gives the same playlists. As in real libraries, a few songs are in very many playlists and most songs are
in one (Zipf's law).
"""

import json
import os
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from shared import document, lake
from shared.store import open_store

SONGS, ALBUMS, ARTISTS = 300_000, 120_000, 60_000
PLAYLIST_ITEMS = 500
OWN_PAGE, OLD_PAGE = 50, 100  # maximum number of items in a page, since 2026 and before
RUN_ID, EXTRACTED_AT = "20261120T100000Z", "2026-11-20T10:00:00Z"

_EXPONENT = 0.85
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_API, _OPEN = "https://api.spotify.com/v1", "https://open.spotify.com"
_SYLLABLES = [
    "la",
    "mi",
    "no",
    "ra",
    "shi",
    "te",
    "vo",
    "ka",
    "lu",
    "né",
    "do",
    "fi",
    "gar",
    "hen",
    "jo",
    "星",
    "pel",
    "qui",
    "ros",
    "sun",
    "tor",
    "uma",
    "wen",
    "xi",
    "yel",
    "zar",
    "bo",
    "ce",
    "ñan",
    "øst",
]
_MARKETS = [a + b for a in "ABCDEGHIJKLMNPSTUV" for b in "ADEGILMNRS"]  # 180, as many as the API shows
_SHOWS_MARKETS = 0.4  # share of the playlists requested without a market
_EMPTY, _LOCAL, _EPISODE = 0.003, 0.008, 0.013  # cumulative shares of items that are no songs


@dataclass(frozen=True)
class Row:
    """A playlist row as JSON text, in two parts: before and after the key `item` (since 2026) or `track` (before)."""

    before: str
    entry: str

    def text(self, key: str) -> str:
        """The row with its entry under the key."""
        return f'{self.before}, "{key}": {self.entry}, "video_thumbnail": {{"url": null}}}}'


@dataclass(frozen=True)
class Playlist:
    """A playlist with all its rows."""

    playlist_id: str
    snapshot_id: str
    rows: list[Row]

    def pages(self, key: str, size: int, path: str) -> Iterator[tuple[int, str]]:
        """Offset and JSON text of each page."""
        href = f"{_API}/playlists/{self.playlist_id}/{path}"
        for offset in range(0, len(self.rows), size):
            rows = ", ".join(row.text(key) for row in self.rows[offset : offset + size])
            yield (
                offset,
                (
                    f'{{"href": "{href}?offset={offset}&limit={size}", "items": [{rows}], "limit": {size}, '
                    f'"next": null, "offset": {offset}, "previous": null, "total": {len(self.rows)}}}'
                ),
            )

    def described(self) -> dict[str, Any]:
        """The playlist object of the API without its items."""
        return {
            "id": self.playlist_id,
            "type": "playlist",
            "name": _name(Random(self.playlist_id)),
            "snapshot_id": self.snapshot_id,
            "owner": {"id": "user1", "type": "user"},
            "public": False,
            "collaborative": False,
            "items": {"href": f"{_API}/playlists/{self.playlist_id}/items", "total": len(self.rows)},
        }


def playlists(items: int, seed: int = 1, per_playlist: int = PLAYLIST_ITEMS) -> Iterator[Playlist]:
    """Playlists of equal length (the last may be shorter) with this number of items in total."""
    catalogue = _Catalogue(seed)
    for number, start in enumerate(range(0, items, per_playlist)):
        random = Random(f"{seed} playlist {number}")
        has_markets = random.random() < _SHOWS_MARKETS
        rows = [_row(random, catalogue, has_markets=has_markets) for _ in range(min(per_playlist, items - start))]
        yield Playlist(_id(random), f"snapshot{number}", rows)


def write_own(folder: Path, items: int, seed: int = 1, per_playlist: int = PLAYLIST_ITEMS) -> None:
    """Write a run of the extractor into an empty lake: a document per playlist, and the manifest."""
    store = open_store(str(folder))
    checks = []
    for playlist in playlists(items, seed, per_playlist):
        key = lake.raw_object(RUN_ID, playlist.playlist_id)
        store.put(key, document.compressed(_lines(playlist)))
        checks.append(
            document.PlaylistCheck(
                playlist_id=playlist.playlist_id,
                status="read",
                snapshot_id=playlist.snapshot_id,
                object=key,
                item_count=len(playlist.rows),
            )
        )
    manifest = document.Manifest(run_id=RUN_ID, extracted_at=EXTRACTED_AT, checks=tuple(checks))
    store.put(lake.manifest(RUN_ID), manifest.as_bytes())


def write_pages(
    folder: Path, items: int, seed: int = 1, per_playlist: int = PLAYLIST_ITEMS, per_page: int = OLD_PAGE
) -> None:
    """Drop a file per page into a lake, in the form in which the tutorials' Lambda stores spotipy's answers."""
    target = folder / lake.DROP / f"at={RUN_ID}"
    target.mkdir(parents=True)
    for playlist in playlists(items, seed, per_playlist):
        for offset, page in playlist.pages("track", per_page, "tracks"):
            file = target / f"spotify_raw_{playlist.playlist_id}_{offset:05d}.json"
            file.write_text(page, encoding="utf-8")
            os.utime(file, (0, 0))  # so that the job does not wait for the file


def _lines(playlist: Playlist) -> Iterator[str]:
    def line(asked: str, offset: int | None, body: str) -> str:
        head = document.RawLine(
            run_id=RUN_ID,
            playlist_id=playlist.playlist_id,
            snapshot_id=playlist.snapshot_id,
            extracted_at=EXTRACTED_AT,
            asked=asked,
            offset=offset,
            attempt=1,
            body={},
        )
        return document.raw_line_text(head, body)

    path = f"/playlists/{playlist.playlist_id}"
    yield line(path, None, json.dumps(playlist.described(), ensure_ascii=False))
    for offset, page in playlist.pages("item", OWN_PAGE, "items"):
        asked = f"{path}/items?limit={OWN_PAGE}&offset={offset}&additional_types=track,episode"
        yield line(asked, offset, page)


# --- rows and their contents


def _row(random: Random, catalogue: "_Catalogue", *, has_markets: bool) -> Row:
    user = f"user{random.randrange(5000)}"
    kind = random.random()
    if kind < _EMPTY:
        entry = "null"
    elif kind < _LOCAL:
        entry = json.dumps(_local(random), ensure_ascii=False)
    elif kind < _EPISODE:
        entry = json.dumps(_episode(random), ensure_ascii=False)
    else:
        entry = catalogue.entry(random, has_markets=has_markets)
    added_at = f"20{random.randrange(15, 27)}-{random.randrange(1, 11):02d}-{random.randrange(1, 29):02d}T08:00:00Z"
    added_by = json.dumps(_named("user", user))
    is_local = "true" if _EMPTY <= kind < _LOCAL else "false"
    before = f'{{"added_at": "{added_at}", "added_by": {added_by}, "is_local": {is_local}, "primary_color": null'
    return Row(before, entry)


class _Catalogue:
    """Songs by rank, the most frequent first. A song is made when it is first used."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._shares = list(accumulate((rank + 1) ** -_EXPONENT for rank in range(SONGS)))
        self._songs: dict[int, list[str]] = {}
        self._albums: dict[int, dict[str, Any]] = {}

    def entry(self, random: Random, *, has_markets: bool) -> str:
        """A song as JSON text; the parts that differ between answers are inserted into the shared text."""
        rank = bisect(self._shares, random.random() * self._shares[-1])
        if rank not in self._songs:
            # "?" is replaced by the markets or, in an answer for one market, for is_playable.
            self._songs[rank] = json.dumps(self._song(rank), ensure_ascii=False).split('"?": null')
        markets = random.choice(_MARKET_LISTS) if has_markets else '"is_playable": true'
        popularity = max(0, 90 - rank.bit_length() * 5 + random.randrange(-2, 3))
        return f'{markets.join(self._songs[rank])[:-1]}, "popularity": {popularity}}}'

    def _song(self, rank: int) -> dict[str, Any]:
        random = Random(f"{self._seed} song {rank}")
        album = self._album(random.randrange(ALBUMS))
        guests = [_artist(self._seed, _frequent(random, ARTISTS)) for _ in range(random.choice((0, 0, 0, 1, 1, 2, 3)))]
        song_id = _id(random)
        return {
            "preview_url": None,
            "?": None,
            "explicit": random.random() < 0.2,
            "type": "track",
            "episode": False,
            "track": True,
            "album": album,
            "artists": [*album["artists"][:1], *guests],
            "disc_number": 1,
            "track_number": random.randrange(1, 20),
            "duration_ms": random.randrange(90_000, 420_000),
            "external_ids": {"isrc": f"QZABC{rank:07d}"},
            "name": _name(random),
            "is_local": False,
            **_named("track", song_id),
        }

    def _album(self, number: int) -> dict[str, Any]:
        if number not in self._albums:
            random = Random(f"{self._seed} album {number}")
            precision = random.choices(("day", "month", "year"), (93, 2, 5))[0]
            released = f"{random.randrange(1965, 2026)}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}"
            image = f"{random.getrandbits(96):024x}"
            self._albums[number] = {
                "?": None,
                "album_type": random.choices(("album", "single", "compilation"), (55, 40, 5))[0],
                "images": [
                    {"height": size, "url": f"https://i.scdn.co/image/ab67616d{size:08x}{image}", "width": size}
                    for size in (640, 300, 64)
                ],
                "name": _name(random),
                "release_date": released[: {"day": 10, "month": 7, "year": 4}[precision]],
                "release_date_precision": precision,
                "artists": [
                    _artist(self._seed, _frequent(random, ARTISTS)) for _ in range(random.choice((1, 1, 1, 1, 2, 3)))
                ],
                "total_tracks": random.randrange(1, 25),
                **_named("album", _id(random)),
            }
        return self._albums[number]


_MARKET_LISTS = [f'"available_markets": {json.dumps(_MARKETS[:count])}' for count in (180, 175, 120)]


def _artist(seed: int, number: int) -> dict[str, Any]:
    random = Random(f"{seed} artist {number}")
    return {"name": _name(random), **_named("artist", _id(random))}


def _local(random: Random) -> dict[str, Any]:
    name = _name(random)
    return {
        "album": {"artists": [], "id": None, "images": [], "name": "", "release_date": None, "type": "album"},
        "artists": [{"external_urls": {}, "id": None, "name": "A local artist", "type": "artist", "uri": None}],
        "duration_ms": 210_000,
        "explicit": False,
        "external_urls": {},
        "id": None,
        "is_local": True,
        "name": name,
        "popularity": 0,
        "type": "track",
        "uri": f"spotify:local:A+local+artist::{name.replace(' ', '+')}:210",
    }


def _episode(random: Random) -> dict[str, Any]:
    return {
        "description": " ".join(_name(random) for _ in range(20)),
        "duration_ms": random.randrange(600_000, 5_400_000),
        "episode": True,
        "explicit": False,
        "languages": ["en"],
        "name": _name(random),
        "release_date": "2026-05-18",
        "release_date_precision": "day",
        "show": {"name": _name(random), "publisher": "A publisher", **_named("show", _id(random))},
        "track": False,
        **_named("episode", _id(random)),
    }


def _named(kind: str, spotify_id: str) -> dict[str, Any]:
    return {
        "external_urls": {"spotify": f"{_OPEN}/{kind}/{spotify_id}"},
        "href": f"{_API}/{kind}s/{spotify_id}",
        "id": spotify_id,
        "type": kind,
        "uri": f"spotify:{kind}:{spotify_id}",
    }


def _id(random: Random) -> str:
    return "".join(random.choices(_BASE62, k=22))


def _name(random: Random) -> str:
    words = ("".join(random.choices(_SYLLABLES, k=random.choice((1, 2, 3)))) for _ in range(random.randrange(1, 6)))
    return " ".join(words).title()


def _frequent(random: Random, count: int) -> int:
    """A random number below `count`; low numbers are far more frequent."""
    return int(count * random.random() ** 2.2)
