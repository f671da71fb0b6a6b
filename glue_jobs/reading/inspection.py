"""Finds rows that pyarrow may have converted to other values than the JSON has; they are read value by value."""

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.reading.arrow_types import times
from glue_jobs.reading.projection import Array, Count, First, Leaf, Node, Struct
from glue_jobs.reading.values import MAX_TEXT
from shared.contract import Type


class Inspection:
    """Finds rows that must be read value by value, by their index.

    Rows in `perhaps` must be compared with their Python objects. Of these, pyarrow converts an empty text or list like
    an empty object or list of the right structure, and a text like the list of its characters.
    """

    def __init__(self) -> None:
        self.sure: set[int] = set()
        self.perhaps: set[int] = set()

    def inspect(self, node: Node, array: pa.Array, rows: pa.Array | None) -> None:
        """Check the values of a node. `rows` has the row of each value; null if value and row have the same index."""
        match node:
            case Leaf():
                self._inspect_texts(node, array, rows)
            case Count():
                self._inspect_list(node, array, rows)
            case First(element) | Array(element):
                inner, inner_rows = self._inspect_list(node, array, rows)
                self.inspect(element, inner, inner_rows)
            case Struct():
                self._inspect_object(node, array, rows)

    def _inspect_texts(self, leaf: Leaf, array: pa.Array, rows: pa.Array | None) -> None:
        if not pa.types.is_string(array.type) or array.null_count == len(array):
            return
        lengths = pc.binary_length(array)
        if pc.max(lengths).as_py() > MAX_TEXT:
            note(pc.greater(lengths, MAX_TEXT), rows, self.sure)
        if leaf.type is not Type.STRING:  # a time that is not written as the API writes it
            note(pc.and_(array.is_valid(), times(array, leaf.type).is_null()), rows, self.sure)

    def _inspect_list(self, node: Node, array: pa.ListArray, rows: pa.Array | None) -> tuple[pa.Array, pa.Array]:
        note(pc.equal(pc.list_value_length(array), 0), rows, self.perhaps)
        parents = pc.list_parent_indices(array)
        inner = pc.list_flatten(array)
        inner_rows = parents if rows is None else rows.take(parents)
        if pa.types.is_string(inner.type):
            note(pc.equal(pc.utf8_length(inner), 1), inner_rows, self.perhaps)
        if isinstance(node, Array) and inner.null_count:
            note(inner.is_null(), inner_rows, self.sure)
        return inner, inner_rows

    def _inspect_object(self, struct: Struct, array: pa.StructArray, rows: pa.Array | None) -> None:
        children = {stored.key: pc.struct_field(array, stored.key) for stored in struct.fields.values()}
        if all(child.null_count > array.null_count for child in children.values()):
            is_empty = array.is_valid()
            for child in children.values():
                is_empty = pc.and_(is_empty, child.is_null())
            note(is_empty, rows, self.perhaps)
        for stored in struct.fields.values():
            self.inspect(stored.node, children[stored.key], rows)


def note(is_noted: pa.BooleanArray, rows: pa.Array | None, noted: set[int]) -> None:
    """Adds the rows of the values for which `is_noted` is true to `noted`; `rows` as in `Inspection.inspect`."""
    if not is_noted.true_count:
        return
    indices = pc.indices_nonzero(is_noted)
    noted.update((indices if rows is None else rows.take(indices)).to_pylist())


def has_structure(node: Node, value: object) -> bool:
    """Whether objects and lists are where they are expected."""
    match node:
        case Count():
            return isinstance(value, list)
        case Array(element):
            return isinstance(value, list) and all(
                has_structure(element, child) for child in value if child is not None
            )
        case First(element):
            return isinstance(value, list) and (not value or value[0] is None or has_structure(element, value[0]))
        case Struct(fields):
            return isinstance(value, dict) and all(
                has_structure(stored.node, child)
                for stored in fields.values()
                if (child := value.get(stored.key)) is not None
            )
        case _:
            return True
