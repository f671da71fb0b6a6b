"""The real job, killed at six steps or run twice at once; one ordinary run then completes the lake.

commit_log/test_stops.py stops a plain writer at every operation of the protocol; here Spark writes, in a process that
is killed.
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from glue_jobs.explode_playlists import Summary, parse_arguments, run
from shared.document import Manifest, PlaylistCheck
from shared.store import ObjectStore, open_store
from shared.tables import TABLES
from tests.corpus import FOLDER
from tests.glue_jobs.accounts import entries, names, rejects, table
from tests.glue_jobs.stopping import ABOUT_TO_COMMIT, PLACES, Stopping, meet
from tests.waiting import PATIENCE, started

ROOT = Path(__file__).parents[2]
OWN = "raw/pending/run=20261120T100000Z/0List00000000000000own.ndjson.gz"
MANIFEST = "raw/pending/run=20261120T100000Z/_manifest.json"
DROP = "raw/pending/drop/at=20261120T110000Z/"
CHECKS = (
    PlaylistCheck(playlist_id="0List00000000000000own", status="read"),
    PlaylistCheck(playlist_id="0List0000000000000gone", status="gone"),
)
PENDING = {
    OWN: (FOLDER / "own_document/read.ndjson.gz").read_bytes(),
    MANIFEST: Manifest(run_id="20261120T100000Z", extracted_at="2026-11-20T10:00:00Z", checks=CHECKS).as_bytes(),
    f"{DROP}artists.json": (FOLDER / "many_artists/page.json").read_bytes(),
    f"{DROP}odd.json": (FOLDER / "odd_values/page.json").read_bytes(),
    f"{DROP}episodes.json": (FOLDER / "episodes/page.json").read_bytes(),
    f"{DROP}popular.json": (FOLDER / "duplicate_songs_and_ties/page.json").read_bytes(),
    f"{DROP}error.json": (FOLDER / "quarantined/error_body.json").read_bytes(),
}
ARCHIVED = {
    "raw/processed/00000000000000000001/run=20261120T100000Z/0List00000000000000own.ndjson.gz": PENDING[OWN],
    "raw/processed/00000000000000000001/run=20261120T100000Z/_manifest.json": PENDING[MANIFEST],
    "raw/processed/00000000000000000001/drop/at=20261120T110000Z/artists.json": PENDING[f"{DROP}artists.json"],
    "raw/processed/00000000000000000001/drop/at=20261120T110000Z/odd.json": PENDING[f"{DROP}odd.json"],
    "raw/processed/00000000000000000001/drop/at=20261120T110000Z/episodes.json": PENDING[f"{DROP}episodes.json"],
    "raw/processed/00000000000000000001/drop/at=20261120T110000Z/popular.json": PENDING[f"{DROP}popular.json"],
    "raw/quarantine/00000000000000000001/drop/at=20261120T110000Z/error.json": PENDING[f"{DROP}error.json"],
}
# The state after the kill: entries in the log, files published, objects pending.
LEFT = {
    "noted, nothing staged": (0, 0, 7),
    "some tables staged": (0, 0, 7),
    "committed, nothing published": (1, 0, 7),
    "some tables published": (1, 4, 7),
    "one object archived and still pending": (1, 10, 7),
    "all done but the completion marker": (1, 10, 0),
}
# Here the killed run finishes another run's commit, as every run does first, so it needs no Spark.
OF_A_COMMITTED_LAKE = ("some tables published", "all done but the completion marker")

# Differs from run to run.
GENERATED = {"batch_id", "committed_at"}


def filled(lake: Path) -> Path:
    for key, data in PENDING.items():
        path = lake / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (0, 0))
    return lake


def ordinary_run(lake: Path, store: ObjectStore | None = None) -> Summary:
    arguments = ["--lake", str(lake)]
    return run(parse_arguments(arguments), arguments, lambda: datetime.now(UTC), store)


def program(lake: Path, place: str, *meeting: str) -> AbstractContextManager[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.glue_jobs.stopping", str(lake), place, *meeting]
    return started(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def must_be_killed(job: subprocess.Popen[str]) -> None:
    _, printed = job.communicate(timeout=PATIENCE)
    assert job.returncode == -signal.SIGKILL, printed


def content(lake: Path) -> dict[str, Any]:
    """Everything that people and Snowpipe see: the rows of every table, the rejects, and the raw objects."""
    state: dict[str, Any] = {}
    for reject in TABLES:
        rows = table(lake, reject.name)
        dropped = [name for name in rows.column_names if name not in GENERATED] if rows else []
        state[reject.name] = sorted(map(repr, rows.select(dropped).to_pylist())) if rows else []
    state["rejects"] = sorted(repr({k: v for k, v in reject.items() if k not in GENERATED}) for reject in rejects(lake))
    state["raw"] = raw_objects(lake, "raw")
    return state


def raw_objects(lake: Path, folder: str) -> dict[str, bytes]:
    """The listed objects; a kill may leave a hidden temporary file, which is removed after a day."""
    return {name: (lake / name).read_bytes() for name in names(lake, folder) if "/.put-" not in name}


def published(lake: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, size and time of each file under processed/."""
    stats = {name: (lake / name).stat() for name in names(lake, "processed")}
    return {name: (stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()}


@pytest.fixture(scope="module")
def undisturbed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    lake = filled(tmp_path_factory.mktemp("undisturbed"))
    ordinary_run(lake)
    return content(lake)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A lake per step, as the killed job left it. Jobs that need Spark run side by side."""
    lakes = {place: tmp_path_factory.mktemp("killed") for place in PLACES}
    with ExitStack() as running:
        jobs = [
            running.enter_context(program(filled(lakes[place]), place))
            for place in PLACES
            if place not in OF_A_COMMITTED_LAKE
        ]
        for job in jobs:
            must_be_killed(job)
    for place in OF_A_COMMITTED_LAKE:
        shutil.copytree(lakes["committed, nothing published"], lakes[place], dirs_exist_ok=True)
        with program(lakes[place], place) as job:
            must_be_killed(job)
    return lakes


def test_an_undisturbed_run_archives_each_object_and_fills_the_tables(undisturbed: dict[str, Any]) -> None:
    assert undisturbed["raw"] == ARCHIVED
    assert [name for name, rows in undisturbed.items() if not rows] == ["plays"]  # none is pending


@pytest.mark.parametrize("place", PLACES)
def test_a_job_killed_by_the_system_is_completed_by_the_next(
    place: str, killed: dict[str, Path], undisturbed: dict[str, Any]
) -> None:
    lake = killed[place]
    before = published(lake)
    raw = raw_objects(lake, "raw/processed")
    assert (len(entries(lake)), len(before), len(names(lake, "raw/pending"))) == LEFT[place]

    ordinary_run(lake)

    assert {name: files for name, files in published(lake).items() if name in before} == before
    assert raw.items() <= content(lake)["raw"].items()
    assert content(lake) == undisturbed
    assert [entry["number"] for entry in entries(lake)] == [1]
    assert names(lake, "log/done") == ["log/done/00000000000000000001"]


def test_two_jobs_at_once_commit_each_object_once(
    spark: SparkSession,
    tmp_path: Path,
    undisturbed: dict[str, Any],
) -> None:
    lake = filled(tmp_path / "lake")
    store: Any = Stopping(open_store(str(lake)), ABOUT_TO_COMMIT, lambda: meet(tmp_path, "test", "program"))

    with program(lake, ABOUT_TO_COMMIT, str(tmp_path)) as other:
        mine = ordinary_run(lake, store)
        stdout, stderr = other.communicate(timeout=PATIENCE)

    assert other.returncode == 0, stderr
    assert len(mine.batches) + int(stdout) == 1
    assert content(lake) == undisturbed
    assert names(lake, "staging") == names(lake, "log/attempts") == []
