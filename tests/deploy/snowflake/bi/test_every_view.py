"""Rules that every BI view keeps."""

import re
from pathlib import Path

import pytest
from sqlglot import exp

from deploy.generate.bi_dictionary import SQL, View
from tests.deploy.snowflake.bi.landing import Landing

FILES = sorted((SQL / "bi").iterdir())
VIEWS = {file: View.read(file) for file in FILES}
ALWAYS_ONE_ROW = {"FRESHNESS": 1, "TOTALS": 1}
PEOPLE = ("owner_id", "added_by_id")


@pytest.fixture(params=FILES, ids=lambda file: file.stem.removeprefix("R__4_bi_"))
def file(request: pytest.FixtureRequest) -> Path:
    """Each file in turn."""
    assert isinstance(request.param, Path)
    return request.param


def test_a_file_is_named_for_its_view_and_begins_with_the_grain(file: Path) -> None:
    named = re.fullmatch(r"R__4_bi_\d\d_([a-z_]+)\.sql", file.name)

    assert named is not None
    assert file.read_text(encoding="utf-8").startswith(f"-- {named[1]}: one row")
    assert VIEWS[file].name == named[1]


def test_a_view_is_plain_and_belongs_to_bi(file: Path) -> None:
    """Owner's rights keep readers out of LANDING and CORE; a secure view only loses optimisations."""
    view = VIEWS[file]

    assert view.schema == "bi"
    assert view.statement.find(exp.SecureProperty) is None


def test_a_view_names_its_columns_as_its_select_does(file: Path) -> None:
    view = VIEWS[file]

    assert view.select.named_selects == list(view.columns)
    assert list(view.select.find_all(exp.Star)) == []


def test_a_view_reads_core_and_views_before_it(file: Path) -> None:
    before = {f"BI.{VIEWS[other].name.upper()}" for other in FILES if other < file}
    tables = {f"{table.db}.{table.name}" for table in VIEWS[file].select.find_all(exp.Table) if table.db}

    assert tables
    assert {name for name in tables if not name.startswith("CORE.")} <= before


def test_no_view_shows_ids_of_people(file: Path) -> None:
    assert [word for word in PEOPLE if word in file.read_text(encoding="utf-8").lower()] == []


def test_the_views_of_an_empty_warehouse_are_empty(landing: Landing) -> None:
    counts = {
        view.name.upper(): len(landing.query(f"select {', '.join(view.columns)} from SPOTIFY.BI.{view.name}"))
        for view in VIEWS.values()
    }

    assert {name: count for name, count in counts.items() if count} == ALWAYS_ONE_ROW
    assert landing.ask("TOTALS", "song_count, artist_count, held_song_count, duration_minutes") == [(0, 0, 0, 0)]
