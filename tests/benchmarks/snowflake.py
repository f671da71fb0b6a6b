"""Loads a year of hourly batches through a pipe, and computes the cost of a year: `make bench-snowflake`.

    python -m tests.benchmarks.snowflake [--hours 8760] [--lake FOLDER]

First the embedded Snowflake loads a table's files of every hour of a year and counts the rows. Lost or doubled rows end
the program with an error. Then, if a lake of the job is named (`make demo`: out/demo/lake), the program computes from
the sizes of its files what a year of them would cost in Snowflake, at the prices below.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.embedded_pipe import LoadStatus
from shared.store import open_store
from shared.tables import TABLES
from shared.tables.playlist_items import PLAYLIST_ITEMS
from tests.deploy.snowflake.year import publish_hours

HOURS = 8760
# Snowpipe bills by volume, without a fee per file (docs.snowflake.com/user-guide/data-load-snowpipe-billing). The rate
# is from seemoredata.io; the account's contract decides.
CREDITS_PER_GB = 0.0037
# An XS warehouse costs a credit per hour. Each time it resumes, it is billed for at least a minute, and it suspends
# after another minute.
CREDITS_PER_WAKE = 2 / 60
GB = 1024**3

T = TypeVar("T")


class WrongCountError(Exception):
    """Rows were lost or doubled."""


def year(hours: int, say: Callable[[str], None]) -> None:
    """Load a table's files of this many hours twice, and count the rows. Raises WrongCountError."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "lake"
        lake = open_store(str(folder), create=True)
        keys = publish_hours(folder, range(1, hours + 1), [PLAYLIST_ITEMS])[PLAYLIST_ITEMS.name]
        with EmbeddedSnowflake(Path(scratch) / "warehouse", lake) as warehouse:
            warehouse.deploy()
            loaded, loading = _timed(lambda: warehouse.arrived(keys))
            again, skipping = _timed(lambda: warehouse.arrived(keys))
            _check("files loaded", hours, sum(load.status is LoadStatus.LOADED for load in loaded))
            _check("files skipped the second time", hours, sum(load.status is LoadStatus.SKIPPED for load in again))
            # The playlist has three positions in every hour, and a new snapshot every ten hours.
            _check("rows landed", 3 * hours, _count(warehouse, "LANDING.PLAYLIST_ITEMS"))
            current, reading = _timed(lambda: _count(warehouse, "CORE.PLAYLIST_ITEMS"))
            _check("rows current", 3 * -(-hours // 10), current)
    say(f"{hours} files of playlist_items, {3 * hours} rows, {current} of them current: none doubled, none lost")
    say(f"loaded in {loading:.0f} s ({1000 * loading / hours:.1f} ms a file), offered again in {skipping:.1f} s")
    say(f"current view counted in {1000 * reading:.0f} ms")


def paper(lake: Path, say: Callable[[str], None]) -> None:
    """The cost of a year of hourly batches like those in this lake, from the sizes of its files."""
    batches = len(list((lake / "processed/batches").rglob("*.parquet")))
    total = 0
    for table in TABLES:
        sizes = [path.stat().st_size for path in (lake / "processed" / table.name).rglob("*.parquet")]
        total += sum(sizes)
        say(f"{table.name:16} {len(sizes):5} files {sum(sizes) / 1024 / max(len(sizes), 1):9.1f} KiB each")
    in_year = total / batches * HOURS / GB
    say(f"{batches} batches, {total / batches / 1024:.0f} KiB a batch; {HOURS} of them: {in_year:.2f} GB")
    say(f"pipes, a year:                             {in_year * CREDITS_PER_GB:8.4f} credits")
    say(f"dynamic tables with an hour's lag, a year: {HOURS * CREDITS_PER_WAKE:8.0f} credits at most")
    say(f"plain views, each query that resumes BI_WH: {CREDITS_PER_WAKE:7.3f} credits at least")


def _timed(action: Callable[[], T]) -> tuple[T, float]:
    start = time.monotonic()
    return action(), time.monotonic() - start


def _count(warehouse: EmbeddedSnowflake, table: str) -> int:
    [(count,)] = warehouse.query(f"select count(*) as n from SPOTIFY.{table}")
    return int(str(count))


def _check(what: str, expected: int, actual: int) -> None:
    if actual != expected:
        raise WrongCountError(f"{what}: {actual}, not {expected}")


def main(argv: Sequence[str]) -> int:
    """Print the measurements. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.snowflake", description=__doc__)
    parser.add_argument("--hours", type=int, default=HOURS, help="how many hourly batches, %(default)s by default")
    parser.add_argument("--lake", type=Path, help="a lake that the job has written; its file sizes give the cost")
    arguments = parser.parse_args(argv)
    try:
        year(arguments.hours, print)
    except WrongCountError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments.lake:
        paper(arguments.lake, print)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
