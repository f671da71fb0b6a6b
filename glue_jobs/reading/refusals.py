"""Reads a row value by value: its typed fields, and for each table whether the table refuses it, and why.

Only rows with an unusual value come here; `typed_rows` converts all others at once.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from glue_jobs.reading.projection import Array, Count, First, Leaf, Node, Struct, field_name, is_index, node_at
from glue_jobs.reading.values import MalformedError, cast, malformed
from shared.contract import Column, Table, Type

# The key under which a row, or an element of a list, has the tables that refuse it. For a table that keeps rejected
# rows it also has `table.column` for each malformed column that is made from a whole list.
REFUSED = "refused"

_SCALAR = ""  # the key of a list's element that is no object

_Indices = tuple[int, ...]
_Element = tuple[int, _Indices]  # the id of the list's node; the element's indices in the outer lists and in this list
_Faults = Mapping[str, str]  # by column: why its value is malformed


@dataclass(frozen=True)
class Reject:
    """A table refuses a row because of a column; `column` is null if it refuses the row as a whole."""

    table: str
    column: str | None
    reason: str


@dataclass
class TypedRow:
    """A row's typed fields, its rejects, and per table the rows made, refused, and left out for absent keys."""

    fields: dict[str, Any]
    rejects: list[Reject] = field(default_factory=list)
    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def read_row(
    root: Struct,
    tables: Iterable[Table],
    value: Mapping[str, Any],
    reason: str | None = None,
    without: Container[str] = (),
) -> TypedRow:
    """The typed row, with what each table makes of it. With a reason, tables that keep rejected rows refuse it.

    The row is left out of the tables in `without`, whose keys it lacks. This makes no reject.
    """
    reading = _Reading()
    row = TypedRow({name: reading.read(stored.node, value.get(stored.key)) for name, stored in root.fields.items()})
    for table in tables:
        for path in table.rows_from or ("",):
            for element, at in _rows(root, table, path, row.fields, reading):
                row.made[table.name] += 1
                is_left_out = table.name in without
                reject = _refusal(table, path, row.fields, element, reading.faults_of(table, at), reason)
                if reject is not None or is_left_out:
                    if is_left_out:
                        row.left_out[table.name] += 1
                    elif reject is not None:
                        row.rejects.append(reject)
                        row.refused[table.name] += not table.keeps_rejected
                    # A scalar element cannot have the key REFUSED. If it has a value, the whole row is refused.
                    target = row.fields if element is None or element.get(_SCALAR) is not None else element
                    refused_by = target.setdefault(REFUSED, [])
                    if table.name not in refused_by:
                        refused_by.append(table.name)
                    if table.keeps_rejected:
                        refused_by += _malformed_lists(table, reading.faults_of(table, at))
    return row


class _Reading:
    """Types values, and collects why they are malformed: by table and, if it has a row per element, by list element."""

    def __init__(self) -> None:
        self._faults: dict[tuple[str, _Element | None], dict[str, str]] = defaultdict(dict)
        self._around: list[Array] = []
        self._indices: _Indices = ()

    def faults_of(self, table: Table, at: _Element | None) -> _Faults:
        """Why columns of the row are malformed; a fault outside of the list counts for each of its elements."""
        whole = self._faults.get((table.name, None), {})
        return whole if at is None else whole | self._faults.get((table.name, at), {})

    def read(self, node: Node, value: object) -> Any:  # noqa: ANN401, PLR0911  # any type; a return for each node
        """The typed value; null where it is null or malformed."""
        if value is None:
            return None
        match node:
            case Leaf():
                return self._scalar(node, value)
            case Count():
                return len(value) if isinstance(value, list) else self._blame(node.columns, Type.INT, value)
            case First(element):
                if isinstance(value, list):
                    return self.read(element, value[0] if value else None)
                return self._instead_of(element, value)
            case Array():
                return self._elements(node, value)
            case Struct(fields):
                if isinstance(value, dict):
                    return {name: self.read(stored.node, value.get(stored.key)) for name, stored in fields.items()}
                return self._instead_of(node, value)

    def _scalar(self, leaf: Leaf, value: object) -> Any:  # noqa: ANN401  # as above
        try:
            return cast(value, leaf.type)
        except MalformedError:
            return self._blame(leaf.columns, leaf.type, value)

    def _elements(self, node: Array, value: object) -> list[Any]:
        is_list = isinstance(value, list)
        read: list[Any] = []
        self._around.append(node)
        outer = self._indices
        for index, element in enumerate(value if isinstance(value, list) else [value]):
            self._indices = (*outer, index)
            typed = self.read(node.element, element) if is_list else self._instead_of(node.element, element)
            # A null element still counts as an element: where objects are expected, it is an object without keys.
            read.append({} if typed is None and isinstance(node.element, Struct) else typed)
        self._indices = outer
        self._around.pop()
        return read

    def _instead_of(self, node: Node, value: object) -> Any:  # noqa: ANN401  # as above
        """Reads a value that does not have the expected structure: nulls for all its columns, each malformed."""
        match node:
            case Leaf(kind):
                return self._blame(node.columns, kind, value)
            case Count():
                return self._blame(node.columns, Type.INT, value)
            case First(element):
                return self._instead_of(element, value)
            case Array():
                self._around.append(node)
                outer, self._indices = self._indices, (*self._indices, 0)
                read = [self._instead_of(node.element, value)]
                self._indices = outer
                self._around.pop()
                return read
            case Struct(fields):
                return {name: self._instead_of(stored.node, value) for name, stored in fields.items()}

    def _blame(self, columns: Iterable[tuple[Table, Column]], kind: Type, value: object) -> None:
        reason = malformed(kind, value)
        for table, column in columns:
            at = None
            for depth, array in enumerate(self._around, start=1):
                if table in array.tables:
                    at = (id(array), self._indices[:depth])
            self._faults[table.name, at].setdefault(column.name, reason)


def _rows(
    root: Struct, table: Table, path: str, row: Mapping[str, Any], reading: _Reading
) -> Iterator[tuple[dict[str, Any] | None, _Element | None]]:
    """The rows that the item makes in a table: the list element of each, or null if the row is the item itself."""
    if not path:
        yield None, None
        return
    node = node_at(root, path)
    if isinstance(node, Array):
        for element, indices in _elements_at(row, path.split("."), ()):
            yield element if isinstance(element, dict) else {_SCALAR: element}, (id(node), indices)
        return
    is_malformed = isinstance(node, Leaf) and any(
        column.name in reading.faults_of(table, None) for of, column in node.columns if of is table
    )
    if is_malformed or _value_at(row, path) is not None:
        yield None, None


def _elements_at(value: object, segments: list[str], indices: _Indices) -> Iterator[tuple[Any, _Indices]]:
    if not segments:
        yield value, indices
        return
    child = value.get(field_name(segments[0])) if isinstance(value, dict) else None
    if segments[0].endswith("[]"):
        for index, element in enumerate(child or ()):
            yield from _elements_at(element, segments[1:], (*indices, index))
    else:
        yield from _elements_at(child, segments[1:], indices)


def _value_at(value: Any, path: str) -> Any:  # noqa: ANN401  # a typed value is of any type
    for segment in path.split("."):
        value = value.get(field_name(segment)) if isinstance(value, dict) else None
    return value


def _refusal(
    table: Table,
    path: str,
    row: Mapping[str, Any],
    element: Mapping[str, Any] | None,
    faults: _Faults,
    reason: str | None,
) -> Reject | None:
    """Why the table refuses the row: its first column that is malformed, or null although it must not be; else null."""
    if reason is not None and table.keeps_rejected:
        return Reject(table.name, None, reason)
    for column in table.columns:
        if column.name in faults:
            return Reject(table.name, column.name, faults[column.name])
        if is_required(column) and all(_of_row(source, path, row, element) is None for source in column.sources):
            return Reject(table.name, column.name, "missing")
    return None


def _malformed_lists(table: Table, faults: _Faults) -> list[str]:
    return [
        f"{table.name}.{column.name}"
        for column in table.columns
        if column.name in faults and any("[]" in path for path in column.sources)
    ]


def is_required(column: Column) -> bool:
    """Whether a row without a value for the column is refused. Positions and the suite's own values always exist."""
    return not column.nullable and not column.derived and any(not is_index(column, path) for path in column.sources)


def _of_row(source: str, path: str, row: Mapping[str, Any], element: Mapping[str, Any] | None) -> object:
    if element is None or not path.endswith("[]") or not source.startswith(path):
        return None if "[]" in source else _value_at(row, source)
    inside = source.removeprefix(path).removeprefix(".")
    return _value_at(element, inside) if inside else element.get(_SCALAR)
