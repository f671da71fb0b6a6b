"""How many calls of each kind were made in the last 24 hours, and how many more are allowed.

Spotify counts a development-mode app's calls over about 24 rolling hours, per kind of endpoint, and publishes no
numbers; an app that exceeds them is blocked for hours. So the extractor keeps a budget of its own.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from extract_lambda.failures import SpotifyError

KINDS: Final = ("me", "me_playlists", "me_tracks", "playlist", "playlist_items")
_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)


@dataclass
class Budget:
    """Calls per kind and full hour; `per_day` is the limit for each kind within 24 hours, None for no limit."""

    per_day: int | None = None
    hours: dict[datetime, Counter[str]] = field(default_factory=dict)

    def spend(self, kind: str, now: datetime) -> None:
        """Count a call before it is made. Raises SpotifyError (budget) if no calls are left."""
        if self.per_day is not None and self.spent(kind, now) >= self.per_day:
            raise SpotifyError(
                f"{self.per_day} calls of the kind {kind} were made within 24 hours, as many as SPOTIFY_CALLS_PER_DAY "
                f"allows; the next is free at {self.free_at(kind):%Y-%m-%dT%H:%MZ}",
                "budget",
            )
        self.hours.setdefault(_hour(now), Counter())[kind] += 1

    def spent(self, kind: str, now: datetime) -> int:
        """Calls of the kind within 24 hours; the calls of an hour count until 24 hours after its end."""
        self.hours = {hour: calls for hour, calls in self.hours.items() if hour + _HOUR > now - _DAY}
        return sum(calls[kind] for calls in self.hours.values())

    def free_at(self, kind: str) -> datetime:
        """When the oldest calls of the kind no longer count."""
        return min(hour for hour, calls in self.hours.items() if calls[kind]) + _HOUR + _DAY

    def left(self, now: datetime) -> dict[str, int]:
        """How many calls of each kind are left now; empty without a limit."""
        return {} if self.per_day is None else {kind: max(0, self.per_day - self.spent(kind, now)) for kind in KINDS}


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
