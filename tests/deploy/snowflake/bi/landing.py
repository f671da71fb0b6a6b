"""Puts hand-typed rows into the landing tables, and returns the views' rows in a form easy to type by hand."""

# Only constants of these tests are formatted into SQL; values are bound.

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest

from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.contract import Table
from shared.tables.album_artists import ALBUM_ARTISTS
from shared.tables.albums import ALBUMS
from shared.tables.artists import ARTISTS
from shared.tables.batches import BATCHES
from shared.tables.episodes import EPISODES
from shared.tables.playlist_checks import PLAYLIST_CHECKS
from shared.tables.playlist_items import PLAYLIST_ITEMS
from shared.tables.song_artists import SONG_ARTISTS
from shared.tables.song_popularity import SONG_POPULARITY
from shared.tables.songs import SONGS

# Default values; every other column is null.
DEFAULTS: dict[str, object] = {
    "batch_id": "b1",
    "source_object": "raw/a",
    "document_id": "d1",
    "source_position": 0,
    "extracted_at": "2026-11-01 10:00",
}


class Landing:
    """The landing tables of a warehouse; rows last for one test."""

    def __init__(self, warehouse: EmbeddedSnowflake) -> None:
        self._warehouse = warehouse

    def put(self, table: Table, **row: object) -> None:
        """Inserts a row as a pipe would load it."""
        columns = [column.name for column in table.all_columns]
        defaults = {name: value for name, value in DEFAULTS.items() if name in columns}
        whole = defaults | row
        places = ", ".join(["%s"] * len(whole))
        self._warehouse.query(
            f"insert into SPOTIFY.LANDING.{table.name} ({', '.join(whole)}) values ({places})", *whole.values()
        )

    def song(self, song_id: str, artists: tuple[str, ...] = (), **row: object) -> None:
        """A song named in capitals (s1 is S1), with its credits in this order."""
        self.put(SONGS, **{"song_id": song_id, "name": song_id.upper()} | row)
        for position, artist_id in enumerate(artists):
            self.put(SONG_ARTISTS, song_id=song_id, artist_id=artist_id, position=position)

    def album(self, album_id: str, artists: tuple[str, ...] = (), **row: object) -> None:
        """An album named in capitals, with its credits in this order."""
        self.put(ALBUMS, **{"album_id": album_id, "name": album_id.upper()} | row)
        for position, artist_id in enumerate(artists):
            self.put(ALBUM_ARTISTS, album_id=album_id, artist_id=artist_id, position=position)

    def artists(self, *artist_ids: str) -> None:
        """Artists named in capitals."""
        for artist_id in artist_ids:
            self.put(ARTISTS, artist_id=artist_id, name=artist_id.upper())

    def episode(self, episode_id: str, **row: object) -> None:
        """A podcast episode named in capitals."""
        self.put(EPISODES, **{"episode_id": episode_id, "name": episode_id.upper()} | row)

    def popularity(self, song_id: str, at: str, popularity: int, **row: object) -> None:
        """An observation of a song's popularity; observations at one instant share a document."""
        self.put(
            SONG_POPULARITY,
            **{"song_id": song_id, "popularity": popularity, "extracted_at": at, "document_id": at} | row,
        )

    def batch(self, number: int, at: str) -> None:
        """A committed batch."""
        counts = {"object_count": 1, "item_count": 1, "reject_count": 0}
        self.put(BATCHES, batch_number=number, committed_at=at, batch_id=f"b{number}", **counts)

    def read(self, at: str, *items: str, snapshot: str = "", playlist: str = "p1", **row: object) -> None:
        """A complete read of a playlist that showed these items in this order; its default snapshot is the time.

        An item is a song's id, `episode e1`, `local x`, or one of the words empty, unavailable and rejected.
        """
        snapshot_id = snapshot or f"v {at}"
        document_id = f"{playlist} {at}"
        counts = {"total": len(items), "item_count": len(items), "is_complete": True}
        self.check(at, "read", playlist, **{"snapshot_id": snapshot_id, "document_id": document_id} | counts | row)
        for position, item in enumerate(items):
            self.put(
                PLAYLIST_ITEMS,
                **{"playlist_id": playlist, "snapshot_id": snapshot_id, "position": position}
                | {"document_id": document_id, "extracted_at": row.get("extracted_at", at), "source_position": position}
                | _item(item),
            )

    def check(self, at: str, status: str, playlist: str = "p1", **row: object) -> None:
        """A check of a playlist with this status; the run id comes from its time."""
        self.put(
            PLAYLIST_CHECKS,
            **{"playlist_id": playlist, "run_id": at, "status": status, "read_at": at, "extracted_at": at} | row,
        )

    def ask(self, view: str, columns: str, where: str = "true") -> list[tuple[object, ...]]:
        """The view's rows, sorted by these columns; times to the minute, plain days and numbers."""
        rows = self._warehouse.query(f"select {columns} from SPOTIFY.BI.{view} where {where} order by {columns}")
        return [tuple(_typed(value) for value in row) for row in rows]

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of any statement, with values as in `ask`."""
        return [tuple(_typed(value) for value in row) for row in self._warehouse.query(sql)]


def _item(item: str) -> dict[str, object]:
    kind, _, name = item.partition(" ")
    if kind == "episode":
        return {"kind": kind, "episode_id": name, "item_uri": f"spotify:episode:{name}", "item_name": name.upper()}
    if kind == "local":
        return {"kind": kind, "item_uri": f"spotify:local:{name}", "item_name": name.upper()}
    if kind in {"empty", "unavailable", "rejected"}:
        return {"kind": kind}
    return {"kind": "song", "song_id": kind, "item_uri": f"spotify:track:{kind}", "item_name": kind.upper()}


def _typed(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="package")
def deployed() -> Iterator[EmbeddedSnowflake]:
    """An empty warehouse with everything deployed; closed with its folder, since only one can be open.

    Import it in a conftest.py: pytest treats a package fixture that a test module imports as one of the session.
    """
    with EmbeddedSnowflake() as warehouse:
        warehouse.deploy()
        yield warehouse


@pytest.fixture
def landing(deployed: EmbeddedSnowflake) -> Iterator[Landing]:
    """Empty landing tables below the views."""
    deployed.query("begin")
    try:
        yield Landing(deployed)
    finally:
        deployed.query("rollback")
