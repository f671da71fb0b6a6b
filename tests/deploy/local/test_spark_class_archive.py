"""The class archive that Java keeps between starts: sessions use it, and nothing depends on it."""

import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from deploy.local import spark_class_archive
from glue_jobs.java import find_java
from glue_jobs.runtime import CLASSES

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

    printed = capsys.readouterr().err
    assert printed.startswith("Spark will take seconds longer to start, since Java keeps no classes: ")
    assert "Spark did not start" in printed
    assert not spark_class_archive.CLASSES.exists()


@are_kept
def test_a_truncated_archive_is_recognised(tmp_path: Path) -> None:
    half = tmp_path / "spark_class_archive.jsa"
    with CLASSES.open("rb") as whole:
        half.write_bytes(whole.read(2**20))

    assert spark_class_archive._is_whole(find_java(), CLASSES)
    assert not spark_class_archive._is_whole(find_java(), half)
