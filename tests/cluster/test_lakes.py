"""The job makes the same lake on a cluster as on a laptop."""

import shutil
from pathlib import Path

import pytest

from glue_jobs import read_batch
from tests.cluster.lakes import assert_equal, run_job
from tests.glue_jobs.accounts import entries

pytestmark = pytest.mark.usefixtures("driver")


@pytest.fixture
def read_by_executors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors read small batches too, in several parts."""
    monkeypatch.setattr(read_batch, "LARGE_BYTES", 1)
    monkeypatch.setattr(read_batch, "PART_BYTES", 10_000)


@pytest.mark.usefixtures("read_by_executors")
def test_the_golden_corpus(pending: dict[str, Path], laptop: dict[str, Path], lake: Path) -> None:
    shutil.copytree(pending["golden"], lake, dirs_exist_ok=True)

    run_job(lake)

    assert_equal(lake, laptop["golden"])


def test_a_large_lake(pending: dict[str, Path], laptop: dict[str, Path], lake: Path) -> None:
    shutil.copytree(pending["large"], lake, dirs_exist_ok=True)

    run_job(lake)

    assert_equal(lake, laptop["large"])
    [entry] = entries(lake)
    assert entry["reconciliation"]["tables"]["playlist_items"]["published"] == 24_000
