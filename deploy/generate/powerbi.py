"""deploy/bi/powerbi/: a Power BI project (PBIP) with the semantic model as TMDL and the report as PBIR.

Schema versions are those of Power BI Desktop of autumn 2026; the formats are described in Microsoft's documentation of
Power BI Desktop projects. The files have no credentials: Power BI asks for them when the project is opened.
"""

import json
import textwrap
import uuid
from collections.abc import Sequence

from deploy.bi.model import MEASURES, PAGE, PAGE_SIZE, PAGE_TITLE, RELATIONSHIPS, TABLES, Kind, ModelTable, Visual
from deploy.generate.bi_columns import BiColumn, ColumnType, columns, measure_named, split_field, view_doc

_SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
_DEFINITION = f"{_SCHEMAS}/item/report/definition"
_MODEL = "Spotify.SemanticModel"
_REPORT = "Spotify.Report"
# Namespace of the generated UUIDs. Do not change it: ids must be the same each time the files are generated.
_IDS = uuid.UUID("6b1d5b0e-4c43-4f0c-9a4e-0a6a4f1c2f55")

SERVER = "MYORG-MYACCOUNT.snowflakecomputing.com"
PARAMETERS = {
    "SnowflakeServer": (SERVER, "account of Snowflake: ORGANISATION-ACCOUNT.snowflakecomputing.com"),
    "SnowflakeWarehouse": ("SPOTIFY_BI_WH", "warehouse that runs the queries, SPOTIFY_DEV_BI_WH for dev"),
    "SnowflakeDatabase": ("SPOTIFY", "database, SPOTIFY_DEV for dev"),
    "SnowflakeRole": ("SPOTIFY_BI_READER", "role that reads the views, SPOTIFY_DEV_BI_READER for dev"),
}

_TYPES = {
    ColumnType.TEXT: "string",
    ColumnType.WHOLE: "int64",
    ColumnType.DECIMAL: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "dateTime",
    ColumnType.TIME: "dateTime",
}
_FORMATS = {
    ColumnType.WHOLE: "#,0",
    ColumnType.DECIMAL: "#,0.00",
    ColumnType.DATE: "yyyy-mm-dd",
    ColumnType.TIME: "yyyy-mm-dd hh:nn",
}
_VISUAL_TYPES = {
    Kind.CARD: "card",
    Kind.BAR: "clusteredBarChart",
    Kind.COLUMN: "clusteredColumnChart",
    Kind.LINE: "lineChart",
    Kind.TABLE: "tableEx",
    Kind.SLICER: "slicer",
}

# This column may have dates before 1900, which Power BI does not support. RELEASE_YEAR has the year of every release.
_EARLY_DATE = "RELEASED_ON"

Json = dict[str, object]


def powerbi_files(tables: Sequence[ModelTable] = TABLES) -> dict[str, str]:
    """The text of every file by its path under deploy/bi/powerbi/."""
    documents: dict[str, Json] = {
        "Spotify.pbip": _document(
            f"{_SCHEMAS}/pbip/pbipProperties/1.0.0",
            version="1.0",
            artifacts=[{"report": {"path": _REPORT}}],
            settings={"enableAutoRecovery": True},
        ),
        # Microsoft publishes no schema of this file. Power BI Desktop asks for the other settings.
        "Spotify.pbids": {
            "version": "0.1",
            "connections": [
                {
                    "details": {"protocol": "snowflake", "address": {"server": SERVER, "warehouse": "SPOTIFY_BI_WH"}},
                    "mode": "Import",
                }
            ],
        },
        f"{_MODEL}/definition.pbism": _document(
            f"{_SCHEMAS}/item/semanticModel/definitionProperties/1.0.0", version="4.2", settings={}
        ),
        f"{_MODEL}/.platform": _platform("SemanticModel"),
        f"{_REPORT}/.platform": _platform("Report"),
        f"{_REPORT}/definition.pbir": _document(
            f"{_SCHEMAS}/item/report/definitionProperties/2.0.0",
            version="4.0",
            datasetReference={"byPath": {"path": f"../{_MODEL}"}},
        ),
    }
    documents |= {f"{_REPORT}/definition/{name}": document for name, document in _report().items()}
    files = {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in documents.items()}
    files |= {f"{_MODEL}/definition/{name}": text for name, text in _model(tables).items()}
    return files


def _document(schema: str, **properties: object) -> Json:
    return {"$schema": f"{schema}/schema.json", **properties}


def _platform(kind: str) -> Json:
    return _document(
        f"{_SCHEMAS}/gitIntegration/platformProperties/2.0.0",
        metadata={"type": kind, "displayName": "Spotify playlists"},
        config={"version": "2.0", "logicalId": str(uuid.uuid5(_IDS, kind))},
    )


# --- The semantic model -------------------------------------------------------------------------------------------


def _model(tables: Sequence[ModelTable]) -> dict[str, str]:
    model = (
        "model Model\n\tculture: en-US\n\tdefaultPowerBIDataSourceVersion: powerBI_V3\n\tdiscourageImplicitMeasures\n"
        "\tsourceQueryCulture: en-US\n\n\tannotation __PBI_TimeIntelligenceEnabled = 0\n\n"
    )
    model += "".join(f"ref table {_name(table.name)}\n" for table in tables)
    parameters = "\n".join(
        f"/// {doc}\n"
        f'expression {name} = "{value}" meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]\n'
        for name, (value, doc) in PARAMETERS.items()
    )
    return {
        "database.tmdl": "database\n\tcompatibilityLevel: 1601\n",
        "model.tmdl": model,
        "expressions.tmdl": parameters,
        "relationships.tmdl": "\n".join(_relationships()),
        **{f"tables/{table.name}.tmdl": _table(table) for table in tables},
    }


def _relationships() -> list[str]:
    texts = []
    for relationship in RELATIONSHIPS:
        name = f"{relationship.from_table}_{relationship.from_column}".replace(" ", "_")
        text = f"relationship {name}\n"
        text += "" if relationship.is_active else "\tisActive: false\n"
        text += "\tcrossFilteringBehavior: bothDirections\n" if relationship.both_ways else ""
        text += f"\tfromColumn: {_name(relationship.from_table)}.{relationship.from_column}\n"
        text += f"\ttoColumn: {_name(relationship.to_table)}.{relationship.to_column}\n"
        texts.append(text)
    return texts


def _table(table: ModelTable) -> str:
    text = f"/// {view_doc(table)}\ntable {_name(table.name)}\n"
    text += "\tdataCategory: Time\n" if table.name == "Date" else ""
    for measure in MEASURES:
        if measure.table == table.name:
            text += f"\n\t/// {measure.doc}\n\tmeasure '{measure.name}' = {measure.dax}\n"
            text += f"\t\tformatString: {measure.format}\n"
    for column in columns(table):
        text += _column(column, is_key=table.key == (column.name,))
    return (
        text
        + f"\n\tpartition {_name(table.name)} = m\n\t\tmode: import\n\t\tsource =\n"
        + textwrap.indent(_query(table), "\t\t\t\t")
    )


def _column(column: BiColumn, *, is_key: bool) -> str:
    text = f"\n\t/// {column.doc}\n\tcolumn {column.name}\n\t\tdataType: {_TYPES[column.type]}\n"
    text += "\t\tisHidden\n" if column.is_hidden else ""
    text += "\t\tisKey\n" if is_key else ""
    text += f"\t\tformatString: {_format(column)}\n" if column.type in _FORMATS else ""
    text += "\t\tdataCategory: WebUrl\n" if column.name == "URL" else ""
    text += "\t\tdataCategory: ImageUrl\n" if column.name == "IMAGE_URL" else ""
    return f"{text}\t\tsourceColumn: {column.name}\n\t\tsummarizeBy: none\n"


def _format(column: BiColumn) -> str:
    return "0" if column.name.endswith("_YEAR") else _FORMATS[column.type]


def _query(table: ModelTable) -> str:
    options = '[Implementation = "2.0", Role = SnowflakeRole]'
    steps = [
        f"Source = Snowflake.Databases(SnowflakeServer, SnowflakeWarehouse, {options})",
        'Database = Source{[Name = SnowflakeDatabase, Kind = "Database"]}[Data]',
        'Schema = Database{[Name = "BI", Kind = "Schema"]}[Data]',
        f'View = Schema{{[Name = "{table.view}", Kind = "View"]}}[Data]',
    ]
    if any(column.name == _EARLY_DATE for column in columns(table)):
        supported = "if _ <> null and Date.Year(_) < 1900 then null else _"
        change = f'{{{{"{_EARLY_DATE}", each {supported}, type nullable date}}}}'
        steps.append(f"Dates = Table.TransformColumns(View, {change})")
    lines = ",\n".join(f"    {step}" for step in steps)
    return f"let\n{lines}\nin\n    {steps[-1].partition(' = ')[0]}\n"


def _name(name: str) -> str:
    return f"'{name}'" if " " in name else name


# --- The report ---------------------------------------------------------------------------------------------------


def _report() -> dict[str, Json]:
    width, height = PAGE_SIZE
    return {
        "version.json": _document(f"{_DEFINITION}/versionMetadata/1.0.0", version="2.0.0"),
        "report.json": _document(f"{_DEFINITION}/report/3.3.0", themeCollection={}),
        "pages/pages.json": _document(
            f"{_DEFINITION}/pagesMetadata/1.1.0", pageOrder=["overview"], activePageName="overview"
        ),
        "pages/overview/page.json": _document(
            f"{_DEFINITION}/page/2.1.0",
            name="overview",
            displayName=PAGE_TITLE,
            displayOption="FitToPage",
            height=height,
            width=width,
        ),
        **{
            f"pages/overview/visuals/{visual.name}/visual.json": _visual(visual, number)
            for number, visual in enumerate(PAGE)
        },
    }


def _visual(visual: Visual, number: int) -> Json:
    place = visual.place
    position = {"x": place.x, "y": place.y, "z": number, "height": place.height, "width": place.width}
    filters = [*_not_null_filter(visual), *_top_filter(visual)]
    return _document(
        f"{_DEFINITION}/visualContainer/2.9.0",
        name=visual.name,
        position=position | {"tabOrder": number},
        visual={
            "visualType": _VISUAL_TYPES[visual.kind],
            "query": {"queryState": _query_state(visual)} | _sort(visual),
            "visualContainerObjects": {"title": [{"properties": {"show": _literal("true"), "text": _text(visual)}}]},
            "drillFilterOtherVisuals": True,
        },
        **({"filterConfig": {"filters": filters}} if filters else {}),
    )


def _query_state(visual: Visual) -> Json:
    fields = [_projection(field) for field in visual.fields]
    measures = [_measure_projection(name) for name in visual.measures]
    if visual.kind in {Kind.CARD, Kind.TABLE, Kind.SLICER}:
        return {"Values": {"projections": fields + measures}}
    return {"Category": {"projections": [{**fields[0], "active": True}]}, "Y": {"projections": measures}}


def _sort(visual: Visual) -> Json:
    if visual.kind in {Kind.CARD, Kind.SLICER}:
        return {}
    by, direction = _column_field(visual.fields[0]), "Ascending"
    if visual.kind is Kind.BAR:
        by, direction = _measure_field(visual.measures[0]), "Descending"
    elif visual.kind is Kind.TABLE:
        direction = "Descending"
    return {"sortDefinition": {"sort": [{"field": by, "direction": direction}]}}


def _column_field(field: str, source: str = "") -> Json:
    table, column = split_field(field)
    return {"Column": {"Expression": {"SourceRef": _source(table.name, source)}, "Property": column.name}}


def _measure_field(name: str, source: str = "") -> Json:
    return {"Measure": {"Expression": {"SourceRef": _source(measure_named(name).table, source)}, "Property": name}}


def _source(table: str, source: str) -> Json:
    return {"Source": source} if source else {"Entity": table}


def _projection(field: str) -> Json:
    column = field.partition(".")[2]
    return {"field": _column_field(field), "queryRef": field, "nativeQueryRef": column}


def _measure_projection(name: str) -> Json:
    return {"field": _measure_field(name), "queryRef": f"{measure_named(name).table}.{name}", "nativeQueryRef": name}


def _literal(value: str) -> Json:
    return {"expr": {"Literal": {"Value": value}}}


def _text(visual: Visual) -> Json:
    return _literal(f"'{visual.title}'")


def _not_null_filter(visual: Visual) -> list[Json]:
    if not visual.not_null:
        return []
    table = visual.not_null.partition(".")[0]
    is_null = {
        "Comparison": {
            "ComparisonKind": 0,
            "Left": _column_field(visual.not_null, "t"),
            "Right": {"Literal": {"Value": "null"}},
        }
    }
    return [
        {
            "name": f"{visual.name}_not_null",
            "field": _column_field(visual.not_null),
            "type": "Advanced",
            "filter": {
                "Version": 2,
                "From": [{"Name": "t", "Entity": table, "Type": 0}],
                "Where": [{"Condition": {"Not": {"Expression": is_null}}}],
            },
        }
    ]


def _top_filter(visual: Visual) -> list[Json]:
    if not visual.top:
        return []
    field, measure = visual.fields[0], visual.measures[0]
    entity = {"Name": "f", "Entity": field.partition(".")[0], "Type": 0}
    query = {
        "Version": 2,
        "From": [entity, {"Name": "m", "Entity": measure_named(measure).table, "Type": 0}],
        "Select": [{**_column_field(field, "f"), "Name": "field"}],
        "OrderBy": [{"Direction": 2, "Expression": _measure_field(measure, "m")}],
        "Top": visual.top,
    }
    return [
        {
            "name": f"{visual.name}_top",
            "field": _column_field(field),
            "type": "TopN",
            "filter": {
                "Version": 2,
                "From": [{"Name": "top", "Expression": {"Subquery": {"Query": query}}, "Type": 2}, entity],
                "Where": [
                    {
                        "Condition": {
                            "In": {
                                "Expressions": [_column_field(field, "f")],
                                "Table": {"SourceRef": {"Source": "top"}},
                            }
                        }
                    }
                ],
            },
        }
    ]
