"""What the tests of all packages share: one Spark session, as the job itself opens it on a laptop."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_jobs.runtime import glue_job
from tests.stores import folder_store, others_lake, s3_endpoint, s3_store, store  # noqa: F401  # fixtures for all tests

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make fuzz` asks for more than an ordinary test does."""
    parser.addoption("--mutations", type=int, default=2000, help="how many damaged documents go through the job")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Opened when the first test asks; starting it costs seconds, so tests without it stay without."""
    with glue_job("tests", []) as job:
        yield job.spark


# Folders and modules whose tests together take more than a few seconds: `make check` leaves them to `make test`.
SLOW = ("glue_jobs/commit_log/", "deploy/", "extract_lambda/test_storm", "extract_lambda/test_kills")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what `make check` leaves out: whatever needs the Spark session starts a Java machine."""
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker("jvm")
        if item.path.is_relative_to(HERE) and item.path.relative_to(HERE).as_posix().startswith(SLOW):
            item.add_marker("slow")
