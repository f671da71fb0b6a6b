"""Pages of playlist items parsed by pyarrow's JSON reader, several times faster than by Python.

It takes our own documents and pages as the API gives them. Everything else, and every value of another type than its
column, is left to the Python reader: the result is the same, or null.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from glue_jobs.reading.arrow_types import first_elements, json_type
from glue_jobs.reading.parquet import ITEMS
from glue_jobs.reading.values import Decimal
from shared import document

_OWN_START = b'{"run_id": "'
_BODY = b', "body": '
_NO_JSON = (b"NaN", b"Infinity")  # pyarrow lets them pass where a field is ignored
_NULL_ENTRY = re.compile(rb'"(?:item|track)"\s*:\s*null')
_BEFORE_VALUE = b" \t\r\n:,[-"

_ROW_TYPE = json_type(ITEMS.payload)
_ENTRY_TYPE = _ROW_TYPE.field("item").type
_EXTRA = [("type", pa.string()), ("is_local", pa.bool_())]  # they determine the kind of an entry
_PARSED_ENTRY = pa.struct([*_ENTRY_TYPE, *(extra for extra in _EXTRA if _ENTRY_TYPE.get_field_index(extra[0]) < 0)])
_PARSED_ROW = pa.struct(
    [
        *(child for child in _ROW_TYPE if child.name not in ("item", "track", "is_local")),
        ("item", _PARSED_ENTRY),
        ("track", _PARSED_ENTRY),
        ("is_local", pa.bool_()),
    ]
)
_PAGE = pa.schema(
    [("items", pa.list_(_PARSED_ROW)), ("total", pa.int64()), ("offset", pa.int64()), ("href", pa.string())]
)


class ParsedRows(Sequence[Any]):
    """The rows of a page: parsed by pyarrow, and as Python objects when one of them is asked for."""

    def __init__(self, parsed: pa.StructArray, page: bytes) -> None:
        self.parsed = parsed
        self._page = page

    @cached_property
    def _rows(self) -> list[Any]:
        rows: list[Any] = json.loads(self._page, parse_float=Decimal)["items"]
        return rows

    def null_entries(self) -> int:
        """How often the page has a null entry: pyarrow does not distinguish a null from an absent key."""
        return len(_NULL_ENTRY.findall(self._page))

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.parsed)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401  # a row, or a slice of them
        """A row as it came."""
        return self._rows[index]

    def __iter__(self) -> Iterator[Any]:
        """Each row as it came."""
        return iter(self._rows)


def parse_values(plain: bytes) -> list[Any] | None:
    """The document's JSON values, with ParsedRows as the rows of each page; null if Python must read it."""
    try:
        if any(_may_have_value(plain, word) for word in _NO_JSON):
            return None
        pa.array([plain], pa.binary()).cast(pa.string())  # else what pyarrow skips may be no UTF-8
        return _own_lines(plain) if plain.startswith(_OWN_START) else _page(plain)
    except (pa.ArrowException, ValueError, RecursionError):
        return None


def _may_have_value(plain: bytes, word: bytes) -> bool:
    """Whether the word is in the text where a value may begin: ids of 22 characters hold it by chance."""
    at = plain.find(word)
    while at >= 0:
        if plain[at - 1 : at] in _BEFORE_VALUE:
            return True
        at = plain.find(word, at + 1)
    return False


def _own_lines(plain: bytes) -> list[Any] | None:
    values: list[dict[str, Any]] = []
    bodies: list[bytes] = []
    for line in plain.split(b"\n"):
        if not line.strip():
            continue
        head, mark, body = line.partition(_BODY)
        value = json.loads(head + b"}") if mark else None
        if not isinstance(value, dict) or not isinstance(value.get("asked"), str) or not body.endswith(b"}"):
            return None
        values.append(value)
        if document.is_page_request(value["asked"]):
            bodies.append(body[:-1])
        else:
            value["body"] = json.loads(body[:-1], parse_float=Decimal)
    pages = iter(_parsed(bodies))
    for value in values:
        if "body" not in value:
            value["body"] = next(pages)
    return values


def _page(plain: bytes) -> list[Any] | None:
    if not plain.startswith(b"{") or b'"items"' not in plain or b'"error"' in plain:
        return None
    (page,) = _parsed([plain])
    return None if page["href"] is None else [page]  # without it, the rows' keys show what they are


def _parsed(pages: list[bytes]) -> list[dict[str, Any]]:
    """The pages. Raises pyarrow.ArrowInvalid or ValueError if one is not as expected."""
    if not pages:
        return []
    size = sum(len(page) + 1 for page in pages)
    table = pyarrow.json.read_json(
        BytesIO(b"\n".join(pages)),
        pyarrow.json.ReadOptions(use_threads=False, block_size=size + 1),
        pyarrow.json.ParseOptions(explicit_schema=_PAGE, unexpected_field_behavior="ignore", newlines_in_values=True),
    )
    rows = table.column("items").combine_chunks()
    if len(rows) != len(pages) or rows.null_count:
        raise ValueError("not one page each")
    about = table.select(["total", "offset", "href"]).to_pylist()
    return [page | {"items": ParsedRows(rows[n].values, pages[n])} for n, page in enumerate(about)]


def payloads(rows: pa.StructArray) -> tuple[list[str], set[int], pa.StructArray] | None:
    """The rows' kinds, the indices that Python must check, and the rows in the structure of the items frame.

    Null if some rows have their entry in `item` and others in `track`.
    """
    item, track = pc.struct_field(rows, "item"), pc.struct_field(rows, "track")
    entry = item if track.null_count == len(rows) or item.null_count < len(rows) else track
    if entry is item and pc.any(pc.and_(item.is_null(), track.is_valid())).as_py():
        return None
    kinds, odd = _kinds(rows, entry)
    children = [
        _of_type(entry, _ENTRY_TYPE) if child.name == "item" else pc.struct_field(rows, child.name)
        for child in _ROW_TYPE
    ]
    return kinds, odd, pa.StructArray.from_arrays(children, fields=list(_ROW_TYPE))


def _of_type(entry: pa.StructArray, kind: pa.StructType) -> pa.StructArray:
    children = [pc.struct_field(entry, child.name) for child in kind]
    return pa.StructArray.from_arrays(children, fields=list(kind), mask=entry.is_null())


def _kinds(rows: pa.StructArray, entry: pa.StructArray) -> tuple[list[str], set[int]]:
    """The kind of each row, and the rows whose kind only `entry_of` can determine."""
    uri = pc.fill_null(pc.struct_field(entry, "uri"), "")
    is_local = _any_of(
        _true(pc.struct_field(rows, "is_local")),
        _true(pc.struct_field(entry, "is_local")),
        pc.starts_with(uri, "spotify:local:"),
    )
    has_id = pc.greater(pc.fill_null(pc.binary_length(pc.struct_field(entry, "id")), 0), 0)
    kind = pc.case_when(
        pc.make_struct(
            entry.is_null(),
            is_local,
            pc.invert(has_id),
            pc.starts_with(uri, "spotify:track:"),
            pc.starts_with(uri, "spotify:episode:"),
        ),
        *(pa.scalar(kind) for kind in ("empty", "local", "unavailable", "song", "episode", "")),
    )
    kinds: list[str] = kind.to_pylist()
    odd = {number for number, name in enumerate(kinds) if not name}
    # A local file without a title or an artist gets them from its URI.
    first_artist = pc.struct_field(first_elements(pc.struct_field(entry, "artists")), "name")
    has_names = pc.and_(_is_text(pc.struct_field(entry, "name")), _is_text(first_artist))
    unnamed = pc.and_(pc.and_(is_local, entry.is_valid()), pc.invert(has_names))
    odd.update(pc.indices_nonzero(unnamed).to_pylist())
    return kinds, odd


def _true(array: pa.BooleanArray) -> pa.BooleanArray:
    return pc.fill_null(array, fill_value=False)


def _any_of(*arrays: pa.BooleanArray) -> pa.BooleanArray:
    result = arrays[0]
    for array in arrays[1:]:
        result = pc.or_(result, array)
    return result


def _is_text(array: pa.StringArray) -> pa.BooleanArray:
    return pc.greater(pc.fill_null(pc.binary_length(array), 0), 0)
