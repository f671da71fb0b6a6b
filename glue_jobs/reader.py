"""Reads whatever of Spotify's a file holds: our own raw documents, and the pages and playlists that people drop in.

Plain Python without Spark: a document's bytes go in, its reads of playlists come out with their rows in normal form.
Six payload shapes are in the wild (old `tracks`/`track`, new `items`/`item`, both at once, liked songs, bare rows, a
single row); the facts are Spotify's migration guide of February 2026 and captured answers.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Never, TypeGuard
from urllib.parse import unquote_plus

from glue_jobs import normal_form
from shared import document
from shared.contract import Type

Kind = Literal["song", "episode", "local", "empty", "unavailable", "rejected"]
KINDS: tuple[Kind, ...] = ("song", "episode", "local", "empty", "unavailable", "rejected")

_PLAYLIST_HREF = re.compile(r"/playlists/([^/?#]+)/(?:items|tracks)(?:[/?#]|$)")
_OFFSET_IN_HREF = re.compile(r"[?&]offset=([0-9]{1,9})(?:&|#|$)")
_LIKED_HREF = re.compile(r"/me/tracks(?:[/?#]|$)")
_EXCERPT = 80
_LONGEST_REASON = 300
_LAST_POSITION = 2**31 - 1
_TOTAL = normal_form.Leaf(Type.INT)


class UnreadableDocumentError(ValueError):
    """Nothing in the file is a playlist's; the message is the reason, for people."""


class Item(NamedTuple):
    """One position of a playlist: what stands there, in the normal form.

    `raw` is the row as it came, kept where a value may not cast, for the rejects; of a giant only the beginning.
    `reason` says why a row of kind rejected could not be read.
    """

    position: int
    source_position: int
    kind: Kind
    row: Mapping[str, Any]
    raw: str | None = None
    reason: str | None = None


@dataclass
class Read:
    """One look at one playlist, with all its items in the document; `playlist` is in the normal form, if described."""

    playlist_id: str
    run_id: str
    source_position: int
    status: str = "read"
    failure_class: str | None = None
    snapshot_id: str | None = None
    total: str | None = None
    item_count: int | None = None
    is_complete: bool | None = None
    playlist: Mapping[str, Any] | None = None
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class Damage:
    """A part of a document that could not be taken, with the reason and its text."""

    reason: str
    text: str


@dataclass
class Document:
    """What a raw object holds."""

    document_id: str
    extracted_at: str | None
    reads: list[Read] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)


def read_document(data: bytes, known_as: str | None = None, limit: int | None = document.MAX_BYTES) -> Document:
    """The reads of playlists that the bytes hold, in reading order; our own documents also say when they were made.

    `known_as` is the document's id where that is not the bytes' own: what names nothing itself is named after it.
    Raises UnreadableDocumentError where nothing in them is a playlist's, or where they are more than `limit` bytes
    uncompressed. A broken line among good ones is a damage.
    """
    try:
        plain = _plain(data, limit)
        return _read(known_as or document.id_of_plain(plain), *_values(plain))
    except RecursionError as error:  # what can just be parsed may be too deep to be written again
        message = "nested too deeply"
        raise UnreadableDocumentError(message) from error


def _read(document_id: str, values: list[Any], damages: list[Damage]) -> Document:
    first = values[0]
    if document.is_manifest(first):
        return _read_manifest(document_id, first, damages)
    if any(document.is_raw_line(value) for value in values):
        return _read_own(document_id, values, damages)
    return _read_dropped(document_id, values, damages)


# --- bytes to JSON values


def _values(plain: bytes) -> tuple[list[Any], list[Damage]]:
    text = _text(plain)
    if not text.strip():
        message = "the file is empty"
        raise UnreadableDocumentError(message)
    try:
        return [_parse(text)], []
    except ValueError as error:
        values, damages = _lines(text)
        # One JSON value over many lines, broken somewhere, has lines that parse by chance; NDJSON has mostly good ones.
        if len(values) < max(1, len(damages)):
            start = " ".join(text[:_EXCERPT].split())
            message = f"no JSON: {error}; it begins with {start!r}"
            raise UnreadableDocumentError(message) from error
        return values, damages


def _plain(data: bytes, limit: int | None) -> bytes:
    try:
        return document.uncompressed(data, limit)
    except document.DamagedDocumentError as error:
        raise UnreadableDocumentError(str(error)) from error


def _text(plain: bytes) -> str:
    encoding = "utf-8-sig"
    if plain.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        encoding = "utf-32"
    elif plain.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        return plain.decode(encoding)
    except UnicodeDecodeError as error:
        message = f"the text is not UTF-8 (byte {error.start})"
        raise UnreadableDocumentError(message) from error


def _refuse_constant(name: str) -> Never:
    message = f"{name} is no JSON number"
    raise ValueError(message)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _parse(text: str) -> Any:  # noqa: ANN401  # a JSON value is anything
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error


def _lines(text: str) -> tuple[list[Any], list[Damage]]:
    values, damages = [], []
    # Not splitlines(): U+2028 and its like are allowed inside a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = _parse(line)
        except ValueError as error:
            damages.append(Damage(f"line {number} is no JSON: {error}", line))
            continue
        if isinstance(value, dict | list):
            values.append(value)
        else:
            damages.append(Damage(f"line {number} is neither an object nor a list", line))
    return values, damages


# --- our own documents


def _read_manifest(document_id: str, value: Mapping[str, Any], damages: list[Damage]) -> Document:
    """Looks that brought no document: unchanged, failed and gone; what was read tells of itself."""
    run_id, looks = value.get("run_id"), value["checks"]
    if not (isinstance(run_id, str) and run_id and isinstance(looks, list)):
        message = "a manifest without a run_id or without a list of looks"
        raise UnreadableDocumentError(message)
    found = Document(document_id, value.get("extracted_at"), damages=damages)
    for look in looks:
        if not _is_look(look):
            damages.append(Damage("a look without playlist_id or of an unknown status", json.dumps(look)))
        elif look["status"] != "read":
            found.reads.append(_look(look, run_id, len(found.reads)))
    if damages and len(damages) == len(looks):
        raise UnreadableDocumentError(damages[0].reason)
    return found


def _is_look(look: object) -> bool:
    return (
        isinstance(look, dict)
        and _text_or_none(look.get("playlist_id")) is not None
        and look.get("status") in ("read", "unchanged", "failed", "gone")
    )


def _look(look: Mapping[str, Any], run_id: str, source_position: int) -> Read:
    shown = look.get("playlist") if isinstance(look.get("playlist"), dict) else None
    return Read(
        playlist_id=look["playlist_id"],
        run_id=run_id,
        source_position=source_position,
        status=look["status"],
        failure_class=_text_or_none(look.get("failure_class")),
        snapshot_id=_text_or_none(look.get("snapshot_id")),
        total=_total(_embedded_total(shown)) if shown is not None else None,
        playlist=_playlist(shown) if shown is not None else None,
    )


def _read_own(document_id: str, values: list[Any], damages: list[Damage]) -> Document:
    found = Document(document_id, None, damages=damages)
    drafts: dict[tuple[str, str], _Draft] = {}
    for value in values:
        if not _is_whole_line(value):
            damages.append(Damage("a line without run_id, playlist_id, extracted_at or body", json.dumps(value)))
            continue
        found.extracted_at = found.extracted_at or value["extracted_at"]
        draft = drafts.setdefault(
            (value["run_id"], value["playlist_id"]),
            _Draft(value["playlist_id"], value["run_id"], _text_or_none(value.get("snapshot_id"))),
        )
        body = value["body"]
        if not document.is_page_request(str(value["asked"])):
            draft.playlist = body if isinstance(body, dict) else None
        elif isinstance(body, dict) and isinstance(body.get("items"), list):
            draft.pages.append(_Page(_offset(body, value.get("offset")), body["items"], body.get("total")))
        else:
            damages.append(Damage("a page without a list of items", json.dumps(value)))
    if not drafts:
        message = f"no line is whole: {damages[0].reason}"
        raise UnreadableDocumentError(message)
    found.reads = _finished(list(drafts.values()), document_id)
    return found


def _is_whole_line(value: object) -> TypeGuard[Mapping[str, Any]]:
    if not isinstance(value, dict) or not document.is_raw_line(value):
        return False
    return all(_text_or_none(value.get(name)) for name in ("run_id", "playlist_id", "extracted_at"))


# --- whatever was dropped


@dataclass
class _Page:
    offset: int
    rows: list[Any]
    total: object


@dataclass
class _Draft:
    playlist_id: str | None
    run_id: str | None = None
    snapshot_id: str | None = None
    playlist: Mapping[str, Any] | None = None
    pages: list[_Page] = field(default_factory=list)
    embedded: list[_Page] = field(default_factory=list)
    embedded_total: object = None

    def has_any_of(self, page: _Page) -> bool:
        """Whether a page's positions are taken already: it then belongs to another read."""
        return any(
            page.offset < other.offset + len(other.rows) and other.offset < page.offset + len(page.rows)
            for other in self.pages
        )


def _read_dropped(document_id: str, values: list[Any], damages: list[Damage]) -> Document:
    found = Document(document_id, None, damages=damages)
    elements = list(_flat(values))
    drafts: list[_Draft] = []
    rows = elements if any(_is_row(element) for element in elements) else []
    if rows and not any(_is_playlist(element) or _is_page(element) for element in elements):
        drafts.append(_Draft(None, pages=[_Page(0, rows, None)]))
    else:
        for element in elements:
            try:
                _sort_in(element, drafts)
            except UnreadableDocumentError as error:
                damages.append(Damage(str(error), json.dumps(element, ensure_ascii=False)))
    if not drafts:
        raise UnreadableDocumentError(damages[0].reason if damages else "an empty list")
    found.reads = _finished(drafts, document_id)
    return found


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _sort_in(value: object, drafts: list[_Draft]) -> None:
    """Begins a new read, or adds a page to the one it belongs to; raises UnreadableDocumentError for all else."""
    if _is_playlist(value):
        drafts.append(_playlist_draft(value))
        return
    playlist_id, page = _playlist_page(value)
    for draft in reversed(drafts):
        if draft.playlist_id == playlist_id is not None and not draft.has_any_of(page):
            draft.pages.append(page)
            return
    drafts.append(_Draft(playlist_id, pages=[page]))


def _is_row(value: object) -> bool:
    """A playlist row; a track by itself also has a key `track`, but it is a boolean and beside a type."""
    if not isinstance(value, dict) or value.get("type") in ("track", "episode"):
        return False
    return any(key in value for key in ("item", "track", "added_at"))


def _is_page(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict) and isinstance(value.get("items"), list)


def _is_playlist(value: object) -> TypeGuard[Mapping[str, Any]]:
    if not isinstance(value, dict) or "error" in value or _is_page(value):
        return False
    return (
        value.get("type") == "playlist"
        or "snapshot_id" in value
        or isinstance(value.get("items"), dict)
        or isinstance(value.get("tracks"), dict)
    )


def _playlist_draft(value: Mapping[str, Any]) -> _Draft:
    draft = _Draft(_text_or_none(value.get("id")), snapshot_id=_text_or_none(value.get("snapshot_id")), playlist=value)
    draft.embedded_total = _embedded_total(value)
    for key in ("items", "tracks"):
        page = value.get(key)
        if _is_page(page):
            draft.embedded.append(_Page(_offset(page), page["items"], page.get("total")))
            draft.playlist_id = draft.playlist_id or _href_playlist(page)
            break
    return draft


def _playlist_page(value: object) -> tuple[str | None, _Page]:
    if not isinstance(value, dict):
        message = "neither an object nor a list"
        raise UnreadableDocumentError(message)
    if "error" in value:
        error = value["error"]
        said = error.get("message") if isinstance(error, dict) else error
        message = f"an error answer of the API: {str(said)[:_LONGEST_REASON]}"
        raise UnreadableDocumentError(message)
    if not _is_page(value):
        message = f"no playlist, page or row; its keys are {', '.join(sorted(value)[:8])[:_LONGEST_REASON] or 'none'}"
        raise UnreadableDocumentError(message)
    rows, href = value["items"], _text_or_none(value.get("href"))
    playlist_id = _href_playlist(value)
    if href is not None and playlist_id is None:
        what = "a list of playlists" if "/playlists" in href else "a page of something else"
        message = f"{what}, not of playlist items: {href[:_EXCERPT]}"
        raise UnreadableDocumentError(message)
    if href is None and not any(_is_row(row) for row in rows):
        message = "a page none of whose rows has item, track or added_at"
        raise UnreadableDocumentError(message)
    return playlist_id, _Page(_offset(value), rows, value.get("total"))


def _href_playlist(page: Mapping[str, Any]) -> str | None:
    href = _text_or_none(page.get("href")) or ""
    if _LIKED_HREF.search(href):
        return document.LIKED_SONGS
    found = _PLAYLIST_HREF.search(href)
    return found[1] if found else None


def _embedded_total(playlist: Mapping[str, Any]) -> object:
    for key in ("items", "tracks"):
        if isinstance(playlist.get(key), dict):
            return playlist[key].get("total")
    return None


def _offset(page: Mapping[str, Any], asked: object = None) -> int:
    """The 0-based position of the page's first row: as the page says, as its href says, as it was asked, else 0."""
    in_href = _OFFSET_IN_HREF.search(_text_or_none(page.get("href")) or "")
    for said in (page.get("offset"), int(in_href[1]) if in_href else None, asked):
        if type(said) is int and 0 <= said <= _LAST_POSITION:
            return said
    return 0


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= normal_form.LONGEST_TEXT else None


def _total(value: object) -> str | None:
    return None if value is None else _TOTAL.fit(value, [])


# --- drafts to reads


def _finished(drafts: list[_Draft], document_id: str) -> list[Read]:
    reads: list[Read] = []
    seen: dict[str, int] = {}
    item_number = 0
    for n, draft in enumerate(drafts):
        fallback = f"document:{document_id}#{n}"
        playlist_id = draft.playlist_id or fallback
        repeat = seen.get(playlist_id, 0)
        seen[playlist_id] = repeat + 1
        # Pages that stand by themselves are the fuller account; the embedded one would count their rows twice.
        pages = draft.pages or draft.embedded
        totals = {json.dumps(page.total) for page in pages}
        total = pages[0].total if pages else draft.embedded_total
        positions = sorted(p for page in pages for p in range(page.offset, page.offset + len(page.rows)))
        read = Read(
            playlist_id=playlist_id,
            run_id=draft.run_id or f"document:{document_id}" + (f"#{repeat}" if repeat else ""),
            source_position=n,
            snapshot_id=draft.snapshot_id or fallback,
            total=_total(total),
            item_count=len(positions),
            is_complete=bool(pages)
            and len(totals) == 1
            and type(total) is int
            and total == len(positions)  # first: a total is a stranger's number, and may be beyond all memory
            and positions == list(range(total)),
            playlist=_playlist(draft.playlist) if draft.playlist is not None else None,
        )
        for page in pages:
            for index, row in enumerate(page.rows):
                read.items.append(_item(row, page.offset + index, item_number))
                item_number += 1
        reads.append(read)
    return reads


def _playlist(value: Mapping[str, Any]) -> Mapping[str, Any]:
    fitted = normal_form.PLAYLIST.fit(value, [])
    assert isinstance(fitted, dict)  # noqa: S101  # an object fits an object
    return fitted


def _item(row: object, position: int, source_position: int) -> Item:
    kind, reason, entry = _kind(row)
    if not isinstance(row, dict):
        return Item(position, source_position, kind, {}, None if row is None else _raw(row), reason)
    doubts: normal_form.Doubts = []
    fitted = normal_form.ROW.fit({**row, "item": entry}, doubts)
    assert isinstance(fitted, dict)  # noqa: S101  # an object fits an object
    if kind == "local":
        _name_local(fitted["item"])
    return Item(position, source_position, kind, fitted, _raw(row) if doubts or reason else None, reason)


def _raw(row: object) -> str:
    return json.dumps(row, ensure_ascii=False)[: normal_form.LONGEST_TEXT]


def _kind(row: object) -> tuple[Kind, str | None, Mapping[str, Any] | None]:
    """What stands at a position, why if it cannot be read, and the entry itself.

    The entry is `item` if that is an object, else `track` if that is one: either key may be missing, null or, inside
    the entry, a mere boolean.
    """
    if not isinstance(row, dict):
        return ("empty", None, None) if row is None else ("rejected", f"the row is no object but {_excerpt(row)}", None)
    item, track = row.get("item"), row.get("track")
    entry = item if isinstance(item, dict) else track
    if not isinstance(entry, dict):
        strange = [value for value in (item, track) if value is not None and not isinstance(value, bool)]
        if strange:
            return "rejected", f"the entry is no object but {_excerpt(strange[0])}", None
        return "empty", None, None
    uri = entry["uri"] if isinstance(entry.get("uri"), str) else ""
    if row.get("is_local") is True or entry.get("is_local") is True or uri.startswith("spotify:local:"):
        return "local", None, entry
    if entry.get("id") in (None, ""):
        return "unavailable", None, entry
    return _playable(uri, entry)


def _playable(uri: str, entry: Mapping[str, Any]) -> tuple[Kind, str | None, Mapping[str, Any] | None]:
    # The URI first: without additional_types the API shows an episode as a track whose URI alone tells the truth.
    entry_type = entry.get("type")
    said = uri.split(":")[1] if uri.startswith("spotify:") else entry_type
    if said is None:
        said = "episode" if isinstance(entry.get("show"), dict) else "track"
    if said in ("track", "episode"):
        return ("song" if said == "track" else "episode"), None, entry
    return "rejected", f"neither a track nor an episode: {(uri or _excerpt(entry_type))[:_EXCERPT]}", entry


def _excerpt(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:_EXCERPT]


def _name_local(entry: dict[str, Any]) -> None:
    """Fills a local file's missing title and artist from `spotify:local:Artist:Album:Title:Seconds`."""
    uri = entry.get("uri")
    parts = [unquote_plus(part) for part in uri.split(":")] if isinstance(uri, str) else []
    if len(parts) < len(("spotify", "local", "artist", "album", "title")):
        return
    artist, title = parts[2], parts[4]
    if title and not entry.get("name"):
        entry["name"] = title
    if artist and not any(a and a.get("name") for a in entry.get("artists", [])):
        entry["artists"] = [{"name": artist}]
