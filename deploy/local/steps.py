"""Output of the programs that run the chain: each step with its time, then the contents of the warehouse."""

import contextlib
import errno
import os
import shlex
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Never, TextIO, TypeVar

import duckdb
from snowflake.connector.errors import Error as SnowflakeError

from deploy.commands import CommandError, reason_of
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.terminal import printable

DEMO_MARK = ".made-by-make-demo"  # a folder with it is emptied by the next demo
_VIEWS = ("SONGS", "ALBUMS", "ARTISTS", "EPISODES", "PLAYLISTS", "PLAYLIST_MEMBERSHIP", "PLAYS")

_CLEAR = "\r\x1b[2K"  # erases the line on a terminal
_TICK_SECONDS = 1.0
_WIDEST = 78

Done = TypeVar("Done")

_DENIED = "Permission denied"
_DISK_FULL = ("No space left on device", "Disk quota exceeded")
WAREHOUSE_ERRORS = (duckdb.Error, SnowflakeError)


def sentence_of(error: Exception, out: Path) -> str:
    """The reason of an error and what to do about it; `out` is the folder of the chain."""
    text = str(error).partition("\n")[0]
    if any(reason in str(error) for reason in _DISK_FULL):
        return f"the disk is full: free space for {out} and in the temporary folder, then run again. ({text})"
    if _DENIED in str(error) and isinstance(error, WAREHOUSE_ERRORS):
        return reason_of(PermissionError(errno.EACCES, _DENIED, str(out / "warehouse")))
    if isinstance(error, duckdb.IOException):
        return f"{out / 'warehouse'} cannot be opened; perhaps another program has it open: {text}"
    if isinstance(error, WAREHOUSE_ERRORS):
        return f"{out / 'warehouse'} cannot be used: remove it and run again; it is then loaded from the lake. ({text})"
    return reason_of(error) if isinstance(error, OSError) else str(error)


def must_be_writable(out: Path) -> None:
    """Raises CommandError if no file can be created in the folder, before minutes of work are lost."""
    try:
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise CommandError(reason_of(OSError(error.errno, error.strerror, str(out)))) from error


@contextlib.contextmanager
def plain_errors(out: Path) -> Iterator[None]:
    """Turns errors of the folder's disk or warehouse into a CommandError that says what to do."""
    try:
        yield
    except BrokenPipeError:  # the output was closed
        raise
    except (OSError, *WAREHOUSE_ERRORS) as error:
        raise CommandError(sentence_of(error, out)) from error


def end_on_sigterm() -> None:
    """SIGTERM ends the program as Ctrl-C does."""

    def interrupt(_signal: int, _frame: FrameType | None) -> Never:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


class Steps:
    """Prints the number and name of each step and how long it took; on a terminal also the time while it runs."""

    def __init__(self, count: int, stream: TextIO = sys.stderr) -> None:
        self._count = count
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._note = ""
        self.seconds: dict[str, float] = {}

    def run(self, what: str, step: Callable[[], Done], *, is_silent: bool = True) -> Done:
        """Runs the step; prints a line before and a line after it. `is_silent`: the step itself prints nothing."""
        self.say(f"[{len(self.seconds) + 1}/{self._count}] {what} …")
        self._note = ""
        started = time.monotonic()
        is_over = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(is_over, started), daemon=True)
        if is_silent and self._is_terminal:
            ticker.start()
        try:
            done = step()
        finally:
            is_over.set()
            if ticker.is_alive():
                ticker.join()
        self.seconds[what] = time.monotonic() - started
        self.say(f"      {self.seconds[what]:.1f} s")
        return done

    def note(self, text: str) -> None:
        """Set what the running step does now; only a terminal shows it, in the rewritten line."""
        self._note = text

    def say(self, line: str) -> None:
        """Print a permanent line."""
        print(f"{_CLEAR if self._is_terminal else ''}{printable(line)}", file=self._stream, flush=True)

    def _tick(self, is_over: threading.Event, started: float) -> None:
        while not is_over.wait(_TICK_SECONDS):
            note = f", {self._note}" if self._note else ""
            line = printable(f"      {time.monotonic() - started:.0f} s{note}")[:_WIDEST]
            self._stream.write(f"{_CLEAR}{line}")
            self._stream.flush()
        self._stream.write(_CLEAR)
        self._stream.flush()


def show_counts(warehouse: EmbeddedSnowflake) -> None:
    """Prints how many rows each of the main BI views has; the warehouse must be deployed."""
    print("\nThe warehouse now has:")
    for view in _VIEWS:
        [(count,)] = warehouse.query(f"select count(*) as row_count from SPOTIFY.BI.{view}")  # noqa: S608  # our names
        print(f"  BI.{view:<22}{count:>8,}")


def some_song(warehouse: EmbeddedSnowflake) -> str | None:
    """The id of the song in most playlists; None if there is no song."""
    rows = warehouse.query(
        "select song_id from SPOTIFY.BI.TOP_SONGS_BY_PRESENCE order by presence_rank, song_id limit 1"
    )
    return str(rows[0][0]) if rows else None


def show_next(out: Path, page: Path, song_id: str | None) -> None:
    """Prints where everything is, then the report and three commands to try next."""
    here = Path.cwd()
    folder = shlex.quote(str(out.relative_to(here) if out.is_relative_to(here) else out))
    print(f"\nThe folder {out} has lake/, as S3 would, and warehouse/, as Snowflake would.")
    print(f"\nReport: {page} (open it in a browser)")
    print("Next:")
    print(f"  make why OUT={folder} TABLE=songs ID={song_id}" if song_id else f"  make report OUT={folder}")
    print(f"  make status OUT={folder}")
    print(f"  make notebook OUT={folder}")


def open_page(page: Path) -> None:
    """Opens the page in the browser of a desktop; does nothing where there is none."""
    if sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")):
        webbrowser.open(page.resolve().as_uri())
