"""deploy/bi/quicksight/template.json: the page as a QuickSight analysis, in a CloudFormation template.

The Terraform module quicksight applies the template. QuickSight reads Athena with its own service role, so no secret is
needed. Each data set is a saved query or a query of the view `stays`. Slicers are left out, because a filter in
QuickSight applies to a single data set. We use CloudFormation because its schema of an analysis can be checked without
an account.
"""

# ruff: noqa: S608  # only a view's name is formatted into SQL

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.bi.model import PAGE, PAGE_TITLE, Kind, Visual
from deploy.generate.athena_views import saved_queries

Json = dict[str, object]

# Terraform replaces `{{ database }}`.
_STAYS = "{{ database }}.stays"
_QUERIES = {query["name"]: query["sql"] for query in saved_queries()}


@dataclass(frozen=True)
class DataSet:
    """An Athena query and the types of its columns."""

    name: str
    sql: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Shown:
    """The part of a data set that a visual shows: columns to group by, and columns to aggregate."""

    data_set: str
    by: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    function: str = "SUM"


DATA_SETS = (
    DataSet(
        "totals",
        _QUERIES["totals"],
        {
            "held_song_count": "INTEGER",
            "playlist_count": "INTEGER",
            "duration_hours": "DECIMAL",
            "last_checked_at": "DATETIME",
            "failing_playlist_count": "INTEGER",
        },
    ),
    DataSet(
        "entered_and_left_by_day",
        _QUERIES["entered_and_left_by_day"],
        {"playlist_id": "STRING", "checked_on": "DATETIME", "entered_count": "INTEGER", "left_count": "INTEGER"},
    ),
    DataSet(
        "top_artists",
        _QUERIES["top_artists"],
        {"artist_id": "STRING", "artist_name": "STRING", "held_song_count": "INTEGER"},
    ),
    DataSet(
        "most_present_songs",
        _QUERIES["most_present_songs"],
        {"song_id": "STRING", "song_name": "STRING", "playlist_count": "INTEGER"},
    ),
    DataSet("release_years", _QUERIES["release_years"], {"release_year": "INTEGER", "song_count": "INTEGER"}),
    DataSet(
        "recently_entered",
        f"select entered_by_at, item_name, artist_names, playlist_name from {_STAYS}\n"
        "where entered_after_at is not null order by entered_by_at desc limit 1000\n",
        {"entered_by_at": "DATETIME", "item_name": "STRING", "artist_names": "STRING", "playlist_name": "STRING"},
    ),
    DataSet(
        "recently_left",
        f"select left_by_at, item_name, artist_names, playlist_name from {_STAYS}\n"
        "where left_by_at is not null order by left_by_at desc limit 1000\n",
        {"left_by_at": "DATETIME", "item_name": "STRING", "artist_names": "STRING", "playlist_name": "STRING"},
    ),
    DataSet(
        "stay_days",
        f"select playlist_name, stay_days from {_STAYS}\n",
        {"playlist_name": "STRING", "stay_days": "DECIMAL"},
    ),
)

SHOWN = {
    "songs_held": Shown("totals", values=("held_song_count",)),
    "playlists": Shown("totals", values=("playlist_count",)),
    "hours": Shown("totals", values=("duration_hours",)),
    "newest_check": Shown("totals", values=("last_checked_at",), function="MAX"),
    "failing": Shown("totals", values=("failing_playlist_count",)),
    "entered_left": Shown("entered_and_left_by_day", ("checked_on",), ("entered_count", "left_count")),
    "top_artists": Shown("top_artists", ("artist_name",), ("held_song_count",)),
    "most_present": Shown("most_present_songs", ("song_name",), ("playlist_count",), "MAX"),
    "recently_entered": Shown("recently_entered", ("entered_by_at", "item_name", "artist_names", "playlist_name")),
    "recently_left": Shown("recently_left", ("left_by_at", "item_name", "artist_names", "playlist_name")),
    "release_years": Shown("release_years", ("release_year",), ("song_count",)),
    "median_stay": Shown("stay_days", ("playlist_name",), ("stay_days",), "MEDIAN"),
}

# The actions that AWS's documentation grants to an owner.
_OWNER = {
    "DataSource": "DescribeDataSource DescribeDataSourcePermissions PassDataSource UpdateDataSource DeleteDataSource"
    " UpdateDataSourcePermissions",
    "DataSet": "DescribeDataSet DescribeDataSetPermissions PassDataSet DescribeIngestion ListIngestions UpdateDataSet"
    " DeleteDataSet CreateIngestion CancelIngestion UpdateDataSetPermissions",
    "Analysis": "RestoreAnalysis UpdateAnalysisPermissions DeleteAnalysis DescribeAnalysisPermissions QueryAnalysis"
    " DescribeAnalysis UpdateAnalysis",
}


def quicksight_files() -> dict[str, str]:
    """The template by its path under deploy/bi/quicksight/."""
    return {"template.json": json.dumps(_template(), indent=1, ensure_ascii=False) + "\n"}


def _template() -> Json:
    resources = {"Source": _data_source()}
    resources |= {_logical(data_set.name): _data_set(data_set) for data_set in DATA_SETS}
    resources["Analysis"] = _analysis()
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Made by `python -m deploy.generate` from deploy/bi/model.py; do not edit.",
        "Parameters": {
            "Name": {"Type": "String", "Description": "First part of every id and name."},
            "Workgroup": {"Type": "String", "Description": "Workgroup of Athena that runs the queries."},
            "OwnerArn": {"Type": "String", "Description": "User or group of QuickSight that owns the analysis."},
        },
        "Resources": resources,
    }


def _logical(name: str) -> str:
    return "DataSet" + "".join(part.capitalize() for part in name.split("_"))


def _resource(kind: str, name: str, **properties: object) -> Json:
    actions = [f"quicksight:{action}" for action in _OWNER[kind].split()]
    return {
        "Type": f"AWS::QuickSight::{kind}",
        "Properties": {
            "AwsAccountId": {"Ref": "AWS::AccountId"},
            f"{kind}Id": {"Fn::Sub": f"${{Name}}-{name.replace('_', '-')}"},
            "Permissions": [{"Principal": {"Ref": "OwnerArn"}, "Actions": actions}],
            **properties,
        },
    }


def _data_source() -> Json:
    return _resource(
        "DataSource",
        "athena",
        Name={"Fn::Sub": "${Name} in Athena"},
        Type="ATHENA",
        DataSourceParameters={"AthenaParameters": {"WorkGroup": {"Ref": "Workgroup"}}},
        SslProperties={"DisableSsl": False},
    )


def _data_set(data_set: DataSet) -> Json:
    columns = [{"Name": name, "Type": type_} for name, type_ in data_set.columns.items()]
    source = {"Fn::GetAtt": ["Source", "Arn"]}
    table = {
        "CustomSql": {"DataSourceArn": source, "Name": data_set.name, "SqlQuery": data_set.sql, "Columns": columns}
    }
    return _resource(
        "DataSet",
        data_set.name,
        Name={"Fn::Sub": f"${{Name}} {data_set.name}"},
        ImportMode="DIRECT_QUERY",
        PhysicalTableMap={data_set.name.replace("_", "-"): table},
    )


def _analysis() -> Json:
    declarations = [
        {"Identifier": data_set.name, "DataSetArn": {"Fn::GetAtt": [_logical(data_set.name), "Arn"]}}
        for data_set in DATA_SETS
    ]
    visuals = [visual for visual in PAGE if visual.kind is not Kind.SLICER]
    sheet = {
        "SheetId": "overview",
        "Name": PAGE_TITLE,
        "Layouts": [{"Configuration": {"GridLayout": {"Elements": [_element(visual) for visual in visuals]}}}],
        "Visuals": [_visual(visual) for visual in visuals],
    }
    definition = {"DataSetIdentifierDeclarations": declarations, "Sheets": [sheet]}
    return _resource("Analysis", "overview", Name={"Fn::Sub": f"${{Name}} {PAGE_TITLE}"}, Definition=definition)


def _element(visual: Visual) -> Json:
    # QuickSight's grid is 36 columns wide; a row is about 32 pixels of the model's page.
    first, last = visual.place.x * 36 // 1280, (visual.place.x + visual.place.width) * 36 // 1280
    top, bottom = visual.place.y // 32, (visual.place.y + visual.place.height) // 32
    return {
        "ElementId": visual.name.replace("_", "-"),
        "ElementType": "VISUAL",
        "ColumnIndex": first,
        "ColumnSpan": last - first,
        "RowIndex": top,
        "RowSpan": max(bottom - top, 2),
    }


def _visual(visual: Visual) -> Json:
    shown = SHOWN[visual.name]
    types = next(data_set.columns for data_set in DATA_SETS if data_set.name == shown.data_set)
    by = [_dimension(visual, shown, name, types[name]) for name in shown.by]
    values = [_value(visual, shown, name, types[name]) for name in shown.values]
    match visual.kind:
        case Kind.CARD:
            return {"KPIVisual": _body(visual, {"FieldWells": {"Values": values}})}
        case Kind.TABLE:
            fields = [_unaggregated(visual, shown, name) for name in shown.by]
            wells: Json = {"TableUnaggregatedFieldWells": {"Values": fields}}
            return {
                "TableVisual": _body(visual, {"FieldWells": wells, "SortConfiguration": _newest_first(visual, shown)})
            }
        case Kind.LINE:
            line: Json = {"LineChartAggregatedFieldWells": {"Category": by, "Values": values}}
            return {"LineChartVisual": _body(visual, {"FieldWells": line, "Type": "LINE"})}
        case _:
            bar: Json = {"BarChartAggregatedFieldWells": {"Category": by, "Values": values}}
            orientation = "HORIZONTAL" if visual.kind is Kind.BAR else "VERTICAL"
            settings: Json = {
                "FieldWells": bar,
                "Orientation": orientation,
                "SortConfiguration": _bar_order(visual, shown),
            }
            return {"BarChartVisual": _body(visual, settings)}


def _body(visual: Visual, configuration: Json) -> Json:
    title = {"Visibility": "VISIBLE", "FormatText": {"PlainText": visual.title}}
    return {"VisualId": visual.name.replace("_", "-"), "Title": title, "ChartConfiguration": configuration}


def _field(visual: Visual, shown: Shown, column: str) -> Json:
    name = {"DataSetIdentifier": shown.data_set, "ColumnName": column}
    return {"FieldId": f"{visual.name}.{column}", "Column": name}


def _dimension(visual: Visual, shown: Shown, column: str, type_: str) -> Json:
    field = _field(visual, shown, column)
    if type_ == "DATETIME":
        return {"DateDimensionField": field | {"DateGranularity": "DAY"}}
    return {"CategoricalDimensionField" if type_ == "STRING" else "NumericalDimensionField": field}


def _value(visual: Visual, shown: Shown, column: str, type_: str) -> Json:
    field = _field(visual, shown, column)
    if type_ == "DATETIME":
        return {"DateMeasureField": field | {"AggregationFunction": shown.function}}
    function = {"SimpleNumericalAggregation": shown.function}
    return {"NumericalMeasureField": field | {"AggregationFunction": function}}


def _unaggregated(visual: Visual, shown: Shown, column: str) -> Json:
    return _field(visual, shown, column)


def _order(visual: Visual, column: str, direction: str) -> Sequence[Json]:
    return [{"FieldSort": {"FieldId": f"{visual.name}.{column}", "Direction": direction}}]


def _newest_first(visual: Visual, shown: Shown) -> Json:
    return {"RowSort": _order(visual, shown.by[0], "DESC")}


def _bar_order(visual: Visual, shown: Shown) -> Json:
    if visual.kind is Kind.COLUMN:
        return {"CategorySort": _order(visual, shown.by[0], "ASC")}
    limit = {"CategoryItemsLimit": {"ItemsLimit": visual.top, "OtherCategories": "EXCLUDE"}} if visual.top else {}
    return {"CategorySort": _order(visual, shown.values[0], "DESC"), **limit}
