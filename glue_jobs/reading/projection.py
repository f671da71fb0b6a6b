"""Which fields of the payload are kept, and how: a tree made from the JSON paths of the contracts.

A field of the tree has a type if all columns that read it have the same type. Otherwise it keeps the text, and the
transform derives the values. Of a list, the paths say what is kept: every element, the first one, or their number.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from shared.contract import Column, Table, Type


class ContractError(ValueError):
    """Two columns need different structures of the same field; the message names both columns."""


@dataclass(eq=False)
class Leaf:
    """A scalar. `columns` are the (table, column) pairs that read it."""

    type: Type
    columns: list[tuple[Table, Column]] = field(default_factory=list)


@dataclass(eq=False)
class Count:
    """The number of a list's elements."""

    columns: list[tuple[Table, Column]] = field(default_factory=list)


@dataclass(eq=False)
class First:
    """The first element of a list."""

    element: "Node"


@dataclass(eq=False)
class Array:
    """Every element of a list. `tables` are those with a row for each element."""

    element: "Node"
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Field:
    """A field of an object: its key in the JSON, its node, and the first column that reads it."""

    key: str
    node: "Node"
    asked_by: str


@dataclass(eq=False)
class Struct:
    """An object; its fields by their names in the frame."""

    fields: dict[str, Field] = field(default_factory=dict)


Node = Leaf | Count | First | Array | Struct


def project(tables: Iterable[Table]) -> Struct:
    """The tree of all fields that columns of these tables are made from.

    Raises ContractError if two columns need different structures of the same field.
    """
    tables = list(tables)
    root = Struct()
    # Positions come last, because the other columns decide how a list is kept.
    for table, column, path in sorted(_paths(tables), key=lambda asked: is_index(asked[1], asked[2])):
        _grow(root, table, column, path)
    for leaf in _leaves(root):
        types = {column.type for _, column in leaf.columns}
        leaf.type = types.pop() if len(types) == 1 else Type.STRING
        leaf.columns = [(table, column) for table, column in leaf.columns if column.type is leaf.type]
    for table in tables:
        for path in table.rows_from:
            node = node_at(root, path)
            if isinstance(node, Array):
                node.tables.append(table)
    return root


def field_name(segment: str) -> str:
    """The name in the frame of one part of a JSON path: `languages[0]` is `languages_first`."""
    return segment.replace("[0]", "_first").replace("[#]", "_count").replace("[]", "")


def node_at(root: Struct, path: str) -> Node:
    """The node of a JSON path, if a column reads it or a path below it. Raises ContractError otherwise."""
    node: Node = root
    for segment in path.split("."):
        inner = node.element if isinstance(node, Array | First) else node
        if not isinstance(inner, Struct) or field_name(segment) not in inner.fields:
            raise ContractError(f"No column is made from {path}, so no rows can be made from it.")
        node = inner.fields[field_name(segment)].node
    return node


def _paths(tables: Iterable[Table]) -> Iterator[tuple[Table, Column, str]]:
    for table in tables:
        for column in table.columns:
            if not column.derived:
                yield from ((table, column, path) for path in column.sources)


def is_index(column: Column, path: str) -> bool:
    """Whether the column is the index of an element in the list, not a value in it."""
    return column.name == "position" and path.endswith("[]")


def _grow(root: Struct, table: Table, column: Column, path: str) -> None:
    asked_by = f"{table.name}.{column.name}"
    *parents, last = path.split(".")
    struct = root
    for segment in parents:
        inner = _inner(_field(struct, segment, Struct(), asked_by, path))
        if not isinstance(inner, Struct):
            raise _conflict(path, asked_by, struct.fields[field_name(segment)])
        struct = inner
    node = _field(struct, last, Leaf(column.type), asked_by, path)
    if is_index(column, path):
        return
    inner = _inner(node)
    if not isinstance(inner, Leaf | Count):
        raise _conflict(path, asked_by, struct.fields[field_name(last)])
    inner.columns.append((table, column))


def _field(struct: Struct, segment: str, inner: Leaf | Struct, asked_by: str, path: str) -> Node:
    """The field's node, which is added if the object has no such field yet."""
    key, _, which = segment.partition("[")
    makes: dict[str, Callable[[], Node]] = {
        "": lambda: inner,
        "]": lambda: Array(inner),
        "0]": lambda: First(inner),
        "#]": Count,
    }
    if which not in makes or (not which and key != segment):
        raise ContractError(f"{asked_by} reads {path}; a list is kept as [], [0] or [#].")
    made = makes[which]()
    stored = struct.fields.setdefault(field_name(segment), Field(key, made, asked_by))
    if stored.key != key or type(stored.node) is not type(made):
        raise _conflict(path, asked_by, stored)
    return stored.node


def _inner(node: Node) -> Node:
    return node.element if isinstance(node, Array | First) else node


def _conflict(path: str, asked_by: str, stored: Field) -> ContractError:
    return ContractError(
        f"{asked_by} reads {path}, which cannot be reconciled with {stored.asked_by}: "
        f"for that column {stored.key!r} is another structure."
    )


def _leaves(node: Node) -> Iterator[Leaf]:
    match node:
        case Leaf():
            yield node
        case First(element) | Array(element):
            yield from _leaves(element)
        case Struct(fields):
            for stored in fields.values():
                yield from _leaves(stored.node)
