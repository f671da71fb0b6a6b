"""Payload rows as typed Arrow columns: nearly all of them many at once by pyarrow, the unusual ones value by value.

Rows come as Python objects or as pyarrow's own JSON reader parsed them. Either way they first become an array of the
JSON's structure, in which unusual rows are detected, and then the array of the tree's fields. pyarrow ignores unknown
keys and refuses most values of a wrong type; the tests name what it lets pass.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.reading.projection import Array, Count, First, Leaf, Node, Struct, field_name, node_at
from glue_jobs.reading.refusals import REFUSED, TypedRow, is_required, read_row
from glue_jobs.reading.values import MAX_TEXT, MalformedError, cast
from shared.contract import Table, Type

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
_FEWEST = 16  # rows that are not worth a further attempt at converting a part of them at once
_ARROW_ERRORS = (pa.ArrowException, ValueError, TypeError, OverflowError)


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
            # Two fields of one key, such as a list's first element and its number, share its most telling type.
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


@dataclass
class Rows:
    """Rows to type, with the kind of each. `payload` gives one of them as Python objects, to be read value by value.

    `array` has them as parsed by pyarrow, of `json_type`. `reasons` says, by number, why rows are refused as a whole;
    rows in `odd` are read value by value for another reason. `without` has, by number, the tables that a row is left
    out of, with the keys that it lacks.
    """

    kinds: Sequence[str]
    payload: Callable[[int], Mapping[str, Any]]
    reasons: Mapping[int, str] = field(default_factory=dict)
    odd: Iterable[int] = ()
    array: pa.StructArray | None = None
    without: Mapping[int, Mapping[str, frozenset[str]]] = field(default_factory=dict)


@dataclass
class Unusual:
    """A row that was read value by value: its number among the rows, and what became of it."""

    number: int
    row: TypedRow


@dataclass
class Typed:
    """Rows as one Arrow struct array, in the order of `numbers`, with the rows made, refused and left out per table."""

    numbers: list[int]
    array: pa.StructArray
    unusual: list[Unusual]
    repeats: set[str]  # tables for which some item makes more than one row of the same key
    made: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


class Typer:
    """Types the rows of one tree. `tables` are those that a row of each kind belongs to."""

    def __init__(self, root: Struct, tables: Mapping[str, Sequence[Table]]) -> None:
        self.type = arrow_type(root, is_element=True)
        self._json_type = json_type(root)
        self._root = root
        self._tables = tables

    def type_rows(self, values: Sequence[Mapping[str, Any]], kinds: Sequence[str], reasons: Mapping[int, str]) -> Typed:
        """Rows of Python objects typed. A row with a reason, by its number, is refused as a whole: see `read_row`."""
        return self.type_all([Rows(kinds, values.__getitem__, reasons)])

    def type_all(self, parts: Sequence[Rows]) -> Typed:
        """The rows of all parts typed; they are numbered through from 0."""
        kinds = [kind for part in parts for kind in part.kinds]
        numbers: list[int] = []
        arrays: list[pa.StructArray] = []
        slow: list[int] = []
        start = 0
        for part in parts:
            aside = {*part.reasons, *part.odd, *part.without}
            slow += [start + number for number in sorted(aside)]
            plain = [number for number in range(len(part.kinds)) if number not in aside]
            for converted, array in self._converted(part, plain, start, slow):
                numbers += converted
                arrays.append(array)
            start += len(part.kinds)
        typed = pa.array([], self.type)
        if arrays:
            array = pa.concat_arrays(arrays)
            typed = _shaped(self._root, array, is_element=True)
            suspects = self._suspects(array, typed, numbers, kinds, parts)
            if suspects:
                slow += [numbers[index] for index in suspects]
                kept = [index for index in range(len(numbers)) if index not in suspects]
                typed, numbers = typed.take(pa.array(kept, pa.int64())), [numbers[index] for index in kept]
        made = self._made(typed, [kinds[number] for number in numbers])
        unusual = self._read_slowly(sorted(slow), parts)
        refused: Counter[str] = Counter()
        left_out: Counter[str] = Counter()
        for read in unusual:
            made.update(read.row.made)
            refused.update(read.row.refused)
            left_out.update(read.row.left_out)
        if unusual:
            typed = pa.concat_arrays([typed, pa.array([read.row.fields for read in unusual], self.type)])
            numbers += [read.number for read in unusual]
        repeats = self._repeats(typed, [kinds[number] for number in numbers])
        return Typed(numbers, typed, unusual, repeats, made, refused, left_out)

    def _converted(
        self, rows: Rows, plain: list[int], start: int, slow: list[int]
    ) -> Iterable[tuple[list[int], pa.StructArray]]:
        """The rows that pyarrow takes, with their numbers; the others are added to `slow`."""
        if rows.array is not None:
            array = rows.array if len(plain) == len(rows.array) else rows.array.take(pa.array(plain, pa.int64()))
            if plain:
                yield [start + number for number in plain], array
            return
        pending = [plain] if plain else []
        while pending:
            part = pending.pop()
            try:
                array = pa.array([rows.payload(number) for number in part], self._json_type)
            except _ARROW_ERRORS:
                if len(part) <= _FEWEST:
                    slow += [start + number for number in part]
                else:
                    pending += [part[len(part) // 2 :], part[: len(part) // 2]]
            else:
                yield [start + number for number in part], array

    def _read_slowly(self, numbers: Iterable[int], parts: Sequence[Rows]) -> list[Unusual]:
        read: list[Unusual] = []
        for number in numbers:
            part, own = _part_of(parts, number)
            tables = self._tables[part.kinds[own]]
            reason, without = part.reasons.get(own), part.without.get(own, ())
            read.append(Unusual(number, read_row(self._root, tables, part.payload(own), reason, without)))
        return read

    def _suspects(
        self,
        array: pa.StructArray,
        typed: pa.StructArray,
        numbers: Sequence[int],
        kinds: Sequence[str],
        parts: Sequence[Rows],
    ) -> set[int]:
        """The rows whose conversion may not be what the JSON says, or that some table may refuse, by their index."""
        inspection = _Inspection()
        inspection.inspect(self._root, array, None)
        suspects = inspection.sure
        for table, mine in self._mine([kinds[number] for number in numbers]):
            for path in table.rows_from or ("",):
                self._note_missing(table, path, typed, mine, suspects)
        for index in inspection.perhaps - suspects:
            part, own = _part_of(parts, numbers[index])
            if part.array is None and not _has_structure(self._root, part.payload(own)):
                suspects.add(index)
        return suspects

    def _made(self, array: pa.StructArray, kinds: Sequence[str]) -> Counter[str]:
        """The rows that these make in each table."""
        made: Counter[str] = Counter()
        for table, mine in self._mine(kinds):
            for path in table.rows_from or ("",):
                made[table.name] += self._rows(path, array, mine)[0].true_count
        return made

    def _repeats(self, array: pa.StructArray, kinds: Sequence[str]) -> set[str]:
        """The tables made from list elements in which some list has the same key twice."""
        repeats: set[str] = set()
        for table, mine in self._mine(kinds):
            is_whole = not table.newest_per or table.newest_per == table.key  # then it makes no difference
            for path in () if is_whole or "position" in table.key else table.rows_from:
                _, values, items = self._rows(path, array, mine)
                inside = [
                    source.removeprefix(path).removeprefix(".")
                    for column in table.columns
                    if column.name in table.key
                    for source in column.sources
                    if source.startswith(path)
                ]
                if items is not None and inside:
                    names = [str(number) for number in range(len(inside) + 1)]
                    keys = pa.table([items, *(_value_at(values, field) for field in inside)], names=names)
                    if keys.group_by(names).aggregate([]).num_rows < keys.num_rows:
                        repeats.add(table.name)
        return repeats

    def _mine(self, kinds: Sequence[str]) -> Iterator[tuple[Table, pa.BooleanArray]]:
        """Each table of these kinds, with the items that are of its kinds."""
        of_kind = pa.array(kinds, pa.string())
        for table in {table.name: table for kind in set(kinds) for table in self._tables[kind]}.values():
            yield table, pc.is_in(of_kind, pa.array([kind for kind, tables in self._tables.items() if table in tables]))

    def _rows(
        self, path: str, array: pa.StructArray, mine: pa.BooleanArray
    ) -> tuple[pa.BooleanArray, pa.Array, pa.Array | None]:
        """Whether each value at the path makes a row of a table whose items are `mine`; the values; their items.

        Without items the values are those of the items one by one.
        """
        here: pa.Array = array
        if not path:
            return mine, here, None
        items = None
        for node, name in _way(self._root, path):
            here = pc.struct_field(here, name)
            if isinstance(node, Array):
                parents = pc.list_parent_indices(here)
                items = parents if items is None else items.take(parents)
                here = pc.list_flatten(here)
        return (pc.and_(mine, here.is_valid()) if items is None else mine.take(items)), here, items

    def _note_missing(
        self, table: Table, path: str, array: pa.StructArray, mine: pa.BooleanArray, noted: set[int]
    ) -> None:
        """Adds the items that make a row without a value that it must have."""
        is_made, values, items = self._rows(path, array, mine)
        for column in table.columns:
            if not is_required(column):
                continue
            is_missing = is_made
            for source in column.sources:
                inside = source if items is None else source.removeprefix(path)
                if "[]" in inside:
                    continue  # a value in another list is no value of this row
                of_element = inside != source
                is_null = _value_at(values if of_element else array, inside.removeprefix(".")).is_null()
                is_missing = pc.and_(is_missing, is_null if of_element or items is None else is_null.take(items))
            _note(is_missing, items, noted)


def _value_at(array: pa.Array, path: str) -> pa.Array:
    for segment in path.split(".") if path else ():
        array = pc.struct_field(array, field_name(segment))
    return array


def _way(root: Struct, path: str) -> Iterable[tuple[Node, str]]:
    segments = path.split(".")
    for depth, segment in enumerate(segments, start=1):
        yield node_at(root, ".".join(segments[:depth])), field_name(segment)


def _part_of(parts: Sequence[Rows], number: int) -> tuple[Rows, int]:
    """The part that has the row of this number, and the row's number in it."""
    for part in parts:
        if number < len(part.kinds):
            return part, number
        number -= len(part.kinds)
    raise IndexError(number)


class _Inspection:
    """Finds rows that must be read value by value, by their index.

    `perhaps`: of Python objects, an empty text or list where an object or a list is expected gives the same as an empty
    one of the right structure, and a text where a list is expected gives its characters.
    """

    def __init__(self) -> None:
        self.sure: set[int] = set()
        self.perhaps: set[int] = set()

    def inspect(self, node: Node, array: pa.Array, rows: pa.Array | None) -> None:
        """Check the values of a node; `rows` are the rows of the array's values, null: the same."""
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
            _note(pc.greater(lengths, MAX_TEXT), rows, self.sure)
        if leaf.type is not Type.STRING:  # a time that is not written as the API does
            _note(pc.and_(array.is_valid(), _times(array, leaf.type).is_null()), rows, self.sure)

    def _inspect_list(self, node: Node, array: pa.ListArray, rows: pa.Array | None) -> tuple[pa.Array, pa.Array]:
        _note(pc.equal(pc.list_value_length(array), 0), rows, self.perhaps)
        parents = pc.list_parent_indices(array)
        inner = pc.list_flatten(array)
        inner_rows = parents if rows is None else rows.take(parents)
        if pa.types.is_string(inner.type):
            _note(pc.equal(pc.utf8_length(inner), 1), inner_rows, self.perhaps)
        if isinstance(node, Array) and inner.null_count:
            _note(inner.is_null(), inner_rows, self.sure)
        return inner, inner_rows

    def _inspect_object(self, struct: Struct, array: pa.StructArray, rows: pa.Array | None) -> None:
        children = {stored.key: pc.struct_field(array, stored.key) for stored in struct.fields.values()}
        if all(child.null_count > array.null_count for child in children.values()):
            is_empty = array.is_valid()
            for child in children.values():
                is_empty = pc.and_(is_empty, child.is_null())
            _note(is_empty, rows, self.perhaps)
        for stored in struct.fields.values():
            self.inspect(stored.node, children[stored.key], rows)


def _note(is_noted: pa.BooleanArray, rows: pa.Array | None, noted: set[int]) -> None:
    if not is_noted.true_count:
        return
    indices = pc.indices_nonzero(is_noted)
    noted.update((indices if rows is None else rows.take(indices)).to_pylist())


# --- from the JSON's structure to the tree's fields


def _shaped(node: Node, array: pa.Array, *, is_element: bool = False) -> pa.Array:
    """The array of a node's own type: an empty text null, times typed, of lists what is asked for."""
    match node:
        case Leaf(kind):
            if kind in (Type.DATE, Type.TIMESTAMP):
                return _times(array, kind)
            return _without_empty_texts(array) if kind is Type.STRING else array
        case Count():
            return pc.list_value_length(array)
        case First(element):
            return _shaped(element, first_elements(array))
        case Array(element):
            inner = _shaped(element, pc.list_flatten(array), is_element=True)
            lengths = pc.fill_null(pc.list_value_length(array), 0)
            ends = pc.cumulative_sum(lengths)
            offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends.cast(pa.int32())])
            return pa.ListArray.from_arrays(offsets, inner, mask=array.is_null())
        case Struct(fields):
            children = [_shaped(stored.node, pc.struct_field(array, stored.key)) for stored in fields.values()]
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


def _times(array: pa.StringArray, kind: Type) -> pa.Array:
    """The texts as dates or times; null also for those that are malformed."""
    return pa.array([_time(text, kind) for text in array.to_pylist()], ARROW_TYPES[kind])


@lru_cache(2**16)  # many songs are added at once, and each text is asked for twice
def _time(text: str | None, kind: Type) -> Any:  # noqa: ANN401  # a date or a time
    try:
        return None if text is None else cast(text, kind)
    except MalformedError:
        return None


def _has_structure(node: Node, value: object) -> bool:
    """Whether objects and lists are where they are expected."""
    match node:
        case Count():
            return isinstance(value, list)
        case Array(element):
            return isinstance(value, list) and all(
                _has_structure(element, child) for child in value if child is not None
            )
        case First(element):
            return isinstance(value, list) and (not value or value[0] is None or _has_structure(element, value[0]))
        case Struct(fields):
            return isinstance(value, dict) and all(
                _has_structure(stored.node, child)
                for stored in fields.values()
                if (child := value.get(stored.key)) is not None
            )
        case _:
            return True
