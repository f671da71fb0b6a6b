"""From the API's answers to a raw document, and from a raw document to what a manifest says of it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from extract_lambda.spotify import LIMIT, Answer
from shared.document import LIKED_SONGS, is_page_request, uncompressed


class UnsteadyError(Exception):
    """The answers do not make one consistent read; `kind` is changing or incomplete. Read it again."""

    def __init__(self, message: str, kind: str) -> None:
        """The message says what does not fit."""
        super().__init__(message)
        self.kind = kind


def read_pages(page: Callable[[int], Answer]) -> tuple[Answer, ...]:
    """All pages of a playlist, asked by offset; every position from 0 to the total is in them.

    Raises UnsteadyError if the total changes on the way, or if a page is short before the end: Spotify leaves out rows
    now and then, and a document is whole or not at all.
    """
    answers: list[Answer] = []
    for offset in count(0, LIMIT):
        answer = page(offset)
        total, rows = answer.body["total"], len(answer.body["items"])
        if answers and total != answers[0].body["total"]:
            message = f"it had {answers[0].body['total']} items, then {total}"
            raise UnsteadyError(message, "changing")
        if rows != min(LIMIT, max(total - offset, 0)):
            message = f"{answer.asked} brought {rows} items; there are {total} in all"
            raise UnsteadyError(message, "incomplete")
        answers.append(answer)
        if offset + LIMIT >= total:
            break
    return tuple(answers)


def liked_version(first_page: Mapping[str, Any]) -> str:
    """What changes when the liked songs change: their number, and the newest of them."""
    return " ".join([str(first_page["total"]), *(_song(row) for row in first_page["items"][:1])])


def liked_snapshot_id(pages: tuple[Answer, ...]) -> str:
    """Liked songs have no snapshot_id: a hash of what was liked when."""
    rows = "".join(f"{_song(row)}\n" for page in pages for row in page.body["items"])
    return f"liked-{hashlib.sha256(rows.encode('utf-8', 'replace')).hexdigest()}"


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
