"""Pages of playlist items parsed by pyarrow's JSON reader, several times faster than by Python.

This module reads the extractor's documents, and pages as the API returns them. If a document has anything else, or a
value of another type than its column, the Python reader reads the whole document. Both readers give the same result.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from glue_jobs.reading.arrow_types import first_elements, json_type
from glue_jobs.reading.parquet import ITEMS
from glue_jobs.reading.values import Constant, Decimal
from shared import document

_OWN_START = b'{"run_id": "'
_BODY = b', "body": '
_NULL_ENTRY = re.compile(rb'"(?:item|track)"\s*:\s*null')

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
_ABOUT_PAGE = ("total", "offset", "href")
_TEXTS_OF_LINE = ("run_id", "playlist_id", "snapshot_id", "extracted_at", "asked")
_LINE = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS_OF_LINE),
        ("offset", pa.int64()),
        ("missing", pa.int64()),
        ("body", pa.struct(list(_PAGE))),
    ]
)


class ParsedRows(Sequence[Any]):
    """The rows of a page, parsed by pyarrow. The first access to a row parses the whole page in Python."""

    def __init__(self, parsed: pa.StructArray, text: memoryview) -> None:
        """`text` is the JSON of the page, or of the extractor's line with the page."""
        self.parsed = parsed
        self._text = text

    @cached_property
    def _rows(self) -> list[Any]:
        value = json.loads(bytes(self._text), parse_float=Decimal, parse_constant=Constant)
        rows: list[Any] = value.get("body", value)["items"]
        return rows

    def null_entries(self) -> int:
        """How often the text has a null `item` or `track`: pyarrow does not distinguish a null from an absent key."""
        return len(_NULL_ENTRY.findall(self._text))

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.parsed)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401  # a row, or a slice of them
        """A row, unchanged."""
        return self._rows[index]

    def __iter__(self) -> Iterator[Any]:
        """Each row, unchanged."""
        return iter(self._rows)


def parse_values(plain: bytes) -> list[Any] | None:
    """The document's JSON values, with ParsedRows as the rows of each page; null if Python must read it."""
    try:
        pa.array([plain], pa.binary()).cast(pa.string())  # checks UTF-8, also in what pyarrow's JSON reader skips
        return _own_lines(plain) if plain.startswith(_OWN_START) else _page(plain)
    except (pa.ArrowException, ValueError, RecursionError):
        return None


def _own_lines(plain: bytes) -> list[Any] | None:
    values: list[Any] = []
    pages: list[slice] = []
    start = 0
    while start < len(plain):
        line = slice(start, plain.find(b"\n", start) + 1 or len(plain))
        head_end = plain.find(_BODY, line.start, line.stop)
        asked = json.loads(plain[start:head_end] + b"}").get("asked") if head_end >= 0 else None
        if isinstance(asked, str) and document.is_page_request(asked):
            values.append(line)
            pages.append(line)
        elif isinstance(asked, str):
            values.append(json.loads(plain[line], parse_float=Decimal, parse_constant=Constant))
        elif plain[line].strip():
            return None
        start = line.stop
    lines = iter(_parsed(plain, pages, _LINE))
    return [next(lines) if isinstance(value, slice) else value for value in values]


def _page(plain: bytes) -> list[Any] | None:
    if not plain.startswith(b"{") or b'"items"' not in plain or b'"error"' in plain:
        return None
    (page,) = _parsed(plain, [slice(0, len(plain))], _PAGE)
    return None if page["href"] is None else [page]  # a page without href is named by the keys of its rows


def _parsed(plain: bytes, parts: list[slice], schema: pa.Schema) -> list[dict[str, Any]]:
    """The pages, or the extractor's lines with a page, in these parts of the text.

    Raises pyarrow.ArrowInvalid or ValueError if a part is not as expected.
    """
    if not parts:
        return []
    texts = [memoryview(plain)[part] for part in parts]
    is_one_piece = all(part.stop == after.start for part, after in pairwise(parts))
    whole = memoryview(plain)[parts[0].start : parts[-1].stop] if is_one_piece else b"".join(texts)
    table = pyarrow.json.read_json(
        pa.BufferReader(whole),
        pyarrow.json.ReadOptions(use_threads=False, block_size=len(whole) + 1),
        pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore", newlines_in_values=True),
    )
    values = table.to_struct_array().combine_chunks()
    pages = pc.struct_field(values, "body") if schema is _LINE else values
    rows = pc.struct_field(pages, "items")
    if len(rows) != len(parts) or rows.null_count:
        raise ValueError("not one page each")
    about = [pc.struct_field(pages, name).to_pylist() for name in _ABOUT_PAGE]
    read = [
        dict(zip(_ABOUT_PAGE, values, strict=True)) | {"items": ParsedRows(rows[n].values, text)}
        for n, (text, *values) in enumerate(zip(texts, *about, strict=True))
    ]
    if schema is _PAGE:
        return read
    heads = table.drop_columns("body").to_pylist()
    return [head | {"body": page} for head, page in zip(heads, read, strict=True)]


def payloads(rows: pa.StructArray) -> tuple[list[str], set[int], pa.StructArray] | None:
    """The rows' kinds, the indices that Python must check, and the rows in the structure of the items frame.

    Null if some rows have their entry in `item` and others in `track`.
    """
    item, track = pc.struct_field(rows, "item"), pc.struct_field(rows, "track")
    entry = track if item.null_count == len(rows) else item
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
    has_id = _is_text(pc.struct_field(entry, "id"))
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
