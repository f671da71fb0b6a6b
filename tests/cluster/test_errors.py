"""Errors of executors arrive at the driver as sentences."""

from pathlib import Path

import pytest

from glue_jobs.runtime import GlueJob, RuntimeProblemError
from glue_jobs.write_tables import _described
from shared.store import StoreError, open_store

pytestmark = pytest.mark.usefixtures("driver")


def test_a_staged_file_that_is_gone(lake: Path) -> None:
    store = open_store(str(lake))

    with pytest.raises(RuntimeProblemError) as raised:
        _described(GlueJob("tests", []), store, ["staging/b1/songs/part-00000.parquet"], is_large=True)

    assert str(raised.value) == (
        f"staging/b1/songs/part-00000.parquet of {store.uri} is gone while the job works on it; run the job again."
    )


def test_a_lake_that_executors_do_not_see(lake: Path) -> None:
    store = open_store(str(lake))
    lake.rmdir()

    with pytest.raises(StoreError) as raised:
        _described(GlueJob("tests", []), store, ["staging/b1/songs/part-00000.parquet"], is_large=True)

    assert str(raised.value) == f"There is no lake at {lake}: create the folder or check --lake."
