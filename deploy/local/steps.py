"""What the programs that run the chain show a person: each step with its time, and what the warehouse holds then."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from deploy.local.warehouse import Warehouse

DEMO_MARK = ".made-by-make-demo"  # a folder with it is emptied by the next demo
_VIEWS = ("SONGS", "ALBUMS", "ARTISTS", "EPISODES", "PLAYLISTS", "PLAYLIST_MEMBERSHIP")

Done = TypeVar("Done")


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


def show_counts(warehouse: Warehouse) -> None:
    """Prints how many rows each of the main BI views has; the warehouse is deployed."""
    print("\nWhat the warehouse holds now:")
    for view in _VIEWS:
        [(count,)] = warehouse.query(f"select count(*) as row_count from SPOTIFY.BI.{view}")  # noqa: S608  # our names
        print(f"  BI.{view:<22}{count:>8,}")


def show_place(out: Path, page: Path) -> None:
    """Prints where everything lies, and the report's page."""
    print(f"\nEverything lies in {out}: lake/ is what S3 would hold, warehouse/ what Snowflake would.")
    print(f"Open {page} in a browser.")
