"""The result of reading a raw object: checks of playlists with their rows, and the parts that could not be read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

Kind = Literal["song", "episode", "local", "empty", "unavailable", "rejected"]


class UnreadableDocumentError(ValueError):
    """The file holds no playlist data; the message is the reason, for people."""


@dataclass
class Page:
    """Rows of a playlist, unchanged. `offset` is the 0-based position of the first row; `total` is the page's own."""

    offset: int
    rows: Sequence[Any]
    total: object


@dataclass
class Check:
    """One check of one playlist, with all its rows in the document.

    `playlist` is the unchanged playlist object, if the document has it. `first_item` is the source position of the
    first row, counted over the whole document.
    """

    playlist_id: str
    run_id: str
    source_position: int
    status: str = "read"
    failure_class: str | None = None
    snapshot_id: str | None = None
    total: object = None
    item_count: int | None = None
    is_complete: bool | None = None
    playlist: Mapping[str, Any] | None = None
    pages: list[Page] = field(default_factory=list)
    first_item: int = 0

    @property
    def is_dropped(self) -> bool:
        """Whether it is from a dropped file and not from a run of the extractor."""
        return self.run_id.startswith("document:")

    def has_repeats(self) -> bool:
        """Whether two of the pages have a position in common."""
        pages = sorted((page.offset, len(page.rows)) for page in self.pages if page.rows)
        return any(offset + count > later for (offset, count), (later, _) in pairwise(pages))

    def rows(self) -> Iterator[tuple[int, Any]]:
        """Each row with its 0-based position in the playlist, in reading order."""
        for page in self.pages:
            yield from enumerate(page.rows, start=page.offset)


@dataclass(frozen=True)
class Damage:
    """A part of a document that could not be read; the reason says where it is and quotes nothing of it."""

    reason: str


@dataclass
class Document:
    """What a raw object holds: checks of playlists, or plays."""

    document_id: str
    extracted_at: str | None
    checks: list[Check] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    plays: list[Mapping[str, Any]] = field(default_factory=list)
    own: Mapping[str, Any] = field(default_factory=dict)  # of a document of plays: the values that all plays share
