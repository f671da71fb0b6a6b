"""What all rooms' tests share: one Spark session, as the job itself opens it on a laptop."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from glue_jobs.runtime import glue_job
from tests.stores import folder_store, s3_endpoint, s3_store, store  # noqa: F401  # fixtures for all tests


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Opened when the first test asks; starting it costs seconds, so tests without it stay without."""
    with glue_job("tests", []) as job:
        yield job.spark


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs the Spark session starts a Java machine."""
    for item in items:
        if "spark" in getattr(item, "fixturenames", ()):
            item.add_marker("jvm")
