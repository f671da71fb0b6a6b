"""The job as a program that is killed, or waits, at a chosen step of the commit protocol.

`python -m tests.glue_jobs.stopping LAKE PLACE` is killed there; with a third argument, a folder, it waits there until
another run has reached the same step.
"""

import os
import re
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from glue_jobs import explode_playlists
from glue_jobs.explode_playlists import parse_arguments, run
from shared.store import ObjectStore, open_store
from tests.waiting import wait_for

# The store's operation, its key, the how-many-th such call, and whether the operation is executed first.
PLACES = {
    "noted, nothing staged": ("put", r"log/attempts/", 1, True),
    "some tables staged": ("list", r"staging/[^/]+/songs/", 1, False),
    "committed, nothing published": ("put_if_absent", r"log/0", 1, True),
    "some tables published": ("copy", r"staging/", 4, True),
    "one object archived and still pending": ("delete", r"raw/pending/", 1, False),
    "all done but the completion marker": ("put_if_absent", r"log/done/", 1, False),
}
ABOUT_TO_COMMIT = "about to commit"
_ALL = PLACES | {ABOUT_TO_COMMIT: ("put_if_absent", r"log/0", 1, False)}


class Stopping:
    """A store that calls `act` at one of its operations."""

    def __init__(self, store: ObjectStore, place: str, act: Callable[[], None]) -> None:
        self._store = store
        self._act = act
        self._operation, self._key, self._left, self._is_done_first = _ALL[place]

    def __getattr__(self, name: str) -> Any:
        """The store's operation, watched if it is the chosen one."""
        real = getattr(self._store, name)
        if name != self._operation:
            return real

        def watched(key: str, *rest: Any, **named: Any) -> Any:
            if not re.match(self._key, key):
                return real(key, *rest, **named)
            self._left -= 1
            if self._left == 0 and not self._is_done_first:
                self._act()
            answer = real(key, *rest, **named)
            if self._left == 0 and self._is_done_first:
                self._act()
            return answer

        return watched


def meet(folder: Path, me: str, other: str) -> None:
    """Signals arrival, and waits for the other run."""
    (folder / me).touch()
    wait_for((folder / other).exists, f"{other} to come", pause=0.005)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    lake, place, *folder = sys.argv[1:]
    act = partial(meet, Path(folder[0]), "program", "test") if folder else _die
    arguments = ["--lake", lake]
    explode_playlists._MOVES_AT_ONCE = 1  # so that the order of operations is fixed
    store: Any = Stopping(open_store(lake), place, act)
    print(len(run(parse_arguments(arguments), arguments, lambda: datetime.now(UTC), store).batches))  # noqa: T201  # a program
