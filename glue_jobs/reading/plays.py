"""Reads documents of plays, and recognises listening histories that people drop without `make import`."""

import json
import re
from collections.abc import Mapping
from typing import Any

from glue_jobs.reading.json_text import parse
from glue_jobs.reading.model import Damage, Document, UnreadableDocumentError
from glue_jobs.reading.playlist import text_or_none
from shared.plays import FIRST_BYTES

_OWN = ("account", "source", "package_id", "packaged_at")
EXTENDED, ACCOUNT = "extended", "account"  # the two histories that Spotify packages
_HISTORY = {EXTENDED: b'"ms_played"', ACCOUNT: b'"msPlayed"'}
_COLON = re.compile(rb"[ \t\r\n]*:")


PERSONAL_FIELDS = (
    "the account's extended streaming history has personal fields: import it with make import, which leaves them out; "
    "make forget USER=... QUARANTINE=yes removes this file"
)


class PersonalFieldsError(UnreadableDocumentError):
    """The file is an extended streaming history from Spotify, which has addresses and devices of a person."""

    def __init__(self) -> None:
        super().__init__(PERSONAL_FIELDS)


def source_of(plain: bytes) -> str | None:
    """Which history the bytes are, recognised by a key of its rows, also in damaged JSON; null for other data."""
    return next((source for source, key in _HISTORY.items() if _has_key(plain, key)), None)


def _has_key(plain: bytes, key: bytes) -> bool:
    if not json.detect_encoding(plain).startswith("utf-8"):
        plain = plain.replace(b"\0", b"")  # makes a key in UTF-16 or UTF-32 ASCII
    place = plain.find(key)
    while place >= 0 and not _COLON.match(plain, place + len(key)):
        place = plain.find(key, place + 1)
    return place >= 0


def must_not_be_history(plain: bytes) -> None:
    """Raises PersonalFieldsError for an extended history, even a truncated one."""
    if _has_key(plain, _HISTORY[EXTENDED]):
        raise PersonalFieldsError


def is_plays(plain: bytes) -> bool:
    """Whether the bytes are a document of plays."""
    return plain.startswith(FIRST_BYTES)


def read_plays(document_id: str, plain: bytes) -> Document:
    """The plays, with the values that all of them share. Raises UnreadableDocumentError."""
    values, damages = parse(plain)
    head: Any = values[0]
    own = {name: text_or_none(head.get(name)) if isinstance(head, dict) else None for name in _OWN}
    if None in own.values():
        raise UnreadableDocumentError("a document of plays without account, source, package_id or packaged_at")
    rows: list[Mapping[str, Any]] = [value for value in values[1:] if isinstance(value, dict)]
    if len(rows) < len(values) - 1:
        damages.append(Damage(f"{len(values) - 1 - len(rows)} lines are no objects"))
    return Document(document_id, own["packaged_at"], damages=damages, plays=rows, own=own)
