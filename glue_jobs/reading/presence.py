"""Which tables a dropped page does not feed because keys are absent from each row, as after a request with `fields=`.

A newer row without durations would otherwise overwrite an older one with them. Only keys count that the API gives in
every whole answer: others it leaves out itself, in development mode, without a market, or in older answers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from shared.contract import KINDS, MadeFrom, Table, tables_from
from shared.tables import TABLES
from shared.tables.playlist_items import PLAYLIST_ITEMS

# In every whole answer with songs or episodes, in every mode and year (developer.spotify.com/documentation/web-api).
_ALWAYS_GIVEN = frozenset(
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
# An episode that is shown as a track has its show and its day in `album`.
_MAY_BE_ELSEWHERE = frozenset(
    ("episodes.show_id", "episodes.show_name", "episodes.release_date_text", "episodes.released_on")
)

_Tree = dict[str, "_Tree"]  # the keys that an object must have, with those of the objects in it


class _Rows(NamedTuple):
    """The keys that a table needs in what each of its rows is made from, and the path to that."""

    path: tuple[str, ...]
    keys: _Tree


def _keys(path: str) -> tuple[str, ...]:
    return tuple(segment.partition("[")[0] for segment in path.split("."))


def _needs(table: Table) -> list[_Rows]:
    needs = []
    for path in table.rows_from or ("item",):
        tree: _Tree = {}
        columns = [column for column in table.columns if f"{table.name}.{column.name}" not in _MAY_BE_ELSEWHERE]
        for source in {source for column in columns for source in column.sources}:
            inside = source.removeprefix(path).removeprefix(".") if source.startswith(path) else ""
            node = tree
            for key in _keys(inside) if inside else ():
                if key not in _ALWAYS_GIVEN:
                    break
                node = node.setdefault(key, {})
        needs.append(_Rows(_keys(path), tree))
    return needs


_FED = {
    kind: [
        (table.name, _needs(table))
        for table in tables_from(TABLES, MadeFrom.ITEM)
        if kind in table.kinds and table != PLAYLIST_ITEMS
    ]
    for kind in KINDS
}


def tables_without_keys(kinds: Sequence[str], payloads: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """By kind, the tables that these rows of a page do not feed: each row lacks a key of theirs, as `fields=` does."""
    found: dict[str, frozenset[str]] = {}
    undecided = {kind for kind in kinds if _FED[kind]}
    for kind, payload in zip(kinds, payloads, strict=True):
        if not undecided:
            break
        if kind in undecided:
            lacking = {name for name, needs in _FED[kind] if any(_lacks(payload, *rows) for rows in needs)}
            found[kind] = found.get(kind, frozenset(lacking)) & lacking
            undecided -= set() if found[kind] else {kind}
    return {kind: names for kind, names in found.items() if names}


def _lacks(value: object, path: tuple[str, ...], keys: _Tree) -> bool:
    if isinstance(value, list):
        return any(_lacks(element, path, keys) for element in value)
    if not isinstance(value, dict):
        return False
    if path:
        return _lacks(value.get(path[0]), path[1:], keys)
    if not value.keys() & _ALWAYS_GIVEN:  # nothing of the API's: a rejected row, not one that lacks keys
        return False
    return any(key not in value or (inner and _lacks(value[key], (), inner)) for key, inner in keys.items())


def may_lack_keys(rows: pa.StructArray, kinds: Sequence[str]) -> bool:
    """Whether all rows of some kind, of those of a page that pyarrow parsed, may lack keys: they have nulls."""
    for kind, count in Counter(kinds).items():
        found: set[int] = set()
        for _, needs in _FED[kind]:
            for path, keys in needs:
                _note_nulls(rows, path, keys, None, found)
        if sum(kinds[number] == kind for number in found) == count:
            return True
    return False


def _note_nulls(array: pa.Array, path: tuple[str, ...], keys: _Tree, rows: pa.Array | None, found: set[int]) -> None:
    if pa.types.is_list(array.type):
        parents = pc.list_parent_indices(array)
        rows = parents if rows is None else rows.take(parents)
        array = pc.list_flatten(array)
    if path:
        _note_nulls(pc.struct_field(array, path[0]), path[1:], keys, rows, found)
        return
    for key, inner in keys.items():
        child = pc.struct_field(array, key)
        if child.null_count > array.null_count:
            indices = pc.indices_nonzero(pc.and_(array.is_valid(), child.is_null()))
            found.update((indices if rows is None else rows.take(indices)).to_pylist())
        if inner:
            _note_nulls(child, (), inner, rows, found)
