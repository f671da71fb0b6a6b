"""Which tables get no rows from a dropped page because each of its rows lacks keys, as after a request with `fields=`.

Without this rule, a newer row without a duration would replace an older row with it. Only keys that every complete
answer of the API has are checked. The API itself omits other keys in development mode, without a market and in older
answers.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.reading.inspection import note
from shared.contract import KINDS, MadeFrom, Table, tables_from
from shared.tables import TABLES
from shared.tables.playlist_items import PLAYLIST_ITEMS

# In every complete answer with songs or episodes, in every mode and year (developer.spotify.com/documentation/web-api).
_ALWAYS_PRESENT = frozenset(
    [
        "album",
        "album_type",
        "artists",
        "disc_number",
        "duration_ms",
        "explicit",
        "id",
        "name",
        "release_date",
        "release_date_precision",
        "total_tracks",
        "track_number",
        "uri",
    ]
)
# Where the API shows an episode as a track, the show and the release date are in `album`.
_IN_ALBUM_OF_A_TRACK = frozenset(
    ("episodes.show_id", "episodes.show_name", "episodes.release_date_text", "episodes.released_on")
)

AbsentKeys = Mapping[str, frozenset[str]]  # keys such as `album.uri`, by the table that needs them
_Tree = dict[str, "_Tree"]  # the keys that an object must have, with those of the objects in it


class _Rows(NamedTuple):
    """The keys that each object at `path` must have, so that the table can be made from it."""

    path: tuple[str, ...]
    keys: _Tree


def _keys(path: str) -> tuple[str, ...]:
    return tuple(segment.partition("[")[0] for segment in path.split("."))


def _needs(table: Table) -> list[_Rows]:
    needs = []
    for path in table.rows_from or ("item",):
        tree: _Tree = {}
        columns = [column for column in table.columns if f"{table.name}.{column.name}" not in _IN_ALBUM_OF_A_TRACK]
        for source in {source for column in columns for source in column.sources}:
            inside = source.removeprefix(path).removeprefix(".") if source.startswith(path) else ""
            node = tree
            for key in _keys(inside) if inside else ():
                if key not in _ALWAYS_PRESENT:
                    break
                node = node.setdefault(key, {})
        needs.append(_Rows(_keys(path), tree))
    return needs


_NEEDS = {
    kind: [
        (table.name, _needs(table))
        for table in tables_from(TABLES, MadeFrom.ITEM)
        if kind in table.kinds and table != PLAYLIST_ITEMS
    ]
    for kind in KINDS
}


def absent_keys(kinds: Sequence[str], payloads: Iterable[Mapping[str, Any]]) -> dict[str, AbsentKeys]:
    """By kind, the tables that get no rows from a page, since each row of the kind lacks one of the table's keys."""
    absent: dict[str, AbsentKeys] = {}
    undecided = {kind for kind in kinds if _NEEDS[kind]}
    for kind, payload in zip(kinds, payloads, strict=True):
        if not undecided:
            break
        if kind in undecided:
            of_row = {name: {key for rows in needs for key in _absent(payload, *rows)} for name, needs in _NEEDS[kind]}
            before = absent.get(kind, dict.fromkeys(of_row, frozenset()))
            absent[kind] = {name: before[name] | keys for name, keys in of_row.items() if keys and name in before}
            undecided -= set() if absent[kind] else {kind}
    return {kind: tables for kind, tables in absent.items() if tables}


def _absent(value: object, path: tuple[str, ...], keys: _Tree, place: str = "") -> Iterator[str]:
    """The absent keys, such as `artists.uri`. `place` is the path of the value, such as `item.artists.`."""
    if isinstance(value, list):
        for element in value:
            yield from _absent(element, path, keys, place)
    elif not isinstance(value, dict):
        return
    elif path:
        yield from _absent(value.get(path[0]), path[1:], keys, f"{place}{path[0]}.")
    elif value.keys() & _ALWAYS_PRESENT:  # else it is no object of the API, and the row is rejected
        for key, inner in keys.items():
            if key not in value:
                yield f"{place}{key}".removeprefix("item.")
            elif inner:
                yield from _absent(value[key], (), inner, f"{place}{key}.")


def add_absent_keys(known: dict[str, frozenset[str]], more: AbsentKeys) -> None:
    """Adds further absent keys to the known ones, table by table."""
    for table, keys in more.items():
        known[table] = known.get(table, frozenset()) | keys


def may_lack_keys(rows: pa.StructArray, kinds: Sequence[str]) -> bool:
    """Whether all rows of some kind may lack keys, in a page that pyarrow parsed: it parses an absent key as null."""
    for kind, count in Counter(kinds).items():
        with_nulls: set[int] = set()
        for _, needs in _NEEDS[kind]:
            for path, keys in needs:
                _collect_nulls(rows, path, keys, None, with_nulls)
        if sum(kinds[number] == kind for number in with_nulls) == count:
            return True
    return False


def _collect_nulls(
    array: pa.Array, path: tuple[str, ...], keys: _Tree, rows: pa.Array | None, with_nulls: set[int]
) -> None:
    """Adds the numbers of the rows in which one of the keys is null; `rows` maps the array's elements to rows."""
    if pa.types.is_list(array.type):
        parents = pc.list_parent_indices(array)
        rows = parents if rows is None else rows.take(parents)
        array = pc.list_flatten(array)
    if path:
        _collect_nulls(pc.struct_field(array, path[0]), path[1:], keys, rows, with_nulls)
        return
    for key, inner in keys.items():
        child = pc.struct_field(array, key)
        if child.null_count > array.null_count:
            note(pc.and_(array.is_valid(), child.is_null()), rows, with_nulls)
        if inner:
            _collect_nulls(child, (), inner, rows, with_nulls)
