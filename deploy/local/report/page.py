"""The page as one HTML text: a story, then sections of figures. A figure has a sentence, a chart and a list."""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from deploy.local.report.tables import FIRST_ROWS, Link, Table, cell
from deploy.local.report.tiles import Tile
from deploy.local.report.words import figure, short

HERE = Path(__file__).parent
# A fixed version of Vega-Lite: a newer package may have another default.
VEGA_LITE = "6.4"
CUT = "// "  # before the number of a bar that a chart cuts

_MANY = 4  # columns that need more space

Spec = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """A sentence with the finding, a chart or tiles if there is something to draw, and the list with all numbers."""

    key: str
    title: str
    sentence: Markup
    spec: Spec | None = None
    table: Table | None = None
    tiles: Sequence[Tile] = ()
    html: Markup | None = None  # instead of a chart
    is_wide: bool = False

    @property
    def alternative(self) -> str:
        """The picture in words."""
        return f"{self.title}. {self.sentence.striptags()} The list below has the same numbers."

    @property
    def width(self) -> str:
        """The class that sets the card's width; empty for half of a wide screen."""
        has_columns = self.table and self.table.is_open and len(self.table.columns) >= _MANY
        return "wide" if self.is_wide else "many" if has_columns else ""

    @property
    def has_cut_bar(self) -> bool:
        """Whether the chart cuts a bar that is far longer than all others."""
        return CUT in json.dumps(self.spec)


@dataclass(frozen=True)
class Section:
    """A part of the page with an entry in the navigation."""

    key: str
    title: str
    figures: Sequence[Figure]
    lead: Markup = field(default_factory=Markup)


@dataclass(frozen=True)
class Story:
    """The headline, the cards under it, and facts in numbers."""

    headline: str
    cards: Sequence[tuple[str, Tile]] = ()
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Page:
    """The whole page. Without sections its lead says what to do."""

    lead: Markup
    story: Story = field(default_factory=lambda: Story("Your Spotify playlists"))
    sections: Sequence[Section] = field(default_factory=tuple)
    covers: Mapping[str, str] = field(default_factory=dict)  # data URL of a cover by the key of its tile
    is_made_up: bool = False

    def html(self) -> str:
        """The self-contained HTML."""
        figures = [each for section in self.sections for each in section.figures]
        drawn = {each.key: each.spec for each in figures if each.spec}
        lists = {each.key: each.table.as_data() for each in figures if each.table and each.table.rows}
        scripts = [library()] if drawn else []
        scripts += [_read(name) for name in ("draw.js", "lists.js")] if self.sections else []
        text = _render(
            "page.html.j2",
            page=self,
            style=Markup(_read("page.css")),  # noqa: S704  # our own file
            charts=drawn,
            lists=lists,
            first_rows=FIRST_ROWS,
            scripts=[Markup(script) for script in scripts],  # noqa: S704  # likewise, and the library
            policy=_policy(scripts),
        )
        return text.rstrip() + "\n"

    def share_picture(self) -> bytes:
        """The story as a PNG of 1200 x 630 pixels, the size that messengers and networks show."""
        svg = _render("share.svg.j2", page=self)
        return bytes(vl_convert.svg_to_png(svg, scale=1, ppi=72))


@functools.cache
def library() -> str:
    """The charting library as one script that HTML can contain."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(scripts: Sequence[str]) -> str:
    """The content security policy: only these scripts run, images are data URLs, and nothing may be fetched."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    sources = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
        " form-action 'none'"
    )


def _render(template: str, **values: object) -> str:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"cell": cell, "figure": figure, "short": short}

    return made.get_template(template).render(**values)


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


__all__ = ["Figure", "Link", "Page", "Section", "Spec", "Story", "Table", "Tile"]
