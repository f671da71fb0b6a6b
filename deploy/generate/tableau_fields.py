"""Tableau's names for fields, and the parts of a sheet that use them: calculations, filters, sort orders."""

import re
import xml.etree.ElementTree as ET  # it only writes
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.bi.model import Measure
from deploy.generate.bi_columns import BiColumn, ColumnType

USER = "http://www.tableausoftware.com/xml/user"
_DATATYPES = {
    ColumnType.TEXT: "string",
    ColumnType.WHOLE: "integer",
    ColumnType.DECIMAL: "real",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.TIME: "datetime",
}


@dataclass(frozen=True)
class Field:
    """A column of a table in a data source. `local` is its name in the data source, in brackets."""

    table: str
    column: BiColumn
    local: str

    @property
    def model_name(self) -> str:
        """The field as the model names it, such as `Songs.SONG_LABEL`."""
        return f"{self.table}.{self.column.name}"


@dataclass(frozen=True)
class Shown:
    """A field or measure as a sheet shows it: a column instance."""

    column: str
    derivation: str
    instance: str
    type: str
    measure: Measure | None = None

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the element `column-instance`."""
        names = {"column": self.column, "derivation": self.derivation, "name": self.instance}
        return {**names, "pivot": "key", "type": self.type}


def datatype(type_: ColumnType) -> str:
    """Tableau's name of the type."""
    return _DATATYPES[type_]


def shown_field(field: Field, *, is_line: bool = False) -> Shown:
    """The field as a dimension; in a line chart, days are continuous."""
    name = field.local.strip("[]")
    if is_line:
        return Shown(field.local, "Day-Trunc", f"[tdy:{name}:qk]", "quantitative")
    if field.column.type is ColumnType.TEXT:
        return Shown(field.local, "None", f"[none:{name}:nk]", "nominal")
    return Shown(field.local, "None", f"[none:{name}:ok]", "ordinal")


def measure_column(measure: Measure) -> str:
    """The name of the calculated field."""
    return f"[measure_{re.sub('[^a-z]+', '_', measure.name.lower()).strip('_')}]"


def shown_measure(measure: Measure) -> Shown:
    """The measure as a calculated field, whose formula aggregates."""
    column = measure_column(measure)
    return Shown(column, "User", f"[usr:{column.strip('[]')}:qk]", "quantitative", measure)


def calculation(measure: Measure, fields: Sequence[Field]) -> ET.Element:
    """The calculated field. Raises ValueError if the formula names a field that the data source lacks."""
    local = {f"[{field.model_name}]": field.local for field in fields}
    names = re.findall(r"\[[^\]]+\]", measure.tableau)
    unknown = [name for name in names if name not in local]
    if unknown:
        raise ValueError(f"Tableau: measure {measure.name} names {', '.join(unknown)}, which the data source lacks")
    formula = re.sub(r"\[[^\]]+\]", lambda match: local[match[0]], measure.tableau)
    is_time = measure.format.startswith("yyyy")
    kind = "datetime" if is_time else "real" if "." in measure.format else "integer"
    letter = "p" if measure.format.endswith("%") else "n"
    format_ = "*yyyy-MM-dd HH:mm" if is_time else f"{letter}{measure.format.replace('#,0', '#,##0')}"
    names_ = {"caption": measure.name, "datatype": kind, "default-format": format_, "name": measure_column(measure)}
    column = ET.Element("column", {**names_, "role": "measure", "type": "quantitative"})
    ET.SubElement(column, "calculation", {"class": "tableau", "formula": formula})
    return column


def _user(name: str) -> str:
    return f"{{{USER}}}{name}"


def _filter(source: str, shown: Shown, **attributes: str) -> ET.Element:
    names = {"class": "categorical", "column": f"[{source}].{shown.instance}"}
    return ET.Element("filter", names | {name.replace("_", "-"): value for name, value in attributes.items()})


def _all_members(parent: ET.Element, shown: Shown) -> None:
    marks = {_user("ui-enumeration"): "all", _user("ui-marker"): "enumerate"}
    ET.SubElement(parent, "groupfilter", {"function": "level-members", "level": shown.instance, **marks})


def shared_filter(source: str, shown: Shown, group: int) -> ET.Element:
    """A filter that shows everything at first. A selection applies to every sheet of the data source."""
    root = _filter(source, shown, filter_group=str(group))
    _all_members(root, shown)
    return root


def top_filter(source: str, shown: Shown, by: Shown, count: int) -> ET.Element:
    """The `count` members with the largest value of the measure."""
    marks = {_user("ui-marker"): "end", _user("ui-top-by-field"): "true"}
    root = _filter(source, shown)
    end = {"count": str(count), "end": "top", "function": "end", "units": "records"}
    last = ET.SubElement(root, "groupfilter", end | marks)
    order = {"direction": "DESC", "expression": by.column, "function": "order", _user("ui-marker"): "order"}
    _all_members(ET.SubElement(last, "groupfilter", order), shown)
    return root


def except_null(source: str, shown: Shown) -> ET.Element:
    """All members but null."""
    root = _filter(source, shown)
    marks = {_user("ui-domain"): "database", _user("ui-enumeration"): "exclusive"}
    without = ET.SubElement(root, "groupfilter", {"function": "except", **marks, _user("ui-marker"): "enumerate"})
    ET.SubElement(without, "groupfilter", {"function": "level-members", "level": shown.instance})
    ET.SubElement(without, "groupfilter", {"function": "member", "level": shown.instance, "member": "%null%"})
    return root


def computed_sort(source: str, shown: Shown, by: Shown) -> ET.Element:
    """Largest value of the measure first."""
    column, using = f"[{source}].{shown.instance}", f"[{source}].{by.instance}"
    return ET.Element("computed-sort", {"column": column, "direction": "DESC", "using": using})
