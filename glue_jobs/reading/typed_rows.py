"""Types payload rows as Arrow columns. pyarrow converts most rows many at once; unusual rows are read value by value.

Rows are Python objects, or parsed by pyarrow's JSON reader. In both cases they first become an array with the structure
of the JSON, in which unusual rows are detected, and then the array of the tree's fields. pyarrow ignores unknown keys
and refuses most values of a wrong type; the tests list the wrong values that it accepts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.reading.arrow_types import arrow_type, json_type, shaped
from glue_jobs.reading.inspection import Inspection, has_structure, note
from glue_jobs.reading.projection import Array, Node, Struct, field_name, node_at
from glue_jobs.reading.refusals import TypedRow, is_required, read_row
from shared.contract import Table

_FEWEST = 16  # if pyarrow refuses this few rows, they are not divided further but read value by value
_ARROW_ERRORS = (pa.ArrowException, ValueError, TypeError, OverflowError)


@dataclass
class Rows:
    """Rows to type, with the kind of each. `payload` returns a row as Python objects, to be read value by value.

    `array` has the rows if pyarrow parsed them, with `json_type`. `reasons` has, by row number, why rows are refused as
    a whole. Rows in `odd` are read value by value for another reason. `without` has, by row number, the tables that a
    row is left out of, with the keys that it lacks.
    """

    kinds: Sequence[str]
    payload: Callable[[int], Mapping[str, Any]]
    reasons: Mapping[int, str] = field(default_factory=dict)
    odd: Iterable[int] = ()
    array: pa.StructArray | None = None
    without: Mapping[int, Mapping[str, frozenset[str]]] = field(default_factory=dict)


@dataclass
class Unusual:
    """A row that was read value by value, with its number among the rows."""

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
        """Types rows of Python objects. `reasons` has, by row number, why rows are refused as a whole."""
        return self.type_all([Rows(kinds, values.__getitem__, reasons)])

    def type_all(self, parts: Sequence[Rows]) -> Typed:
        """Types the rows of all parts, which are numbered consecutively from 0."""
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
            typed = shaped(self._root, array, is_element=True)
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
        """The rows that pyarrow can convert, with their numbers; adds the numbers of the others to `slow`."""
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
        """The indices of rows that may differ from their JSON, or that a table may refuse."""
        inspection = Inspection()
        inspection.inspect(self._root, array, None)
        suspects = inspection.sure
        for table, mine in self._mine([kinds[number] for number in numbers]):
            for path in table.rows_from or ("",):
                self._note_missing(table, path, typed, mine, suspects)
        for index in inspection.perhaps - suspects:
            part, own = _part_of(parts, numbers[index])
            if part.array is None and not has_structure(self._root, part.payload(own)):
                suspects.add(index)
        return suspects

    def _made(self, array: pa.StructArray, kinds: Sequence[str]) -> Counter[str]:
        """The number of rows that the items make in each table."""
        made: Counter[str] = Counter()
        for table, mine in self._mine(kinds):
            for path in table.rows_from or ("",):
                made[table.name] += self._rows(path, array, mine)[0].true_count
        return made

    def _repeats(self, array: pa.StructArray, kinds: Sequence[str]) -> set[str]:
        """The tables made from list elements in which some list has the same key twice."""
        repeats: set[str] = set()
        for table, mine in self._mine(kinds):
            is_whole = not table.newest_per or table.newest_per == table.key  # then a repeated key makes no difference
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
        """Each table of these kinds, with a mask of the items from which it is made."""
        of_kind = pa.array(kinds, pa.string())
        for table in {table.name: table for kind in set(kinds) for table in self._tables[kind]}.values():
            yield table, pc.is_in(of_kind, pa.array([kind for kind, tables in self._tables.items() if table in tables]))

    def _rows(
        self, path: str, array: pa.StructArray, mine: pa.BooleanArray
    ) -> tuple[pa.BooleanArray, pa.Array, pa.Array | None]:
        """For a table whose items are `mine`: whether each value at the path makes a row, the values, their items.

        If the items are null, each item has exactly one value.
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
        """Adds the items that make a row without a required value to `noted`."""
        is_made, values, items = self._rows(path, array, mine)
        for column in table.columns:
            if not is_required(column):
                continue
            is_missing = is_made
            for source in column.sources:
                inside = source if items is None else source.removeprefix(path)
                if "[]" in inside:
                    continue  # a value in another list does not belong to this row
                of_element = inside != source
                is_null = _value_at(values if of_element else array, inside.removeprefix(".")).is_null()
                is_missing = pc.and_(is_missing, is_null if of_element or items is None else is_null.take(items))
            note(is_missing, items, noted)


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
