"""What earlier runs saw of each playlist, so that the next run makes no unnecessary requests.

It is a cache: without it everything is read again. It also has the calls of the last 24 hours and, after a refusal, the
time before which no calls are made.
"""

import json
import zlib
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from extract_lambda.budget import Budget
from extract_lambda.documents import Stored
from extract_lambda.transport import LONGEST_COOL_DOWN
from shared import document, lake
from shared.store import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The last check of a playlist and the last read of it; times as the raw document writes them.

    `version` changes when the playlist changes: its snapshot_id; for liked songs their number and the newest song.
    """

    checked_at: str
    read_at: str | None = None
    version: str | None = None
    snapshot_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class CoolDown:
    """The time (ISO 8601) until which Spotify accepts no calls, and the kind and text of the refusal."""

    until: str
    kind: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Login:
    """The id of the login's user; `mark` is a digest of the login, which shows whether the login has changed."""

    mark: str
    me: str


@dataclass
class State:
    """The state per playlist id, and of the app as a whole; `succeeded_at` is the time of the last successful check."""

    playlists: dict[str, Seen] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    cool_down: CoolDown | None = None
    login: Login | None = None
    succeeded_at: str | None = None

    @classmethod
    def load(cls, store: ObjectStore) -> Self:
        """The saved state; empty if there is none or it cannot be read."""
        fetched = store.get(lake.EXTRACTION_STATE)
        if fetched is None:
            return cls()
        try:
            return cls._from_json(json.loads(fetched.data))
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()

    @classmethod
    def _from_json(cls, value: dict[str, Any]) -> Self:
        playlists = {name: Seen(**seen) for name, seen in value["playlists"].items()}
        hours = {_time(hour): Counter(calls) for hour, calls in value.get("calls", {}).items()}
        _ = [count + 0 for calls in hours.values() for count in calls.values()]
        cool_down = CoolDown(**value["cool_down"]) if value.get("cool_down") else None
        times = [at for seen in playlists.values() for at in (seen.checked_at, seen.read_at)]
        for at in (*times, cool_down.until if cool_down else None, value.get("succeeded_at")):
            _ = at is None or _time(at)  # raises ValueError now, not later
        return cls(
            playlists=playlists,
            budget=Budget(hours=hours),
            cool_down=cool_down,
            login=Login(**value["login"]) if value.get("login") else None,
            succeeded_at=value.get("succeeded_at"),
        )

    def save(self, store: ObjectStore) -> None:
        """Replace what was saved before."""
        value = {
            "state": 2,
            "playlists": {name: asdict(seen) for name, seen in sorted(self.playlists.items())},
            "calls": {document.timestamp(hour): dict(calls) for hour, calls in sorted(self.budget.hours.items())},
            "cool_down": asdict(self.cool_down) if self.cool_down else None,
            "login": asdict(self.login) if self.login else None,
            "succeeded_at": self.succeeded_at,
        }
        store.put(lake.EXTRACTION_STATE, json.dumps(value, indent=1).encode())

    def checked(self, playlist_id: str, at: datetime, *, has_succeeded: bool) -> None:
        """Record a check that read no items."""
        seen = self.playlists.get(playlist_id)
        checked_at = document.timestamp(at)
        self.playlists[playlist_id] = replace(seen, checked_at=checked_at) if seen else Seen(checked_at=checked_at)
        if has_succeeded:
            self._succeeded(checked_at)

    def read(self, stored: Stored) -> None:
        """Record a read, complete or incomplete, unless a later one is known."""
        seen = self.last_read(stored.playlist_id)
        if seen is None or _time(seen.read_at) <= _time(stored.extracted_at):
            at = stored.extracted_at
            self.playlists[stored.playlist_id] = Seen(
                checked_at=at, read_at=at, version=stored.version, snapshot_id=stored.snapshot_id
            )
        self._succeeded(stored.extracted_at)

    def is_current(self, playlist_id: str, version: str, *, now: datetime, full_every: timedelta) -> bool:
        """Whether this version has been read, and no full read of the playlist has become due since.

        Each playlist is due on a day of its own, every `full_every`, so that not all are read on one day.
        """
        seen = self.last_read(playlist_id)
        return (
            seen is not None
            and seen.version == version
            and _turn(playlist_id, _time(seen.read_at), full_every) == _turn(playlist_id, now, full_every)
        )

    def forget(self, playlist_id: str) -> None:
        """Remove a playlist that is gone."""
        self.playlists.pop(playlist_id, None)

    def last_check(self, playlist_id: str) -> datetime | None:
        """When the playlist was last checked."""
        seen = self.playlists.get(playlist_id)
        return _time(seen.checked_at) if seen else None

    def last_read(self, playlist_id: str) -> Seen | None:
        """The last read, if there was one."""
        seen = self.playlists.get(playlist_id)
        return seen if seen and seen.read_at else None

    def last_success(self) -> datetime | None:
        """When the last check succeeded."""
        return _time(self.succeeded_at) if self.succeeded_at else None

    def cools_down_until(self, now: datetime) -> datetime | None:
        """Until when no calls are made, None if that time is past; a time more than a day ahead is ignored."""
        until = _time(self.cool_down.until) if self.cool_down else None
        return until if until and now < until <= now + timedelta(seconds=LONGEST_COOL_DOWN) else None

    def _succeeded(self, at: str) -> None:
        if self.succeeded_at is None or _time(self.succeeded_at) < _time(at):
            self.succeeded_at = at


def _turn(playlist_id: str, at: datetime, full_every: timedelta) -> int:
    """How many full reads of the playlist were due by then: one per `full_every`, at a time that its id determines."""
    share = zlib.crc32(playlist_id.encode()) / 2**32
    return int((at - datetime.fromtimestamp(0, UTC)) / full_every + share)


def _time(text: str | None) -> datetime:
    at = datetime.fromisoformat(text or "")
    return at if at.tzinfo else at.replace(tzinfo=UTC)
