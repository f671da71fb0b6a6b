"""What the programs that run the chain show a person: each step with its time, and what the warehouse holds then."""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Never, TypeVar

import duckdb
from snowflake.connector.errors import Error as SnowflakeError

from deploy.snowflake.embedded import EmbeddedSnowflake

DEMO_MARK = ".made-by-make-demo"  # a folder with it is emptied by the next demo
_VIEWS = ("SONGS", "ALBUMS", "ARTISTS", "EPISODES", "PLAYLISTS", "PLAYLIST_MEMBERSHIP")

Done = TypeVar("Done")

_DISK_FULL = ("No space left on device", "Disk quota exceeded")
WAREHOUSE_ERRORS = (duckdb.Error, SnowflakeError)


def sentence_of(error: Exception, out: Path) -> str:
    """What to say, and to do, about an error of a chain that keeps everything in the folder."""
    text = str(error).partition("\n")[0]
    if any(reason in str(error) for reason in _DISK_FULL):
        return f"the disk is full: free space for {out} and in the temporary folder, then run again. ({text})"
    if isinstance(error, duckdb.IOException):
        return f"{out / 'warehouse'} cannot be opened, perhaps another program has it open: {text}"
    if isinstance(error, WAREHOUSE_ERRORS):
        return (
            f"{out / 'warehouse'} cannot be used: remove it and run again, it is loaded again from the lake. ({text})"
        )
    return str(error)


def end_on_sigterm() -> None:
    """SIGTERM ends the program as Ctrl-C does."""

    def interrupt(_signal: int, _frame: FrameType | None) -> Never:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


class Steps:
    """Says which step runs, of how many, and how long each took."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.seconds: dict[str, float] = {}

    def run(self, what: str, step: Callable[[], Done]) -> Done:
        """Runs the step between two lines of its own."""
        print(f"[{len(self.seconds) + 1}/{self._count}] {what} …", file=sys.stderr, flush=True)
        started = time.monotonic()
        done = step()
        self.seconds[what] = time.monotonic() - started
        print(f"      {self.seconds[what]:.1f} s", file=sys.stderr, flush=True)
        return done


def show_counts(warehouse: EmbeddedSnowflake) -> None:
    """Prints how many rows each of the main BI views has; the warehouse is deployed."""
    print("\nWhat the warehouse holds now:")
    for view in _VIEWS:
        [(count,)] = warehouse.query(f"select count(*) as row_count from SPOTIFY.BI.{view}")  # noqa: S608  # our names
        print(f"  BI.{view:<22}{count:>8,}")


def show_place(out: Path, page: Path) -> None:
    """Prints where everything lies, and the report's page."""
    print(f"\nEverything lies in {out}: lake/ is what S3 would hold, warehouse/ what Snowflake would.")
    print(f"Open {page} in a browser.")
