"""Reads a raw object: a document of the extractor, the manifest of a run, plays, or a dropped file."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from glue_jobs.reading.arrow_pages import ParsedRows, parse_values
from glue_jobs.reading.dropped import DroppedReading
from glue_jobs.reading.json_text import ZIP_MAGIC, members, parse
from glue_jobs.reading.model import Check, Damage, Document, Page, UnreadableDocumentError
from glue_jobs.reading.playlist import Draft, embedded_total, finish, offset_of, text_or_none
from glue_jobs.reading.plays import PersonalFieldsError, is_plays, must_not_be_history, read_plays
from glue_jobs.reading.values import clean_text
from shared import document


def read_document(
    data: bytes,
    known_as: str | None = None,
    limit: int | None = document.MAX_BYTES,
    *,
    is_whole: bool = False,
) -> Document:
    """The checks of playlists in the bytes, in reading order. The extractor's documents also have `extracted_at`.

    `known_as` is the document's id if it is not the hash of the bytes; a playlist without an id is named after it. With
    `is_whole`, rows without any total are all rows of their playlist. A broken line among good lines is a damage.
    Raises UnreadableDocumentError if the bytes hold no playlist data, or more than `limit` bytes uncompressed.
    """
    try:
        plain = _plain(data, limit)
        document_id = known_as or document.id_of_plain(plain)
        if plain.startswith(ZIP_MAGIC):
            return _read_zip(document_id, plain, limit, is_whole=is_whole)
        if is_plays(plain):
            return read_plays(document_id, plain)
        must_not_be_history(plain)
        parsed = _read_parsed(document_id, plain, is_whole=is_whole)
        return parsed or _read(document_id, *parse(plain), is_whole=is_whole)
    except RecursionError as error:  # a value that can be parsed may be too deep to be written as JSON
        raise UnreadableDocumentError("nested too deeply") from error


def _plain(data: bytes, limit: int | None) -> bytes:
    try:
        return document.uncompressed(data, limit)
    except document.DamagedDocumentError as error:
        raise UnreadableDocumentError(str(error)) from error


def _read_parsed(document_id: str, plain: bytes, *, is_whole: bool = False) -> Document | None:
    """The document as pyarrow parses it; null if pyarrow cannot, or if a part of it is damaged."""
    values = parse_values(plain)
    try:
        read = _read(document_id, values, [], is_whole=is_whole) if values else None
    except UnreadableDocumentError:
        return None
    return read if read and not read.damages else None


def _read(document_id: str, values: list[Any], damages: list[Damage], *, is_whole: bool = False) -> Document:
    first = values[0]
    if document.is_manifest(first):
        return _read_manifest(document_id, first, damages)
    if any(document.is_raw_line(value) for value in values):
        return _read_own(document_id, values, damages)
    reading = DroppedReading(is_whole, damages=damages)
    reading.read(values)
    return _dropped(document_id, reading)


def _dropped(document_id: str, reading: DroppedReading) -> Document:
    if not reading.drafts:
        raise UnreadableDocumentError(reading.damages[0].reason)
    return Document(document_id, None, finish(reading.drafts, document_id), reading.damages)


def _read_zip(document_id: str, data: bytes, limit: int | None, *, is_whole: bool) -> Document:
    """Reads each file of a ZIP like a dropped file. Documents of the extractor are refused: each has its own time."""
    together = DroppedReading(is_whole)
    for number, member in enumerate(members(data, limit), start=1):
        reading = DroppedReading(is_whole, together.drafts)
        try:
            _read_member(reading, member, limit)
        except PersonalFieldsError:
            raise
        except UnreadableDocumentError as error:
            reading.damages = reading.damages or [Damage(str(error))]
        together.damages += [Damage(f"file {number} of the ZIP: {damage.reason}") for damage in reading.damages]
    return _dropped(document_id, together)


def _read_member(reading: DroppedReading, member: bytes, limit: int | None) -> None:
    plain = _plain(member, limit)
    if plain.startswith(ZIP_MAGIC):
        raise UnreadableDocumentError("a ZIP in a ZIP: unzip it first")
    must_not_be_history(plain)
    values, damages = parse(plain)
    if document.is_manifest(values[0]) or any(document.is_raw_line(value) for value in values):
        raise UnreadableDocumentError("a document of the extractor: unzip it into raw/pending/drop/")
    reading.damages += damages
    reading.read(values)


# --- documents of the extractor


def _read_manifest(document_id: str, value: Mapping[str, Any], damages: list[Damage]) -> Document:
    """The checks without a document: unchanged, failed and gone. Each check with status read has its own document."""
    run_id, checks = text_or_none(value.get("run_id")), value["checks"]
    if run_id is None or not isinstance(checks, list):
        raise UnreadableDocumentError("a manifest without a run_id or without a list of checks")
    read = Document(document_id, value.get("extracted_at"), damages=damages)
    for number, check in enumerate(checks, start=1):
        if not _is_check(check):
            damages.append(Damage(f"check {number}: without playlist_id or of an unknown status"))
        elif check["status"] != "read":
            read.checks.append(_check(check, run_id, len(read.checks)))
    if damages and len(damages) == len(checks):
        raise UnreadableDocumentError(damages[0].reason)
    return read


def _is_check(value: object) -> bool:
    return (
        isinstance(value, dict)
        and text_or_none(value.get("playlist_id")) is not None
        and value.get("status") in ("read", "unchanged", "failed", "gone")
    )


def _check(value: Mapping[str, Any], run_id: str, source_position: int) -> Check:
    playlist = value.get("playlist") if isinstance(value.get("playlist"), dict) else None
    return Check(
        playlist_id=clean_text(value["playlist_id"]),
        run_id=run_id,
        source_position=source_position,
        status=value["status"],
        failure_class=text_or_none(value.get("failure_class")),
        snapshot_id=text_or_none(value.get("snapshot_id")),
        total=embedded_total(playlist) if playlist is not None else None,
        playlist=playlist,
    )


def _read_own(document_id: str, values: list[Any], damages: list[Damage]) -> Document:
    read = Document(document_id, None, damages=damages)
    drafts: dict[tuple[str, str], Draft] = {}
    for number, value in enumerate(values, start=1):
        if not _is_whole_line(value):
            damages.append(Damage(f"value {number}: a line without run_id, playlist_id, extracted_at or body"))
            continue
        read.extracted_at = read.extracted_at or value["extracted_at"]
        run_id, playlist_id = clean_text(value["run_id"]), clean_text(value["playlist_id"])
        draft = drafts.setdefault(
            (run_id, playlist_id), Draft(playlist_id, run_id, text_or_none(value.get("snapshot_id")))
        )
        draft.is_incomplete |= value.get("missing") is not None
        body = value["body"]
        if not document.is_page_request(str(value["asked"])):
            draft.playlist = body if isinstance(body, dict) else None
        elif isinstance(body, dict) and isinstance(body.get("items"), list | ParsedRows):
            draft.pages.append(Page(offset_of(body, value.get("offset")), body["items"], body.get("total")))
        else:
            damages.append(Damage(f"value {number}: a page without a list of items"))
    if not drafts:
        raise UnreadableDocumentError(f"no line is whole: {damages[0].reason}")
    read.checks = finish(list(drafts.values()), document_id)
    return read


def _is_whole_line(value: object) -> TypeGuard[Mapping[str, Any]]:
    if not isinstance(value, dict) or not document.is_raw_line(value):
        return False
    return all(text_or_none(value.get(name)) for name in ("run_id", "playlist_id", "extracted_at"))
