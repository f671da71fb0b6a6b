"""`python -m deploy.local.bi_preview`: docs/bi-preview.png, the page of the BI model drawn by matplotlib.

The numbers come from the visuals' own SQL over a warehouse of `make demo`, as in the BI tools. The program prints the
value of each measure, and the wrong values that double counting gives.
"""

import sys
import warnings
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deploy.bi.model import MEASURES, PAGE, PAGE_SIZE, Kind, Visual
from deploy.commands import CommandError, Parser, folder, run_command
from deploy.local.steps import plain_errors
from deploy.snowflake.embedded import EmbeddedSnowflake

NOTE = (
    "Preview drawn by the suite from the numbers of `make demo`; not a screenshot of Power BI, Tableau or QuickSight."
)
_BLUE, _ORANGE, _GREY = "#2a6fb0", "#d9772b", "#666666"
_BARS = 15
_TABLE_ROWS = 4
_DAYS = 5  # labels that fit below a line chart
_NAME_LENGTH = 26

Rows = Sequence[tuple[object, ...]]

# Right and wrong ways to count, for docs/bi.md.
COUNTS = {
    "minutes of songs": "select sum(duration_minutes) from BI.SONGS",
    "minutes of songs joined with their artists": (
        "select sum(songs.duration_minutes) from BI.SONGS as songs "
        "inner join BI.SONG_ARTISTS as credits on credits.song_id = songs.song_id"
    ),
    "SONG_COUNT added up over artists": "select sum(song_count) from BI.ARTIST_SUMMARY",
    "WEIGHTED_SONG_COUNT added up over artists": "select sum(weighted_song_count) from BI.ARTIST_SUMMARY",
}


def draw(warehouse: EmbeddedSnowflake, picture: Path) -> None:
    """Write the page as a PNG."""
    mpl.use("Agg")
    warnings.filterwarnings("ignore", "Glyph .* missing from font")  # names of the demo are in many scripts
    mpl.rcParams["font.size"] = 7
    width, height = PAGE_SIZE
    figure = Figure(figsize=(width / 100, height / 100 + 0.3), dpi=120)
    for visual in PAGE:
        if visual.kind is Kind.SLICER:
            continue
        place = visual.place
        margin = 0.38 if visual.kind is Kind.BAR else 0.06
        left = (place.x + place.width * margin) / width
        bottom = 1 - (place.y + place.height * 0.88) / height
        box = (left, bottom * 0.96, place.width * (1 - margin - 0.02) / width, place.height * 0.7 / height * 0.96)
        _draw_visual(figure.add_axes(box), visual, warehouse.query(visual.sql))
    figure.text(0.012, 0.008, NOTE, color=_ORANGE, fontsize=8)
    figure.savefig(picture)


def numbers(warehouse: EmbeddedSnowflake) -> dict[str, object]:
    """The value of each measure, then the value of each query in COUNTS."""
    queries = {measure.name: measure.sql for measure in MEASURES} | COUNTS
    return {name: warehouse.query(sql)[0][0] for name, sql in queries.items()}


def _draw_visual(axes: Axes, visual: Visual, rows: Rows) -> None:
    if visual.kind is Kind.CARD:
        [(value,)] = rows
        axes.axis("off")
        axes.text(0, 0.55, _formatted(value, visual.measures[0]), fontsize=16, va="center")
        axes.text(0, 0, visual.title, color=_GREY, va="center")
        return
    axes.set_title(visual.title, loc="left", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    match visual.kind:
        case Kind.BAR:
            bars = list(reversed(rows[:_BARS]))
            axes.barh([_short(row[0]) for row in bars], [_number(row[1]) for row in bars], color=_BLUE)
        case Kind.COLUMN:
            axes.bar([_number(row[0]) for row in rows], [_number(row[1]) for row in rows], color=_BLUE)
        case Kind.LINE:
            days = [str(row[0]) for row in rows]
            for place, (name, colour) in enumerate(zip(visual.measures, (_BLUE, _ORANGE), strict=True), start=1):
                axes.plot(days, [_number(row[place]) for row in rows], marker="o", color=colour, label=name)
            axes.set_xticks(range(0, len(days), 1 + len(days) // _DAYS))
            axes.legend(frameon=False)
        case _:
            axes.axis("off")
            cells = [[_short(value) for value in row] for row in rows[:_TABLE_ROWS]]
            headers = [field.partition(".")[2] for field in visual.fields]
            table = axes.table(cells, colLabels=headers, loc="upper left", cellLoc="left", edges="horizontal")
            table.auto_set_font_size(value=False)
            table.set_fontsize(6)


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    text = text.replace("$", r"\$")
    return text if len(text) <= _NAME_LENGTH else f"{text[: _NAME_LENGTH - 1]}…"


def _number(value: object) -> float:
    return float(str(value))


def _formatted(value: object, measure: str) -> str:
    if isinstance(value, date | datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    format_ = next(candidate.format for candidate in MEASURES if candidate.name == measure)
    return f"{_number(value):,.1f}" if "." in format_ else f"{_number(value):,.0f}"


def main(argv: Sequence[str]) -> int:
    """Draw the page of a demo."""
    parser = Parser(prog="python -m deploy.local.bi_preview", description=__doc__)
    parser.add_argument("--out", type=folder, default=Path("out/demo"), help="folder of a demo")
    parser.add_argument("--picture", type=Path, default=Path("docs/bi-preview.png"), help="file to write")
    arguments = parser.parse_args(argv)
    warehouse_folder = arguments.out / "warehouse"
    if not warehouse_folder.is_dir():
        raise CommandError(f"there is no warehouse in {arguments.out}: `make demo` makes one, --out names another")
    with plain_errors(arguments.out), EmbeddedSnowflake(warehouse_folder) as warehouse:
        draw(warehouse, arguments.picture)
        for name, value in numbers(warehouse).items():
            print(f"{name}: {value:,.1f}" if isinstance(value, int | float | Decimal) else f"{name}: {value}")
    print(f"{arguments.picture} shows the page with the numbers of {warehouse_folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(run_command("bi_preview", main, sys.argv[1:]))
