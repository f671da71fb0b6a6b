"""One run: look at every playlist, store those that changed, say how each look ended."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from extract_lambda.documents import (
    Stored,
    UnsteadyError,
    liked_snapshot_id,
    liked_version,
    read_pages,
    stored,
)
from extract_lambda.result import AllFailedError, Result
from extract_lambda.runs import finish, finished_looks, look_of, seal_older_runs, stored_documents
from extract_lambda.settings import MINE
from extract_lambda.spotify import LIMIT, Answer, Spotify, SpotifyError, spotify_id
from extract_lambda.state import State
from shared import lake
from shared.document import LIKED_SONGS, Look, RawLine, timestamp, write_document
from shared.store import ObjectStore

ATTEMPTS = 3
_ENDS_THE_RUN = ("rate", "quota", "auth")  # the next playlist would meet the same
_NEVER = datetime.min.replace(tzinfo=UTC)

Clock = Callable[[], datetime]
Report = Callable[[str, int, int, str], None]  # name of the playlist, its number, of how many, what became of it


def extract(  # noqa: PLR0913  (everything comes through the arguments)
    playlists: str | tuple[str, ...],
    spotify: Spotify,
    store: ObjectStore,
    *,
    run_id: str,
    clock: Clock,
    liked_songs: bool = False,
    full_every: timedelta = timedelta(days=30),
    deadline: datetime | None = None,
    report: Report = lambda _name, _n, _of, _outcome: None,
) -> Result:
    """Read what changed of the playlists ("mine", or ids) since the last run, and what was last read `full_every` ago.

    A run that is over is not repeated. Raises AllFailedError where every look failed, SpotifyError where not even the
    list of playlists could be had, StoreError where the lake cannot be used.
    """
    state = State.load(store)  # before the look for a manifest: whoever saves a state has written one
    looks = finished_looks(store, run_id)
    if looks is None:
        run = _Run(run_id, spotify, store, state, clock, full_every, deadline, report)
        result = run.look_at(playlists, liked_songs=liked_songs)
        state.save(store)
    else:
        result = Result(run_id=run_id, looks=looks, is_repeat=True)
    if result.status == "failed":
        raise AllFailedError(result)
    return result


@dataclass(frozen=True, kw_only=True)
class _Target:
    """A playlist as the API shows it now; `version` changes when its contents do."""

    playlist_id: str
    version: str
    shown: Answer | None = None


class _Draft(NamedTuple):
    """A document that is not stored before it is sure that the playlist stood still."""

    target: _Target
    data: bytes


@dataclass
class _Run:
    run_id: str
    spotify: Spotify
    store: ObjectStore
    state: State
    clock: Clock
    full_every: timedelta
    deadline: datetime | None
    report: Report
    library: dict[str, Answer] = field(default_factory=dict)  # what the person's library shows now, by playlist id
    unreadable: int = 0
    described: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # playlists as last seen, without rows
    wanted: tuple[str, ...] = ()
    looks: dict[str, Look] = field(default_factory=dict)
    is_ended: bool = False

    def look_at(self, playlists: str | tuple[str, ...], *, liked_songs: bool) -> Result:
        """Look at each playlist that is wanted, then write the manifest."""
        started_at = self.clock()
        sealed = seal_older_runs(self.store, self.run_id, self.state)
        self._probe()
        names = self._mine() if playlists == MINE else tuple(playlists)
        not_mine = len(self.library.keys() - set(names)) if playlists == MINE else 0
        self.wanted = self._longest_unseen_first((*names, LIKED_SONGS) if liked_songs else names)
        for key, document in stored_documents(self.store, self.run_id):  # by the same run, killed before its manifest
            self._read(key, document)
        self._look_at_each([name for name in self.wanted if name not in self.looks])
        looks = tuple(self.looks.values())
        finish(self.store, self.run_id, looks, timestamp(started_at))
        return Result(
            run_id=self.run_id,
            looks=looks,
            left=tuple(name for name in self.wanted if name not in self.looks),
            not_mine=not_mine,
            unreadable=self.unreadable,
            sealed=sealed,
        )

    def _probe(self) -> None:
        entries = list(self.spotify.my_playlists())
        self.library = {name: entry for entry in entries if (name := spotify_id(entry.body))}
        self.unreadable = sum(spotify_id(entry.body) is None for entry in entries)
        for name, entry in self.library.items():
            self.described[name] = _without_rows(entry.body)

    def _mine(self) -> tuple[str, ...]:
        """The playlists that the person owns or works on, and those read before: they may be gone by now."""
        me = self.spotify.me()
        mine = [name for name, entry in self.library.items() if _is_mine(entry.body, me)]
        before = [name for name in self.state.playlists if name != LIKED_SONGS and self.state.last_read(name)]
        return tuple(dict.fromkeys((*mine, *before)))

    def _longest_unseen_first(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(names, key=lambda name: self.state.last_look(name) or _NEVER))

    def _look_at_each(self, names: Iterable[str]) -> None:
        """Look at each; what changed while it was read is read again, ATTEMPTS times in all."""
        unsteady: dict[str, UnsteadyError] = {}
        for attempt in range(1, ATTEMPTS + 1):
            drafts, unsteady = self._read_each(names, attempt)
            if not drafts and not unsteady:
                return
            unsteady |= self._store_what_stood_still(drafts)
            names = tuple(unsteady)
        for name, error in unsteady.items():
            self._failed(name, error)

    def _read_each(self, names: Iterable[str], attempt: int) -> tuple[list[_Draft], dict[str, UnsteadyError]]:
        drafts: list[_Draft] = []
        unsteady: dict[str, UnsteadyError] = {}
        for name in names:
            if self.is_ended or (self.deadline is not None and self.clock() >= self.deadline):
                break  # what is left has no look
            try:
                target = self._target(name)
                if attempt == 1 and self._is_current(target):
                    self._unchanged(target)
                else:
                    drafts.append(self._draft(target, attempt))
                    self._say(name, "read" if attempt == 1 else f"read again ({attempt} of {ATTEMPTS})")
            except UnsteadyError as error:
                unsteady[name] = error
            except SpotifyError as error:
                self._failed(name, error)
        return drafts, unsteady

    def _store_what_stood_still(self, drafts: Iterable[_Draft]) -> dict[str, UnsteadyError]:
        """Store the drafts whose playlist is still at the version that was read; returns the others."""
        unsteady: dict[str, UnsteadyError] = {}
        try:
            self._probe()
        except SpotifyError as error:
            for draft in drafts:
                self._failed(draft.target.playlist_id, error)
            return unsteady
        for draft in drafts:
            name = draft.target.playlist_id
            try:
                now = self._target(name)
            except SpotifyError as error:
                self._failed(name, error)
                continue
            if now.version == draft.target.version:
                self._store(draft)
            else:
                unsteady[name] = UnsteadyError("it changed while it was read", "changing")
        return unsteady

    def _target(self, name: str) -> _Target:
        if name == LIKED_SONGS:
            return _Target(playlist_id=name, version=liked_version(self.spotify.liked_page(0).body))
        shown = self.library.get(name) or self.spotify.playlist(name)
        self.described[name] = _without_rows(shown.body)
        version = shown.body.get("snapshot_id")
        if not isinstance(version, str) or not version:
            message = f"{shown.asked}: the playlist has no snapshot_id."
            raise SpotifyError(message, "malformed")
        return _Target(playlist_id=name, version=version, shown=shown)

    def _is_current(self, target: _Target) -> bool:
        return self.state.is_current(target.playlist_id, target.version, read_since=self.clock() - self.full_every)

    def _draft(self, target: _Target, attempt: int) -> _Draft:
        name, at = target.playlist_id, timestamp(self.clock())
        if name == LIKED_SONGS:
            pages = read_pages(self.spotify.liked_page)
            snapshot_id = liked_snapshot_id(pages)
        else:
            pages = read_pages(lambda offset: self.spotify.items_page(name, offset))
            snapshot_id = target.version
        asked = ([(None, target.shown)] if target.shown else []) + [(n * LIMIT, page) for n, page in enumerate(pages)]
        lines = (
            RawLine(
                run_id=self.run_id,
                playlist_id=name,
                snapshot_id=snapshot_id,
                extracted_at=at,
                asked=answer.asked,
                offset=offset,
                attempt=attempt,
                body=answer.body,
            )
            for offset, answer in asked
        )
        return _Draft(target, write_document(lines))

    def _store(self, draft: _Draft) -> None:
        """Store the document; where the same run has stored one before, that one counts."""
        key, data = lake.raw_object(self.run_id, draft.target.playlist_id), draft.data
        if not self.store.put_if_absent(key, data):
            there = self.store.get(key)
            data = there.data if there else data
        self._read(key, stored(data))

    def _read(self, key: str, document: Stored) -> None:
        self.looks[document.playlist_id] = look_of(key, document)
        self.state.read(document)

    def _unchanged(self, target: _Target) -> None:
        name = target.playlist_id
        seen = self.state.last_read(name)
        snapshot_id = seen.snapshot_id if seen else target.version
        shown = self.described.get(name)
        self._look(Look(playlist_id=name, status="unchanged", snapshot_id=snapshot_id, playlist=shown))
        self._say(name, "unchanged")

    def _failed(self, name: str, error: SpotifyError | UnsteadyError) -> None:
        """Note a failed look, or that a playlist is gone: read before, now neither in the library nor anywhere else."""
        self.is_ended = self.is_ended or error.kind in _ENDS_THE_RUN
        is_gone = error.kind == "not_found" and name not in self.library and self.state.last_read(name) is not None
        status = "gone" if is_gone else "failed"
        self._look(Look(playlist_id=name, status=status, failure_class=error.kind, playlist=self.described.get(name)))
        if is_gone:
            self.state.forget(name)
        self._say(name, f"{status}, {error.kind}: {error}")

    def _look(self, look: Look) -> None:
        self.looks[look.playlist_id] = look
        self.state.looked(look.playlist_id, self.clock())

    def _say(self, name: str, outcome: str) -> None:
        title = "Liked Songs" if name == LIKED_SONGS else self.described.get(name, {}).get("name")
        self.report(str(title or name), self.wanted.index(name) + 1, len(self.wanted), outcome)


def _is_mine(playlist: Mapping[str, Any], me: str) -> bool:
    owner = playlist.get("owner")
    return playlist.get("collaborative") is True or (isinstance(owner, dict) and owner.get("id") == me)


def _without_rows(playlist: Mapping[str, Any]) -> Mapping[str, Any]:
    """The playlist object as a manifest takes it: `GET /playlists/{id}` embeds up to 100 rows."""
    pages = {key: playlist[key] for key in ("items", "tracks") if isinstance(playlist.get(key), dict)}
    return {**playlist, **{key: {k: v for k, v in page.items() if k != "items"} for key, page in pages.items()}}
