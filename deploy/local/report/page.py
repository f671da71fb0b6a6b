"""The page: sections of figures, each a sentence, a picture and the table behind it, as one HTML text."""

import base64
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from deploy.local.report.words import figure, minute, plain

HERE = Path(__file__).parent
# One version of Vega-Lite for good: a newer package may come with another default.
VEGA_LITE = "6.4"
SPOTIFY_PAGES = "https://open.spotify.com/"

Spec = dict[str, Any]


@dataclass(frozen=True)
class Link:
    """A name that leads to its page at Spotify; a name alone if the address leads elsewhere."""

    text: str
    url: str | None


@dataclass(frozen=True)
class Table:
    """Rows as people read them; None reads `not known`. `total` is how many there are if not all are here."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    total: int | None = None
    view: str = ""  # where the others are

    @classmethod
    def of(cls, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]], view: str, most: int = 100) -> "Table":
        """The first rows, and a word where the others are."""
        return cls(columns, rows[:most], len(rows) if len(rows) > most else None, view)


@dataclass(frozen=True)
class Figure:
    """A sentence that holds the finding, the picture of it if there is something to draw, and the table behind it."""

    key: str
    title: str
    sentence: Markup
    spec: Spec | None = None
    table: Table | None = None
    is_wide: bool = False
    is_open: bool = False  # the table shows without a click

    @property
    def alternative(self) -> str:
        """What is said to those who do not see the picture."""
        return f"{self.title}. {self.sentence.striptags()} The table below holds the same."


@dataclass(frozen=True)
class Section:
    """A part of the page that can be jumped to."""

    key: str
    title: str
    figures: Sequence[Figure]
    lead: Markup = field(default_factory=Markup)

    def laid_out(self) -> list[tuple[Figure, bool]]:
        """The figures with whether each takes the whole width.

        Where there is room two stand side by side, both with a picture or both without; none stands alone.
        """
        made: list[tuple[Figure, bool]] = []
        is_half_taken = False
        for number, each in enumerate(self.figures):
            after = self.figures[number + 1] if number + 1 < len(self.figures) else None
            has_partner = after is not None and not after.is_wide and bool(after.spec) == bool(each.spec)
            is_wide = each.is_wide or not (has_partner or is_half_taken)
            made.append((each, is_wide))
            is_half_taken = not is_wide and not is_half_taken
        return made


@dataclass(frozen=True)
class Page:
    """All of it. Without sections it says what to do."""

    lead: Markup
    tiles: Sequence[tuple[str, str]] = ()
    sections: Sequence[Section] = field(default_factory=tuple)

    def html(self) -> str:
        """The self-contained HTML."""
        drawn = {each.key: each.spec for section in self.sections for each in section.figures if each.spec}
        scripts = [library(), _read("draw.js")] if drawn else []
        text = (
            _templates()
            .get_template("page.html.j2")
            .render(
                page=self,
                style=Markup(_read("page.css")),  # noqa: S704 - our own file
                charts=drawn,
                scripts=[Markup(script) for script in scripts],  # noqa: S704 - likewise, and the library
                policy=_policy(scripts),
            )
        )
        return text.rstrip() + "\n"


@functools.cache
def library() -> str:
    """The charting library as one script that can stand inside HTML."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(scripts: Sequence[str]) -> str:
    """These scripts may run and nothing may be fetched, whatever a name tries."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    sources = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    return f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"cell": cell, "is_number": is_number, "figure": figure}
    return made


def is_number(value: object) -> bool:
    """Whether a cell is set flush right."""
    return isinstance(value, int | float)


def cell(value: object) -> str:
    """A cell as HTML."""
    if value is None:
        return Markup('<span class="unknown">not known</span>')
    if isinstance(value, Link) and (value.url or "").startswith(SPOTIFY_PAGES):
        return Markup('<a href="{}" rel="noreferrer"><bdi>{}</bdi></a>').format(value.url, plain(value.text))
    if isinstance(value, int | float | date):
        return _typed(value)
    return Markup("<bdi>{}</bdi>").format(plain(value.text if isinstance(value, Link) else value))


def _typed(value: float | date) -> str:
    if isinstance(value, int | float):
        return figure(value)
    return minute(value) if isinstance(value, datetime) else value.isoformat()


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
