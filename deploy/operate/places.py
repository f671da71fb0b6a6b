"""The places that these commands work on: a lake with its log, and a Snowflake, embedded or an account."""

import argparse
import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from deploy.commands import CommandError, answers, now
from deploy.snowflake.landing import Landing
from glue_jobs.commit_log import CommitLog, new_ulid
from shared import lake
from shared.store import ObjectStore
from shared.terminal import printable

ARCHIVES = tuple(lake.archived(0, lake.PENDING, quarantined=q).partition("0")[0] for q in (False, True))


@contextlib.contextmanager
def open_landing(folder: Path | None, store: ObjectStore, environment: str | None = None) -> Iterator[Landing | None]:
    """The warehouse in the folder, or the environment's in a Snowflake account; None for none. Raises CommandError.

    The user that connects to the account comes from the environment, see deploy/snowflake/connect.py.
    """
    if folder is not None and environment is not None:
        raise CommandError("--warehouse is a folder on this machine, --env a Snowflake account: name one of them")
    if environment is not None:
        from deploy.snowflake.connect import Account  # noqa: PLC0415  # its imports take seconds
        from deploy.snowflake.environment import Environment  # noqa: PLC0415  # likewise

        with Account.of(Environment.named(environment)) as account:
            yield account
        return
    if folder is None:
        yield None
        return
    if not folder.is_dir():
        print(
            printable(
                f"{folder} does not exist, so only the lake is used; make load makes it from the lake, without a login."
            ),
            file=sys.stderr,
        )
        yield None
        return
    from deploy.snowflake.embedded import EmbeddedSnowflake  # noqa: PLC0415  # its imports take seconds

    with EmbeddedSnowflake(folder, store) as warehouse:
        yield warehouse


def log_of(store: ObjectStore, clock: Callable[[], datetime] = now) -> CommitLog:
    """The commit log of the lake."""
    return CommitLog(store, clock=clock, new_id=lambda: new_ulid(clock))


def parser_of(description: str | None, *, has_warehouse: bool = True) -> argparse.ArgumentParser:
    """A parser with what every command takes: the lake, the warehouse's folder, and whether to answer in JSON."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--lake", default="out/mine/lake", help="s3://bucket/prefix or a folder (default: %(default)s)")
    if has_warehouse:
        parser.add_argument("--warehouse", type=Path, help="folder of the warehouse on this machine (default: none)")
        parser.add_argument("--env", help="instead: the environment whose Snowflake account is meant, such as dev")
    parser.add_argument("--json", action="store_true", help="answer in one line of JSON")
    return parser


def may_remove(answer: str) -> bool:
    """Whether a person at a terminal types the answer; if not, says that nothing was removed, and how to do it."""
    if sys.stdin.isatty() and answers(f"Type {answer} to remove this: ", answer):
        return True
    print("Nothing was removed. To remove it, add APPLY=yes (without make: --apply).")
    return False


def retained_after(store: ObjectStore) -> int:
    """The log number up to which retention has removed everything; 0 if it never did."""
    fetched = store.get(lake.RETENTION)
    if fetched is None:
        return 0
    found = re.search(rb'"removed_up_to": ([0-9]{1,20})', fetched.data)
    return int(found[1]) if found else 0
