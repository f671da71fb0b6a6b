"""The generated files match the model: each tool's page is complete, its names exist, and no file holds credentials."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.bi.model import MEASURES, PAGE, RELATIONSHIPS, TABLES, Kind, Measure
from deploy.generate.__main__ import BI, bi_files, stale_files
from deploy.generate.bi_columns import columns
from deploy.generate.dbt import dbt_files
from deploy.generate.powerbi import powerbi_files
from deploy.generate.tableau import SOURCES, source_of, tableau_files

MODEL = "Spotify.SemanticModel/definition"
VISUALS = [visual for visual in PAGE if visual.kind is not Kind.SLICER]
FILES = {f"{tool}/{name}": text for tool, files in bi_files().items() for name, text in files.items()}


@pytest.mark.parametrize("tool", bi_files())
def test_the_committed_files_are_those_made_from_the_model(tool: str) -> None:
    assert list(stale_files(BI / tool, bi_files()[tool])) == []


def test_no_file_holds_credentials() -> None:
    secret = re.compile(r"""password|passwd|private.?key|token|secret|username\s*[=:]\s*['"][^'"]""", re.IGNORECASE)

    assert [(name, match[0]) for name, text in FILES.items() if (match := secret.search(text))] == []


# --- Power BI -----------------------------------------------------------------------------------------------------


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def report_documents() -> dict[str, Any]:
    return {name: json.loads(text) for name, text in powerbi_files().items() if name.endswith(("visual.json",))}


def test_every_field_of_the_report_is_in_the_model() -> None:
    known = {(table.name, column.name) for table in TABLES for column in columns(table)}
    measures = {(measure.table, measure.name) for measure in MEASURES}
    used: set[tuple[str, str, str]] = set()
    for document in report_documents().values():
        for entry in walk(document["visual"]):
            for kind in {"Column", "Measure"} & entry.keys():
                field = entry[kind]
                used.add((kind, field["Expression"]["SourceRef"]["Entity"], field["Property"]))

    assert len(used) >= 14
    assert {(table, name) for kind, table, name in used if kind == "Column"} <= known
    assert {(table, name) for kind, table, name in used if kind == "Measure"} <= measures


def test_an_alias_of_a_filter_is_a_table_of_its_own_query() -> None:
    queries = [entry for document in report_documents().values() for entry in walk(document) if "From" in entry]
    known = {(table.name, column.name) for table in TABLES for column in columns(table)}
    known |= {(measure.table, measure.name) for measure in MEASURES}
    named = set()
    for query in queries:
        entities = {source["Name"]: source["Entity"] for source in query["From"] if "Entity" in source}
        own = {**query, "From": [source for source in query["From"] if "Entity" in source]}
        for entry in walk(own):
            for kind in {"Column", "Measure"} & entry.keys():
                alias = entry[kind]["Expression"]["SourceRef"]["Source"]
                named.add((entities[alias], entry[kind]["Property"]))

    assert len(queries) == 7  # three filters leave out nulls; two keep the largest, each with an inner query
    assert named <= known


def test_a_ranked_visual_of_power_bi_keeps_and_sorts_by_the_largest_values() -> None:
    documents = report_documents()
    for visual in PAGE:
        if not visual.top:
            continue
        document = documents[f"Spotify.Report/definition/pages/overview/visuals/{visual.name}/visual.json"]
        [top] = [entry for entry in document["filterConfig"]["filters"] if entry["type"] == "TopN"]
        [query] = [source["Expression"]["Subquery"]["Query"] for source in top["filter"]["From"] if source["Type"] == 2]
        [order] = query["OrderBy"]
        [sort] = document["visual"]["query"]["sortDefinition"]["sort"]

        assert query["Top"] == visual.top
        assert order["Direction"] == 2  # descending
        assert order["Expression"]["Measure"]["Property"] == visual.measures[0]
        assert (sort["field"]["Measure"]["Property"], sort["direction"]) == (visual.measures[0], "Descending")
    assert [visual.name for visual in PAGE if visual.top] == ["top_artists", "most_present"]


def test_rows_without_a_value_are_left_out_in_power_bi() -> None:
    left_out = {}
    for name, document in report_documents().items():
        for entry in document.get("filterConfig", {}).get("filters", []):
            if entry["type"] == "Advanced":
                [condition] = entry["filter"]["Where"]
                comparison = condition["Condition"]["Not"]["Expression"]["Comparison"]
                assert comparison["ComparisonKind"] == 0  # equal
                assert comparison["Right"] == {"Literal": {"Value": "null"}}
                left_out[name.split("/")[-2]] = comparison["Left"]["Column"]["Property"]

    assert left_out == {
        "recently_entered": "ENTERED_AFTER_AT",
        "recently_left": "LEFT_BY_AT",
        "release_years": "RELEASE_YEAR",
    }


def test_power_bi_reads_snowflake_by_import_with_the_account_as_a_parameter() -> None:
    files = powerbi_files()
    parameters = files["Spotify.SemanticModel/definition/expressions.tmdl"]

    assert re.findall(r"^expression (\w+) =", parameters, re.MULTILINE) == [
        "SnowflakeServer",
        "SnowflakeWarehouse",
        "SnowflakeDatabase",
        "SnowflakeRole",
    ]
    for table in TABLES:
        text = files[f"Spotify.SemanticModel/definition/tables/{table.name}.tmdl"]
        assert "\t\tmode: import\n" in text
        assert '[Implementation = "2.0", Role = SnowflakeRole]' in text
        assert f'Schema{{[Name = "{table.view}", Kind = "View"]}}[Data]' in text
        assert re.findall(r"^\t\tsourceColumn: (\w+)$", text, re.MULTILINE) == [c.name for c in columns(table)]


def test_dates_before_1900_which_power_bi_does_not_have_become_blank() -> None:
    step = (
        'Dates = Table.TransformColumns(View, {{"RELEASED_ON", each if _ <> null and Date.Year(_) < 1900 then null '
        "else _, type nullable date}})\n"
    )
    files = powerbi_files()
    with_step = {table.name for table in TABLES if step in files[f"{MODEL}/tables/{table.name}.tmdl"]}
    with_date = {table.name for table in TABLES for column in columns(table) if column.name == "RELEASED_ON"}

    assert with_step == with_date == {"Albums", "Songs"}
    assert "\n\t\t\t\tin\n\t\t\t\t    Dates\n" in files[f"{MODEL}/tables/Songs.tmdl"]
    assert "\n\t\t\t\tin\n\t\t\t\t    View\n" in files[f"{MODEL}/tables/Stays.tmdl"]


def test_the_schema_versions_are_those_that_were_checked() -> None:
    schemas = {
        json.loads(text)["$schema"].split("/json-schemas/fabric/")[1]
        for name, text in powerbi_files().items()
        if text.startswith("{") and not name.endswith(".pbids")
    }

    assert schemas == {
        "gitIntegration/platformProperties/2.0.0/schema.json",
        "item/report/definition/page/2.1.0/schema.json",
        "item/report/definition/pagesMetadata/1.1.0/schema.json",
        "item/report/definition/report/3.3.0/schema.json",
        "item/report/definition/versionMetadata/1.0.0/schema.json",
        "item/report/definition/visualContainer/2.9.0/schema.json",
        "item/report/definitionProperties/2.0.0/schema.json",
        "item/semanticModel/definitionProperties/1.0.0/schema.json",
        "pbip/pbipProperties/1.0.0/schema.json",
    }


# --- Tableau ------------------------------------------------------------------------------------------------------


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  # our own text


@pytest.fixture(scope="module")
def workbook() -> ET.Element:
    return parsed(tableau_files()["Spotify.twb"])


def test_tableau_has_the_page(workbook: ET.Element) -> None:
    sheets = [sheet.attrib["name"] for sheet in workbook.iterfind("worksheets/worksheet")]
    zones = [zone.attrib["name"] for zone in workbook.iterfind("dashboards/dashboard/zones/zone/zone")]

    assert sheets == [visual.title for visual in VISUALS]
    assert set(zones) == set(sheets)
    assert len(zones) == len(PAGE)


def test_a_ranked_sheet_of_tableau_keeps_and_sorts_by_the_largest_values(workbook: ET.Element) -> None:
    views = {sheet.attrib["name"]: sheet.find("table/view") for sheet in workbook.iterfind("worksheets/worksheet")}
    for visual in VISUALS:
        view = views[visual.title]
        assert view is not None
        ends = [entry for entry in view.iter("groupfilter") if entry.attrib["function"] == "end"]
        assert [(entry.attrib["end"], entry.attrib["count"]) for entry in ends] == (
            [("top", str(visual.top))] if visual.top else []
        )
        for end in ends:
            [order] = end.findall("groupfilter")
            caption = order.attrib["expression"].strip("[]").removeprefix("measure_").replace("_", " ")
            assert (order.attrib["function"], order.attrib["direction"]) == ("order", "DESC")
            assert caption == visual.measures[0].lower()
        sorts = [entry.attrib["direction"] for entry in view.findall("computed-sort")]
        assert sorts == (["DESC"] if visual.kind is Kind.BAR else [])


def test_rows_without_a_value_are_left_out_in_tableau(workbook: ET.Element) -> None:
    left_out = {
        sheet.attrib["name"]: [
            entry.attrib["level"] for entry in sheet.iter("groupfilter") if entry.attrib.get("member") == "%null%"
        ]
        for sheet in workbook.iterfind("worksheets/worksheet")
    }

    assert {name: levels for name, levels in left_out.items() if levels} == {
        "Recently entered": ["[none:ENTERED_AFTER_AT:ok]"],
        "Recently left": ["[none:LEFT_BY_AT:ok]"],
        "Songs held by release year": ["[none:RELEASE_YEAR (Songs):ok]"],
    }


def test_every_column_that_a_sheet_names_is_declared(workbook: ET.Element) -> None:
    declared = {
        (source.attrib["name"], column.attrib["name"])
        for source in workbook.iterfind("datasources/datasource")
        for column in source.iterfind("column")
    }
    for sheet in workbook.iterfind("worksheets/worksheet"):
        dependencies = sheet.find("table/view/datasource-dependencies")
        assert dependencies is not None
        source = dependencies.attrib["datasource"]
        own = {column.attrib["name"] for column in dependencies.iterfind("column")}
        instances = {
            instance.attrib["name"]: instance.attrib["column"] for instance in dependencies.iterfind("column-instance")
        }
        text = ET.tostring(sheet, encoding="unicode")
        named = set(re.findall(rf"\[{re.escape(source)}\]\.(\[[^\]]+\])", text))

        assert {(source, name) for name in own} <= declared
        assert set(instances.values()) <= own
        assert named <= instances.keys(), sheet.attrib["name"]
        formulas = " ".join(calculation.attrib["formula"] for calculation in dependencies.iter("calculation"))
        assert set(re.findall(r"\[[^\]]+\]", formulas)) <= own


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.caption)
def test_a_data_source_has_every_column_of_its_views_under_a_unique_name(source: Any) -> None:
    root = parsed(tableau_files()[f"{source.caption}.tds"])
    maps = {entry.attrib["key"]: entry.attrib["value"] for entry in root.iterfind("connection/cols/map")}
    wanted = [
        f"[{table.name}].[{column.name}]"
        for table in TABLES
        if table.name in source.tables
        for column in columns(table)
    ]

    assert sorted(maps.values()) == sorted(wanted)
    assert len(maps) == len(wanted)
    calculated = [column for column in root.iterfind("column") if column.find("calculation") is not None]
    assert {column.attrib["name"] for column in root.iterfind("column")} - {
        c.attrib["name"] for c in calculated
    } == maps.keys()


def test_the_tables_of_the_star_are_all_related() -> None:
    root = parsed(tableau_files()["Spotify stays.tds"])

    assert len(root.findall("object-graph/objects/object")) == 6
    assert len(root.findall("object-graph/relationships/relationship")) == 5


def test_a_measure_over_tables_that_are_not_related_is_refused() -> None:
    by_name = {measure.name: measure for measure in MEASURES}

    with pytest.raises(ValueError, match="no data source has all of Songs held, Playlists failing"):
        source_of([by_name["Songs held"], by_name["Playlists failing"]])


# --- dbt ----------------------------------------------------------------------------------------------------------


def test_dbt_tests_every_key_and_every_relationship() -> None:
    files = dbt_files()
    [source] = yaml.safe_load(files["models/sources.yml"])["sources"]
    tests = [
        (table["name"], column["name"], next(iter(test)) if isinstance(test, dict) else test)
        for table in source["tables"]
        for column in table["columns"]
        for test in column.get("data_tests", [])
    ]

    complete = [related for related in RELATIONSHIPS if not related.is_partial]
    assert len([test for test in tests if test[2] == "relationships"]) == len(complete)
    assert [test[:2] for test in tests if test[2] == "unique"] == [
        ("SONGS", "SONG_ID"),
        ("ALBUMS", "ALBUM_ID"),
        ("ARTISTS", "ARTIST_ID"),
        ("PLAYLISTS", "PLAYLIST_ID"),
        ("DATES", "DATE_DAY"),
        ("PLAYS", "PLAY_ID"),
    ]
    assert len([name for name in files if name.startswith("tests/")]) == 6
    assert [table["name"] for table in source["tables"] if "config" in table] == ["FRESHNESS"]


def test_every_view_that_an_exposure_reads_is_a_source() -> None:
    files = dbt_files()
    [source] = yaml.safe_load(files["models/sources.yml"])["sources"]
    exposures = yaml.safe_load(files["models/exposures.yml"])["exposures"]

    known = {f"source('spotify_bi', '{table['name']}')" for table in source["tables"]}
    assert [exposure["name"] for exposure in exposures] == ["power_bi", "tableau"]
    assert all(set(exposure["depends_on"]) <= known for exposure in exposures)


def test_measures_are_defined_for_both_tools() -> None:
    def is_complete(measure: Measure) -> bool:
        return bool(measure.dax and measure.tableau and measure.sql and measure.doc)

    assert [measure.name for measure in MEASURES if not is_complete(measure)] == []
