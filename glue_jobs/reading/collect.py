"""Collects the rows of documents until there are enough to type together, and reports those that are refused."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import pyarrow as pa

from glue_jobs.reading.arrow_pages import ParsedRows, payloads
from glue_jobs.reading.model import Check, Page
from glue_jobs.reading.parquet import CHECK, CHECKS, ITEMS, PLAY, PLAYS, ParquetBuffer
from glue_jobs.reading.playlist import Entry, entry_of
from glue_jobs.reading.presence import AbsentKeys, absent_keys, add_absent_keys, may_lack_keys
from glue_jobs.reading.refusals import TypedRow
from glue_jobs.reading.typed_rows import Rows
from shared.tables.playlist_items import PLAYLIST_ITEMS

ROWS_AT_ONCE = 5_000
_ROW_KEYS = tuple(stored.key for name, stored in ITEMS.payload.fields.items() if name != "item")

Place = Mapping[str, Any]  # where a row was read: the values of its lineage columns
OnReject = Callable[[Place, Any, TypedRow], None]


class _Page(NamedTuple):
    rows: Sequence[Any]
    own: Mapping[str, Any]  # by column: one value for all rows, or a list
    kinds: Counter[str]  # of the page's document, counted when the rows are typed
    is_dropped: bool


class ItemCollector:
    """Collects pages of playlist items, types their rows and writes them to a Parquet file in memory."""

    def __init__(self, on_reject: OnReject) -> None:
        """`on_reject` is called for each row that a table refuses, with its place, the unchanged row and the rejects.

        `absent_keys` has, by table, the keys whose absence leaves rows out of the table.
        """
        self.buffer = ParquetBuffer(ITEMS)
        self.absent_keys: dict[str, frozenset[str]] = {}
        self._on_reject = on_reject
        self._pages: list[_Page] = []
        self._row_count = 0

    def add(self, check: Check, place: Place, kinds: Counter[str]) -> None:
        """Add the items of a check; their kinds are added to `kinds` when they are typed, at the latest by `flush`."""
        number = check.first_item
        for page in check.pages:
            if page.rows:
                own = {**place, **_own_of_page(check, page, number)}
                self._pages.append(_Page(page.rows, own, kinds, check.is_dropped))
                number += len(page.rows)
        self._row_count += number - check.first_item
        if self._row_count >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Type all pages that were added."""
        # Pages that pyarrow parsed are typed together, then the pages of Python objects.
        parsed = [page for page in self._pages if isinstance(page.rows, ParsedRows)]
        self._type(parsed, _parsed_rows)
        self._type([page for page in self._pages if not isinstance(page.rows, ParsedRows)], _python_rows)
        self._pages, self._row_count = [], 0

    def _type(self, pages: Sequence[_Page], rows_of: Callable[[Sequence[_Page]], Rows | None]) -> None:
        if not pages:
            return
        rows = rows_of(pages)
        if rows is None:  # in some pages entries are `item`, in others `track`
            for page in pages:
                self._type([page], _parsed_rows if len(pages) > 1 else _python_rows)
            return
        for tables in {id(tables): tables for tables in rows.without.values()}.values():
            add_absent_keys(self.absent_keys, tables)
        ends = list(accumulate(len(page.rows) for page in pages))
        own = {name: _column(pages, name) for name in ITEMS.own if name != "kind"} | {"kind": list(rows.kinds)}
        start = 0
        for page, end in zip(pages, ends, strict=True):
            page.kinds.update(rows.kinds[start:end])
            start = end
        for unusual in self.buffer.add([rows], own):
            if unusual.row.rejects:
                page = pages[bisect_right(ends, unusual.number)]
                if any(reject.table == PLAYLIST_ITEMS.name for reject in unusual.row.rejects):
                    page.kinds[rows.kinds[unusual.number]] -= 1
                    page.kinds["rejected"] += 1
                place = {name: values[unusual.number] for name, values in own.items()}
                self._on_reject(place, _row(pages, ends, unusual.number), unusual.row)


class CheckCollector:
    """Collects checks of playlists, types them and writes them to a Parquet file in memory."""

    def __init__(self, on_reject: OnReject) -> None:
        """See ItemCollector."""
        self.buffer = ParquetBuffer(CHECKS)
        self._on_reject = on_reject
        self._checks: list[tuple[Check, Place]] = []

    def add(self, check: Check, place: Place) -> None:
        """Add a check."""
        self._checks.append((check, place))
        if len(self._checks) >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Type all checks that were added."""
        if not self._checks:
            return
        # The total may come from a page. It goes to the path at which a playlist object has it.
        values = [
            {"playlist": {**(check.playlist or {}), "items": {"total": check.total}}} for check, _ in self._checks
        ]
        places = [{**place, **_own_of_check(check)} for check, place in self._checks]
        own = {name: [place[name] for place in places] for name in CHECKS.own}
        for unusual in self.buffer.add([Rows([CHECK] * len(values), values.__getitem__)], own):
            if unusual.row.rejects:
                self._on_reject(places[unusual.number], self._checks[unusual.number][0].playlist, unusual.row)
        self._checks = []


class PlayCollector:
    """Types plays and writes them to a Parquet file in memory."""

    def __init__(self, on_reject: OnReject) -> None:
        """See ItemCollector."""
        self.buffer = ParquetBuffer(PLAYS)
        self._on_reject = on_reject

    def add(self, plays: Sequence[Mapping[str, Any]], place: Place) -> None:
        """Type the plays of a document; `place` has the values that they share."""
        for start in range(0, len(plays), ROWS_AT_ONCE):
            some = plays[start : start + ROWS_AT_ONCE]
            own = {name: [place.get(name)] * len(some) for name in PLAYS.own}
            own["source_position"] = list(range(start, start + len(some)))
            for unusual in self.buffer.add([Rows([PLAY] * len(some), some.__getitem__)], own):
                if unusual.row.rejects:
                    where = {**place, "source_position": start + unusual.number}
                    self._on_reject(where, some[unusual.number], unusual.row)


def _own_of_page(check: Check, page: Page, number: int) -> dict[str, Any]:
    count = len(page.rows)
    return {
        "source_position": list(range(number, number + count)),
        "position": list(range(page.offset, page.offset + count)),
        "playlist_id": check.playlist_id,
        "snapshot_id": check.snapshot_id,
    }


def _own_of_check(check: Check) -> dict[str, Any]:
    return {
        "source_position": check.source_position,
        "playlist_id": check.playlist_id,
        "run_id": check.run_id,
        "status": check.status,
        "failure_class": check.failure_class,
        "snapshot_id": check.snapshot_id,
        "item_count": check.item_count,
        "is_complete": check.is_complete,
    }


def _column(pages: Iterable[_Page], name: str) -> list[Any]:
    values: list[Any] = []
    for page in pages:
        value = page.own[name]
        values += value if isinstance(value, list) else [value] * len(page.rows)
    return values


def _row(pages: Sequence[_Page], ends: Sequence[int], number: int) -> Any:  # noqa: ANN401  # a JSON value is anything
    index = bisect_right(ends, number)
    return pages[index].rows[number - (ends[index - 1] if index else 0)]


def _parsed_rows(pages: Sequence[_Page]) -> Rows | None:
    parsed = payloads(pa.concat_arrays([page.rows.parsed for page in pages if isinstance(page.rows, ParsedRows)]))
    if parsed is None:
        return None
    kinds, odd, array = parsed
    ends = list(accumulate(len(page.rows) for page in pages))
    reasons: dict[int, str] = {}
    for page, end in zip(pages, ends, strict=True):
        empty = [number for number in range(end - len(page.rows), end) if kinds[number] == "empty"]
        if empty and isinstance(page.rows, ParsedRows) and page.rows.null_entries() != len(empty):
            odd.update(empty)
    for number in odd:
        entry = entry_of(_row(pages, ends, number))
        kinds[number] = entry.kind
        if entry.reason is not None:
            reasons[number] = entry.reason

    def payload(number: int) -> dict[str, Any]:
        return payload_of(_row(pages, ends, number))

    without: dict[int, AbsentKeys] = {}
    for page, end in zip(pages, ends, strict=True):
        start = end - len(page.rows)
        if page.is_dropped and may_lack_keys(array.slice(start, len(page.rows)), kinds[start:end]):
            without |= _without(kinds, payload, range(start, end))
    return Rows(kinds, payload, reasons, odd, array, without)


def _python_rows(pages: Sequence[_Page]) -> Rows:
    rows = [row for page in pages for row in page.rows]
    entries = [entry_of(row) for row in rows]
    values = [payload_of(row, entry) for row, entry in zip(rows, entries, strict=True)]
    reasons = {number: entry.reason for number, entry in enumerate(entries) if entry.reason is not None}
    kinds: list[str] = [entry.kind for entry in entries]
    without: dict[int, AbsentKeys] = {}
    start = 0
    for page in pages:
        if page.is_dropped:
            without |= _without(kinds, values.__getitem__, range(start, start + len(page.rows)))
        start += len(page.rows)
    return Rows(kinds, values.__getitem__, reasons, without=without)


def _without(kinds: Sequence[str], payload: Callable[[int], dict[str, Any]], page: range) -> dict[int, AbsentKeys]:
    """By row number, the tables that a row of the page is left out of, with the absent keys."""
    absent = absent_keys(kinds[page.start : page.stop], map(payload, page))
    return {number: absent[kinds[number]] for number in page if kinds[number] in absent}


def payload_of(row: Any, entry: Entry | None = None) -> dict[str, Any]:  # noqa: ANN401  # as above
    """The parts of a playlist row that the items frame uses: `item` is its entry, under either key."""
    payload = {key: row.get(key) for key in _ROW_KEYS} if isinstance(row, dict) else {}
    payload["item"] = (entry or entry_of(row)).value
    return payload
