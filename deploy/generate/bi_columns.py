"""The columns of the BI model's tables. Names and meanings come from the views; types from the unit in each name."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from deploy.bi.model import MEASURES as ALL_MEASURES
from deploy.bi.model import TABLES, Measure, ModelTable, Visual
from deploy.generate.bi_dictionary import View, bi_views, unit


class ColumnType(StrEnum):
    """The kind of values of a column."""

    TEXT = "text"
    WHOLE = "whole"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"


_TYPE_OF_UNIT = {
    "text": ColumnType.TEXT,
    "yes or no": ColumnType.BOOLEAN,
    "UTC time": ColumnType.TIME,
    "time in the zone of the setting": ColumnType.TIME,
    "date": ColumnType.DATE,
    "minutes": ColumnType.DECIMAL,
    "days": ColumnType.DECIMAL,
    "hours": ColumnType.DECIMAL,
    "share of 1": ColumnType.DECIMAL,
}


@dataclass(frozen=True)
class BiColumn:
    """A column of a view; its name is in upper case."""

    name: str
    type: ColumnType
    doc: str

    @property
    def is_hidden(self) -> bool:
        """Whether the column is hidden from people: keys and weights are for relationships and measures."""
        return self.name.endswith("_ID") or self.name in {"WEIGHT", "ITEM_URI"}


@cache
def _views() -> dict[str, View]:
    return {view.name.upper(): view for view in bi_views()}


def view_doc(table: ModelTable) -> str:
    """The comment of the table's view. Raises ValueError if the view does not exist."""
    return _view(table).doc


def columns(table: ModelTable) -> list[BiColumn]:
    """The table's columns in the order of its view. Raises ValueError if there is no such view."""
    return [
        BiColumn(name.upper(), _TYPE_OF_UNIT.get(unit(name), ColumnType.WHOLE), doc)
        for name, doc in _view(table).columns.items()
    ]


def _view(table: ModelTable) -> View:
    if table.view not in _views():
        raise ValueError(f"table {table.name} of the BI model: there is no view BI.{table.view}")
    return _views()[table.view]


def table_named(name: str, tables: Sequence[ModelTable] = TABLES) -> ModelTable:
    """The table of that name. Raises ValueError if the model has none."""
    for table in tables:
        if table.name == name:
            return table
    raise ValueError(f"the BI model has no table {name}")


def measure_named(name: str) -> Measure:
    """The measure of that name. Raises ValueError if the model has none."""
    for measure in ALL_MEASURES:
        if measure.name == name:
            return measure
    raise ValueError(f"the BI model has no measure {name}")


def split_field(field: str) -> tuple[ModelTable, BiColumn]:
    """Table and column of a field such as `Songs.SONG_LABEL`. Raises ValueError if there is no such column."""
    name, _, column_name = field.partition(".")
    table = table_named(name)
    for column in columns(table):
        if column.name == column_name:
            return table, column
    raise ValueError(f"the BI model has no field {field}")


def visual_measures(visual: Visual) -> list[Measure]:
    """The measures that the visual shows."""
    return [measure_named(name) for name in visual.measures]
