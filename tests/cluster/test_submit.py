"""A run as on a foreign cluster: spark-submit with the built zip, from another folder."""

import json
import os
import shutil
import sys
from pathlib import Path

from deploy.aws.build import glue_jobs_zip
from tests.cluster.lakes import ROOT, assert_equal_rows
from tests.cluster.standalone import QUICK_JVM, Cluster
from tests.waiting import finished


def test_spark_submit_with_the_zip(
    cluster: Cluster, pending: dict[str, Path], laptop: dict[str, Path], lake: Path, tmp_path: Path
) -> None:
    shutil.copytree(pending["large"], lake, dirs_exist_ok=True)
    script = shutil.copy(ROOT / "glue_jobs/explode_playlists.py", tmp_path)
    # Executors must not need the project's folder, nor the PATH's Python, which has no pyarrow.
    unset = ("PYTHONPATH", "PYSPARK_PYTHON", "PYSPARK_GATEWAY_PORT", "SPARK_HOME")
    environment = {key: value for key, value in os.environ.items() if key not in unset}
    environment |= {"PYSPARK_DRIVER_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "PATH": os.defpath}
    submit = [str(Path(sys.executable).with_name("spark-submit")), "--master", cluster.url]
    quick = ["--driver-java-options", QUICK_JVM, "--conf", f"spark.executor.extraJavaOptions={QUICK_JVM}"]
    quick += ["--conf", "spark.sql.codegen.wholeStage=false"]
    files = ["--py-files", str(glue_jobs_zip(tmp_path)), script]

    done = finished([*submit, *quick, *files, "--lake", str(lake)], cwd=tmp_path, env=environment)

    assert done.returncode == 0, done.stdout + done.stderr
    [summary] = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert summary["status"] == "ok"
    assert_equal_rows(lake, laptop["large"], "committed_at")
