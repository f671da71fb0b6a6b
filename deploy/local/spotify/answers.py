"""The API's answers about the catalogue, for each class of app.

Addresses are Spotify's own, also in paging links. So a client that follows `next` leaves the stub, and a stored answer
does not depend on the stub's port.
"""

import hashlib
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar, cast

from deploy.local.spotify.world import Album, Artist, Episode, Item, LocalFile, Person, Playlist, Show, Song

Json = dict[str, object]
Thing = TypeVar("Thing")

API = "https://api.spotify.com/v1"
EMBEDDED_LIMIT = 100
MOSAIC_TILES = 4
# A few of the 185 markets that Spotify lists, to keep pages short.
MARKETS = ("AR", "BR", "DE", "EG", "ES", "FR", "GB", "IN", "JP", "KR", "SE", "US")


class AppClass(StrEnum):
    """The class of an app, which decides what it may see; the value is used on the command line.

    A: development mode, client id made since 2026-02-11. B: development mode, older client id. C: extended quota.
    """

    A = "A"
    B = "B"
    C = "C"

    @property
    def is_restricted(self) -> bool:
        """Whether the rules of February 2026 apply to it."""
        return self is AppClass.A

    @property
    def list_keys(self) -> Sequence[str]:
        """The keys of a playlist's contents; `tracks` was the key before February 2026."""
        return {AppClass.A: ("items",), AppClass.B: ("tracks",), AppClass.C: ("tracks", "items")}[self]

    @property
    def content_keys(self) -> Sequence[str]:
        """The keys of a playlist row's content."""
        return {AppClass.A: ("item",), AppClass.B: ("track",), AppClass.C: ("track", "item")}[self]


@dataclass(frozen=True)
class Page:
    """The requested part of a list; `parameters` are other parameters that its links repeat."""

    path: str
    limit: int
    offset: int
    parameters: tuple[tuple[str, str], ...] = ()

    def of(self, things: Sequence[Thing], word: Callable[[Thing], Json]) -> Json:
        """A page of a list; empty past the end of the list."""
        here = things[self.offset : self.offset + self.limit]
        has_next = self.offset + self.limit < len(things)
        return {
            "href": self._link(self.offset),
            "items": [word(thing) for thing in here],
            "limit": self.limit,
            "next": self._link(self.offset + self.limit) if has_next else None,
            "offset": self.offset,
            "previous": self._link(max(0, self.offset - self.limit)) if self.offset else None,
            "total": len(things),
        }

    def _link(self, offset: int) -> str:
        return (
            f"{API}{self.path}?{urllib.parse.urlencode([('offset', offset), ('limit', self.limit), *self.parameters])}"
        )


@dataclass(frozen=True)
class Answers:
    """The answers for one class of app on one day; `me` owns the token, None for client credentials."""

    app: AppClass
    day: int
    me: Person | None

    def profile(self, me: Person) -> Json:
        """GET /me."""
        profile = _person(me) | {
            "account_id": hashlib.sha256(me.id.encode()).hexdigest()[:28],
            "display_name": me.display_name,
            "followers": {"href": None, "total": 5},
            "images": [],
        }
        if self.app.is_restricted:
            return profile
        explicit = {"filter_enabled": False, "filter_locked": False}
        return profile | {
            "country": "DE",
            "email": "mira@example.com",
            "explicit_content": explicit,
            "product": "premium",
        }

    def playlist_in_list(self, playlist: Playlist) -> Json:
        """A playlist in /me/playlists: with its number of items, without the items."""
        path = f"/playlists/{playlist.id}"
        contents = {key: {"href": f"{API}{path}/{key}", "total": len(playlist.items)} for key in self.app.list_keys}
        return self._playlist(playlist) | {"href": f"{API}{path}"} | contents

    def playlist(self, playlist: Playlist, parameters: tuple[tuple[str, str], ...]) -> Json:
        """GET /playlists/{id}: with the first hundred rows, or with none if the app may not see them."""
        path = f"/playlists/{playlist.id}"
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        contents = {
            key: Page(f"{path}/{key}", EMBEDDED_LIMIT, 0, parameters).of(playlist.items, self.row)
            for key in (self.app.list_keys if self.may_read(playlist) else ())
        }
        followers = {"href": None, "total": playlist.follower_count}
        return self._playlist(playlist) | {"href": f"{API}{path}{query}", "followers": followers} | contents

    def may_read(self, playlist: Playlist) -> bool:
        """Whether the contents are shown: since 2026 a restricted app sees only its user's playlists."""
        return not self.app.is_restricted or (
            self.me is not None and (playlist.owner == self.me or playlist.is_collaborative)
        )

    def row(self, item: Item) -> Json:
        """One position of a playlist."""
        content: Json | None = None
        if isinstance(item.content, Song):
            content = self._song(item.content) | {"episode": False, "track": True}
        elif isinstance(item.content, Episode):
            content = self._episode(item.content)
        elif isinstance(item.content, LocalFile):
            content = self._local_file(item.content)
        return {
            "added_at": _time(item.added_at),
            "added_by": None if item.added_at is None else _person(item.added_by or Person("", None)),
            "is_local": isinstance(item.content, LocalFile),
            "primary_color": None,
            **dict.fromkeys(self.app.content_keys, content),
            "video_thumbnail": {"url": None},
        }

    def liked(self, item: Item) -> Json:
        """A row of /me/tracks, the only list with the key `track` in every class."""
        song = cast("Song", item.content)  # nothing else can be liked
        return {"added_at": _time(item.added_at), "track": self._song(song)}

    def _playlist(self, playlist: Playlist) -> Json:
        return {
            **_urls("playlist", playlist.id),
            "collaborative": playlist.is_collaborative,
            "description": playlist.description,
            "images": _cover(playlist),
            "name": playlist.name,
            "owner": _person(playlist.owner) | {"display_name": playlist.owner.display_name},
            "primary_color": None,
            "public": playlist.is_public,
            "snapshot_id": playlist.snapshot_id,
        }

    def _song(self, song: Song) -> Json:
        is_playable = song.restriction is None
        shown = _urls("track", song.id) | {
            "album": self._album(song.album),
            "artists": [_artist(artist) for artist in song.artists],
            "disc_number": song.disc_number,
            "duration_ms": song.duration_ms,
            "explicit": song.is_explicit,
            "external_ids": {"isrc": song.isrc} if song.isrc else {},
            "is_local": False,
            "name": song.name,
            "track_number": song.track_number,
        }
        if song.restriction:
            shown["restrictions"] = {"reason": song.restriction}
        if self.app.is_restricted or not is_playable:
            shown["is_playable"] = is_playable
        if not self.app.is_restricted:
            shown |= {
                "available_markets": list(MARKETS) if is_playable else [],
                "popularity": song.popularity(self.day),
                "preview_url": None,
            }
            if song.linked_from_id:
                shown["linked_from"] = _urls("track", song.linked_from_id)
        return shown

    def _album(self, album: Album) -> Json:
        return {
            **_urls("album", album.id),
            "album_type": album.album_type,
            "artists": [_artist(artist) for artist in album.artists],
            "images": _images("ab67616d", ("0000b273", "00001e02", "00004851"), album.id),
            "name": album.name,
            "release_date": album.release_date,
            "release_date_precision": {4: "year", 7: "month", 10: "day"}[len(album.release_date)],
            "total_tracks": album.total_tracks,
        } | ({"is_playable": True} if self.app.is_restricted else {"available_markets": list(MARKETS)})

    def _episode(self, episode: Episode) -> Json:
        return _urls("episode", episode.id) | {
            "audio_preview_url": None,
            "description": episode.description,
            "duration_ms": episode.duration_ms,
            "episode": True,
            "explicit": episode.show.is_explicit,
            "html_description": f"<p>{episode.description}</p>",
            "images": _show_images(episode.show),
            "is_externally_hosted": False,
            "is_playable": True,
            "language": episode.show.language,
            "languages": [episode.show.language],
            "name": episode.name,
            "release_date": episode.release_date,
            "release_date_precision": "day",
            "resume_point": {"fully_played": False, "resume_position_ms": 0},
            "show": self._show(episode.show),
            "track": False,
        }

    def _show(self, show: Show) -> Json:
        shown = _urls("show", show.id) | {
            "copyrights": [],
            "description": show.description,
            "explicit": show.is_explicit,
            "html_description": None,
            "images": _show_images(show),
            "is_externally_hosted": False,
            "languages": [show.language],
            "media_type": "audio",
            "name": show.name,
            "total_episodes": show.total_episodes,
        }
        return (
            shown
            if self.app.is_restricted
            else shown | {"available_markets": list(MARKETS), "publisher": show.publisher}
        )

    def _local_file(self, file: LocalFile) -> Json:
        nothing: Json = {"external_urls": {}, "href": None, "id": None, "uri": None}
        markets: Json = {} if self.app.is_restricted else {"available_markets": []}
        withheld: Json = {} if self.app.is_restricted else {"popularity": 0, "preview_url": None}
        album: Json = {"album_type": None, "artists": [], "images": [], "name": file.album, "type": "album"}
        return {
            **nothing,
            **markets,
            **withheld,
            "album": {**nothing, **markets, **album, "release_date": None, "release_date_precision": None},
            "artists": [{**nothing, "name": file.artist, "type": "artist"}],
            "disc_number": 0,
            "duration_ms": file.seconds * 1000,
            "explicit": False,
            "external_ids": {},
            "is_local": True,
            "name": file.name,
            "track_number": 0,
            "type": "track",
            "uri": file.uri,
        }


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _urls(kind: str, thing_id: str) -> Json:
    return {
        "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{thing_id}"},
        "href": f"{API}/{kind}s/{thing_id}",
        "id": thing_id,
        "type": kind,
        "uri": f"spotify:{kind}:{thing_id}",
    }


def _person(person: Person) -> Json:
    return _urls("user", urllib.parse.quote(person.id)) | {"id": person.id}


def _artist(artist: Artist) -> Json:
    return _urls("artist", artist.id) | {"name": artist.name}


def _image_code(thing_id: str) -> str:
    return hashlib.sha256(thing_id.encode()).hexdigest()[:24]


def _images(prefix: str, sizes: Sequence[str], thing_id: str) -> list[Json]:
    urls = (f"https://i.scdn.co/image/{prefix}{size}{_image_code(thing_id)}" for size in sizes)
    return [{"height": side, "url": url, "width": side} for side, url in zip((640, 300, 64), urls, strict=True)]


def _show_images(show: Show) -> list[Json]:
    return _images("ab676563", ("0000ba8a", "00005f1f", "0000f68d"), show.id)


def _cover(playlist: Playlist) -> list[Json] | None:
    """A mosaic of four albums; with fewer albums the first album's image, without sizes; None without albums."""
    songs = (item.content for item in playlist.items[:100] if isinstance(item.content, Song))
    albums = list(dict.fromkeys(song.album.id for song in songs))[:MOSAIC_TILES]
    codes = [f"ab67616d00001e02{_image_code(album_id)}" for album_id in albums]
    if not codes:
        return None
    if len(codes) < MOSAIC_TILES:
        return [{"height": None, "url": f"https://i.scdn.co/image/{codes[0]}", "width": None}]
    mosaic = f"https://mosaic.scdn.co/{{side}}/{''.join(codes)}"
    return [{"height": side, "url": mosaic.format(side=side), "width": side} for side in (640, 300, 60)]
