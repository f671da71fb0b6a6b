"""The template for QuickSight: valid by AWS's schema (cfn-lint), complete, and with existing columns."""

import json
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
import sqlglot
from botocore.validate import ParamValidator  # type: ignore[import-untyped, unused-ignore]
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from sqlglot import exp

from deploy.bi.model import PAGE, Kind
from deploy.generate.__main__ import BI
from deploy.generate.quicksight import DATA_SETS, SHOWN, DataSet

TEMPLATE = (BI / "quicksight/template.json").read_text(encoding="utf-8")


@pytest.fixture
def resources() -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in json.loads(TEMPLATE)["Resources"].items()}


def complaints(template: str) -> list[str]:
    """Errors and warnings in a region that has QuickSight."""
    return [str(complaint) for complaint in lint(template, config=ManualArgs(regions=["eu-west-1"]))]


def test_the_template_is_valid_by_awss_schema() -> None:
    assert complaints(TEMPLATE) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"MEDIAN"', '"MIDDLE"'),
        ('"HORIZONTAL"', '"ACROSS"'),
        ('"DIRECT_QUERY"', '"DIRECT"'),
        ('"ItemsLimit"', '"Limit"'),
        ('"ATHENA"', '"ATHENS"'),
    ],
)
def test_a_wrong_property_is_reported(old: str, new: str) -> None:
    assert old in TEMPLATE

    assert complaints(TEMPLATE.replace(old, new)) != []


PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "Name": "spotify-playlists-dev",
    "Workgroup": "spotify-playlists-dev",
    "OwnerArn": "arn:aws:quicksight:eu-west-1:123456789012:user/default/me",
}


def resolved(value: Any) -> Any:
    """The value with parameters filled in, as CloudFormation does it."""
    if isinstance(value, dict):
        if "Ref" in value:
            return PARAMETERS[value["Ref"]]
        if "Fn::Sub" in value:
            return value["Fn::Sub"].replace("${Name}", PARAMETERS["Name"])
        if "Fn::GetAtt" in value:
            return f"arn:aws:quicksight:eu-west-1:123456789012:{value['Fn::GetAtt'][0]}"
        return {key: resolved(inner) for key, inner in value.items()}
    return [resolved(inner) for inner in value] if isinstance(value, list) else value


def refused_by_the_api(template: str) -> str:
    """What the model of AWS's API says of the parameters by which each resource is created; empty if it takes them."""
    model = boto3.client("quicksight", region_name="eu-west-1").meta.service_model
    reports = []
    for resource in json.loads(template)["Resources"].values():
        operation = model.operation_model(f"Create{resource['Type'].rpartition('::')[2]}")
        reports.append(
            ParamValidator().validate(resolved(resource["Properties"]), operation.input_shape).generate_report()
        )
    return "\n".join(filter(None, reports))


def test_the_api_takes_the_parameters_of_every_resource() -> None:
    assert refused_by_the_api(TEMPLATE) == ""


def test_a_parameter_that_the_api_does_not_take_is_named() -> None:
    assert "Unknown parameter" in refused_by_the_api(TEMPLATE.replace('"FieldWells"', '"FieldWell"', 1))
    assert "Missing required parameter" in refused_by_the_api(TEMPLATE.replace('"SqlQuery"', '"Sql"', 1))


def test_quicksight_has_the_page_except_slicers(resources: dict[str, Any]) -> None:
    [sheet] = resources["Analysis"]["Definition"]["Sheets"]
    titles = [body["Title"]["FormatText"]["PlainText"] for visual in sheet["Visuals"] for body in visual.values()]
    [layout] = sheet["Layouts"]

    wanted = [visual for visual in PAGE if visual.kind is not Kind.SLICER]
    assert titles == [visual.title for visual in wanted]
    assert SHOWN.keys() == {visual.name for visual in wanted}
    elements = layout["Configuration"]["GridLayout"]["Elements"]
    ids = [body["VisualId"] for visual in sheet["Visuals"] for body in visual.values()]
    assert [element["ElementId"] for element in elements] == ids
    assert all(element["ColumnIndex"] + element["ColumnSpan"] <= 36 for element in elements)


def test_charts_are_sorted_and_limited_as_on_the_page(resources: dict[str, Any]) -> None:
    [sheet] = resources["Analysis"]["Definition"]["Sheets"]
    bodies = {body["VisualId"]: body for visual in sheet["Visuals"] for body in visual.values()}
    for visual in PAGE:
        if visual.kind not in {Kind.BAR, Kind.COLUMN, Kind.TABLE}:
            continue
        order = bodies[visual.name.replace("_", "-")]["ChartConfiguration"]["SortConfiguration"]
        [sort] = order["RowSort" if visual.kind is Kind.TABLE else "CategorySort"]
        shown = SHOWN[visual.name]
        column = shown.values[0] if visual.kind is Kind.BAR else shown.by[0]

        assert sort["FieldSort"] == {
            "FieldId": f"{visual.name}.{column}",
            "Direction": "ASC" if visual.kind is Kind.COLUMN else "DESC",
        }
        assert order.get("CategoryItemsLimit", {}).get("ItemsLimit", 0) == visual.top


def test_a_song_of_a_shared_title_shows_its_own_count_and_a_playlist_its_median() -> None:
    functions = {name: shown.function for name, shown in SHOWN.items() if shown.function != "SUM"}

    assert functions == {"newest_check": "MAX", "most_present": "MAX", "median_stay": "MEDIAN"}


@pytest.mark.parametrize("data_set", DATA_SETS, ids=lambda data_set: data_set.name)
def test_every_column_of_a_data_set_is_in_its_query(data_set: DataSet) -> None:
    query = sqlglot.parse_one(data_set.sql.replace("{{ database }}", "spotify"), read="athena")

    assert isinstance(query, exp.Query)
    assert set(data_set.columns) <= set(query.named_selects)


def test_every_field_of_a_visual_is_a_column_of_its_data_set() -> None:
    columns = {data_set.name: data_set.columns.keys() for data_set in DATA_SETS}

    assert {shown.data_set for shown in SHOWN.values()} == columns.keys()
    for shown in SHOWN.values():
        assert {*shown.by, *shown.values} <= columns[shown.data_set]


def test_it_needs_no_secret(resources: dict[str, Any]) -> None:
    assert resources["Source"]["Type"] == "ATHENA"
    assert "Credentials" not in TEMPLATE
    assert Path(BI / "quicksight/template.json").stat().st_size < 51_200
