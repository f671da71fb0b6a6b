"""From the API's answers to a raw document, and from a raw document to what a manifest says of it."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
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
_TRIES = 3  # of a page that does not fit


class Page(NamedTuple):
    """A page as it will be stored: its body is JSON text, since parsed rows take many times the room."""

    asked: str
    offset: int
    body: str


@dataclass(frozen=True, kw_only=True)
class Pages:
    """All pages of a playlist: every position from 0 to the total is in them.

    `version` and `rows_hash` are of use for liked songs, which have no snapshot_id.
    """

    pages: tuple[Page, ...]
    total: int
    version: str
    rows_hash: str


def read_pages(
    page: Callable[[int], Answer], on_page: Callable[[int, int], None] = lambda _read, _total: None
) -> Pages:
    """All pages of a playlist, asked by offset; `on_page` is told how many items of how many have been read.

    Raises InconsistentReadError if the total changes on the way, or if a page is short before the end: Spotify leaves
    out rows now and then. A page that does not fit is asked again before that, and so is a page that is refused after
    others were not: reading a long playlist costs many calls.
    """
    pages: list[Page] = []
    total: int | None = None  # known from the first page on
    version = ""
    rows_hash = hashlib.sha256()
    offset = 0
    while True:
        answer = _fitting(page, offset, total)
        total, rows = answer.body["total"], answer.body["items"]
        version = version or liked_version(answer.body)
        rows_hash.update("".join(f"{_song(row)}\n" for row in rows).encode("utf-8", "replace"))
        pages.append(Page(answer.asked, offset, json_text(answer.body)))
        on_page(min(offset + LIMIT, total), total)
        if offset + LIMIT >= total:
            return Pages(pages=tuple(pages), total=total, version=version, rows_hash=rows_hash.hexdigest())
        offset += LIMIT


def _fitting(page: Callable[[int], Answer], offset: int, total: int | None) -> Answer:
    """The page, asked again where it does not fit those before; the last of the errors, if it never does."""
    for tries in range(1, _TRIES + 1):
        try:
            answer = page(offset)
            _raise_misfit(answer, offset, total)
        except (SpotifyError, InconsistentReadError) as error:
            is_odd = isinstance(error, InconsistentReadError) or (offset > 0 and error.kind in REFUSALS)
            if not is_odd or tries == _TRIES:
                raise
        else:
            break
    return answer


def _raise_misfit(answer: Answer, offset: int, total: int | None) -> None:
    now, rows = answer.body["total"], len(answer.body["items"])
    if total is not None and now != total:
        message = f"it had {total} items, then {now}"
        raise InconsistentReadError(message, "changing")
    if rows != min(LIMIT, max(now - offset, 0)):
        message = f"{answer.asked} brought {rows} items; there are {now} in all"
        raise InconsistentReadError(message, "incomplete")


def json_text(body: Mapping[str, Any]) -> str:
    """The answer as one line of JSON."""
    return json.dumps(body, ensure_ascii=False)


def without_people(value: Any) -> Any:  # noqa: ANN401  # JSON in, JSON out
    """The answer, or part of it, without those who own a playlist or added something to it."""
    if isinstance(value, dict):
        return {key: without_people(part) for key, part in value.items() if key not in _PEOPLE}
    return [without_people(part) for part in value] if isinstance(value, list) else value


def write_document(line: RawLine, shown: Answer | None, pages: Pages) -> bytes:
    """The playlist's description, if there is one, and its pages; `line` has what all lines share."""
    return compressed(_lines(line, shown, pages))


def _lines(line: RawLine, shown: Answer | None, pages: Pages) -> Iterator[str]:
    shared = {name: getattr(line, name) for name in ("run_id", "playlist_id", "snapshot_id", "extracted_at", "attempt")}
    if shown:
        yield raw_line_text(RawLine(**shared, asked=shown.asked, offset=None, body={}), json_text(shown.body))
    for page in pages.pages:
        yield raw_line_text(RawLine(**shared, asked=page.asked, offset=page.offset, body={}), page.body)


def liked_version(first_page: Mapping[str, Any]) -> str:
    """What changes when the liked songs change: their number, and the newest of them."""
    return " ".join([str(first_page["total"]), *(_song(row) for row in first_page["items"][:1])])


def _song(row: object) -> str:
    row = row if isinstance(row, dict) else {}
    track = row.get("track")
    return f"{row.get('added_at')} {track.get('id') if isinstance(track, dict) else None}"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a raw document says of itself; `version` as in the state."""

    playlist_id: str
    snapshot_id: str
    version: str
    extracted_at: str
    item_count: int


def stored(data: bytes) -> Stored:
    """What the bytes of one of our own documents say. Raises ValueError, KeyError or TypeError if they are none."""
    lines = [json.loads(line) for line in uncompressed(data).decode().split("\n") if line]
    pages = [line["body"] for line in lines if is_page_request(line["asked"])]
    first = lines[0]
    return Stored(
        playlist_id=first["playlist_id"],
        snapshot_id=first["snapshot_id"],
        version=liked_version(pages[0]) if first["playlist_id"] == LIKED_SONGS else first["snapshot_id"],
        extracted_at=first["extracted_at"],
        item_count=sum(len(page["items"]) for page in pages),
    )
