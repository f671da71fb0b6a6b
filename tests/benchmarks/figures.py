"""Computes figures from runs, and writes them as sections of docs/benchmarks.md."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tests.benchmarks.measure import Run

_INTRO = """# Benchmarks
How long the job takes, compared with two other programs on the same made-up playlists (`tests/benchmarks`, seeded):

- **job**: `python -m glue_jobs.explode_playlists --lake ...` in a separate process, as a user runs it. It includes all
  tables, the reconciliation, the commit and the archiving. It reads the documents that the Lambda writes (500 items
  each, gzipped, pages of 50) or the pages that tutorials store (a JSON file per 100 items).
- **tutorial**: the usual Glue script on the pages: schema inference, `dropDuplicates`, three narrow tables.
- **DuckDB**: only the rows of nine tables, as a lower bound.

The programs run one after the other in each round, each in a new folder. A figure is the median of the rounds. CPU and
peak memory are those of all processes together: Python, Java and their children. Shared memory is counted once. The
factor is the tutorial's time divided by the program's time in the same round, as the median of the rounds: a program
with a factor above 1 is faster than the tutorial. Each section shows date, command and machine. In each round the rows
of the job's tables are counted and compared with DuckDB's; a difference stops the measurement.
"""
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)


class WrongRowsError(Exception):
    """Two programs made different numbers of rows, so their times cannot be compared."""


@dataclass(frozen=True)
class Figure:
    """Medians of a contestant's runs: wall and CPU seconds, peak memory in bytes.

    The factors are the base's time divided by the contestant's; None without a base.
    """

    wall: float
    cpu: float
    peak: float
    wall_factor: float | None
    cpu_factor: float | None


def figure(runs: Sequence[Run], base: Sequence[Run] | None) -> Figure:
    """The medians of the runs. Factors are computed per round, because the machine's load differs between rounds."""
    pairs = list(zip(base, runs, strict=True)) if base else []
    return Figure(
        wall=median(run.wall for run in runs),
        cpu=median(run.cpu for run in runs),
        peak=median(run.peak for run in runs),
        wall_factor=median(of_base.wall / run.wall for of_base, run in pairs) if pairs else None,
        cpu_factor=median(of_base.cpu / run.cpu for of_base, run in pairs) if pairs else None,
    )


def compare_rows(job: Mapping[str, int], floor: Mapping[str, int]) -> None:
    """Raises WrongRowsError if the numbers of rows differ in any table."""
    wrong = [f"{name}: {job.get(name, 0)}, not {count}" for name, count in floor.items() if job.get(name, 0) != count]
    if wrong:
        raise WrongRowsError("the job's tables do not have DuckDB's rows: " + "; ".join(wrong))


def section(items: int, runs: Mapping[str, Sequence[Run]], rows: Mapping[str, int], circumstances: str) -> str:
    """The part of the document about one size."""
    base = runs.get("tutorial")
    lines = [
        f"## {items:,} items",
        circumstances,
        "",
        "| | wall s | of the rounds | CPU s | peak MiB | faster than the tutorial, wall | CPU |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, of_name in runs.items():
        value = figure(of_name, base)
        spread = f"{min(run.wall for run in of_name):.1f} to {max(run.wall for run in of_name):.1f}"
        lines.append(
            f"| {name} | {value.wall:.1f} | {spread} | {value.cpu:.1f} | {value.peak / 2**20:,.0f} "
            f"| {_factor(value.wall_factor)} | {_factor(value.cpu_factor)} |"
        )
    if rows:
        lines += ["", "Rows: " + ", ".join(f"{name} {count:,}" for name, count in rows.items()) + "."]
    return "\n".join(lines) + "\n"


def with_section(document: str, new: str) -> str:
    """The document with this section added or replaced; other sections stay unchanged."""
    starts = [match.start() for match in _SECTION.finditer(document)]
    parts = [document[a:b].strip() + "\n" for a, b in pairwise([*starts, len(document)])]
    kept = {_order(part): part for part in [*parts, new]}
    return "\n".join([_INTRO, *(kept[order] for order in sorted(kept))])


def _order(part: str) -> tuple[float, str]:
    """Sort key of a section: sections of sizes come first, by size, then the others by heading."""
    heading = _SECTION.match(part)
    assert heading, part
    size = heading[1].removesuffix(" items").replace(",", "")
    return (float(size) if size.isdigit() else math.inf, heading[1])


def _factor(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
