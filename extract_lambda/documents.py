"""Makes a raw document from the API's answers, and reads the facts of a raw document for a manifest."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from extract_lambda.failures import REFUSALS, InconsistentReadError, SpotifyError
from extract_lambda.spotify import LIMIT, Answer
from shared.document import (
    LIKED_SONGS,
    RawLine,
    compressed,
    is_page_request,
    raw_line_text,
    uncompressed,
)

_PEOPLE = {"owner", "added_by"}
_TRIES = 3  # of a page that does not fit the pages before it
_MOST_BEYOND = (
    10_000  # rows beyond the first page's total: as many as a playlist can hold, since a list might never end
)
_WITHOUT_ROWS = 3  # after this many empty pages in a row the list ends, even if the total is larger


class Page(NamedTuple):
    """A page as it will be stored: its body is JSON text, since parsed rows take many times the memory."""

    asked: str
    offset: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The pages of a playlist: they have every position from 0 to the total, unless there is a `problem`.

    The problem says what does not fit; `missing` is the number of rows that the pages lack. `version` is for liked
    songs, which have no snapshot_id; `rows_hash` changes when the rows change.
    """

    pages: tuple[Page, ...]
    total: int
    item_count: int
    version: str
    rows_hash: str
    problem: str = ""

    @property
    def missing(self) -> int:
        """How many rows are lacking."""
        return max(0, self.total - self.item_count)


def read_pages(
    page: Callable[[int], Answer],
    on_page: Callable[[int, int], None] = lambda _read, _total: None,
    *,
    takes_misfits: bool = False,
) -> Pages:
    """All pages of a playlist, requested by offset; `on_page` is called with the number of items read and the total.

    A page is requested again if it does not fit the pages before it, or is short before the end. A later page is also
    requested again if it is refused, since reading a long playlist again costs many calls. If a page never fits, this
    raises InconsistentReadError; with `takes_misfits` the result has the problem instead, and each row keeps its
    position.
    """
    pages: list[Page] = []
    totals: list[int | None] = []
    problem = version = ""
    rows_hash = hashlib.sha256()
    offset = item_count = without_rows = 0
    while True:
        answer, misfit = _fitting(page, offset, totals, tries=1 if problem else _TRIES)
        if misfit and not takes_misfits:
            raise InconsistentReadError(misfit)
        rows = answer.body["items"]
        totals.append(answer.body["total"])
        problem, version = problem or misfit, version or liked_version(answer.body)
        rows_hash.update("".join(f"{_entry(row)}\n" for row in rows).encode("utf-8", "replace"))
        pages.append(Page(answer.asked, offset, json_text(answer.body)))
        item_count += len(rows)
        without_rows = 0 if rows else without_rows + 1
        offset += max(_limit(answer), len(rows))  # a page that ignores the limit holds the next positions, too
        named_totals = [each for each in totals if each is not None]
        total = max(named_totals, default=item_count)
        on_page(min(offset, total), total)
        end = min(total, next(iter(named_totals)) + _MOST_BEYOND) if named_totals else _MOST_BEYOND
        is_last = offset >= end or not (named_totals or rows)
        if is_last or without_rows == _WITHOUT_ROWS:
            return Pages(
                pages=tuple(pages),
                total=total,
                item_count=item_count,
                version=version,
                rows_hash=rows_hash.hexdigest(),
                problem=problem,
            )


def _fitting(
    page: Callable[[int], Answer], offset: int, totals: Sequence[int | None], *, tries: int
) -> tuple[Answer, str]:
    """The page and an empty text; if it never fits, the attempt with the most rows, and the problem."""
    misfits: list[tuple[Answer, str]] = []
    for number in range(1, tries + 1):
        try:
            answer = page(offset)
        except SpotifyError as error:
            if offset == 0 or error.kind not in REFUSALS or number == tries:
                raise
            continue
        misfit = _misfit(answer, offset, totals)
        if not misfit:
            return answer, ""
        misfits.append((answer, misfit))
    return max(misfits, key=lambda each: len(each[0].body["items"]))


def _limit(answer: Answer) -> int:
    """How many rows the page may hold: LIMIT, as requested, or fewer if the page says so."""
    limit = answer.body.get("limit")
    return limit if type(limit) is int and 0 < limit < LIMIT else LIMIT


def _misfit(answer: Answer, offset: int, totals: Sequence[int | None]) -> str:
    """How the page contradicts itself or the totals of the pages before it; empty if it fits."""
    now, rows = answer.body["total"], len(answer.body["items"])
    if now is None:
        return f"{answer.asked} names no total"
    if totals and now != totals[-1]:
        return f"the total was {totals[-1]}, then {now}"
    expected = min(_limit(answer), max(now - offset, 0))
    return "" if rows == expected else f"{answer.asked} brought {rows} items instead of {expected}"


def json_text(body: Mapping[str, Any]) -> str:
    """The answer as one line of JSON."""
    return json.dumps(body, ensure_ascii=False)


def without_people(value: Any) -> Any:  # noqa: ANN401  # JSON in, JSON out
    """The answer, or part of it, without owners of playlists and people who added items."""
    if isinstance(value, dict):
        return {key: without_people(part) for key, part in value.items() if key not in _PEOPLE}
    return [without_people(part) for part in value] if isinstance(value, list) else value


def write_document(line: RawLine, shown: Answer | None, pages: Pages) -> bytes:
    """The playlist's description, if there is one, and its pages; `line` has the fields that all lines share."""
    return compressed(_lines(line, shown, pages))


def _lines(line: RawLine, shown: Answer | None, pages: Pages) -> Iterator[str]:
    shared = {
        name: getattr(line, name)
        for name in ("run_id", "playlist_id", "snapshot_id", "extracted_at", "attempt", "missing")
    }
    if shown:
        yield raw_line_text(RawLine(**shared, asked=shown.asked, offset=None, body={}), json_text(shown.body))
    for page in pages.pages:
        yield raw_line_text(RawLine(**shared, asked=page.asked, offset=page.offset, body={}), page.body)


def liked_version(first_page: Mapping[str, Any]) -> str:
    """A version of the liked songs: their number and the newest song."""
    return " ".join([str(first_page["total"]), *(_entry(row) for row in first_page["items"][:1])])


def _entry(row: object) -> str:
    """What identifies a row: when it was added, and the id of its entry, or the URI of a local file."""
    row = row if isinstance(row, dict) else {}
    entry = row.get("track") if isinstance(row.get("track"), dict) else row.get("item")
    entry = entry if isinstance(entry, dict) else {}
    return f"{row.get('added_at')} {entry.get('id') or entry.get('uri')}"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The facts of a raw document; `version` as in the state, `missing` is None for a complete read."""

    playlist_id: str
    snapshot_id: str
    version: str
    extracted_at: str
    item_count: int
    missing: int | None = None


def incomplete_snapshot(snapshot_id: str, rows_hash: str) -> str:
    """The snapshot id of an incomplete read; its own id, so that it does not replace a complete read of the version."""
    return f"{snapshot_id}~{rows_hash[:12]}"


def _complete(snapshot_id: str) -> str:
    return snapshot_id.partition("~")[0]


def stored(data: bytes) -> Stored:
    """A document of the extractor, parsed. Raises ValueError, KeyError or TypeError if the bytes are not one."""
    lines = [json.loads(line) for line in uncompressed(data).decode().split("\n") if line]
    pages = [line["body"] for line in lines if is_page_request(line["asked"])]
    first = lines[0]
    return Stored(
        playlist_id=first["playlist_id"],
        snapshot_id=first["snapshot_id"],
        version=liked_version(pages[0]) if first["playlist_id"] == LIKED_SONGS else _complete(first["snapshot_id"]),
        extracted_at=first["extracted_at"],
        item_count=sum(len(page["items"]) for page in pages),
        missing=first.get("missing"),
    )
