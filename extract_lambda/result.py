"""How a run ended, for whoever called it."""

from dataclasses import dataclass
from typing import Any

from shared import lake
from shared.document import Look

_STATUSES = ("read", "unchanged", "failed", "gone")


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a run ended: its looks, and what it did not look at.

    `left` had no time and comes first in the next run; `not_mine` are followed playlists, `unreadable` have no id.
    `is_repeat` is true where the run was over before, and nothing was done.
    """

    run_id: str
    looks: tuple[Look, ...]
    left: tuple[str, ...] = ()
    not_mine: int = 0
    unreadable: int = 0
    sealed: tuple[str, ...] = ()
    is_repeat: bool = False

    @property
    def status(self) -> str:
        """Whether all playlists were looked at (ok), some (partial) or none (failed)."""
        failed = sum(look.status == "failed" for look in self.looks)
        if self.looks and failed == len(self.looks) and not self.left:
            return "failed"
        return "partial" if failed or self.left else "ok"

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON, one short object per look."""
        counts = {status: sum(look.status == status for look in self.looks) for status in _STATUSES}
        return {
            "run_id": self.run_id,
            "status": self.status,
            "is_repeat": self.is_repeat,
            "counts": counts
            | {
                "left": len(self.left),
                "not_mine": self.not_mine,
                "unreadable": self.unreadable,
                "items": sum(look.item_count or 0 for look in self.looks),
            },
            "sealed_runs": list(self.sealed),
            "looks": [
                {
                    "playlist_id": look.playlist_id,
                    "status": look.status,
                    "failure_class": look.failure_class,
                    "item_count": look.item_count,
                }
                for look in self.looks
            ],
        }


class AllFailedError(Exception):
    """Not one playlist could be looked at; `result` says why each."""

    def __init__(self, result: Result) -> None:
        """The result of the run, whose manifest has been written."""
        first = result.looks[0]
        super().__init__(
            f"Run {result.run_id}: all {len(result.looks)} playlists failed (first: {first.playlist_id}, "
            f"{first.failure_class}). Nothing was stored but the run's manifest, {lake.quiet_manifest(result.run_id)}."
        )
        self.result = result
