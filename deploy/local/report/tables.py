"""Lists of the page: every row is in the page as data, the first ones also as HTML for readers without JavaScript."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from deploy.local.report.words import count, figure, plain

FIRST_ROWS = 20  # shown until the reader asks for more
SPOTIFY_PAGES = "https://open.spotify.com/"
_SAFE_PAGE = re.compile(re.escape(SPOTIFY_PAGES) + r"([A-Za-z0-9/_-]+)")


@dataclass(frozen=True)
class Link:
    """A name that links to its page at Spotify; a name without a link if the address is not one of Spotify's."""

    text: object
    url: str | None

    @property
    def path(self) -> str | None:
        """The address below Spotify's pages."""
        match = _SAFE_PAGE.fullmatch(self.url or "")
        return match[1] if match else None


@dataclass(frozen=True)
class Table:
    """Columns and all rows. None is shown as `not known`. `what` names the rows, in the plural."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    what: str = "rows"
    is_open: bool = False  # shows without a click

    @property
    def size(self) -> str:
        """`1 song`, `1,481 songs`."""
        return count(len(self.rows), self.what.removesuffix("s"))

    @property
    def numbers(self) -> list[bool]:
        """Whether each column holds numbers."""
        return [
            any(isinstance(row[place], int | float) for row in self.rows)
            and all(row[place] is None or isinstance(row[place], int | float) for row in self.rows)
            for place in range(len(self.columns))
        ]

    def as_data(self) -> dict[str, object]:
        """The data from which the page's script builds the list."""
        return {"columns": self.columns, "numbers": self.numbers, "rows": [list(map(_data, row)) for row in self.rows]}


def _data(value: object) -> object:
    """A number, null, a text, or a list of a text and an address below Spotify's pages."""
    if isinstance(value, Link):
        return [plain(value.text), value.path] if value.path else plain(value.text)
    if value is None or isinstance(value, int | float):
        return value
    return _text(value)


def cell(value: object) -> Markup:
    """A cell as HTML; lists.js makes the same HTML from the data."""
    if value is None:
        return Markup('<span class="unknown">not known</span>')
    if isinstance(value, Link) and value.path:
        return Markup('<a href="{}{}" rel="noreferrer"><bdi>{}</bdi></a>').format(
            SPOTIFY_PAGES, value.path, plain(value.text)
        )
    if isinstance(value, int | float):
        return Markup("{}").format(figure(value))
    if isinstance(value, date):
        return Markup("{}").format(_text(value))
    return Markup("<bdi>{}</bdi>").format(_text(value.text if isinstance(value, Link) else value))


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else plain(value)
