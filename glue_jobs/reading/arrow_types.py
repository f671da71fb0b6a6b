"""The Arrow types of a contract's tree, and how an array of the JSON's structure becomes one of the tree's fields."""

from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.reading.projection import Array, Count, First, Leaf, Node, Struct
from glue_jobs.reading.refusals import REFUSED
from glue_jobs.reading.values import MalformedError, cast
from shared.contract import Type

ARROW_TYPES = {
    Type.STRING: pa.string(),
    Type.INT: pa.int32(),
    Type.BIGINT: pa.int64(),
    Type.BOOLEAN: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us"),
}
_REFUSED_TYPE = pa.list_(pa.string())
_TEXTS = (Type.STRING, Type.DATE, Type.TIMESTAMP)  # pyarrow takes a bare number for a time, so times come as text


def arrow_type(node: Node, *, is_element: bool = False) -> pa.DataType:
    """The Arrow type of a tree's node; an object that is a list's element, and the row itself, can be refused."""
    match node:
        case Leaf(kind):
            return ARROW_TYPES[kind]
        case Count():
            return pa.int32()
        case First(element):
            return arrow_type(element)
        case Array(element):
            return pa.list_(arrow_type(element, is_element=True))
        case Struct(fields):
            refused = [(REFUSED, _REFUSED_TYPE)] if is_element else []
            return pa.struct([*((name, arrow_type(stored.node)) for name, stored in fields.items()), *refused])


def json_type(node: Node) -> pa.DataType:
    """The Arrow type of the JSON that the node is made from: fields by their keys, times as text, lists whole."""
    match node:
        case Leaf(kind):
            return pa.string() if kind in _TEXTS else ARROW_TYPES[kind]
        case Count():
            return pa.list_(pa.string())
        case First(element) | Array(element):
            return pa.list_(json_type(element))
        case Struct(fields):
            # Two fields may have one key, such as a list's first element and its length: the richer type serves both.
            by_key: dict[str, pa.DataType] = {}
            for stored in sorted(fields.values(), key=lambda stored: isinstance(stored.node, Count), reverse=True):
                by_key[stored.key] = _merged(by_key.get(stored.key), json_type(stored.node))
            return pa.struct(list(by_key.items()))


def _merged(known: pa.DataType | None, other: pa.DataType) -> pa.DataType:
    if known is None or not pa.types.is_list(known) or not pa.types.is_struct(other.value_type):
        return other
    if not pa.types.is_struct(known.value_type):
        return other
    fields = {child.name: child.type for child in known.value_type} | {c.name: c.type for c in other.value_type}
    return pa.list_(pa.struct(list(fields.items())))


def shaped(node: Node, array: pa.Array, *, is_element: bool = False) -> pa.Array:
    """The array with the node's own type: empty texts are null, times are typed, lists as `projection` keeps them."""
    match node:
        case Leaf(kind):
            if kind in (Type.DATE, Type.TIMESTAMP):
                return times(array, kind)
            return _without_empty_texts(array) if kind is Type.STRING else array
        case Count():
            return pc.list_value_length(array)
        case First(element):
            return shaped(element, first_elements(array))
        case Array(element):
            inner = shaped(element, pc.list_flatten(array), is_element=True)
            lengths = pc.fill_null(pc.list_value_length(array), 0)
            ends = pc.cumulative_sum(lengths)
            offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends.cast(pa.int32())])
            return pa.ListArray.from_arrays(offsets, inner, mask=array.is_null())
        case Struct(fields):
            children = [shaped(stored.node, pc.struct_field(array, stored.key)) for stored in fields.values()]
            names = list(fields)
            if is_element:
                children.append(pa.nulls(len(array), _REFUSED_TYPE))
                names.append(REFUSED)
            return pa.StructArray.from_arrays(children, names, mask=array.is_null())


def _without_empty_texts(array: pa.StringArray) -> pa.StringArray:
    if array.null_count == len(array) or pc.min(pc.binary_length(array)).as_py() > 0:
        return array
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)


def first_elements(array: pa.ListArray) -> pa.Array:
    """The first element of each list, null if the list is empty."""
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    starts = pc.subtract(pc.cumulative_sum(lengths), lengths)
    first = pc.if_else(pc.greater(lengths, 0), starts, pa.scalar(None, starts.type))
    return pc.list_flatten(array).take(first)


def times(array: pa.StringArray, kind: Type) -> pa.Array:
    """The texts as dates or times; null also for those that are malformed."""
    return pa.array([_time(text, kind) for text in array.to_pylist()], ARROW_TYPES[kind])


@lru_cache(2**16)  # many songs have the same time, and each text is read twice
def _time(text: str | None, kind: Type) -> Any:  # noqa: ANN401  # a date or a time
    try:
        return None if text is None else cast(text, kind)
    except MalformedError:
        return None
