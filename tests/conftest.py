"""Shared by all tests: a Spark session, opened as the job opens it on a laptop."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from glue_jobs.runtime import glue_job
from tests.stores import folder_store, others_lake, s3_endpoint, s3_store, store  # noqa: F401  # fixtures for all tests

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --mutations, the number of documents that `make fuzz` makes."""
    parser.addoption("--mutations", type=int, default=2000, help="how many damaged documents go through the job")


def pytest_configure() -> None:
    """Let Ctrl-C reach programs that tests start, even if a shell started the tests in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """The session of the whole test run; it starts when the first test uses it, because that takes seconds."""
    with glue_job("tests", []) as job:
        yield job.spark


# Folders and modules whose tests take more than a few seconds: `make check` leaves them to `make test`. It does not
# even import them, since the imports take longer than the tests that it runs.
SLOW = (
    "glue_jobs/commit_log/",
    "glue_jobs/test_backlog",
    "glue_jobs/test_local_faults",
    "deploy/",
    "extract_lambda/test_handler",
    "extract_lambda/test_kills",
    "extract_lambda/test_limits",
    "extract_lambda/test_secrets",
    "extract_lambda/test_settings",
    "extract_lambda/test_storm",
    "extract_lambda/test_two_days",
    "test_benchmarks",
    "test_output",
)

# Fixtures that start a server: S3, Spotify's stub.
SERVERS = {"s3_endpoint", "api"}


def _is_slow(path: Path) -> bool:
    name = path.relative_to(HERE).as_posix()
    return f"{name}/".startswith(SLOW) if path.is_dir() else name.startswith(SLOW)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """True for slow paths under `-m "not slow"`: they are not even imported; None leaves the decision to pytest."""
    return ("not slow" in config.getoption("markexpr") and _is_slow(collection_path)) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that `make check` leaves out: they need Spark or a server, or are slow."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "spark" in fixtures:
            item.add_marker("jvm")
        callspec = getattr(item, "callspec", None)
        is_on_s3 = callspec is not None and callspec.params.get("store") == "s3"
        if is_on_s3 or fixtures & SERVERS or _is_slow(item.path):
            item.add_marker("slow")
