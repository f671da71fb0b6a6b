"""How a run ended."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from extract_lambda.failures import ADVICE, LIMITS, SpotifyError, with_advice
from shared import lake
from shared.document import PlaylistCheck, timestamp

STATUSES = ("read", "unchanged", "failed", "gone")


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a run ended: its checks, and the playlists that it did not check.

    `left` are the playlists that the run did not reach; the next run begins with them. `not_mine` counts followed
    playlists, `unreadable` playlists without an id. `is_repeat`: the run had already finished, and nothing was done.
    `ended_by` is the error that ended the run early; until `cool_down_until` no calls are made. `calls` counts the
    run's calls by kind, `calls_left` the calls that remain within 24 hours. `token_age` is the time since the person
    consented; `warnings` are for people.
    """

    run_id: str
    checks: tuple[PlaylistCheck, ...] = ()
    left: tuple[str, ...] = ()
    not_mine: int = 0
    unreadable: int = 0
    manifests_written: tuple[str, ...] = ()
    is_repeat: bool = False
    is_out_of_time: bool = False
    ended_by: SpotifyError | None = None
    cool_down_until: datetime | None = None
    calls: Mapping[str, int] = field(default_factory=dict)
    calls_left: Mapping[str, int] = field(default_factory=dict)
    throttled: int = 0
    last_success: datetime | None = None
    token_age: timedelta | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> Literal["ok", "partial", "failed"]:
        """Whether all playlists were checked (ok), some (partial) or none (failed).

        A run that was ended by a limit has not failed: the next run continues.
        """
        failed = self.count("failed")
        is_limited = self.cool_down_until is not None or (self.ended_by is not None and self.ended_by.kind in LIMITS)
        if failed == len(self.checks) and (failed or self.ended_by) and not is_limited:
            return "failed"
        is_short = self.left or self.ended_by or self.is_out_of_time or is_limited or self.incomplete
        return "partial" if failed or is_short else "ok"

    def count(self, status: str) -> int:
        """How many checks ended with this status."""
        return sum(check.status == status for check in self.checks)

    @property
    def incomplete(self) -> int:
        """How many playlists were read incompletely."""
        return sum(check.missing_count is not None for check in self.checks)

    @property
    def failures(self) -> Counter[str]:
        """How many checks failed, by class."""
        return Counter(str(check.failure_class) for check in self.checks if check.status == "failed")

    @property
    def item_count(self) -> int:
        """How many items were read."""
        return sum(check.item_count or 0 for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON, one short object per check."""
        counts = {status: self.count(status) for status in STATUSES}
        ended = self.ended_by.kind if self.ended_by else None
        return {
            "run_id": self.run_id,
            "status": self.status,
            "is_repeat": self.is_repeat,
            "ended_by": {"kind": self.ended_by.kind, "message": str(self.ended_by)} if self.ended_by else None,
            "cool_down_until": timestamp(self.cool_down_until) if self.cool_down_until else None,
            "counts": counts
            | {
                "incomplete": self.incomplete,
                "left": len(self.left),
                "not_mine": self.not_mine,
                "unreadable": self.unreadable,
                "items": self.item_count,
            },
            "failures": dict(self.failures),
            "advice": {kind: text for kind, text in ADVICE.items() if kind in {*self.failures, ended}},
            "calls": dict(self.calls),
            "calls_left": dict(self.calls_left),
            "throttled": self.throttled,
            "last_success": timestamp(self.last_success) if self.last_success else None,
            "token_age_days": self.token_age.days if self.token_age is not None else None,
            "warnings": list(self.warnings),
            "manifests_written": list(self.manifests_written),
            "checks": [
                {
                    "playlist_id": check.playlist_id,
                    "status": check.status,
                    "failure_class": check.failure_class,
                    "item_count": check.item_count,
                    "missing_count": check.missing_count,
                }
                for check in self.checks
            ],
        }


def cool_down_warning(until: datetime) -> str:
    """Says until when runs do nothing, and how to run nevertheless."""
    return (
        f"Spotify accepts no calls until {timestamp(until)}; runs before that do nothing. To run nevertheless, set "
        "SPOTIFY_IGNORE_COOL_DOWN=yes for one run."
    )


class FailedRunError(Exception):
    """No playlist could be checked; `result` says why."""

    def __init__(self, result: Result) -> None:
        """The result of the run; if it checked any playlist, its manifest has been written."""
        super().__init__(_sentence(result))
        self.result = result


def _sentence(result: Result) -> str:
    if not result.checks:
        why = with_advice(result.ended_by) if result.ended_by else ""
        return f"Run {result.run_id}: no playlist could be checked. {why}"
    first = result.checks[0]
    advice = next((text for kind, text in ADVICE.items() if kind == first.failure_class), "")
    return (
        f"Run {result.run_id}: all {len(result.checks)} playlists failed (first: {first.playlist_id}, "
        f"{first.failure_class}: {advice}). Nothing was stored but the run's manifest, "
        f"{lake.no_change_manifest(result.run_id)}."
    )
