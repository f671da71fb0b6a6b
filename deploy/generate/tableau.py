"""deploy/bi/tableau/: a workbook (.twb) with the page, and each data source as a separate file (.tds).

Tableau has no inactive relationships, so the measures Entered and Left come from the view of playlist days. The tables
about stays and songs are one data source, plays and their songs another; every other table is a separate data source.
No file has credentials: Tableau asks for them.
"""

import uuid
import xml.etree.ElementTree as ET  # it only writes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.bi.model import MEASURES, PAGE, PAGE_SIZE, PAGE_TITLE, RELATIONSHIPS, Kind, Measure, ModelTable, Visual
from deploy.generate.bi_columns import BiColumn, ColumnType, columns, measure_named, split_field, table_named
from deploy.generate.powerbi import SERVER
from deploy.generate.tableau_fields import (
    USER,
    Field,
    Shown,
    calculation,
    computed_sort,
    datatype,
    except_null,
    shared_filter,
    shown_field,
    shown_measure,
    top_filter,
)

_VERSION = "26.2"
_IDS = uuid.UUID("0b7a7f0e-54a5-4b0c-8f4e-7f0f9f3d2a11")
_CONNECTION = "snowflake.spotify"
_STAR = ("Stays", "Songs", "Albums", "Song artists", "Artists", "Playlists")
_ROLES = {ColumnType.WHOLE: "measure", ColumnType.DECIMAL: "measure"}


@dataclass(frozen=True)
class Source:
    """A data source: tables that are related to each other, or one table."""

    caption: str
    tables: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name by which sheets refer to it."""
        return f"federated.{self.caption.lower().replace(' ', '_')}"

    def has(self, table: str) -> bool:
        """Whether the table is in it."""
        return table in self.tables

    def fields(self) -> Iterator[Field]:
        """Every column of its tables, under a name that is unique in the data source."""
        pairs = [(table_named(name), column) for name in self.tables for column in columns(table_named(name))]
        names = [column.name for _, column in pairs]
        for table, column in pairs:
            is_alone = names.count(column.name) == 1
            yield Field(table.name, column, f"[{column.name}]" if is_alone else f"[{column.name} ({table.name})]")

    def field(self, name: str) -> Field:
        """The model's field. A field of a table that is not in the source is replaced by the column that refers to it.

        Raises ValueError if there is no such column.
        """
        table, column = split_field(name)
        if not self.has(table.name):
            table, column = self._related(table, column)
        return next(field for field in self.fields() if (field.table, field.column) == (table.name, column))

    def _related(self, to_table: ModelTable, to_column: BiColumn) -> tuple[ModelTable, BiColumn]:
        for related in RELATIONSHIPS:
            is_wanted = (related.to_table, related.to_column) == (to_table.name, to_column.name)
            if is_wanted and related.is_active and self.has(related.from_table):
                return split_field(f"{related.from_table}.{related.from_column}")
        raise ValueError(f"Tableau: data source {self.caption} has no field for {to_table.name}.{to_column.name}")


SOURCES = (
    Source("Spotify stays", _STAR),
    Source("Spotify playlist days", ("Playlist days",)),
    Source("Spotify artist days", ("Artist days",)),
    Source("Spotify popularity days", ("Popularity days",)),
    Source("Spotify plays", ("Plays", "Songs")),
    Source("Spotify listening months", ("Listening months",)),
    Source("Spotify freshness", ("Freshness",)),
)


def tableau_files() -> dict[str, str]:
    """The text of every file by its path under deploy/bi/tableau/."""
    files = {f"{source.caption}.tds": _text(_datasource(source, is_file=True)) for source in SOURCES}
    return files | {"Spotify.twb": _text(_workbook())}


def source_of(measures: Sequence[Measure]) -> Source:
    """The first data source with the tables of all these measures. Raises ValueError if there is none."""
    for source in SOURCES:
        if all(source.has(_table_of(measure)) for measure in measures):
            return source
    raise ValueError(f"Tableau: no data source has all of {', '.join(measure.name for measure in measures)}")


def _table_of(measure: Measure) -> str:
    return measure.tableau.partition("[")[2].partition(".")[0]


def _visual_source(visual: Visual) -> Source:
    if visual.measures:
        return source_of([measure_named(name) for name in visual.measures])
    return SOURCES[0]


def _text(root: ET.Element) -> str:
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8' ?>\n{ET.tostring(root, encoding='unicode')}\n"


def _id(name: str) -> dict[str, str]:
    return {"uuid": "{" + str(uuid.uuid5(_IDS, name)).upper() + "}"}


# --- Data sources -------------------------------------------------------------------------------------------------


def _datasource(source: Source, *, is_file: bool = False) -> ET.Element:
    names = {"formatted-name": source.name, "inline": "true", "version": _VERSION}
    if not is_file:
        names = {"caption": source.caption, "inline": "true", "name": source.name, "version": _VERSION}
    root = ET.Element("datasource", names)
    connection = ET.SubElement(root, "connection", {"class": "federated"})
    named = ET.SubElement(ET.SubElement(connection, "named-connections"), "named-connection")
    named.attrib.update({"caption": SERVER, "name": _CONNECTION})
    ET.SubElement(named, "connection", _snowflake())
    relations = [_relation(name) for name in source.tables]
    if len(relations) == 1:
        connection.append(relations[0])
    else:
        ET.SubElement(connection, "relation", {"type": "collection"}).extend(relations)
    cols = ET.SubElement(connection, "cols")
    for field in source.fields():
        ET.SubElement(cols, "map", {"key": field.local, "value": f"[{field.table}].[{field.column.name}]"})
    ET.SubElement(root, "aliases", {"enabled": "yes"})
    for measure in MEASURES:
        if source.has(_table_of(measure)):
            root.append(calculation(measure, list(source.fields())))
    for field in source.fields():
        root.append(_column(field))
    root.append(_object_graph(source))
    return root


def _snowflake() -> dict[str, str]:
    return {
        "authentication": "oauth",
        "class": "snowflake",
        "dbname": "SPOTIFY",
        "odbc-connect-string-extras": "",
        "one-time-sql": "",
        "schema": "BI",
        "server": SERVER,
        "service": "SPOTIFY_BI_READER",
        "username": "",
        "warehouse": "SPOTIFY_BI_WH",
    }


def _relation(table: str) -> ET.Element:
    view = table_named(table).view
    names = {"connection": _CONNECTION, "name": table, "table": f"[BI].[{view}]", "type": "table"}
    return ET.Element("relation", names)


def _column(field: Field) -> ET.Element:
    role = "dimension" if field.column.name.endswith("_YEAR") else _ROLES.get(field.column.type, "dimension")
    is_number = field.column.type in _ROLES
    kind = "quantitative" if role == "measure" else "ordinal" if is_number else "nominal"
    attributes = {"datatype": datatype(field.column.type), "name": field.local, "role": role, "type": kind}
    if datatype(field.column.type) in {"date", "datetime"}:
        attributes["type"] = "ordinal"
    if field.column.is_hidden:
        attributes["hidden"] = "true"
    return ET.Element("column", dict(sorted(attributes.items())))


def _object_graph(source: Source) -> ET.Element:
    graph = ET.Element("object-graph")
    objects = ET.SubElement(graph, "objects")
    for table in source.tables:
        entry = ET.SubElement(objects, "object", {"caption": table, "id": _object_id(table)})
        ET.SubElement(entry, "properties", {"context": ""}).append(_relation(table))
    relationships = ET.SubElement(graph, "relationships")
    local = {(field.table, field.column.name): field.local for field in source.fields()}
    for related in RELATIONSHIPS:
        if not (source.has(related.from_table) and source.has(related.to_table)):
            continue
        entry = ET.SubElement(relationships, "relationship")
        equal = ET.SubElement(entry, "expression", {"op": "="})
        ET.SubElement(equal, "expression", {"op": local[related.from_table, related.from_column]})
        ET.SubElement(equal, "expression", {"op": local[related.to_table, related.to_column]})
        ET.SubElement(entry, "first-end-point", {"object-id": _object_id(related.from_table)})
        ET.SubElement(entry, "second-end-point", {"object-id": _object_id(related.to_table), "unique-key": "true"})
    return graph


def _object_id(table: str) -> str:
    return f"{table.replace(' ', '_')}_{uuid.uuid5(_IDS, table).hex.upper()}"


# --- The workbook -------------------------------------------------------------------------------------------------


def _sheets() -> list[Visual]:
    return [visual for visual in PAGE if visual.kind is not Kind.SLICER]


def _workbook() -> ET.Element:
    root = ET.Element(
        "workbook",
        {"original-version": _VERSION, "source-build": "2026.2.0", "source-platform": "win", "version": _VERSION},
    )
    manifest = ET.SubElement(root, "document-format-change-manifest")
    for change in (
        "ObjectModelEncapsulateLegacy",
        "ObjectModelTableType",
        "SchemaViewerObjectModel",
        "SheetIdentifierTracking",
        "WindowsPersistSimpleIdentifiers",
    ):
        ET.SubElement(manifest, change)
    used = [source for source in SOURCES if any(_visual_source(visual) == source for visual in _sheets())]
    ET.SubElement(root, "datasources").extend(_datasource(source) for source in used)
    ET.SubElement(root, "worksheets").extend(_worksheet(visual) for visual in _sheets())
    ET.SubElement(root, "dashboards").append(_dashboard())
    windows = ET.SubElement(root, "windows")
    for visual in _sheets():
        window = ET.SubElement(windows, "window", {"class": "worksheet", "name": visual.title})
        ET.SubElement(window, "cards")
        ET.SubElement(window, "simple-id", _id(f"window {visual.name}"))
    window = ET.SubElement(windows, "window", {"class": "dashboard", "maximized": "true", "name": PAGE_TITLE})
    viewpoints = ET.SubElement(window, "viewpoints")
    for visual in _sheets():
        ET.SubElement(viewpoints, "viewpoint", {"name": visual.title})
    ET.SubElement(window, "active", {"id": "-1"})
    ET.SubElement(window, "simple-id", _id("window of the dashboard"))
    return root


def _worksheet(visual: Visual) -> ET.Element:
    source = _visual_source(visual)
    is_line = visual.kind is Kind.LINE
    fields = [shown_field(source.field(name), is_line=is_line) for name in visual.fields]
    measures = [shown_measure(measure_named(name)) for name in visual.measures]
    slicers = _slicers(source)
    sheet = ET.Element("worksheet", {"name": visual.title})
    table = ET.SubElement(sheet, "table")
    view = ET.SubElement(table, "view")
    sources = ET.SubElement(view, "datasources")
    ET.SubElement(sources, "datasource", {"caption": source.caption, "name": source.name})
    not_null = [shown_field(source.field(visual.not_null))] if visual.not_null else []
    view.append(_dependencies(source, fields + measures + slicers + not_null))
    for group, slicer in enumerate(slicers, start=2):
        view.append(shared_filter(source.name, slicer, group))
    if visual.top:
        view.append(top_filter(source.name, fields[0], measures[0], visual.top))
    view.extend(except_null(source.name, shown) for shown in not_null)
    if visual.kind is Kind.BAR:
        view.append(computed_sort(source.name, fields[0], measures[0]))
    elif visual.kind is Kind.TABLE:
        column = f"[{source.name}].{fields[0].instance}"
        ET.SubElement(view, "natural-sort", {"column": column, "direction": "DESC"})
    ET.SubElement(view, "aggregation", {"value": "true"})
    ET.SubElement(table, "style")
    table.append(_panes(visual, source, measures))
    rows, cols = _shelves(visual, source, fields, measures)
    ET.SubElement(table, "rows").text = rows
    ET.SubElement(table, "cols").text = cols
    ET.SubElement(sheet, "simple-id", _id(f"sheet {visual.name}"))
    return sheet


def _slicers(source: Source) -> list[Shown]:
    if source != SOURCES[0]:
        return []
    slicers = [visual.fields[0] for visual in PAGE if visual.kind is Kind.SLICER]
    return [shown_field(source.field(name)) for name in slicers]


def _dependencies(source: Source, shown: Sequence[Shown]) -> ET.Element:
    root = ET.Element("datasource-dependencies", {"datasource": source.name})
    distinct = list({item.instance: item for item in shown}.values())
    measures = {item.measure for item in distinct if item.measure}
    named = {item.column for item in distinct}
    for measure in MEASURES:
        if measure in measures:
            root.append(calculation(measure, list(source.fields())))
            named |= {field.local for field in source.fields() if f"[{field.model_name}]" in measure.tableau}
    for field in source.fields():
        if field.local in named:
            root.append(_column(field))
    for item in distinct:
        ET.SubElement(root, "column-instance", item.attributes)
    return root


def _panes(visual: Visual, source: Source, measures: Sequence[Shown]) -> ET.Element:
    panes = ET.Element("panes")
    pane = ET.SubElement(panes, "pane")
    ET.SubElement(ET.SubElement(pane, "view"), "breakdown", {"value": "auto"})
    marks = {Kind.CARD: "Text", Kind.TABLE: "Text", Kind.LINE: "Line", Kind.BAR: "Bar", Kind.COLUMN: "Bar"}
    ET.SubElement(pane, "mark", {"class": marks[visual.kind]})
    if visual.kind is Kind.CARD:
        encodings = ET.SubElement(pane, "encodings")
        ET.SubElement(encodings, "text", {"column": f"[{source.name}].{measures[0].instance}"})
    return panes


def _shelves(visual: Visual, source: Source, fields: Sequence[Shown], measures: Sequence[Shown]) -> tuple[str, str]:
    by = _joined(source, fields, " / ")
    values = _joined(source, measures, " + ")
    match visual.kind:
        case Kind.CARD:
            return "", ""
        case Kind.BAR | Kind.TABLE:
            return by, values
        case _:
            return values, by


def _joined(source: Source, shown: Sequence[Shown], operator: str) -> str:
    names = [f"[{source.name}].{item.instance}" for item in shown]
    if len(names) < 2:  # noqa: PLR2004  # a pair needs parentheses
        return "".join(names)
    text = names[-1]
    for name in reversed(names[:-1]):
        text = f"({name}{operator}{text})"
    return text


def _dashboard() -> ET.Element:
    width, height = PAGE_SIZE
    root = ET.Element("dashboard", {"name": PAGE_TITLE})
    ET.SubElement(root, "style")
    size = {"maxheight": height, "maxwidth": width, "minheight": height, "minwidth": width}
    ET.SubElement(root, "size", {name: str(value) for name, value in size.items()})
    zones = ET.SubElement(root, "zones")
    layout = {"h": "100000", "id": "1", "type-v2": "layout-basic", "w": "100000", "x": "0", "y": "0"}
    outer = ET.SubElement(zones, "zone", layout)
    filtered_sheet = next(visual for visual in _sheets() if visual.kind is Kind.BAR)
    for number, visual in enumerate(PAGE, start=2):
        zone = {"id": str(number), "name": visual.title, **_zone_place(visual)}
        if visual.kind is Kind.SLICER:
            slicer = shown_field(SOURCES[0].field(visual.fields[0]))
            param = f"[{SOURCES[0].name}].{slicer.instance}"
            zone |= {"name": filtered_sheet.title, "param": param, "type-v2": "filter"}
        ET.SubElement(outer, "zone", zone)
    ET.SubElement(root, "simple-id", _id("the dashboard"))
    return root


def _zone_place(visual: Visual) -> dict[str, str]:
    width, height = PAGE_SIZE
    place = visual.place
    return {
        "h": str(place.height * 100_000 // height),
        "w": str(place.width * 100_000 // width),
        "x": str(place.x * 100_000 // width),
        "y": str(place.y * 100_000 // height),
    }


ET.register_namespace("user", USER)
