"""The playlists of a made-up listener on any day. The stub answers from it, and tests compare results with it.

answers.py converts it to the API's form.
"""

import threading
from dataclasses import replace
from typing import Literal

from deploy.local.spotify import demo, small, storm
from deploy.local.spotify.world import LIKED, Item, Playlist, Song


class Catalogue:
    """The playlists of any day from 0. They depend only on seed and size, not on the order in which days are read."""

    def __init__(self, seed: int = 1, size: Literal["demo", "small", "storm"] = "demo") -> None:
        world = {"demo": demo.world, "small": lambda _: small.world(), "storm": storm.world}[size](seed)
        self.me = world.me
        self._songs = {song.id: song for song in world.songs}
        self._next_day = world.next_day
        liked = Playlist(LIKED, "Liked Songs", "", world.me, is_public=None, is_collaborative=False, items=world.liked)
        self._days = [{playlist.id: playlist for playlist in (*world.playlists, liked)}]
        self._lock = threading.Lock()

    @property
    def songs(self) -> tuple[Song, ...]:
        """All songs, also those in no playlist."""
        return tuple(self._songs.values())

    def song(self, song_id: str) -> Song:
        """The song with this id; KeyError if there is none."""
        return self._songs[song_id]

    def playlists(self, day: int) -> tuple[Playlist, ...]:
        """The listener's library, followed playlists of others included, in the order of /me/playlists."""
        return tuple(playlist for playlist in self._on(day).values() if playlist.id != LIKED)

    def playlist(self, playlist_id: str, day: int) -> Playlist:
        """The playlist as of that day; KeyError if it does not exist then."""
        return self._on(day)[playlist_id]

    def items(self, playlist_id: str, day: int) -> tuple[Item, ...]:
        """The items of a playlist, in its order; KeyError if there is no such playlist on that day."""
        return self.playlist(playlist_id, day).items

    def liked(self, day: int) -> tuple[Item, ...]:
        """Liked songs, newest first."""
        return self.items(LIKED, day)

    def _on(self, day: int) -> dict[str, Playlist]:
        if day < 0:
            raise ValueError(f"The catalogue begins with day 0; there is no day {day}.")
        with self._lock:
            while len(self._days) <= day:
                tomorrow = (
                    (playlist, self._next_day(playlist, len(self._days))) for playlist in self._days[-1].values()
                )
                self._days.append({before.id: _counted(before, after) for before, after in tomorrow if after})
            return self._days[day]


def _counted(before: Playlist, after: Playlist) -> Playlist:
    return before if after == before else replace(after, version=before.version + 1)
