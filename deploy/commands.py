"""What the commands for people have in common: the lake, the warehouse, and one sentence instead of a stack trace."""

import argparse
import contextlib
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from glue_jobs.commit_log import CommitLog, new_ulid
from glue_jobs.log_entry import CommitLogError
from shared import lake
from shared.contract import Table
from shared.store import ObjectStore, StoreError
from shared.tables import TABLES
from shared.terminal import printable, set_up_output

DATABASE = "SPOTIFY"
# A published file's name ends in its log number and part; Snowflake's SQL finds the number by these places.
FILE_TAIL = len("00000000000000000000-00000.parquet")
FILE_NUMBER = len("00000000000000000000")
ARCHIVES = tuple(lake.archived(0, lake.PENDING, quarantined=q).partition("0")[0] for q in (False, True))


class CommandError(Exception):
    """The command cannot do what was asked; the message says why and what to do."""


class Landing(Protocol):
    """A Snowflake, real or embedded, that answers one statement with its rows; `%s` stands for the values."""

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The rows."""


@contextlib.contextmanager
def open_landing(folder: Path | None, store: ObjectStore, stage: str | None = None) -> Iterator[Landing | None]:
    """The warehouse in the folder, or the stage's in a Snowflake account; None for none. Raises CommandError.

    Who connects to the account stands in the environment, see deploy/warehouse/connect.py.
    """
    if folder is not None and stage is not None:
        message = "--warehouse is a folder on this machine, --stage a Snowflake account: name one of them"
        raise CommandError(message)
    if stage is not None:
        from deploy.warehouse.connect import Account  # noqa: PLC0415  # its imports take seconds
        from deploy.warehouse.stage import Stage  # noqa: PLC0415  # likewise

        with Account.of(Stage.named(stage)) as account:
            yield account
        return
    if folder is None:
        yield None
        return
    if not folder.is_dir():
        message = f"there is no warehouse in {folder}: load one first, or leave --warehouse out"
        raise CommandError(message)
    from deploy.local.warehouse import Warehouse  # noqa: PLC0415  # its imports take seconds

    with Warehouse(folder, store) as warehouse:
        yield warehouse


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def log_of(store: ObjectStore, clock: Callable[[], datetime] = now) -> CommitLog:
    """The commit log of the lake."""
    return CommitLog(store, clock=clock, new_id=lambda: new_ulid(clock))


def landing(table: Table) -> str:
    """The landing table's name in the session's database."""
    return f"LANDING.{table.name.upper()}"


def published_key(file_name: str) -> str:
    """The lake's key of what Snowflake calls the file: its path in the bucket."""
    found = re.search(r"(?:^|/)(processed/[^/]+/ingest_date=[^/]+/[^/]+)$", file_name)
    return found[1] if found else file_name


def table_named(name: str) -> Table:
    """The contract of this name, in any case. Raises CommandError."""
    for table in TABLES:
        if table.name == name.lower():
            return table
    message = f"there is no table {name}; there are {', '.join(table.name for table in TABLES)}"
    raise CommandError(message)


def parser_of(description: str | None, *, has_warehouse: bool = True) -> argparse.ArgumentParser:
    """A parser with what every command takes: the lake, the warehouse's folder, and whether to answer in JSON."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--lake", default="out/mine/lake", help="s3://bucket/prefix or a folder (default: %(default)s)")
    if has_warehouse:
        parser.add_argument(
            "--warehouse", type=Path, help="folder of the warehouse on this machine (default: none is looked at)"
        )
        parser.add_argument("--stage", help="instead: the stage whose Snowflake account is meant, such as dev")
    parser.add_argument("--json", action="store_true", help="answer in one line of JSON")
    return parser


def run_command(name: str, body: Callable[[Sequence[str]], int], argv: Sequence[str]) -> int:
    """The body's exit status; whatever goes wrong is one sentence and status 1, wrong arguments are status 2."""
    set_up_output()
    logging.basicConfig(stream=sys.stderr, level=os.environ.get("LOG_LEVEL", "WARNING").upper(), format="%(message)s")
    try:
        return body(argv)
    except (CommandError, StoreError, CommitLogError) as error:
        said = str(error)
    except BrokenPipeError:  # whoever read along has seen enough
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


def may_remove(answer: str) -> bool:
    """Whether a person at a terminal types the answer; if not, says that nothing was removed, and how to do it."""
    if sys.stdin.isatty() and answers(f"Type {answer} to remove this: ", answer):
        return True
    print("Nothing was removed. To remove it, add APPLY=yes (without make: --apply).")
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


def retained_after(store: ObjectStore) -> int:
    """The log number up to which retention has removed everything; 0 if it never did."""
    fetched = store.get(lake.RETENTION)
    if fetched is None:
        return 0
    found = re.search(rb'"removed_up_to": ([0-9]{1,20})', fetched.data)
    return int(found[1]) if found else 0
