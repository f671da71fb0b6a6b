"""The whole job as a program on the versions of Glue 6.0: raw pages to published files, then nothing to do."""

import json
import os
import sys
from pathlib import Path

import duckdb
import pyspark
from pyspark.sql import SparkSession

from tests.glue_jobs.documents import ALBUM_KEYS, ARTIST_KEYS, TRACK_KEYS
from tests.waiting import finished

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
ARTIST = ARTIST_KEYS | {"id": "0artistGlue60000000000", "name": "Artist", "type": "artist"}
ALBUM = ALBUM_KEYS | {
    "id": "0albumGlue600000000000",
    "name": "Album",
    "type": "album",
    "release_date": "2026-11",
    "release_date_precision": "month",
    "artists": [ARTIST],
}
PAGE = {
    "href": "https://api.spotify.com/v1/playlists/1playlistGlue60000000/items?offset=0&limit=50",
    "items": [
        {
            "added_at": "2026-11-20T08:00:00Z",
            "item": TRACK_KEYS
            | {
                "id": f"{number}songGlue6000000000000",
                "name": f"Song {number}",
                "type": "track",
                "duration_ms": 60_000 * number,
                "artists": [ARTIST],
                "album": ALBUM,
            },
        }
        for number in (1, 2)
    ],
    "limit": 50,
    "next": None,
    "offset": 0,
    "previous": None,
    "total": 2,
}


def run(lake: Path) -> dict[str, object]:
    command = [sys.executable, "glue_jobs/explode_playlists.py", "--lake", str(lake)]
    done = finished(command, cwd=ROOT, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    summary: dict[str, object] = json.loads(done.stdout)
    return summary


def test_the_environment_is_glue_60s(spark: SparkSession) -> None:
    assert pyspark.__version__ == "4.1.1"
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"
    # Without Python 3.13, `make` uses 3.11 and prints that.
    assert sys.version_info[:2] in {(3, 11), (3, 13)}


def test_pages_become_tables_once(tmp_path: Path) -> None:
    drop = tmp_path / "raw" / "pending" / "drop"
    drop.mkdir(parents=True)
    (drop / "a b+c.json").write_text(json.dumps(PAGE), encoding="utf-8")

    first, second = run(tmp_path), run(tmp_path)

    assert (first["objects"], first["items"], first["rejects"]) == (1, 2, {})
    assert second["objects"] == 0
    songs = rows(tmp_path, "songs").select("song_id, name, duration_ms").order("1").fetchall()
    assert songs == [("1songGlue6000000000000", "Song 1", 60_000), ("2songGlue6000000000000", "Song 2", 120_000)]
    assert rows(tmp_path, "albums").select("name").fetchall() == [("Album",)]


def rows(lake: Path, table: str) -> duckdb.DuckDBPyRelation:
    return duckdb.read_parquet(f"{lake}/processed/{table}/*/*.parquet")
