"""From a raw object's bytes to JSON values, and our own documents: what a run read, and the manifest of a run."""

import json
from collections.abc import Mapping
from typing import Any, Never, TypeGuard

from glue_jobs.reading.arrow_pages import ParsedRows, parse_values
from glue_jobs.reading.dropped import read_dropped
from glue_jobs.reading.model import Check, Damage, Document, Page, UnreadableDocumentError
from glue_jobs.reading.playlist import Draft, embedded_total, finish, offset_of, text_or_none
from glue_jobs.reading.values import Decimal, clean_text, to_json
from shared import document

_EXCERPT = 80


def read_document(data: bytes, known_as: str | None = None, limit: int | None = document.MAX_BYTES) -> Document:
    """The checks of playlists that the bytes hold, in reading order; our own documents also say when they were made.

    `known_as` is the document's id where that is not the bytes' own: what has no id itself is named after it.
    Raises UnreadableDocumentError where the bytes hold no playlist data, or more than `limit` bytes uncompressed. A
    broken line among good ones is a damage.
    """
    try:
        plain = _plain(data, limit)
        document_id = known_as or document.id_of_plain(plain)
        return _read_parsed(document_id, plain) or _read(document_id, *_values(plain))
    except RecursionError as error:  # what can just be parsed may be too deep to be written again
        raise UnreadableDocumentError("nested too deeply") from error


def _read_parsed(document_id: str, plain: bytes) -> Document | None:
    """The document as pyarrow parses it; null if it does not, or if a part of it is damaged."""
    values = parse_values(plain)
    try:
        read = _read(document_id, values, []) if values else None
    except UnreadableDocumentError:
        return None
    return read if read and not read.damages else None


def _read(document_id: str, values: list[Any], damages: list[Damage]) -> Document:
    first = values[0]
    if document.is_manifest(first):
        return _read_manifest(document_id, first, damages)
    if any(document.is_raw_line(value) for value in values):
        return _read_own(document_id, values, damages)
    return read_dropped(document_id, values, damages)


# --- bytes to JSON values


def _values(plain: bytes) -> tuple[list[Any], list[Damage]]:
    text = _text(plain)
    if not text.strip():
        raise UnreadableDocumentError("the file is empty")
    try:
        return [_parse(text)], []
    except ValueError as error:
        values, damages = _lines(text)
        # One JSON value over many lines, broken somewhere, has lines that parse by chance; NDJSON has mostly good ones.
        if len(values) < max(1, len(damages)):
            start = " ".join(text[:_EXCERPT].split())
            raise UnreadableDocumentError(f"no JSON: {error}; it begins with {start!r}") from error
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
        raise UnreadableDocumentError(f"the text is not UTF-8 (byte {error.start})") from error


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=Decimal)


def _parse(text: str) -> Any:  # noqa: ANN401  # a JSON value is anything
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


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
    """Checks that brought no document: unchanged, failed and gone. Those with status read have a document each."""
    run_id, checks = text_or_none(value.get("run_id")), value["checks"]
    if run_id is None or not isinstance(checks, list):
        raise UnreadableDocumentError("a manifest without a run_id or without a list of checks")
    read = Document(document_id, value.get("extracted_at"), damages=damages)
    for check in checks:
        if not _is_check(check):
            damages.append(Damage("a check without playlist_id or of an unknown status", to_json(check)))
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
    for value in values:
        if not _is_whole_line(value):
            damages.append(Damage("a line without run_id, playlist_id, extracted_at or body", to_json(value)))
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
            damages.append(Damage("a page without a list of items", to_json(value)))
    if not drafts:
        raise UnreadableDocumentError(f"no line is whole: {damages[0].reason}")
    read.checks = finish(list(drafts.values()), document_id)
    return read


def _is_whole_line(value: object) -> TypeGuard[Mapping[str, Any]]:
    if not isinstance(value, dict) or not document.is_raw_line(value):
        return False
    return all(text_or_none(value.get(name)) for name in ("run_id", "playlist_id", "extracted_at"))
