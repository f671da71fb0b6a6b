"""The playlists that the login can see: what the library shows now, which are read, and in which order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from extract_lambda.config import MINE
from extract_lambda.documents import liked_version, without_people
from extract_lambda.failures import OutOfTimeError, SpotifyError, Subject
from extract_lambda.spotify import Answer, Entry, Spotify, spotify_id, subject_by_id
from extract_lambda.state import Login, State
from shared.document import LIKED_SONGS

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A playlist as the API shows it now.

    `version` changes when the contents change; `total` is the number of items, None if it is not shown.
    """

    playlist_id: str
    version: str
    shown: Answer | None = None
    total: int | None = None


@dataclass
class Library:
    """The login's library, and the description of each playlist that was requested.

    Unless `keep_people`, no method returns the owner of a playlist.
    """

    spotify: Spotify
    state: State
    keep_people: bool = field(kw_only=True)
    entries: dict[str, Entry] = field(default_factory=dict)  # what the library shows now, by playlist id
    _described: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # as last described, without rows

    def load(self) -> int:
        """Request the whole library; returns how many playlists in it have no usable id."""
        entries = self.spotify.library()
        self.entries = {}
        self._show(entries)
        return sum(spotify_id(entry.answer.body) is None for entry in entries)

    def refresh(self, names: Iterable[str]) -> None:
        """Request the library pages that show these playlists again."""
        expected = {name: self.entries[name].offset for name in names if name in self.entries}
        shown: set[str | None] = set()
        for offset in sorted(set(expected.values())):
            entries, _ = self.spotify.library_page(offset)
            self._show(entries)
            shown.update(spotify_id(entry.answer.body) for entry in entries)
        if expected.keys() - shown:  # moved to another page, or no longer in the library
            self.load()

    def page_count(self, names: Iterable[str]) -> int:
        """How many library pages show these playlists."""
        return len({self.entries[name].offset for name in names if name in self.entries})

    def names(self, playlists: tuple[str, ...]) -> tuple[str, ...]:
        """The named playlists; for "mine" the playlists that the person owns or collaborates on, and those read before.

        A playlist that was read before may be gone.
        """
        if MINE not in playlists:
            return playlists
        me = self._me()
        mine = [name for name, entry in self.entries.items() if _is_mine(entry.answer.body, me)]
        before = [name for name in self.state.playlists if name != LIKED_SONGS and self.state.last_read(name)]
        named = [name for name in playlists if name != MINE]
        return tuple(dict.fromkeys((*mine, *named, *before)))

    def target(self, name: str) -> Target:
        """The playlist as the API shows it now. Raises SpotifyError."""
        if name == LIKED_SONGS:
            first = self.spotify.liked_page(0).body
            return Target(playlist_id=name, version=liked_version(first), total=first["total"])
        shown = self.entries[name].answer if self.shown_version(name) else self.spotify.playlist(name)
        self._described[name] = _without_rows(shown.body)
        version = shown.body.get("snapshot_id")
        if not isinstance(version, str) or not version:
            raise SpotifyError(f"{shown.asked}: the playlist has no snapshot_id", "malformed")
        return Target(playlist_id=name, version=version, shown=self.kept(shown), total=_total(shown.body))

    def shown_version(self, name: str) -> str | None:
        """The version that the library shows of the playlist; None if it shows none."""
        version = self.entries[name].answer.body.get("snapshot_id") if name in self.entries else None
        return version if isinstance(version, str) and version else None

    def kept(self, answer: Answer) -> Answer:
        """The answer as the lake may store it."""
        return answer if self.keep_people else answer._replace(body=without_people(answer.body))

    def description(self, name: str) -> Mapping[str, Any] | None:
        """The playlist object as last shown, without rows, as the lake may store it; None if none was shown."""
        described = self._described.get(name)
        return described if self.keep_people else without_people(described)

    def title(self, name: str) -> str:
        """The playlist's name for people; its id if no name is known."""
        return "Liked Songs" if name == LIKED_SONGS else str(self._described.get(name, {}).get("name") or name)

    def subject_of(self, name: str) -> Subject:
        """Who owns the playlist: the login's user, Spotify, or another person; an unknown owner counts as another."""
        owner = self._described.get(name, {}).get("owner")
        owner_id = owner.get("id") if isinstance(owner, dict) else None
        if not owner_id or owner_id == "spotify":
            return "spotify" if owner_id else subject_by_id(name)
        try:
            return "own" if owner_id == self._me() else "other"
        except (SpotifyError, OutOfTimeError):
            return "other"

    def in_order(self, names: Iterable[str], current: Iterable[str]) -> tuple[str, ...]:
        """First the playlists in `current`, which cost no call; then the others, the oldest check first."""
        free = set(current)
        return tuple(sorted(names, key=lambda name: (name not in free, self.state.last_check(name) or _NEVER)))

    def _show(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            name = spotify_id(entry.answer.body)
            if name:
                self.entries[name] = entry
                self._described[name] = _without_rows(entry.answer.body)

    def _me(self) -> str:
        login = self.state.login
        if login is None or login.mark != self.spotify.login_mark:
            login = self.state.login = Login(mark=self.spotify.login_mark, me=self.spotify.me())
        return login.me


def _is_mine(playlist: Mapping[str, Any], me: str) -> bool:
    owner = playlist.get("owner")
    return playlist.get("collaborative") is True or (isinstance(owner, dict) and owner.get("id") == me)


def _total(playlist: Mapping[str, Any]) -> int | None:
    """How many items the description says there are; `tracks` was the name before February 2026."""
    for key in ("items", "tracks"):
        contents = playlist.get(key)
        if isinstance(contents, dict) and type(contents.get("total")) is int:
            return int(contents["total"])
    return None


def _without_rows(playlist: Mapping[str, Any]) -> Mapping[str, Any]:
    """The playlist object as a manifest stores it: `GET /playlists/{id}` embeds up to 100 rows."""
    pages = {key: playlist[key] for key in ("items", "tracks") if isinstance(playlist.get(key), dict)}
    return {**playlist, **{key: {k: v for k, v in page.items() if k != "items"} for key, page in pages.items()}}
