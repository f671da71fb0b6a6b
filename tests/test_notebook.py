"""The notebook runs from the first cell to the last, over a lake and a warehouse that the chain itself made."""

import ast
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from pyspark.sql import SparkSession

from deploy.local.import_plays import import_package
from deploy.local.screenshot import browser, has_browser
from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.spotify.small import CROSSING
from deploy.snowflake.embedded import EmbeddedSnowflake
from extract_lambda.handler import run as extract
from glue_jobs.explode_playlists import parse_arguments
from glue_jobs.explode_playlists import run as explode
from shared.store import open_store
from tests.deploy.local.packages import Json, as_zip, now_row
from tests.waiting import finished

ROOT = Path(__file__).parents[1]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def history() -> list[Json]:
    """Crossing, which entered Kitchen on 1 February 2026: once before it, twice after; and a song in no playlist."""
    crossing = {"spotify_track_uri": f"spotify:track:{CROSSING.id}", "master_metadata_track_name": "Crossing"}
    times = ("2026-01-31T21:10:00Z", "2026-02-02T21:20:00Z", "2026-02-03T21:30:00Z")
    return [*(now_row(at, **crossing) for at in times), now_row("2026-02-04T07:00:00Z", ms_played=604_440)]


@pytest.fixture(scope="module")
def out(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebook")
    lake = folder / "lake"
    lake.mkdir()
    with SpotifyStub(Catalogue(size="small"), app_class="A", day=0) as stub:
        environment = stub.environment | {"LAKE_URI": str(lake), "SPOTIFY_LIKED_SONGS": "yes"}
        extract("20261120T120000Z", environment, clock=lambda: NOON, report=lambda *_: None)
    package = as_zip(folder / "download.zip", (2026, 11, 19), history=history())
    import_package(open_store(str(lake)), package, "me", frozenset())
    arguments = ["--lake", str(lake)]
    explode(parse_arguments(arguments), arguments, lambda: NOON)
    with EmbeddedSnowflake(folder / "warehouse", open_store(str(lake))) as warehouse:
        warehouse.deploy()
        warehouse.load_new()
    return folder


@pytest.fixture(scope="module")
def page(out: Path) -> str:
    """The HTML page that `make notebook` writes."""
    done = finished([sys.executable, "-m", "deploy.local.notebook", f"--out={out}"], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return (out / "explore.html").read_text(encoding="utf-8")


@pytest.mark.jvm
def test_every_cell_runs_and_answers_with_tables_and_plots(page: str) -> None:
    assert page.count("<h2 id=") == 16  # fifteen questions, and one for the reader's own
    assert len(re.findall(r"<table><thead><tr>(?:<th>\w+</th>)+</tr></thead>", page)) == 10
    alternatives = re.findall(r'<img alt="([^"]*)" src="data:image/png;base64,', page)
    assert len(alternatives) == 5
    assert alternatives[2] == "Bars for 3 years. The year with the most songs is 1974: 2."
    assert alternatives[3] == "Bars for 24 hours: 4 plays. The busiest hour is 21, with 3 plays."
    # 3 * 201.48 s of Crossing and as much of another song; all of January's listening is Crossing.
    assert alternatives[4] == "A line over 2 months; the newest value: 40 % in February 2026."
    assert "<td>1</td><td>1</td><td>Crossing</td><td>Lina Torv</td><td>3</td><td>0.2</td>" in page
    assert "<td>in no playlist</td><td>Tide Table</td><td>Lina Torv</td><td>1</td>" in page
    assert "<td>never played</td><td>Late</td>" in page
    assert "<td>Kitchen</td><td>1</td><td>1</td><td>2</td>" in page
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


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(ROOT / "docs/explore.ipynb", as_version=4)

    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
