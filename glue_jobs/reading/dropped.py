"""Reads files that people drop: pages and playlists in every known shape, alone or in containers.

Containers are opened if their contents are unambiguous: lists, objects by name or id, wrappers, JSON in a JSON string.
Everything else is a damage. Its reason says where in the file it is and what it is, and quotes nothing of the file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from glue_jobs.reading import account
from glue_jobs.reading.arrow_pages import ParsedRows
from glue_jobs.reading.json_text import embedded
from glue_jobs.reading.model import Damage, Page, UnreadableDocumentError
from glue_jobs.reading.playlist import Draft, embedded_total, offset_of, text_or_none
from glue_jobs.reading.shapes import has_api_key, is_song_of_another_tool, name_of, name_of_page, place_of, with_keys
from shared import document

_PLAYLIST_HREF = re.compile(r"/playlists/([^/?#]+)/(?:items|tracks)(?:[/?#]|$)")
_LIKED_HREF = re.compile(r"/me/tracks(?:[/?#]|$)")
_PLAYLIST_ID = re.compile("[0-9A-Za-z]{22}")
_MAX_DEPTH = 8
_IDENTIFYING = ("id", "name", "owner", "uri")  # of a playlist, beside a plain list of its rows
_WRAPPERS = frozenset(
    [
        "body",
        "_source",
        "content",
        "data",
        "entries",
        "hits",
        "items",
        "json",
        "output",
        "page",
        "pages",
        "payload",
        "playlist",
        "playlists",
        "records",
        "response",
        "result",
        "results",
        "rows",
        "songs",
        "tracks",
    ]
)
_DESCRIPTION = "a playlist without its songs, only a description"

_Place = tuple[int | tuple[str, int], ...]


@dataclass
class DroppedReading:
    """Sorts the JSON values of a file into checks; a value without playlist data becomes a damage.

    With `is_whole`, rows without any total are all rows of their playlist.
    """

    is_whole: bool = False
    drafts: list[Draft] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    _descriptions: list[tuple[Draft, _Place]] = field(default_factory=list)

    def read(self, values: list[Any]) -> None:
        """Read the values of one file. Raises UnreadableDocumentError if none of them has playlist data."""
        before = len(self.damages)
        self._walk(values[0] if len(values) == 1 else values, ())
        for draft, place in self._descriptions:
            if not draft.pages:
                self.drafts[:] = [kept for kept in self.drafts if kept is not draft]
                self._refuse(place, _DESCRIPTION)
        self._descriptions = []
        if not self.drafts and len(self.damages) > before:
            raise UnreadableDocumentError(self.damages[before].reason)

    def _refuse(self, place: _Place, what: str) -> None:
        self.damages.append(Damage(place_of(place) + what))

    def _walk(self, value: object, place: _Place, name: str | None = None) -> None:
        if isinstance(value, str):
            value = embedded(value)
        if len(place) > _MAX_DEPTH:
            self._refuse(place, "nested too deeply")
        elif isinstance(value, list):
            self._walk_list([embedded(each) if isinstance(each, str) else each for each in value], place, name)
        elif isinstance(value, dict):
            self._walk_object(value, place, name)
        else:
            self._refuse(place, "neither an object nor a list")

    def _walk_list(self, values: list[Any], place: _Place, name: str | None) -> None:
        values = [_row_in(value) or value for value in values]
        rows = [row for value in values for row in (value if isinstance(value, list) else [value])]
        if any(map(_is_row, rows)) and not any(_is_playlist(row) or _is_page(row) for row in rows):
            odd = {number for number, row in enumerate(rows) if not _may_be_row(row)}
            for number in sorted(odd):
                self._walk(rows[number], (*place, number))
            rows = [row for number, row in enumerate(rows) if number not in odd]
            draft = Draft(None, pages=[Page(0, rows, None)], is_whole=self.is_whole)
            if name is not None:
                draft.playlist_id, draft.playlist = _id_or_name(name)
            self.drafts.append(draft)
            return
        if not values:
            self._refuse(place, "an empty list")
        for number, value in enumerate(values):
            self._walk(value, (*place, number))

    def _walk_object(self, value: Mapping[str, Any], place: _Place, name: str | None) -> None:
        if _is_page(value) and "error" not in value and _href_playlist(value) is not None:
            self._add_page(value, place)
        elif account.is_library(value):
            self._add(Draft(account.LIBRARY), account.library_rows(value))
        elif account.is_playlist(value):
            draft = Draft(account.playlist_id(value), playlist=account.described(value))
            self._add(draft, account.playlist_rows(value))
        elif (what := name_of(value)) is not None:
            self._refuse(place, what)
        elif _is_row(value):
            self._walk_list([value], place, name)
        elif _is_playlist(value):
            self._add_playlist(value, place, name)
        elif _is_page(value):
            self._add_page({**value, "items": [embedded(row) for row in value["items"]]}, place)
        else:
            self._walk_other(value, place, name)

    def _walk_other(self, value: Mapping[str, Any], place: _Place, name: str | None) -> None:
        """Read an object that has none of Spotify's formats: that of another tool, or a wrapper."""
        if is_song_of_another_tool(value):
            self._refuse(place, "a song in the format of another tool: only rows of the Web API are read")
        elif rows := _rows_by_key(value):
            self._walk_list(rows, place, name)
        elif (playlist := _playlist_around_rows(value)) is not None:
            self._add_playlist(playlist, place, name)
        else:
            self._open(value, place)

    def _add(self, draft: Draft, rows: list[Any]) -> None:
        draft.pages, draft.is_whole = [Page(0, rows, None)], True
        self.drafts.append(draft)

    def _add_playlist(self, value: Mapping[str, Any], place: _Place, name: str | None) -> None:
        draft = Draft(text_or_none(value.get("id")), snapshot_id=text_or_none(value.get("snapshot_id")), playlist=value)
        draft.embedded_total = embedded_total(value)
        if draft.playlist_id is None and name is not None:
            draft.playlist_id, _ = _id_or_name(name)
        key, contents = _contents(value)
        if contents is None:
            self._descriptions.append((draft, place))
        elif isinstance(contents, list):
            total = value.get("total", draft.embedded_total)
            draft.embedded, draft.is_whole = [Page(0, contents, total)], True
        elif _is_page(contents):
            draft.embedded = [Page(offset_of(contents), contents["items"], contents.get("total"))]
            draft.playlist_id = draft.playlist_id or _href_playlist(contents)
            draft.is_whole = self.is_whole
        else:
            self._refuse(place, f"a playlist whose {key} are neither a page nor a list of rows")
            return
        rows = draft.embedded[0].rows if draft.embedded else []
        if rows and not any(map(_is_row, rows)) and not (isinstance(contents, dict) and _href_playlist(contents)):
            self._refuse(place, f"a playlist whose {key} are of another format: no row has a key item or track")
            return
        self.drafts.append(draft)

    def _add_page(self, value: Mapping[str, Any], place: _Place) -> None:
        rows, href, playlist_id = value["items"], text_or_none(value.get("href")), _href_playlist(value)
        if playlist_id is None and (href is not None or not any(map(_is_row, rows))):
            drafts, damages, described = len(self.drafts), len(self.damages), len(self._descriptions)
            if isinstance(rows, list) and any(isinstance(row, dict) and _can_be_walked(row) for row in rows):
                self._walk_list(rows, place, None)
            named = name_of_page(href) if href is not None else None
            if named is not None and not any(draft.embedded for draft in self.drafts[drafts:]):
                del self.drafts[drafts:], self.damages[damages:], self._descriptions[described:]
                self._refuse(place, named)
            elif (len(self.drafts), len(self.damages)) == (drafts, damages):
                what = (
                    "a page without playlist rows"
                    if href is None
                    else "a page of something else, not of playlist items"
                )
                self._refuse(place, what)
            return
        page = Page(offset_of(value), rows, value.get("total"))
        for draft in reversed(self.drafts):
            if draft.playlist_id == playlist_id is not None and not draft.overlaps(page):
                draft.pages.append(page)
                return
        self.drafts.append(Draft(playlist_id, pages=[page], is_whole=self.is_whole))

    def _open(self, value: Mapping[str, Any], place: _Place) -> None:
        """Read the contents of a wrapper object. Plain values beside playlist data are no damage."""
        containers = [(key, number) for number, (key, child) in enumerate(value.items()) if _is_container(child)]
        drafts, described, damages = len(self.drafts), len(self._descriptions), len(self.damages)
        plain: list[Damage] = []  # of objects that hold only plain values
        for key, number in containers:
            earlier = len(self.damages)
            self._walk(value[key], (*place, (key, number)), None if key in _WRAPPERS else key)
            if isinstance(value[key], dict) and not any(map(_is_container, value[key].values())):
                plain += self.damages[earlier:]
        self._describe(drafts, described, place)
        if not containers:
            self._refuse(place, with_keys(value))
        elif len(self.drafts) > drafts:
            self.damages[damages:] = [damage for damage in self.damages[damages:] if damage not in plain]

    def _describe(self, drafts: int, described: int, place: _Place) -> None:
        """Join the description in a wrapper with the rows beside it, if the wrapper has exactly one of each.

        `drafts` and `described` are the numbers before the wrapper was read. Rows that have a name, and a description
        in a list, are not joined: the description may be of other rows.
        """
        rows = [draft for draft in self.drafts[drafts:] if draft.pages and not draft.is_identified]
        if len(self.drafts) != drafts + 2 or len(rows) != 1 or len(self._descriptions) != described + 1:
            return
        description, at = self._descriptions[-1]
        if len(at) != len(place) + 1:
            return
        self._descriptions.pop()
        page = rows[0].pages[0]
        page.total = description.embedded_total if page.total is None else page.total
        description.pages, description.is_whole = rows[0].pages, True
        self.drafts[drafts:] = [description]


def _rows_by_key(value: Mapping[str, Any]) -> list[Any]:
    """The rows of an object that has a playlist row under each key; none if it has another value under a key."""
    rows = list(value.values())
    return rows if rows and all(map(_is_row, rows)) else []


def _row_in(value: object) -> object:
    """The playlist row in an object that wraps a single row, such as `{"json": row}`; null for every other value."""
    if not isinstance(value, dict) or _is_row(value) or _is_page(value) or _is_playlist(value):
        return None
    containers = [child for child in value.values() if isinstance(child, dict | list)]
    return containers[0] if len(containers) == 1 and _is_row(containers[0]) else None


def _playlist_around_rows(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A playlist object of another tool, with the API's keys: a name or id beside one list of rows; else null."""
    lists = [child for child in value.values() if isinstance(child, list) and any(map(_is_row, child))]
    playlist_id, name = (_first_text(value, keys) for keys in (("id", "playlist_id"), ("name", "playlist_name")))
    has_id = playlist_id is not None and _PLAYLIST_ID.fullmatch(playlist_id) is not None
    if len(lists) != 1 or not (has_id or name is not None):
        return None
    return {"id": playlist_id if has_id else None, "name": name, "tracks": lists[0]}


def _first_text(value: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((text for key in keys if (text := text_or_none(value.get(key))) is not None), None)


def _is_container(value: object) -> bool:
    return bool(value) and (isinstance(value, dict | list) or (isinstance(value, str) and embedded(value) is not value))


def _id_or_name(key: str) -> tuple[str | None, Mapping[str, Any] | None]:
    """The playlist id and description from a key of an object of playlists: a Spotify id, or else a name."""
    return (key, None) if _PLAYLIST_ID.fullmatch(key) else (None, {"name": key})


def _is_row(value: object) -> bool:
    """Whether it is a playlist row. A single track has a key `track` too, but a boolean one, and a type."""
    if not isinstance(value, dict) or not any(_is_entry(value.get(key, 0)) for key in ("item", "track")):
        return False
    return value.get("type") != "track" and not any(key in value for key in ("played_at", "is_playing"))


def _may_be_row(value: object) -> bool:
    """Whether a value among bare rows may be a row, perhaps a damaged one, which then appears in rejects/."""
    if value is None or value == {} or _is_row(value):
        return True
    return isinstance(value, dict) and has_api_key(value) and (name_of(value) is None or "added_at" in value)


def _is_entry(value: object) -> bool:
    """Whether it can be a row's entry: null, or an object that is empty or has a key of the API."""
    return value is None or (isinstance(value, dict) and (not value or has_api_key(value)))


def _is_page(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict) and isinstance(value.get("items"), list | ParsedRows)


def _is_playlist(value: object) -> TypeGuard[Mapping[str, Any]]:
    if not isinstance(value, dict) or "error" in value or name_of(value) is not None:
        return False
    if value.get("type") == "playlist" or "snapshot_id" in value:
        return True
    contents = [value[key] for key in ("items", "tracks") if key in value]
    if any(isinstance(each, dict) and ("items" in each or "total" in each or "href" in each) for each in contents):
        return True
    return any(isinstance(each, list) for each in contents) and any(key in value for key in _IDENTIFYING)


def _contents(value: Mapping[str, Any]) -> tuple[str, Any]:
    """The key and the contents of a playlist: a page, or else a list; null if there is only a description."""
    contents = [(key, value[key]) for key in ("items", "tracks") if value.get(key) is not None]
    for wanted in (_is_page, lambda each: isinstance(each, list), lambda each: not _is_reference(each)):
        for key, each in contents:
            if wanted(each):
                return key, each
    return "tracks", None


def _is_reference(value: object) -> bool:
    return isinstance(value, dict) and "items" not in value and (not value or "href" in value or "total" in value)


def _can_be_walked(value: Mapping[str, Any]) -> bool:
    return name_of(value) is not None or _is_playlist(value) or _is_page(value) or account.is_playlist(value)


def _href_playlist(page: Mapping[str, Any]) -> str | None:
    href = text_or_none(page.get("href")) or ""
    if _LIKED_HREF.search(href):
        return document.LIKED_SONGS
    match = _PLAYLIST_HREF.search(href)
    return match[1] if match else None
