"""One job file, started in three ways: by Python, by spark-submit, and by spark-submit with Glue's classes.

On Glue the official awsglue package talks to Java classes that AWS does not publish; a stub notes what is called.
"""

import io
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from deploy.aws.build import glue_jobs_zip
from deploy.local.aws.jobs import JobRun, JobRunner
from shared.store import open_store
from tests.waiting import PATIENCE, finished

ROOT = Path(__file__).parents[2]
SCRIPT = "glue_jobs/explode_playlists.py"
# The page's two songs, typed by hand.
SONGS = [("Night Train", 210000, "SEGLD26000A1"), ("Paper Boats", 185250, "SEGLD26000A2")]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake with one dropped page, old enough not to count as still being written."""
    page = tmp_path / "lake/raw/pending/drop/page.json"
    page.parent.mkdir(parents=True)
    shutil.copyfile(ROOT / "tests/golden/new_shape_page/page.json", page)
    os.utime(page, (0, 0))
    return tmp_path / "lake"


def songs(lake: Path) -> list[tuple[str, int, str]]:
    store = open_store(str(lake))
    rows: list[Mapping[str, Any]] = []
    for listed in store.list("processed/songs/"):
        file = store.get(listed.key)
        assert file
        rows += pq.ParquetFile(io.BytesIO(file.data)).read().to_pylist()
    return sorted((row["name"], row["duration_ms"], row["isrc"]) for row in rows)


def start(command: list[str], folder: Path) -> dict[str, Any]:
    """Runs the command, which must succeed; its printed summary."""
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = finished(command, cwd=folder, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (summary,) = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert isinstance(summary, dict)
    return summary


def run_on_glue(folder: Path, lake: Path) -> JobRun:
    """Starts the job as Glue does: fetched script and zip, Glue's arguments beside ours, Glue's classes in the JVM."""

    def fetch(uri: str, target: Path) -> None:
        shutil.copyfile(uri.removeprefix("file://"), target)

    runner = JobRunner(folder, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, fetch)  # no server there
    arguments = {
        "--lake": str(lake),
        "--extra-py-files": f"file://{glue_jobs_zip(folder)}",
        "--job-bookmark-option": "job-bookmark-disable",
        "--enable-metrics": "true",
        "--TempDir": "s3://lake/tmp/",
    }
    run = runner.started(
        "the-job-of-the-stack", "jr_1", f"file://{ROOT / SCRIPT}", arguments, timeout_minutes=int(PATIENCE / 60)
    )
    runner.complete(run)
    return run


def test_by_python(lake: Path, tmp_path: Path) -> None:
    summary = start([sys.executable, str(ROOT / SCRIPT), "--lake", str(lake)], tmp_path)

    assert summary["status"] == "ok"
    assert songs(lake) == SONGS


@pytest.mark.usefixtures("spark_on_glue")
def test_by_spark_submit_with_the_zip(lake: Path, tmp_path: Path) -> None:
    submit = [str(Path(sys.executable).with_name("spark-submit")), "--master", "local[1]"]
    quick = ["--driver-java-options", "-XX:TieredStopAtLevel=1", "--conf", "spark.sql.codegen.wholeStage=false"]
    files = ["--py-files", str(glue_jobs_zip(tmp_path)), str(shutil.copy(ROOT / SCRIPT, tmp_path))]

    # awsglue can be imported here; that alone must not make the job use Glue's context.
    summary = start([*submit, *quick, *files, "--lake", str(lake)], tmp_path)

    assert summary["status"] == "ok"
    assert songs(lake) == SONGS


@pytest.mark.usefixtures("spark_on_glue")
def test_on_glue_a_successful_run_is_initialised_once_and_committed_once(lake: Path, tmp_path: Path) -> None:
    run = run_on_glue(tmp_path, lake)

    assert (run.state, run.message) == ("SUCCEEDED", None), run.log.read_text(encoding="utf-8")
    assert run.calls == ["GlueContext", "Job.init the-job-of-the-stack", "Job.commit"]
    assert songs(lake) == SONGS


@pytest.mark.usefixtures("spark_on_glue")
def test_on_glue_a_failed_run_is_never_committed(lake: Path, tmp_path: Path) -> None:
    damaged = lake / "log/00000000000000000001.json"
    damaged.parent.mkdir()
    damaged.write_text("{}", encoding="utf-8")

    run = run_on_glue(tmp_path, lake)

    assert run.state == "FAILED"
    assert "cannot be read (" in run.log.read_text(encoding="utf-8")
    assert run.calls == ["GlueContext", "Job.init the-job-of-the-stack"]
    assert songs(lake) == []
