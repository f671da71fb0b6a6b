"""What all commands have in common: one sentence instead of a stack trace, questions, tables for people."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from glue_jobs.log_entry import CommitLogError
from shared.contract import Table
from shared.store import StoreError
from shared.tables import TABLES
from shared.terminal import printable, set_up_output


class CommandError(Exception):
    """The command cannot do what was asked; the message says why and what to do."""


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def table_named(name: str) -> Table:
    """The contract of this name, in any case. Raises CommandError."""
    for table in TABLES:
        if table.name == name.lower():
            return table
    raise CommandError(f"there is no table {name}; there are {', '.join(table.name for table in TABLES)}")


def run_command(name: str, body: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """The body's exit status; whatever goes wrong is one sentence and status 1, wrong arguments are status 2."""
    set_up_output()
    logging.basicConfig(stream=sys.stderr, level=os.environ.get("LOG_LEVEL", "WARNING").upper(), format="%(message)s")
    try:
        return body(argv)
    except (CommandError, StoreError, CommitLogError) as error:
        said = str(error)
    except BrokenPipeError:  # the output pipe was closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        said = "stopped; it may be run again at any time."
        print(f"{name}: {said}", file=sys.stderr)
        return 130
    except Exception as error:  # a trace helps no operator
        logging.getLogger(name).debug("unexpected", exc_info=True)
        said = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}; LOG_LEVEL=DEBUG shows more."
    print(f"{name}: {printable(said)}", file=sys.stderr)
    return 1


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
