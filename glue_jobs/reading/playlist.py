"""Makes checks from pages, and finds the kind and the entry of a playlist row.

Six shapes are in use: old `tracks`/`track`, new `items`/`item`, both at once, liked songs, bare rows, a single row.
Sources are Spotify's migration guide of February 2026 and captured answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from glue_jobs.reading.model import Check, Kind, Page
from glue_jobs.reading.values import MAX_TEXT, clean_text, to_json

MAX_POSITION = 2**31 - 1
EXCERPT = 80
_OFFSET_IN_HREF = re.compile(r"[?&]offset=([0-9]{1,9})(?:&|#|$)")
_LOCAL_URI = ("spotify", "local", "artist", "album", "title")


@dataclass
class Draft:
    """A check while its document is read. `embedded` pages count only if the document has no other pages of it."""

    playlist_id: str | None
    run_id: str | None = None
    snapshot_id: str | None = None
    playlist: Mapping[str, Any] | None = None
    pages: list[Page] = field(default_factory=list)
    embedded: list[Page] = field(default_factory=list)
    embedded_total: object = None
    is_incomplete: bool = False  # set by the extractor, independent of the pages
    is_whole: bool = False  # without any total, the rows are all rows of the playlist

    @property
    def is_identified(self) -> bool:
        """Whether its playlist has an id or a description."""
        return self.playlist_id is not None or self.playlist is not None

    def overlaps(self, page: Page) -> bool:
        """Whether the check already has one of the page's positions: the page then belongs to another check."""
        return any(
            page.offset < other.offset + len(other.rows) and other.offset < page.offset + len(page.rows)
            for other in self.pages
        )


def finish(drafts: list[Draft], document_id: str) -> list[Check]:
    """The checks of a document, in reading order; a playlist or snapshot without an id is named after the document."""
    checks: list[Check] = []
    repeats: dict[str, int] = {}
    item_number = 0
    for number, draft in enumerate(drafts):
        fallback = f"document:{document_id}#{number}"
        playlist_id = draft.playlist_id or fallback
        repeat = repeats.get(playlist_id, 0)
        repeats[playlist_id] = repeat + 1
        pages = draft.pages or draft.embedded
        total = pages[0].total if pages else draft.embedded_total
        check = Check(
            playlist_id=playlist_id,
            run_id=draft.run_id or f"document:{document_id}" + (f"#{repeat}" if repeat else ""),
            source_position=number,
            snapshot_id=draft.snapshot_id or fallback,
            total=total,
            item_count=sum(len(page.rows) for page in pages),
            is_complete=is_complete(pages, is_whole=draft.is_whole) and not draft.is_incomplete,
            playlist=draft.playlist,
            pages=pages,
            first_item=item_number,
        )
        item_number += sum(len(page.rows) for page in pages)
        checks.append(check)
    return checks


def is_complete(pages: list[Page], *, is_whole: bool = False) -> bool:
    """Whether the pages have the same total and every position below it once. With `is_whole` they need no total."""
    totals = {to_json(page.total) for page in pages}
    is_total_unknown = is_whole and totals == {"null"}
    if len(totals) != 1 or (type(pages[0].total) is not int and not is_total_unknown):
        return False
    next_position = 0
    for page in sorted(pages, key=lambda page: (page.offset, len(page.rows))):
        if page.rows and page.offset != next_position:
            return False
        next_position += len(page.rows)
    return is_total_unknown or next_position == pages[0].total


def embedded_total(playlist: Mapping[str, Any]) -> object:
    """The total number of items that the playlist object states; null if it states none."""
    for key in ("items", "tracks"):
        if isinstance(playlist.get(key), dict):
            return playlist[key].get("total")
    return None


def offset_of(page: Mapping[str, Any], asked: object = None) -> int:
    """The 0-based position of the page's first row: from the page, else its href, else the request, else 0.

    An offset is ignored if the positions of the page's rows would not fit an INT.
    """
    highest = MAX_POSITION + 1 - max(1, len(page["items"]))
    in_href = _OFFSET_IN_HREF.search(text_or_none(page.get("href")) or "")
    for offset in (page.get("offset"), int(in_href[1]) if in_href else None, asked):
        if type(offset) is int and 0 <= offset <= highest:
            return offset
    return 0


def text_or_none(value: object) -> str | None:
    """A text that can be an id or an address; null for everything else."""
    return clean_text(value) if isinstance(value, str) and 0 < len(value) <= MAX_TEXT else None


class Entry(NamedTuple):
    """A position's kind, its entry (a song, an episode, …) if it has one, and the reason if it is rejected."""

    kind: Kind
    value: Mapping[str, Any] | None = None
    reason: str | None = None


def entry_of(row: object) -> Entry:  # noqa: PLR0911  # a return for each kind
    """The entry of a row: `item` if that is an object, else `track`. Each key may be missing, null or a boolean."""
    if not isinstance(row, dict):
        return Entry("empty") if row is None else Entry("rejected", None, f"the row is no object but {_excerpt(row)}")
    item, track = row.get("item"), row.get("track")
    entry = item if isinstance(item, dict) else track
    if not isinstance(entry, dict):
        strange = [value for value in (item, track) if value is not None and not isinstance(value, bool)]
        if strange:
            return Entry("rejected", None, f"the entry is no object but {_excerpt(strange[0])}")
        if any(key in row and row[key] is None for key in ("item", "track")):
            return Entry("empty")
        return Entry("rejected", None, "the row has neither item nor track")
    uri = entry.get("uri")
    uri = uri if isinstance(uri, str) else ""
    if row.get("is_local") is True or entry.get("is_local") is True or uri.startswith("spotify:local:"):
        return Entry("local", _with_names_of_uri(entry, uri))
    if entry.get("id") in (None, ""):
        return Entry("unavailable", entry)
    return _playable(uri, entry)


def _playable(uri: str, entry: Mapping[str, Any]) -> Entry:
    # The URI counts before the type: without additional_types, the API calls an episode a track, but its URI is right.
    entry_type: object = entry.get("type")
    if uri.startswith("spotify:"):
        entry_type = uri.split(":")[1]
    elif entry_type is None:
        entry_type = "episode" if isinstance(entry.get("show"), dict) else "track"
    if entry_type == "track":
        return Entry("song", entry)
    if entry_type == "episode":
        return Entry("episode", entry)
    excerpt = uri[:EXCERPT] if uri else _excerpt(entry_type)
    return Entry("rejected", entry, f"neither a track nor an episode: {clean_text(excerpt)}")


def _excerpt(value: object) -> str:
    return clean_text(to_json(value)[:EXCERPT])


def _with_names_of_uri(entry: dict[str, Any], uri: str) -> Mapping[str, Any]:
    """The entry of a local file. A missing title or artist is read from `spotify:local:Artist:Album:Title:Seconds`."""
    parts = [unquote_plus(part) for part in uri.split(":")]
    if len(parts) < len(_LOCAL_URI):
        return entry
    artist, title = parts[2], parts[4]
    named: dict[str, Any] = {}
    if title and entry.get("name") in (None, ""):
        named["name"] = title
    artists = entry.get("artists")
    if artist and (artists is None or (isinstance(artists, list) and not any(map(_has_name, artists)))):
        named["artists"] = [{"name": artist}]
    return {**entry, **named}


def _has_name(artist: object) -> bool:
    return artist is not None and (not isinstance(artist, dict) or artist.get("name") not in (None, ""))
