"""What earlier runs saw of each playlist, so that the next one asks no more than it must.

A cache: without it everything is read once more. The marks of finished runs lie beside it; a mark is the run's manifest
without the playlists, since the manifest itself moves on.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Self

from extract_lambda.documents import Stored
from shared import document, lake
from shared.store import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The last look at a playlist and the last complete read of it; times as the raw document writes them.

    `version` is what tells whether it changed: the snapshot_id, of liked songs their number and the newest.
    """

    looked_at: str
    read_at: str | None = None
    version: str | None = None
    snapshot_id: str | None = None


@dataclass
class State:
    """What is known per playlist id."""

    playlists: dict[str, Seen] = field(default_factory=dict)

    @classmethod
    def load(cls, store: ObjectStore) -> Self:
        """The state as it was saved; empty where there is none, or none that can be read."""
        fetched = store.get(lake.EXTRACTION_STATE)
        if fetched is None:
            return cls()
        try:
            playlists = {name: Seen(**seen) for name, seen in json.loads(fetched.data)["playlists"].items()}
            for seen in playlists.values():
                _ = [datetime.fromisoformat(at) for at in (seen.looked_at, seen.read_at) if at is not None]
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls()
        return cls(playlists)

    def save(self, store: ObjectStore) -> None:
        """Replace what was saved before."""
        value = {"state": 1, "playlists": {name: asdict(seen) for name, seen in sorted(self.playlists.items())}}
        store.put(lake.EXTRACTION_STATE, json.dumps(value, indent=1).encode())

    def looked(self, playlist_id: str, at: datetime) -> None:
        """Note a look that read nothing."""
        seen = self.playlists.get(playlist_id)
        looked_at = document.timestamp(at)
        self.playlists[playlist_id] = replace(seen, looked_at=looked_at) if seen else Seen(looked_at=looked_at)

    def read(self, found: Stored) -> None:
        """Note a complete read, unless a later one is known."""
        seen = self.last_read(found.playlist_id)
        if seen is None or _time(seen.read_at) <= _time(found.extracted_at):
            at = found.extracted_at
            self.playlists[found.playlist_id] = Seen(
                looked_at=at, read_at=at, version=found.version, snapshot_id=found.snapshot_id
            )

    def is_current(self, playlist_id: str, version: str, *, read_since: datetime) -> bool:
        """Whether this version has been read, and not too long ago."""
        seen = self.last_read(playlist_id)
        return seen is not None and seen.version == version and _time(seen.read_at) > read_since

    def forget(self, playlist_id: str) -> None:
        """The playlist is gone."""
        self.playlists.pop(playlist_id, None)

    def last_look(self, playlist_id: str) -> datetime | None:
        """When the playlist was last looked at."""
        seen = self.playlists.get(playlist_id)
        return _time(seen.looked_at) if seen else None

    def last_read(self, playlist_id: str) -> Seen | None:
        """The last complete read, if there was one."""
        seen = self.playlists.get(playlist_id)
        return seen if seen and seen.read_at else None


def _time(text: str | None) -> datetime:
    return datetime.fromisoformat(text or "")
