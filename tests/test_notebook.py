"""The notebook runs from the first cell to the last, over a lake and a warehouse that the chain itself made."""

import ast
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from pyspark.sql import SparkSession

from deploy.local.screenshot import browser, has_browser
from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.snowflake.embedded import EmbeddedSnowflake
from extract_lambda.handler import run as extract
from glue_jobs.explode_playlists import parse_arguments
from glue_jobs.explode_playlists import run as explode
from shared.store import open_store
from tests.waiting import finished

ROOT = Path(__file__).parents[1]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def out(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001  # the session that the job then finds
    folder = tmp_path_factory.mktemp("notebook")
    lake = folder / "lake"
    lake.mkdir()
    with SpotifyStub(Catalogue(size="small"), app_class="A", day=0) as stub:
        environment = stub.environment | {"LAKE_URI": str(lake), "SPOTIFY_LIKED_SONGS": "yes"}
        extract("20261120T120000Z", environment, clock=lambda: NOON, report=lambda *_: None)
    arguments = ["--lake", str(lake)]
    explode(parse_arguments(arguments), arguments, lambda: NOON)
    with EmbeddedSnowflake(folder / "warehouse", open_store(str(lake))) as warehouse:
        warehouse.deploy()
        warehouse.load_new()
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> str:
    """The page that `make notebook` makes."""
    done = finished([sys.executable, "-m", "deploy.local.notebook", f"--out={out}"], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return (out / "explore.html").read_text(encoding="utf-8")


@pytest.mark.jvm
def test_every_cell_runs_and_answers_with_tables_and_plots(page: str) -> None:
    assert page.count("<h2 id=") == 11  # ten questions, and one of one's own
    assert len(re.findall(r"<table><thead><tr>(?:<th>\w+</th>)+</tr></thead>", page)) == 7
    alternatives = re.findall(r'<img alt="([^"]*)" src="data:image/png;base64,', page)
    assert len(alternatives) == 3
    assert alternatives[2] == "Bars for 3 years; most songs, 2, came out in 1974."
    assert re.search(r"<td>Late</td><td>[^<]+</td><td>3</td>", page)  # in Kitchen, Brief and the liked songs


@pytest.mark.jvm
def test_its_page_loads_nothing_from_elsewhere(page: str, out: Path) -> None:
    assert re.findall(r"""<(?:script|link|img|iframe)[^>]*\b(?:src|href)=["']?(?!data:|#)([^"'> ]+)""", page) == []
    if not has_browser():
        pytest.skip("no Chromium here")
    with browser() as chromium:
        chromium.open(out / "explore.html", 1280)
        requests = [url for url in chromium.asked_for() if not url.startswith(("data:", "chrome:"))]
    assert requests == [(out / "explore.html").as_uri()]


def test_the_notebook_imports_nothing_of_the_project() -> None:
    notebook = nbformat.read(ROOT / "docs/explore.ipynb", as_version=4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")

    imports = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        name
        for node in imports
        for name in [getattr(node, "module", None), *(each.name for each in node.names)]
        if name
    }
    assert {name.partition(".")[0] for name in names} - {"Path", "HTML"} == {
        *("base64", "gzip", "html", "io", "json", "os", "pathlib", "duckdb", "matplotlib", "IPython")
    }
    assert notebook.cells[-1].source == ""


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = nbformat.read(ROOT / "docs/explore.ipynb", as_version=4)

    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
