"""Files that people drop: Spotify's pages and playlists in every shape that is in use, alone or in lists."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from glue_jobs.reading.arrow_pages import ParsedRows
from glue_jobs.reading.model import Damage, Document, Page, UnreadableDocumentError
from glue_jobs.reading.playlist import EXCERPT, Draft, embedded_total, finish, offset_of, text_or_none
from glue_jobs.reading.values import to_json
from shared import document

_PLAYLIST_HREF = re.compile(r"/playlists/([^/?#]+)/(?:items|tracks)(?:[/?#]|$)")
_LIKED_HREF = re.compile(r"/me/tracks(?:[/?#]|$)")
_MAX_REASON = 300
_MAX_KEYS = 8


def read_dropped(document_id: str, values: list[Any], damages: list[Damage]) -> Document:
    """The checks in the JSON values of a file. Raises UnreadableDocumentError if there is none; damages grow."""
    read = Document(document_id, None, damages=damages)
    elements = list(_flat(values))
    drafts: list[Draft] = []
    rows = elements if any(_is_row(element) for element in elements) else []
    if rows and not any(_is_playlist(element) or _is_page(element) for element in elements):
        drafts.append(Draft(None, pages=[Page(0, rows, None)]))
    else:
        for element in elements:
            try:
                _sort_in(element, drafts)
            except UnreadableDocumentError as error:
                damages.append(Damage(str(error), to_json(element)))
    if not drafts:
        raise UnreadableDocumentError(damages[0].reason if damages else "an empty list")
    read.checks = finish(drafts, document_id)
    return read


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _sort_in(value: object, drafts: list[Draft]) -> None:
    """Begin a new check, or add a page to the check it belongs to; raises UnreadableDocumentError for all else."""
    if _is_playlist(value):
        drafts.append(_playlist_draft(value))
        return
    playlist_id, page = _playlist_page(value)
    for draft in reversed(drafts):
        if draft.playlist_id == playlist_id is not None and not draft.overlaps(page):
            draft.pages.append(page)
            return
    drafts.append(Draft(playlist_id, pages=[page]))


def _is_row(value: object) -> bool:
    """Whether it is a playlist row; a single track also has a key `track`, but a boolean one, and a type."""
    if not isinstance(value, dict) or value.get("type") in ("track", "episode"):
        return False
    return any(key in value for key in ("item", "track", "added_at"))


def _is_page(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict) and isinstance(value.get("items"), list | ParsedRows)


def _is_playlist(value: object) -> TypeGuard[Mapping[str, Any]]:
    if not isinstance(value, dict) or "error" in value or _is_page(value):
        return False
    return (
        value.get("type") == "playlist"
        or "snapshot_id" in value
        or isinstance(value.get("items"), dict)
        or isinstance(value.get("tracks"), dict)
    )


def _playlist_draft(value: Mapping[str, Any]) -> Draft:
    draft = Draft(text_or_none(value.get("id")), snapshot_id=text_or_none(value.get("snapshot_id")), playlist=value)
    draft.embedded_total = embedded_total(value)
    for key in ("items", "tracks"):
        page = value.get(key)
        if _is_page(page):
            draft.embedded.append(Page(offset_of(page), page["items"], page.get("total")))
            draft.playlist_id = draft.playlist_id or _href_playlist(page)
            break
    return draft


def _playlist_page(value: object) -> tuple[str | None, Page]:
    if not isinstance(value, dict):
        raise UnreadableDocumentError("neither an object nor a list")
    if "error" in value:
        error = value["error"]
        text = error.get("message") if isinstance(error, dict) else error
        raise UnreadableDocumentError(f"an error answer of the API: {str(text)[:_MAX_REASON]}")
    if not _is_page(value):
        keys = ", ".join(sorted(value)[:_MAX_KEYS])[:_MAX_REASON] or "none"
        raise UnreadableDocumentError(f"no playlist, page or row; its keys are {keys}")
    rows, href = value["items"], text_or_none(value.get("href"))
    playlist_id = _href_playlist(value)
    if href is not None and playlist_id is None:
        what = "a list of playlists" if "/playlists" in href else "a page of something else"
        raise UnreadableDocumentError(f"{what}, not of playlist items: {href[:EXCERPT]}")
    if href is None and not any(_is_row(row) for row in rows):
        raise UnreadableDocumentError("a page none of whose rows has item, track or added_at")
    return playlist_id, Page(offset_of(value), rows, value.get("total"))


def _href_playlist(page: Mapping[str, Any]) -> str | None:
    href = text_or_none(page.get("href")) or ""
    if _LIKED_HREF.search(href):
        return document.LIKED_SONGS
    match = _PLAYLIST_HREF.search(href)
    return match[1] if match else None
