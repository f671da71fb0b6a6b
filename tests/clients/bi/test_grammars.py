"""The files for BI tools, read by the tools' own parsers: `make test-clients`."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest

from deploy.bi.model import MEASURES, RELATIONSHIPS, TABLES
from deploy.generate.__main__ import BI, GENERATED
from deploy.generate.athena_views import ATHENA
from deploy.generate.bi_columns import columns
from shared.tables import TABLES as TABLES_OF_LAKE
from tests.clients.account import ROOT
from tests.waiting import finished

HERE = Path(__file__).parent
TOOLS = ROOT / ".venv/tools"
MODEL = BI / "powerbi/Spotify.SemanticModel/definition"


def tool(name: str) -> Path:
    """The folder of a tool's environment."""
    if not (TOOLS / name / "ready").is_file():
        pytest.fail(f"there is no environment {name}: make test-clients makes it", pytrace=False)
    return TOOLS / name


def answer(script: str, *arguments: str | Path, data: object = None) -> Any:
    """Runs a script of this folder in the environment `bi`; the JSON that it prints."""
    return output_of([tool("bi") / "bin/python", HERE / script, *arguments], data)


def output_of(command: list[str | Path], data: object, **environment: str) -> Any:
    """Runs a program, which must succeed; the JSON that it prints."""
    done = subprocess.run(
        command, input=json.dumps(data), capture_output=True, text=True, env=os.environ | environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def grammars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The grammars for Node in one file."""
    modules = tool("grammars") / "node_modules"
    bundle = tmp_path_factory.mktemp("grammars") / "grammars.mjs"
    bundling = [modules / ".bin/esbuild", HERE / "grammars.mjs", "--bundle", "--platform=node", "--format=esm"]
    done = finished([*bundling, f"--outfile={bundle}"], env={**os.environ, "NODE_PATH": str(modules)})
    assert done.returncode == 0, done.stderr
    return bundle


# --- Power BI -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def read() -> dict[str, Any]:
    """The semantic model as Microsoft's library reads it."""
    tables = answer("read_tmdl.py", MODEL)[str(MODEL)]
    assert "refused" not in tables, tables
    return tables


def test_microsofts_library_reads_the_tables_and_measures_of_the_model(read: dict[str, Any]) -> None:
    tables = read["tables"]

    assert list(tables) == [table.name for table in TABLES]
    for table in TABLES:
        # The library adds a column for row numbers.
        assert tables[table.name]["columns"] == [column.name for column in columns(table)]
        assert tables[table.name]["mode"] == ["Import"]
        assert tables[table.name]["measures"] == {m.name: m.dax for m in MEASURES if m.table == table.name}
    assert tables["Songs"]["types"]["DURATION_MINUTES"] == "Double"
    assert tables["Stays"]["types"]["ENTERED_ON"] == "DateTime"
    assert tables["Songs"]["types"]["IS_EXPLICIT"] == "Boolean"


def test_microsofts_library_reads_the_relationships_of_the_model(read: dict[str, Any]) -> None:
    assert read["relationships"] == [
        [r.from_table, r.from_column, r.to_table, r.to_column, r.is_active, r.both_ways] for r in RELATIONSHIPS
    ]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("tables/Songs.tmdl", "dataType: string", "dataType: text"),
        ("tables/Songs.tmdl", "summarizeBy: none", "summarise: none"),
        ("relationships.tmdl", "toColumn: Songs.SONG_ID", "toColumn: Songs.TRACK_ID"),
    ],
)
def test_microsofts_library_refuses_what_is_wrong(tmp_path: Path, file: str, old: str, new: str) -> None:
    wrong = tmp_path / "definition"
    shutil.copytree(MODEL, wrong)
    text = (wrong / file).read_text(encoding="utf-8")
    assert old in text
    (wrong / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    assert "refused" in answer("read_tmdl.py", wrong)[str(wrong)]


def test_every_measure_is_dax() -> None:
    expressions = {measure.name: measure.dax for measure in MEASURES}

    assert answer("read_dax.py", data=expressions) == []
    assert answer("read_dax.py", data={"wrong": "CALCULATE ( COUNTROWS ( Stays ), ) )"}) == ["wrong"]


def test_every_query_and_parameter_is_m(read: dict[str, Any], grammars: Path) -> None:
    queries = {name: table["source"][0] for name, table in read["tables"].items()} | read["expressions"]

    assert len(queries) == len(TABLES) + 4
    assert output_of(["node", grammars], {"m": queries}) == {}
    assert list(output_of(["node", grammars], {"m": {"wrong": "let Source = in Source"}})) == ["wrong"]


# --- Athena -------------------------------------------------------------------------------------------------------


def test_every_view_and_saved_query_is_sql_for_athena(grammars: Path) -> None:
    files = [*(GENERATED / "athena/current").glob("*.sql"), *ATHENA.rglob("*.sql")]
    texts = {
        str(file): jinja2.Template(file.read_text(encoding="utf-8")).render(database="a", lake_database="b")
        for file in files
    }
    wrong = {
        "qualify": "select a from t qualify row_number() over (order by a) = 1",
        "cast": "select a::int from t",
    }

    assert len(texts) == len(TABLES_OF_LAKE) + 1 + 10
    assert output_of(["node", grammars], {"trino": texts}) == {}
    assert list(output_of(["node", grammars], {"trino": wrong})) == ["qualify", "cast"]


# --- Tableau ------------------------------------------------------------------------------------------------------

# Tableau's own workbooks have the same error: everything at the end of a workbook is optional.
KNOWN = (
    "Element 'workbook': Missing child element(s). Expected is one of "
    "( datagraph, thumbnails, external, referenced-extensions, explain-data )."
)


def test_the_workbook_is_valid_by_tableaus_schema_except_for_its_known_end(tmp_path: Path) -> None:
    workbook = BI / "tableau/Spotify.twb"
    wrong = tmp_path / "wrong.twb"
    text = workbook.read_text(encoding="utf-8")
    wrong.write_text(text.replace('role="dimension"', 'role="dimensions"', 1), encoding="utf-8")

    errors = answer("read_twb.py", workbook, wrong)

    assert errors[str(workbook)] == [KNOWN]
    assert len(errors[str(wrong)]) > 1


def test_each_data_source_is_valid_inside_a_workbook(tmp_path: Path) -> None:
    files = []
    for file in sorted((BI / "tableau").glob("*.tds")):
        text = file.read_text(encoding="utf-8").partition("?>")[2].replace("formatted-name", "name")
        workbook = tmp_path / f"{file.stem}.twb"
        workbook.write_text(
            "<workbook version='26.2' source-build='2026.2.0' source-platform='win'>"
            f"<datasources>{text}</datasources><worksheets/><windows/></workbook>",
            encoding="utf-8",
        )
        files.append(workbook)

    errors = answer("read_twb.py", *files)

    assert len(files) == 7
    assert {message for messages in errors.values() for message in messages if "datasource" in message} == set()
    assert {message.partition(":")[0] for messages in errors.values() for message in messages} <= {
        "Element 'workbook'",
        "Element 'worksheets'",
        "Element 'windows'",
    }
