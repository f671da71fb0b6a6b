"""The notebook runs from the first cell to the last, over a lake and a warehouse that the chain itself made."""

from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from pyspark.sql import SparkSession

from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.snowflake.embedded import EmbeddedSnowflake
from extract_lambda.handler import run as extract
from glue_jobs.explode_playlists import parse_arguments
from glue_jobs.explode_playlists import run as explode
from shared.store import open_store
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[1]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def out(spark: SparkSession, tmp_path: Path) -> Path:  # noqa: ARG001  # the session that the job then finds
    lake = tmp_path / "lake"
    lake.mkdir()
    with SpotifyStub(Catalogue(size="small"), app_class="A", day=0) as stub:
        environment = stub.environment | {"LAKE_URI": str(lake)}
        extract("20261120T120000Z", environment, clock=lambda: NOON, report=lambda *_: None)
    arguments = ["--lake", str(lake)]
    explode(parse_arguments(arguments), arguments, lambda: NOON)
    with EmbeddedSnowflake(tmp_path / "warehouse", open_store(str(lake))) as warehouse:
        warehouse.deploy()
        warehouse.load_new()
    return tmp_path


def test_every_cell_of_the_notebook_runs(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUT", str(out))
    notebook = nbformat.read(ROOT / "docs/explore.ipynb", as_version=4)

    NotebookClient(notebook, timeout=int(PATIENCE), resources={"metadata": {"path": str(ROOT)}}).execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [one for one in outputs if "image/png" in one.get("data", {})]
    text = "".join(one.get("text", "") for one in outputs)
    assert len(pictures) == 2
    assert "songs                  5 rows   one row per song" in text
    assert "still there          8 stays" in text


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(ROOT / "docs/explore.ipynb", as_version=4)

    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
