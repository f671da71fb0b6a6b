"""Reads playlists, and stores each document only after a second check shows that the playlist did not change."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from extract_lambda.documents import Pages, Stored, incomplete_snapshot, read_pages, stored, write_document
from extract_lambda.failures import InconsistentReadError, OutOfTimeError, SpotifyError
from extract_lambda.library import Library, Target
from extract_lambda.outcomes import Outcomes
from extract_lambda.progress import Clock
from extract_lambda.spotify import Answer, Spotify
from extract_lambda.state import State
from shared import lake
from shared.document import LIKED_SONGS, RawLine, timestamp
from shared.store import ObjectStore

ATTEMPTS = 3
_CALLS_PER_CHECK = 20  # after this many calls, check whether the playlists changed meanwhile


class _Document(NamedTuple):
    data: bytes
    stored: Stored


class _Draft(NamedTuple):
    """A read that is stored only after a check that the playlist did not change while it was read.

    `complete` is the document of a complete read. The last attempt also has the document of an `incomplete` read: it is
    stored if the rows do not add up (`problem`) or the playlist changed. `rows_version` changes when the rows change.
    """

    target: Target
    attempt: int
    rows_version: str
    complete: _Document | None
    incomplete: _Document | None
    problem: str


@dataclass(kw_only=True)
class Reader:
    """Reads each playlist whose version differs from the last read, or whose full read is due.

    A playlist that changes while it is read, or whose rows do not add up, is read ATTEMPTS times; the last read is
    stored as incomplete.
    """

    run_id: str
    spotify: Spotify
    store: ObjectStore
    state: State
    clock: Clock
    full_every: timedelta
    deadline: datetime | None
    library: Library
    outcomes: Outcomes
    _drafts: list[_Draft] = field(default_factory=list)
    _changed_during_read: dict[str, int] = field(default_factory=dict)  # playlist ids with the attempt
    _calls_at_check: int = 0

    def read_all(self, names: Iterable[str]) -> None:
        """Check each playlist; outcomes go to `outcomes`. Playlists that the time ran out for have none."""
        queue = deque((name, 1) for name in names)
        self._calls_at_check = self.spotify.calls.total()
        while True:
            if self._must_stop():
                queue.clear()
            if (self._drafts or self._changed_during_read) and (not queue or self._is_check_worth_it()):
                queue.extend(self._store_unchanged())
            elif queue:
                self._read(*queue.popleft())
            else:
                return

    def is_shown_current(self, name: str) -> bool:
        """Whether the library shows the version that was read before; checking such a playlist costs no call."""
        version = self.library.shown_version(name)
        return version is not None and self._is_current(name, version)

    def _is_current(self, name: str, version: str) -> bool:
        return self.state.is_current(name, version, now=self.clock(), full_every=self.full_every)

    def _is_late(self) -> bool:
        return self.deadline is not None and self.clock() >= self.deadline

    def _must_stop(self) -> bool:
        return self.outcomes.ended_by is not None or self.outcomes.is_out_of_time or self._is_late()

    def _is_check_worth_it(self) -> bool:
        pages = self.library.page_count(draft.target.playlist_id for draft in self._drafts)
        calls = self.spotify.calls.total() - self._calls_at_check
        return bool(self._drafts) and calls >= _CALLS_PER_CHECK * max(1, pages)

    # --- one playlist

    def _read(self, name: str, attempt: int) -> None:
        try:
            target = self.library.target(name)
            if attempt == 1 and self._is_current(name, target.version):
                self.outcomes.unchanged(target)
            else:
                self._drafts.append(self._draft(target, attempt))
                self.outcomes.say(name, "read" if attempt == 1 else f"read again ({attempt} of {ATTEMPTS})")
            self.outcomes.answered()
        except InconsistentReadError:
            self._changed_during_read[name] = attempt
        except OutOfTimeError:
            self.outcomes.is_out_of_time = True
        except SpotifyError as error:
            self.outcomes.failed(name, error)

    def _draft(self, target: Target, attempt: int) -> _Draft:
        name, at = target.playlist_id, timestamp(self.clock())
        is_last = attempt >= ATTEMPTS
        pages = read_pages(partial(self._page, name), partial(self._say_how_far, name), takes_misfits=is_last)
        if attempt == 1 and target.total not in {None, pages.total}:
            # The description may be old, or the page may be wrong: the second reading decides.
            raise InconsistentReadError(f"the playlist shows {target.total} items, its pages {pages.total}")
        shared = RawLine(
            run_id=self.run_id,
            playlist_id=name,
            snapshot_id=f"liked-{pages.rows_hash}" if name == LIKED_SONGS else target.version,
            extracted_at=at,
            asked="",
            offset=None,
            attempt=attempt,
            body={},
        )
        version = pages.version if name == LIKED_SONGS else target.version
        part = replace(
            shared,
            snapshot_id=incomplete_snapshot(shared.snapshot_id, pages.rows_hash),
            missing=pages.missing,
        )
        return _Draft(
            target=target,
            attempt=attempt,
            rows_version=f"rows-{pages.rows_hash}",
            complete=None if pages.problem else _document(shared, target, pages, version),
            incomplete=_document(part, target, pages, version) if is_last else None,
            problem=pages.problem,
        )

    def _page(self, name: str, offset: int) -> Answer:
        if self._is_late():
            raise OutOfTimeError
        page = self.spotify.liked_page(offset) if name == LIKED_SONGS else self.spotify.items_page(name, offset)
        return self.library.kept(page)

    def _say_how_far(self, name: str, read: int, total: int) -> None:
        self.outcomes.say(name, f"{read:,} of {total:,} items", is_over=False)

    # --- store reads whose playlist did not change meanwhile

    def _store_unchanged(self) -> list[tuple[str, int]]:
        """Store playlists that did not change while they were read; returns the others, each with its next attempt."""
        drafts, changed_during_read = self._drafts, self._changed_during_read
        self._drafts, self._changed_during_read = [], {}
        names = [*(draft.target.playlist_id for draft in drafts), *changed_during_read]
        try:
            self.library.refresh(names)
        except OutOfTimeError:
            self.outcomes.is_out_of_time = True
            return []
        except SpotifyError as error:
            self.outcomes.end_if_others_would_fail(error)
            for name in names if not self.outcomes.ended_by else ():
                self.outcomes.failed(name, error)
            return []
        changed_during_read |= {draft.target.playlist_id: draft.attempt for draft in drafts if self._is_left(draft)}
        self._calls_at_check = self.spotify.calls.total()
        self.state.save(self.store)
        return [(name, attempt + 1) for name, attempt in changed_during_read.items()]

    def _is_left(self, draft: _Draft) -> bool:
        """Whether the playlist must be read again; if not, its check has an outcome now."""
        name = draft.target.playlist_id
        try:
            now = self.library.target(name)
        except OutOfTimeError:
            self.outcomes.is_out_of_time = True
            return False
        except SpotifyError as error:
            self.outcomes.failed(name, error)
            return False
        has_changed = now.version != draft.target.version
        if has_changed and self._is_current(name, draft.rows_version):
            self.outcomes.unchanged(draft.target)
        elif draft.complete and not has_changed:
            self._store(name, draft.complete)
        elif draft.incomplete and has_changed:
            data, document = draft.incomplete
            kind = "total and newest song" if name == LIKED_SONGS else "snapshot_id"
            seen = f"its {kind} was {draft.target.version} before the read and {now.version} after it"
            self._store(name, _Document(data, replace(document, version=draft.rows_version)), draft.problem or seen)
        elif draft.incomplete:
            self._store(name, draft.incomplete, draft.problem)
        else:
            return True
        return False

    def _store(self, name: str, document: _Document, problem: str = "") -> None:
        """Store the document; if the same run has stored one before, the earlier document counts."""
        key, counts = lake.raw_object(self.run_id, name), document.stored
        if not self.store.put_if_absent(key, document.data):
            existing = self.store.get(key)
            counts = stored(existing.data) if existing else counts
        self.outcomes.stored(key, counts, problem)


def _document(line: RawLine, target: Target, pages: Pages, version: str) -> _Document:
    """The document of the pages; `line` has the fields that all lines share, `version` is what the state compares."""
    return _Document(
        write_document(line, target.shown, pages),
        Stored(
            playlist_id=line.playlist_id,
            snapshot_id=line.snapshot_id,
            version=version,
            extracted_at=line.extracted_at,
            item_count=pages.item_count,
            missing=line.missing,
        ),
    )
