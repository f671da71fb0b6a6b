"""What all commands have in common: one sentence instead of a stack trace, questions, tables for people."""

import argparse
import errno
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Never

from glue_jobs.log_entry import CommitLogError
from shared.contract import Table
from shared.store import StoreError
from shared.tables import TABLES
from shared.terminal import printable, set_up_output


class CommandError(Exception):
    """The command cannot do what was asked; the message says why and what to do."""


class UsageError(CommandError):
    """An argument is missing, unknown or malformed; the message names it."""


class Parser(argparse.ArgumentParser):
    """A parser whose complaint about wrong arguments is one sentence. Raises UsageError."""

    def error(self, message: str) -> Never:
        """Argparse would print all options here and end the program."""
        raise UsageError(f"{message.removeprefix('argument ')}; --help shows all options")


def whole_number(text: str) -> int:
    """A number from 1 to 999,999, as the type of an argument."""
    if not re.fullmatch("[0-9]{1,6}", text.strip()) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{printable(text)!r} is no whole number from 1 to 999999")
    return int(text)


def folder(text: str) -> Path:
    """A folder, there or not, as the type of an argument. A file and an empty text are refused."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: name a folder, such as OUT=out/mine")
    path = Path(text).expanduser()
    for part in (path, *path.parents):
        if part.is_file():
            raise argparse.ArgumentTypeError(f"{printable(str(part))} is a file: name a folder, such as OUT=out/mine")
    return path


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def table_named(name: str) -> Table:
    """The contract of this name, in any case. Raises CommandError."""
    for table in TABLES:
        if table.name == name.lower():
            return table
    raise CommandError(f"there is no table {name}; there are {', '.join(table.name for table in TABLES)}")


_INTERRUPTED_QUERY = "Query interrupted"  # the RuntimeError of DuckDB when Ctrl-C comes during a query
STOPPED = "stopped; it may be run again at any time."


def run_command(name: str, body: Callable[[Sequence[str]], int], argv: Sequence[str], *, stopped: str = STOPPED) -> int:
    """The body's exit status; whatever goes wrong is one sentence and status 1, wrong arguments are status 2.

    `stopped` is the sentence after Ctrl-C, which is status 130.
    """
    set_up_output()
    logging.basicConfig(stream=sys.stderr, level=os.environ.get("LOG_LEVEL", "WARNING").upper(), format="%(message)s")
    status = 1
    try:
        return body(argv)
    except UsageError as error:
        status, message = 2, str(error)
    except (CommandError, StoreError, CommitLogError) as error:
        message = str(error)
    except BrokenPipeError:  # the output pipe was closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        status, message = 130, stopped
    except OSError as error:
        message = reason_of(error)
    except Exception as error:  # a trace helps no operator
        if str(error) == _INTERRUPTED_QUERY:
            status, message = 130, stopped
        else:
            logging.getLogger(name).debug("unexpected", exc_info=True)
            message = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}; LOG_LEVEL=DEBUG shows more."
    print(f"{name}: {printable(message)}", file=sys.stderr)
    return status


def reason_of(error: OSError) -> str:
    """What the operating system refused, at which path, and what to do; without numbers of errors."""
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"{where}permission denied; name a folder of your own, OUT=folder, or change who may write there"
    if error.errno == errno.EROFS:
        return f"{where}the disk can only be read; name a folder on another, OUT=folder"
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return f"{where}a file has this name, and a folder is needed; name another folder, OUT=folder"
    if error.errno == errno.ENAMETOOLONG:
        return f"{where}the name is too long; name another folder, OUT=folder"
    return f"{where}{error.strerror or error}"


def not_done(what: str, option: str, variable: str = "APPLY=yes") -> str:
    """The sentence of every command that shows first: nothing happened, and how to do it."""
    return f"Nothing was {what}. To do this, add {variable} (without make: {option})."


def answers(question: str, answer: str) -> bool:
    """Whether exactly this answer is typed."""
    try:
        return input(printable(question)).strip() == answer
    except EOFError:
        return False


def table_text(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A small table for people: text to the left, numbers to the right, nothing that could command a terminal."""
    shown = [[f"{cell:,}" if isinstance(cell, int) else printable(str(cell)) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in [list(header), *shown]) for column in range(len(header))]
    is_number = [bool(rows) and all(isinstance(row[column], int) for row in rows) for column in range(len(header))]
    lines = [list(header), *shown]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in lines
    )
