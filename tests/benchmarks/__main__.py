"""Measures the job and compares it with the tutorials' script and DuckDB.

python -m tests.benchmarks [--sizes 100,200000] [--repeats 3] [--only job,tutorial,duckdb,cluster,memory,plays]
    [--write docs/benchmarks.md]

`cluster` measures the job under spark-submit and on a local Spark cluster, `memory` the memory for reading one object,
`plays` the import of a listening history. 1,000,000 items need 10 GB of disk in the folder of --folder.
"""

import argparse
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from shared import lake
from shared.tables import TABLES
from tests.benchmarks import floor
from tests.benchmarks.cluster import cluster_section
from tests.benchmarks.figures import WrongRowsError, compare_rows, section, with_section
from tests.benchmarks.measure import CommandFailedError, Run, measure
from tests.benchmarks.memory import memory_section
from tests.benchmarks.playlists import RUN_ID, write_own, write_pages
from tests.benchmarks.plays import plays_section
from tests.benchmarks.report import circumstances, say

FORMATS = {"documents": write_own, "pages": write_pages}
Rows = dict[str, int]


def main() -> None:
    """Measure what the arguments name. Prints each run, then the sections; with --write also writes the sections."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="100,200000", help="numbers of items (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds (default: %(default)s)")
    parser.add_argument(
        "--only", default="job,tutorial,duckdb,cluster,memory,plays", help="what to measure, from %(default)s"
    )
    parser.add_argument("--write", type=Path, help="document to update; its other sections stay unchanged")
    parser.add_argument("--folder", help="folder for temporary files: made-up playlists and lakes")
    arguments = parser.parse_args()
    only = arguments.only.split(",")
    sections: list[Callable[[Path], str]] = []
    if set(only) - {"cluster", "memory", "plays"}:
        sections += [partial(_section, int(size), arguments.repeats, only) for size in arguments.sizes.split(",")]
    if "cluster" in only:
        sections.append(partial(cluster_section, arguments.repeats))
    if "memory" in only:
        sections.append(memory_section)
    if "plays" in only:
        sections.append(partial(plays_section, arguments.repeats))
    for section_of in sections:
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=arguments.folder) as folder:
            text = section_of(Path(folder))
        print(text, flush=True)  # noqa: T201  # a program
        if arguments.write:
            before = arguments.write.read_text(encoding="utf-8") if arguments.write.exists() else ""
            arguments.write.write_text(with_section(before, text), encoding="utf-8")


def _section(size: int, repeats: int, only: list[str], folder: Path) -> str:
    say(f"making {size:,} items")
    for name, write in FORMATS.items():
        (folder / name).mkdir()
        write(folder / name, size)
    contestants: dict[str, Callable[[], tuple[Run, Rows]]] = {}
    if "job" in only:
        contestants |= {f"job, {name}": partial(run_job, folder / name) for name in FORMATS}
    if "tutorial" in only:
        contestants["tutorial"] = partial(run_tutorial, folder / "pages")
    if "duckdb" in only:
        contestants |= {f"DuckDB, {name}": partial(run_duckdb, folder / name) for name in FORMATS}
    before = circumstances(f"--sizes {size} --repeats {repeats}")
    runs: dict[str, list[Run]] = defaultdict(list)
    rows: dict[str, Rows] = {}
    for turn in range(repeats):
        for name, run in contestants.items():
            done, rows[name] = run()
            runs[name].append(done)
            say(f"{turn + 1}/{repeats} {name}: {done.wall:.1f} s, CPU {done.cpu:.1f} s, {done.peak / 2**20:,.0f} MiB")
        for name in FORMATS if {"job", "duckdb"} <= set(only) else ():
            compare_rows(rows[f"job, {name}"], rows[f"DuckDB, {name}"])
    return section(size, runs, rows.get("job, documents", {}), before)


def run_job(source: Path) -> tuple[Run, Rows]:
    """Run the job as a program. Returns the run, and the number of distinct keys in each table.

    Distinct keys are counted, because each batch publishes its own newest rows.
    """
    with tempfile.TemporaryDirectory(dir=source.parent) as fresh:
        root = Path(fresh) / "lake"
        shutil.copytree(source, root)
        done = measure([sys.executable, "-m", "glue_jobs.explode_playlists", "--lake", str(root)])
        return done, current_rows(root)


def current_rows(root: Path) -> Rows:
    """The number of distinct keys in each table of the lake."""
    rows = {}
    for table in TABLES:
        files = [str(file) for file in (root / lake.PROCESSED / table.name).rglob("*.parquet")]
        if files:
            select = f"SELECT count(*) FROM (SELECT DISTINCT {', '.join(table.key)} FROM read_parquet(?))"
            rows[table.name] = _count(duckdb.execute(select, [files]))
    return rows


def run_tutorial(source: Path) -> tuple[Run, Rows]:
    """Run the tutorial's script on the pages. It returns no row counts."""
    with tempfile.TemporaryDirectory(dir=source.parent) as fresh:
        pages = source / lake.DROP / f"at={RUN_ID}"
        return measure([sys.executable, "-m", "tests.benchmarks.tutorial", str(pages), f"{fresh}/out"]), {}


def run_duckdb(source: Path) -> tuple[Run, Rows]:
    """Run DuckDB on the same files. Returns the run, and the number of rows in each table."""
    with tempfile.TemporaryDirectory(dir=source.parent) as fresh:
        out = f"{fresh}/out"
        done = measure([sys.executable, "-m", "tests.benchmarks.floor", str(source), out])
        select = "SELECT count(*) FROM read_parquet(?)"
        return done, {name: _count(duckdb.execute(select, [f"{out}/{name}.parquet"])) for name in floor.TABLES}


def _count(relation: duckdb.DuckDBPyConnection) -> int:
    row = relation.fetchone()
    assert row
    return int(row[0])


if __name__ == "__main__":
    try:
        main()
    except (CommandFailedError, WrongRowsError) as error:
        sys.exit(f"tests.benchmarks: {error}")
