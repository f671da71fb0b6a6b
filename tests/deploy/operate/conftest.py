"""A lake of two days, made by the real job, and a warehouse that the pipes filled; each test has its own copy.

Ann owns the playlist; she and Bob add songs. Monday: two songs. Tuesday: the first song has another title, the second
was removed; one dropped file has a row that breaks the contract, another is Ann's list of playlists, which is
quarantined.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from deploy.snowflake.embedded import EmbeddedSnowflake
from glue_jobs.explode_playlists import parse_arguments, run
from shared.document import Manifest, PlaylistCheck, RawLine, write_document
from shared.store import ObjectStore, open_store
from tests.glue_jobs.documents import TRACK_KEYS

Json = dict[str, Any]
MONDAY, TUESDAY = "2026-11-16T10:00:00Z", "2026-11-17T10:00:00Z"


def user(user_id: str) -> Json:
    """A user object of the API."""
    return {
        "display_name": user_id.title(),
        "external_urls": {"spotify": f"https://open.spotify.com/user/{user_id}"},
        "href": f"https://api.spotify.com/v1/users/{user_id}",
        "id": user_id,
        "type": "user",
        "uri": f"spotify:user:{user_id}",
    }


def row(song_id: str, name: str, added_by: str, **fields: object) -> Json:
    """A playlist row with a song."""
    track = {"type": "track", "id": song_id, "name": name, "duration_ms": 1000, "popularity": 7, "artists": []} | fields
    return {"added_at": "2026-11-01T08:00:00Z", "added_by": user(added_by), "is_local": False, "item": track}


def playlist(**fields: object) -> Json:
    """Ann's playlist, with a URL of the old form that contains her id."""
    return {
        "id": "p1",
        "type": "playlist",
        "name": "ann",  # a name is not a user id
        "owner": user("ann"),
        "external_urls": {"spotify": "https://open.spotify.com/user/ann/playlist/p1"},
        **fields,
    }


def read_of(run_id: str, at: str, snapshot_id: str, *rows: Json) -> bytes:
    """One complete read of the playlist."""
    page = {"href": "https://api.spotify.com/v1/playlists/p1/items", "items": list(rows), "total": len(rows)}
    line: Json = {"run_id": run_id, "playlist_id": "p1", "snapshot_id": snapshot_id, "extracted_at": at, "attempt": 1}
    return write_document(
        [
            RawLine(**line, asked="/v1/playlists/p1", offset=None, body=playlist(snapshot_id=snapshot_id)),
            RawLine(**line, asked="/v1/playlists/p1/items?offset=0", offset=0, body=page),
        ]
    )


def put_old(store: ObjectStore, key: str, data: bytes) -> None:
    """Puts a file that is old enough not to count as still being written."""
    store.put(key, data)
    os.utime(store.uri.removeprefix("file://") + "/" + key, (0, 0))


def take(lake: Path, clock: Callable[[], datetime], *arguments: str) -> None:
    """One run of the job."""
    all_arguments = ["--lake", str(lake), *arguments]
    run(parse_arguments(all_arguments), all_arguments, clock)


@pytest.fixture(scope="session")
def made_lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake after both days; tests copy it."""
    lake = tmp_path_factory.mktemp("made") / "lake"
    store = open_store(str(lake), create=True)
    monday, tuesday = "raw/pending/run=20261116T100000Z/", "raw/pending/run=20261117T100000Z/"
    put_old(
        store,
        f"{monday}p1.ndjson.gz",
        read_of("20261116T100000Z", MONDAY, "v1", row("s1", "Old", "ann"), row("s2", "Two", "bob")),
    )
    checks = (PlaylistCheck(playlist_id="p2", status="unchanged", snapshot_id="v9", playlist=playlist(id="p2")),)
    manifest = Manifest(run_id="20261116T100000Z", extracted_at=MONDAY, checks=checks)
    put_old(store, f"{monday}_manifest.json", manifest.as_bytes())
    take(lake, lambda: datetime(2026, 11, 16, 10, 5, tzinfo=UTC))
    put_old(store, f"{tuesday}p1.ndjson.gz", read_of("20261117T100000Z", TUESDAY, "v2", row("s1", "New", "ann")))
    others = {key: None for key in TRACK_KEYS if key not in ("name", "artists")}
    whole = others | {"duration_ms": "x"}  # otherwise absent keys would keep it out of songs
    bad = {"href": "https://api.spotify.com/v1/playlists/p3/items", "total": 1}
    drop = "raw/pending/drop/at=20261117T090000Z/"
    put_old(store, f"{drop}bad.json", json.dumps(bad | {"items": [row("s3", "Bad", "ann", **whole)]}).encode())
    hers = {"href": "https://api.spotify.com/v1/users/ann/playlists", "items": []}
    put_old(store, f"{drop}hers.json", json.dumps(hers).encode())
    take(lake, lambda: datetime(2026, 11, 17, 10, 5, tzinfo=UTC))
    return lake


@pytest.fixture
def lake(made_lake: Path, tmp_path: Path) -> ObjectStore:
    """A copy of the lake; no job is running on it."""
    return open_store(str(shutil.copytree(made_lake, tmp_path / "lake")))


@pytest.fixture
def warehouse(deployed: Path, tmp_path: Path, lake: ObjectStore) -> Iterator[EmbeddedSnowflake]:
    """A warehouse into which the pipes loaded the lake."""
    with EmbeddedSnowflake(shutil.copytree(deployed, tmp_path / "warehouse"), lake) as warehouse:
        warehouse.deploy()
        assert {load.status for load in warehouse.load_new()} == {"LOADED"}
        yield warehouse
