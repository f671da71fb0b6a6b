"""Hourly batches of one playlist, small, as the files that the job would publish."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from shared.contract import Table, Type
from shared.lake import processed_file
from shared.tables import TABLES
from tests.deploy.conftest import Row, parquet

START = datetime(2026, 1, 1)  # UTC without zone, as in the tables


def publish_hours(lake: Path, hours: Sequence[int], tables: Sequence[Table] = TABLES) -> dict[str, list[str]]:
    """Writes the files of these hours (from 1) into the folder; their keys by table, in the order of hours."""
    keys: dict[str, list[str]] = {table.name: [] for table in tables}
    for hour in hours:
        on = (START + timedelta(hours=hour)).date()
        for table in tables:
            key = processed_file(table.name, on, hour, 0)
            path = lake / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(parquet(table, *rows_of(table, hour)))
            keys[table.name].append(key)
    return keys


def rows_of(table: Table, hour: int) -> Iterator[Row]:
    """The table's rows of this hour; every hour shows one song of five, on one album of three, by one artist of two.

    Of the three places of the playlist the last two stay; its snapshot changes every ten hours.
    """
    at = (START + timedelta(hours=hour)).isoformat(sep=" ")
    song, album, artist, episode = f"s{hour % 5}", f"al{hour % 3}", f"ar{hour % 2}", f"e{hour % 2}"
    made_of = {"batch_id": f"{hour - 1:020d}-X", "source_object": f"raw/{hour:04d}", "document_id": f"d{hour}"}
    lineage = made_of | {"source_position": 0, "extracted_at": at}
    playlist = {"playlist_id": "p1", "snapshot_id": f"v{(hour - 1) // 10}"}
    rows: dict[str, list[Row]] = {
        "songs": [{"song_id": song, "name": f"{song} at {hour}", "duration_ms": 60000, "album_id": album}],
        "albums": [{"album_id": album, "name": album.upper()}],
        "artists": [{"artist_id": artist, "name": artist.upper()}],
        "episodes": [{"episode_id": episode, "name": episode.upper()}],
        "song_artists": [{"song_id": song, "artist_id": artist, "position": 0}],
        "album_artists": [{"album_id": album, "artist_id": artist, "position": 0}],
        "playlist_items": [
            playlist | {"position": position, "kind": "song", "song_id": shown, "item_uri": f"spotify:track:{shown}"}
            for position, shown in enumerate([f"s{(hour - 1) // 10 % 5}", "s8", "s9"])
        ],
        "playlist_checks": [
            playlist
            | {"run_id": f"r{hour}", "status": "read", "read_at": at, "name": "Mine"}
            | {"total": 3, "item_count": 3, "is_complete": True}
        ],
        "song_popularity": [{"song_id": song, "popularity": hour % 101}],
        "plays": [
            {"play_id": f"y{hour}", "account": "me", "source": "extended", "package_id": "k1", "packaged_at": at}
            | {"played_at": at, "played_at_precision": "second", "song_id": song, "ms_played": 60000}
        ],
        "batches": [{"batch_number": hour, "committed_at": at, "object_count": 1, "item_count": 3, "reject_count": 0}],
    }
    for place, row in enumerate(rows.get(table.name) or [_keys_only(table, hour)]):
        every = lineage | {"source_position": place}
        yield {column.name: every[column.name] for column in table.lineage} | row


def _keys_only(table: Table, hour: int) -> Row:
    """A row for a table that is not listed above: its required columns, different in every hour."""
    values = {
        Type.STRING: f"{table.name}-{hour}",
        Type.INT: hour,
        Type.BIGINT: hour,
        Type.BOOLEAN: True,
        Type.DATE: (START + timedelta(hours=hour)).date(),
        Type.TIMESTAMP: (START + timedelta(hours=hour)).isoformat(sep=" "),
    }
    return {column.name: values[column.type] for column in table.columns if not column.nullable}
