"""A cluster with a master and two one-core workers, and a driver's session on it."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from deploy.aws.build import glue_jobs_zip
from tests.benchmarks.playlists import write_own
from tests.cluster.lakes import ROOT, put_golden_corpus
from tests.cluster.standalone import QUICK_JVM, Cluster, standalone
from tests.waiting import finished

ITEMS = 24_000  # 75 MiB of JSON: executors read it
# Executors have no network: no server listens at these addresses.
NO_NETWORK = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster; its processes end with the tests."""
    with standalone(tmp_path_factory.mktemp("cluster"), 2, NO_NETWORK) as running:
        yield running


@pytest.fixture(scope="session")
def pending(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Lakes in which everything is pending: the golden corpus, and many playlists."""
    lakes = {name: tmp_path_factory.mktemp(name) for name in ("golden", "large")}
    put_golden_corpus(lakes["golden"])
    write_own(lakes["large"], ITEMS)
    return lakes


@pytest.fixture(scope="session")
def laptop(pending: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same lakes after the job ran in one local process."""
    root = tmp_path_factory.mktemp("laptop")
    lakes = {name: Path(shutil.copytree(lake, root / name)) for name, lake in pending.items()}
    command = [sys.executable, "-m", "tests.cluster.lakes", *map(str, lakes.values())]
    done = finished(command, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return lakes


@pytest.fixture(scope="module")
def driver(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """This process as a driver on the cluster. The job uses the session; executors have the suite only from its zip.

    A Python worker may use 2.5 GiB, like an executor in a container.
    """
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        settings = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.executor.memory": "1g",
            "spark.executor.extraJavaOptions": QUICK_JVM,
            "spark.driver.extraJavaOptions": QUICK_JVM,
            "spark.executor.pyspark.memory": "2500m",
            "spark.executorEnv.MALLOC_ARENA_MAX": "1",
            "spark.submit.pyFiles": str(glue_jobs_zip(tmp_path_factory.mktemp("dist"))),
        }
        builder = SparkSession.builder.master(cluster.url).appName("tests")
        for key, value in settings.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        try:
            yield session
        finally:
            session.stop()


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """An empty lake."""
    (tmp_path / "lake").mkdir()
    return tmp_path / "lake"
