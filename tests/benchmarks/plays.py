"""Measures `make import` with a made-up extended history of many years, from the ZIP to the tables."""

import json
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from tests.benchmarks.figures import WrongRowsError
from tests.benchmarks.measure import Run, measure
from tests.benchmarks.report import circumstances, say
from tests.deploy.local.packages import now_row

HEADING = "importing a listening history"
FILES, ROWS = 30, 450_000
LIMIT_SECONDS = 60
_FEW = 6  # files of the small package, with which peak memory is compared
_SONGS = 20_000
_FIRST = datetime(2009, 1, 1, tzinfo=UTC)
_SECONDS_BETWEEN = 1_200
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def plays_section(repeats: int, folder: Path) -> str:
    """The section of the document about plays: time and peak memory for all files and for a few files."""
    before = circumstances(f"--only plays --repeats {repeats}")
    lines = [
        f"## {HEADING}",
        before,
        "",
        "`make import`'s program in a process of its own, from the ZIP to the tables of the warehouse.",
        f"The aim is {LIMIT_SECONDS} s for {ROWS:,} plays in {FILES} files on 2 quiet cores.",
        "",
        "| files | MB of JSON | plays | wall s | CPU s | peak MiB |",
        "|---|---|---|---|---|---|",
    ]
    for files in (_FEW, FILES):
        package = folder / f"{files}.zip"
        size = write_package(package, files, ROWS // FILES)
        for turn in range(repeats):
            run = _import(package, folder / f"out-{files}-{turn}", files * (ROWS // FILES))
            lines.append(
                f"| {files} | {size / 1e6:.0f} | {files * (ROWS // FILES):,} | {run.wall:.1f} | {run.cpu:.1f} "
                f"| {run.peak / 2**20:,.0f} |"
            )
            say(lines[-1])
    return "\n".join(lines) + "\n"


def _import(package: Path, out: Path, plays: int) -> Run:
    """One import into an empty folder. Raises WrongRowsError if a play is missing in the warehouse."""
    run = measure([sys.executable, "-m", "deploy.local.import_plays", "--file", str(package), "--out", str(out)])
    with duckdb.connect(str(out / "warehouse" / "SPOTIFY.db"), read_only=True) as connection:
        [(count,)] = connection.execute("select count(*) from LANDING.PLAYS").fetchall()
    if count != plays:
        raise WrongRowsError(f"the warehouse has {count:,} plays, not {plays:,}")
    return run


def write_package(path: Path, files: int, rows_of_a_file: int, seed: int = 1) -> int:
    """Write a ZIP of an extended history and return the size of its JSON in bytes. The same seed gives the same ZIP."""
    random = Random(seed)
    songs = [_song(random, number) for number in range(_SONGS)]
    size = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(files):
            first = number * rows_of_a_file
            rows = [_row(random, songs, play) for play in range(first, first + rows_of_a_file)]
            data = json.dumps(rows, indent=2).encode()
            size += len(data)
            archive.writestr(f"MyData/Streaming_History_Audio_{number}.json", data)
    return size


def _song(random: Random, number: int) -> dict[str, str]:
    song_id = "".join(random.choices(_BASE62, k=22))
    return {
        "master_metadata_track_name": f"A song with a title of usual length, {number}",
        "master_metadata_album_artist_name": f"Artist {number % 3_000}",
        "master_metadata_album_album_name": f"Album {number % 8_000}",
        "spotify_track_uri": f"spotify:track:{song_id}",
    }


def _row(random: Random, songs: list[dict[str, str]], number: int) -> dict[str, Any]:
    at = _FIRST + timedelta(seconds=number * _SECONDS_BETWEEN + random.randrange(_SECONDS_BETWEEN))
    return now_row(
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        platform="android",
        ms_played=random.randrange(300_000),
        conn_country="NO",
        ip_addr="203.0.113.7",
        **songs[int(_SONGS * random.random() ** 3)],
        reason_end=random.choice(("trackdone", "fwdbtn")),
        shuffle=True,
        offline_timestamp=None,
    )
