"""The golden corpus as data: documents, and hand-typed rows that the job must make from them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from shared.contract import Table, Type
from shared.document import document_id

FOLDER = Path(__file__).parent / "golden"
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """One folder of the corpus."""

    name: str
    expected: Mapping[str, Any]

    @property
    def documents(self) -> Mapping[str, Mapping[str, str]]:
        """By file name: the time of extraction and the expected outcome."""
        return self.expected["documents"]

    def path(self, document: str) -> Path:
        """The document's file."""
        return FOLDER / self.name / document

    def rows(self, table: Table) -> list[Row]:
        """The hand-typed rows: the table's columns in contract order, then document name and source position."""
        return sorted(
            (self._row(table, fields) for fields in self.expected["tables"].get(table.name, [])), key=_sortable
        )

    def _row(self, table: Table, fields: Mapping[str, Any]) -> Row:
        unknown = fields.keys() - {column.name for column in table.columns} - {"document", "source_position"}
        assert not unknown, f"{self.name}: {table.name} has no column {unknown}"
        own = [self._value(fields.get(column.name), column.type) for column in table.columns]
        return (*own, fields["document"], fields["source_position"])

    def _value(self, value: Any, column_type: Type) -> Any:
        if value is None or column_type not in (Type.DATE, Type.TIMESTAMP, Type.STRING):
            return value
        if column_type is Type.DATE:
            return date.fromisoformat(value)
        if column_type is Type.TIMESTAMP:
            return datetime.fromisoformat(value)
        for name in self.documents if "<document_id:" in value else ():
            value = value.replace(f"<document_id:{name}>", document_id(self.path(name).read_bytes()))
        return value


def cases() -> Iterator[Case]:
    """Every case that has documents."""
    for path in sorted(FOLDER.glob("*/expected.json")):
        expected = json.loads(path.read_text(encoding="utf-8"))
        if "documents" in expected:
            yield Case(path.parent.name, expected)


def _sortable(row: Row) -> list[tuple[bool, str]]:
    return [(value is None, str(value)) for value in row]


def sort_rows(rows: list[Row]) -> list[Row]:
    """Sort rows, so that the job's rows and the hand-typed rows can be compared."""
    return sorted(rows, key=_sortable)


def extracted_at(document: Mapping[str, str]) -> datetime:
    """The time of extraction that the case gives the document."""
    return datetime.fromisoformat(document["extracted_at"]).astimezone(UTC)
