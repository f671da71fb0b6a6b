"""The class archive that Java keeps between starts: sessions use it, and nothing depends on it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from pyspark.sql import SparkSession

from deploy.local import spark_class_archive
from glue_jobs.java import find_java
from glue_jobs.runtime import CLASSES
from tests.waiting import PATIENCE, started, wait_for

ROOT = Path(__file__).parents[3]
are_kept = pytest.mark.skipif(not CLASSES.is_file(), reason="`make spark-classes` was not run, or this Java keeps none")
STARTS = """
import sys
from pathlib import Path
from glue_jobs import runtime
runtime.CLASSES = Path(sys.argv[1])
with runtime.glue_job("test", []) as job:
    print(job.spark.range(3).count())
"""


@are_kept
@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="only Linux shows what a process has mapped")
def test_a_session_uses_the_class_archive(spark: SparkSession) -> None:
    jvm = spark.sparkContext._jvm  # pyspark has no public access to the process
    assert jvm is not None

    maps = Path(f"/proc/{jvm.java.lang.ProcessHandle.current().pid()}/maps")

    assert f" {CLASSES}\n" in maps.read_text(encoding="utf-8")


@pytest.mark.jvm
def test_an_invalid_archive_is_ignored_silently(tmp_path: Path) -> None:
    strange = tmp_path / "spark_class_archive.jsa"
    strange.write_bytes(b"of another Java")

    done = subprocess.run(
        [sys.executable, "-c", STARTS, str(strange)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")


def test_a_java_without_archive_support_is_reported_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho this Java is none\nexit 1\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr(spark_class_archive, "CLASSES", tmp_path / "spark-spark_class_archive.jsa")

    assert spark_class_archive.main() == 0

    first, rest = capsys.readouterr().err.split("\n", 1)
    assert first == "preparing Spark's classes (once, about half a minute) …"
    assert rest.startswith("Spark will take some seconds longer to start, since Java saved no classes: ")
    assert "Spark did not start" in rest
    assert not spark_class_archive.CLASSES.exists()


ARCHIVE = """
import sys
from pathlib import Path
from deploy.commands import run_command
from deploy.local import spark_class_archive
from deploy.local.steps import end_on_sigterm
spark_class_archive.CLASSES = Path(sys.argv[1])
end_on_sigterm()
sys.exit(run_command("spark-classes", spark_class_archive.main, [], stopped=spark_class_archive._STOPPED))
"""


@pytest.mark.jvm
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_file_and_no_java(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", ARCHIVE, str(tmp_path / "classes.jsa")]
    with started(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as program:
        wait_for(lambda: javas_that_write_into(tmp_path), "Java")
        program.send_signal(number)
        messages = program.communicate(timeout=PATIENCE)[1].splitlines()

    assert program.returncode == 130
    assert messages[-1] == (
        "spark-classes: stopped; no unfinished file is left. The next `make run` prepares Spark's classes again."
    )
    assert len(messages) == 2
    assert list(tmp_path.iterdir()) == []
    wait_for(lambda: not javas_that_write_into(tmp_path), "the end of Java")


def javas_that_write_into(folder: Path) -> list[int]:
    """Processes of Java that were started with an archive in this folder."""
    processes = []
    for process in psutil.process_iter(["name", "environ"]):
        options = (process.info["environ"] or {}).get("JAVA_TOOL_OPTIONS", "")
        if process.info["name"] == "java" and str(folder) in options:
            processes.append(process.pid)
    return processes


def test_what_a_killed_run_left_is_removed_after_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark_class_archive, "CLASSES", tmp_path / "classes.jsa")
    for name in ("spark-classes-old", "spark-classes-new", "other"):
        (tmp_path / name / "lake").mkdir(parents=True)
    for name in ("spark-classes-old", "other"):
        os.utime(tmp_path / name, (0, 0))

    spark_class_archive._remove_what_killed_runs_left()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "spark-classes-new"]


@are_kept
def test_a_truncated_archive_is_recognised(tmp_path: Path) -> None:
    half = tmp_path / "spark_class_archive.jsa"
    with CLASSES.open("rb") as whole:
        half.write_bytes(whole.read(2**20))

    assert spark_class_archive._is_whole(find_java(), CLASSES)
    assert not spark_class_archive._is_whole(find_java(), half)
