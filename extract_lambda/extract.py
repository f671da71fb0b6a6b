"""One run: look at every playlist, store those that changed, say how each look ended."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from extract_lambda.config import MINE
from extract_lambda.documents import Stored, liked_version, read_pages, stored, without_people, write_document
from extract_lambda.failures import ADVICE, ENDS_THE_RUN, Kind, OutOfTimeError, SpotifyError, UnsteadyError
from extract_lambda.progress import Progress, Report, silent
from extract_lambda.result import FailedRunError, Result
from extract_lambda.runs import finish, finished_looks, look_of, seal_older_runs, stored_documents
from extract_lambda.spotify import Answer, Entry, Spotify, spotify_id
from extract_lambda.state import CoolDown, Login, State
from shared import lake
from shared.document import LIKED_SONGS, Look, RawLine, timestamp
from shared.store import ObjectStore

ATTEMPTS = 3
_CALLS_PER_CHECK = 20  # reading so many calls is worth one to see whether the playlists stood still
_SERVER_FAILURES = 5  # in a row: then it is not about the playlist
_UNNAMED_COOL_DOWN = timedelta(hours=1)  # where a refusal does not say how long
_NEVER = datetime.min.replace(tzinfo=UTC)

Clock = Callable[[], datetime]


def extract(  # noqa: PLR0913  (everything comes through the arguments)
    playlists: tuple[str, ...],
    spotify: Spotify,
    store: ObjectStore,
    *,
    run_id: str,
    clock: Clock,
    liked_songs: bool = False,
    keep_people: bool = True,
    full_every: timedelta = timedelta(days=30),
    calls_per_day: int | None = None,
    deadline: datetime | None = None,
    report: Report = silent,
) -> Result:
    """Read what changed of the playlists (ids, and "mine") since the last run, and what is due to be read anew.

    No page is asked after the deadline but to see whether what was read stood still. A run that is over is not
    repeated; while Spotify wants no calls, none is made. Raises FailedRunError where no look went well, StoreError
    where the lake cannot be used.
    """
    state = State.load(store)  # before the look for a manifest: whoever saves the last state has written one
    looks = finished_looks(store, run_id)
    until = state.cools_down_until(clock())
    if looks is not None:
        result = Result(run_id=run_id, looks=looks, is_repeat=True, last_success=state.last_success())
    elif until is not None:
        result = Result(run_id=run_id, cool_down_until=until, last_success=state.last_success())
    else:
        spotify.budget = state.budget
        state.budget.per_day = calls_per_day
        run = _Run(run_id, spotify, store, state, clock, full_every, deadline, report, keep_people=keep_people)
        result = run.look_at(playlists, liked_songs=liked_songs)
        state.save(store)
    if result.status == "failed":
        raise FailedRunError(result)
    return result


@dataclass(frozen=True, kw_only=True)
class _Target:
    """A playlist as the API shows it now; `version` changes when its contents do, `total` as far as it is shown."""

    playlist_id: str
    version: str
    shown: Answer | None = None
    total: int | None = None


class _Draft(NamedTuple):
    """A document that is not stored before it is sure that the playlist stood still."""

    target: _Target
    attempt: int
    data: bytes
    found: Stored


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
    keep_people: bool = field(kw_only=True)
    library: dict[str, Entry] = field(default_factory=dict)  # what the person's library shows now, by playlist id
    described: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # playlists as last seen, without rows
    wanted: dict[str, int] = field(default_factory=dict)  # playlist ids, each with its number
    looks: dict[str, Look] = field(default_factory=dict)
    drafts: list[_Draft] = field(default_factory=list)
    unsteady: dict[str, tuple[int, UnsteadyError]] = field(default_factory=dict)  # with the attempt that failed
    ended_by: SpotifyError | None = None
    is_out_of_time: bool = False
    server_failures: int = 0
    calls_at_check: int = 0

    def look_at(self, playlists: tuple[str, ...], *, liked_songs: bool) -> Result:
        """Look at each playlist that is wanted, then write the manifest."""
        started_at = self.clock()
        sealed = seal_older_runs(self.store, self.run_id, self.state)
        not_mine = unreadable = 0
        try:
            unreadable = self._probe()
            names = self._names(playlists)
            not_mine = len(self.library.keys() - set(names)) if MINE in playlists else 0
        except SpotifyError as error:
            self._end(error)
        except OutOfTimeError:
            self.is_out_of_time = True
        else:
            wanted = self._in_order((*names, LIKED_SONGS) if liked_songs else names)
            self.wanted = {name: n for n, name in enumerate(wanted, start=1)}
            for key, document in stored_documents(self.store, self.run_id):  # by the same run, killed before its end
                self._read(key, document)
            self._look_at_each([name for name in self.wanted if name not in self.looks])
            finish(self.store, self.run_id, tuple(self.looks.values()), timestamp(started_at))
        return Result(
            run_id=self.run_id,
            looks=tuple(self.looks.values()),
            left=tuple(name for name in self.wanted if name not in self.looks),
            not_mine=not_mine,
            unreadable=unreadable,
            sealed=sealed,
            is_out_of_time=self.is_out_of_time,
            ended_by=self.ended_by,
            cool_down_until=self.state.cools_down_until(self.clock()),
            calls=self.spotify.calls,
            calls_left=self.state.budget.left(self.clock()),
            throttled=self.spotify.throttled,
            last_success=self.state.last_success(),
        )

    # --- which playlists

    def _probe(self) -> int:
        """Ask for the whole library; returns how many playlists in it have no id."""
        entries = self.spotify.library()
        self.library = {}
        self._show(entries)
        return sum(spotify_id(entry.answer.body) is None for entry in entries)

    def _show(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            name = spotify_id(entry.answer.body)
            if name:
                self.library[name] = entry
                self.described[name] = _without_rows(entry.answer.body)

    def _names(self, playlists: tuple[str, ...]) -> tuple[str, ...]:
        """Those that are named, and for "mine" those that the person owns or works on, and those read before.

        What was read before may be gone by now.
        """
        if MINE not in playlists:
            return playlists
        me = self._me()
        mine = [name for name, entry in self.library.items() if _is_mine(entry.answer.body, me)]
        before = [name for name in self.state.playlists if name != LIKED_SONGS and self.state.last_read(name)]
        named = [name for name in playlists if name != MINE]
        return tuple(dict.fromkeys((*mine, *named, *before)))

    def _me(self) -> str:
        known = self.state.login
        if known is None or known.mark != self.spotify.login_mark:
            known = self.state.login = Login(mark=self.spotify.login_mark, me=self.spotify.me())
        return known.me

    def _in_order(self, names: Iterable[str]) -> tuple[str, ...]:
        """First those that the library shows to be unchanged, since they cost no call; then the longest unseen."""
        return tuple(sorted(names, key=lambda name: (not self._is_seen_unchanged(name), self._last_look(name))))

    def _is_seen_unchanged(self, name: str) -> bool:
        version = self.library[name].answer.body.get("snapshot_id") if name in self.library else None
        return isinstance(version, str) and self._is_current(name, version)

    def _last_look(self, name: str) -> datetime:
        return self.state.last_look(name) or _NEVER

    # --- looking

    def _look_at_each(self, names: Iterable[str]) -> None:
        """Look at each; what changed while it was read is read again, ATTEMPTS times in all."""
        queue = deque((name, 1) for name in names)
        self.calls_at_check = self.spotify.calls.total()
        while True:
            if self._must_stop():
                queue.clear()
            if (self.drafts or self.unsteady) and (not queue or self._is_check_worth_it()):
                queue.extend(self._check())
            elif queue:
                self._look_at_one(*queue.popleft())
            else:
                return

    def _must_stop(self) -> bool:
        is_late = self.deadline is not None and self.clock() >= self.deadline
        return self.ended_by is not None or self.is_out_of_time or is_late

    def _is_check_worth_it(self) -> bool:
        pages = {self.library[d.target.playlist_id].offset for d in self.drafts if d.target.playlist_id in self.library}
        calls = self.spotify.calls.total() - self.calls_at_check
        return bool(self.drafts) and calls >= _CALLS_PER_CHECK * max(1, len(pages))

    def _look_at_one(self, name: str, attempt: int) -> None:
        try:
            target = self._target(name)
            if attempt == 1 and self._is_current(name, target.version):
                self._unchanged(target)
            else:
                self.drafts.append(self._draft(target, attempt))
                self._say(name, "read" if attempt == 1 else f"read again ({attempt} of {ATTEMPTS})")
            self.server_failures = 0
        except UnsteadyError as error:
            self.unsteady[name] = (attempt, error)
        except OutOfTimeError:
            self.is_out_of_time = True  # what is left has no look
        except SpotifyError as error:
            self._failed(name, error)

    def _target(self, name: str) -> _Target:
        if name == LIKED_SONGS:
            first = self.spotify.liked_page(0).body
            return _Target(playlist_id=name, version=liked_version(first), total=first["total"])
        shown = self.library[name].answer if name in self.library else self.spotify.playlist(name)
        self.described[name] = _without_rows(shown.body)
        version = shown.body.get("snapshot_id")
        if not isinstance(version, str) or not version:
            message = f"{shown.asked}: the playlist has no snapshot_id"
            raise SpotifyError(message, "malformed")
        return _Target(playlist_id=name, version=version, shown=shown, total=_total(shown.body))

    def _is_current(self, name: str, version: str) -> bool:
        return self.state.is_current(name, version, now=self.clock(), full_every=self.full_every)

    def _draft(self, target: _Target, attempt: int) -> _Draft:
        name, at = target.playlist_id, timestamp(self.clock())
        pages = read_pages(partial(self._page, name), partial(self._say_how_far, name))
        if attempt == 1 and target.total not in {None, pages.total}:
            # The description may be old, or the page may lie: a second reading tells, and is believed.
            message = f"it had {target.total} items, then {pages.total}"
            raise UnsteadyError(message, "changing")
        snapshot_id = f"liked-{pages.rows_hash}" if name == LIKED_SONGS else target.version
        line = RawLine(
            run_id=self.run_id,
            playlist_id=name,
            snapshot_id=snapshot_id,
            extracted_at=at,
            asked="",
            offset=None,
            attempt=attempt,
            body={},
        )
        found = Stored(
            playlist_id=name,
            snapshot_id=snapshot_id,
            version=pages.version if name == LIKED_SONGS else snapshot_id,
            extracted_at=at,
            item_count=pages.total,
        )
        shown = self._kept(target.shown) if target.shown else None
        return _Draft(target, attempt, write_document(line, shown, pages), found)

    def _kept(self, answer: Answer) -> Answer:
        """The answer as the lake may have it."""
        return answer if self.keep_people else answer._replace(body=without_people(answer.body))

    def _kept_description(self, name: str) -> Mapping[str, Any] | None:
        described = self.described.get(name)
        return described if self.keep_people else without_people(described)

    def _page(self, name: str, offset: int) -> Answer:
        if self.deadline is not None and self.clock() >= self.deadline:
            raise OutOfTimeError
        page = self.spotify.liked_page(offset) if name == LIKED_SONGS else self.spotify.items_page(name, offset)
        return self._kept(page)

    # --- what was read must have stood still

    def _check(self) -> list[tuple[str, int]]:
        """Store what stood still while it was read; returns what is to be read again, with the attempt's number."""
        drafts, unsteady = self.drafts, self.unsteady
        self.drafts, self.unsteady = [], {}
        try:
            self._look_again([*(draft.target.playlist_id for draft in drafts), *unsteady])
        except OutOfTimeError:
            self.is_out_of_time = True
            return []
        except SpotifyError as error:
            self._end_if_others_would_fail(error)
            for name in (*(draft.target.playlist_id for draft in drafts), *unsteady) if not self.ended_by else ():
                self._failed(name, error)
            return []
        changed = UnsteadyError("it changed while it was read", "changing")
        moved = [draft for draft in drafts if not self._has_stood_still(draft)]
        unsteady |= {draft.target.playlist_id: (draft.attempt, changed) for draft in moved}
        for name, (attempt, why) in unsteady.items():
            if attempt >= ATTEMPTS:
                self._failed(name, why)
        self.calls_at_check = self.spotify.calls.total()
        self.state.save(self.store)
        return [(name, attempt + 1) for name, (attempt, _) in unsteady.items() if attempt < ATTEMPTS]

    def _look_again(self, names: Iterable[str]) -> None:
        """Ask again for those pages of the library on which the playlists stood."""
        expected = {name: self.library[name].offset for name in names if name in self.library}
        found: set[str | None] = set()
        for offset in sorted(set(expected.values())):
            entries, _ = self.spotify.library_page(offset)
            self._show(entries)
            found.update(spotify_id(entry.answer.body) for entry in entries)
        if expected.keys() - found:  # moved, since others came or went; or gone
            self._probe()

    def _has_stood_still(self, draft: _Draft) -> bool:
        """Whether the playlist is at the version that was read, if so stored; a look that fails is noted."""
        name = draft.target.playlist_id
        try:
            now = self._target(name)
        except OutOfTimeError:
            self.is_out_of_time = True
            return True
        except SpotifyError as error:
            self._failed(name, error)
            return True
        if now.version == draft.target.version:
            self._store(draft)
            return True
        return False

    def _store(self, draft: _Draft) -> None:
        """Store the document; where the same run has stored one before, that one counts."""
        key, found = lake.raw_object(self.run_id, draft.target.playlist_id), draft.found
        if not self.store.put_if_absent(key, draft.data):
            there = self.store.get(key)
            found = stored(there.data) if there else found
        self._read(key, found)

    # --- how looks end

    def _read(self, key: str, document: Stored) -> None:
        self.looks[document.playlist_id] = look_of(key, document)
        self.state.read(document)

    def _unchanged(self, target: _Target) -> None:
        name = target.playlist_id
        seen = self.state.last_read(name)
        snapshot_id = seen.snapshot_id if seen else target.version
        shown = self._kept_description(name)
        self.looks[name] = Look(playlist_id=name, status="unchanged", snapshot_id=snapshot_id, playlist=shown)
        self.state.looked(name, self.clock(), has_succeeded=True)
        self._say(name, "unchanged")

    def _failed(self, name: str, error: SpotifyError | UnsteadyError) -> None:
        """Note a failed look, or that a playlist is gone: read before, now neither in the library nor anywhere else."""
        if isinstance(error, SpotifyError):
            self._end_if_others_would_fail(error)
        if error.kind == "budget":
            return  # Spotify has not been asked
        kind = self._kind(name, error.kind)
        is_gone = kind == "removed" and name not in self.library and self.state.last_read(name) is not None
        status = "gone" if is_gone else "failed"
        shown = self._kept_description(name)
        self.looks[name] = Look(playlist_id=name, status=status, failure_class=kind, playlist=shown)
        self.state.looked(name, self.clock(), has_succeeded=is_gone)
        if is_gone:
            self.state.forget(name)
            self._say(name, f"gone: {error}")
        else:
            self._say(name, f"failed, {kind}: {error}; {ADVICE[kind]}", failure_class=kind)

    def _kind(self, name: str, kind: Kind) -> Kind:
        owner = self.described.get(name, {}).get("owner")
        is_spotifys = isinstance(owner, dict) and owner.get("id") == "spotify"
        return "editorial" if is_spotifys and kind in {"removed", "not_owner"} else kind

    def _end_if_others_would_fail(self, error: SpotifyError) -> None:
        self.server_failures = self.server_failures + 1 if error.kind == "server" else 0
        if error.kind in ENDS_THE_RUN or self.server_failures >= _SERVER_FAILURES:
            self._end(error)

    def _end(self, error: SpotifyError) -> None:
        """The run is over; where Spotify wants no calls for long, the next runs are told."""
        self.ended_by = self.ended_by or error
        if error.kind not in {"rate", "quota"}:
            return
        wait = _UNNAMED_COOL_DOWN if error.retry_after is None else timedelta(seconds=error.retry_after)
        self.state.cool_down = CoolDown(until=timestamp(self.clock() + wait), kind=error.kind, said=str(error))

    def _say(self, name: str, outcome: str, *, is_over: bool = True, failure_class: str | None = None) -> None:
        title = "Liked Songs" if name == LIKED_SONGS else self.described.get(name, {}).get("name")
        self.report(
            Progress(
                name=str(title or name),
                number=self.wanted[name],
                of=len(self.wanted),
                outcome=outcome,
                is_over=is_over,
                failure_class=failure_class,
            )
        )

    def _say_how_far(self, name: str, read: int, total: int) -> None:
        self._say(name, f"{read:,} of {total:,} items", is_over=False)


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
    """The playlist object as a manifest takes it: `GET /playlists/{id}` embeds up to 100 rows."""
    pages = {key: playlist[key] for key in ("items", "tracks") if isinstance(playlist.get(key), dict)}
    return {**playlist, **{key: {k: v for k, v in page.items() if k != "items"} for key, page in pages.items()}}
