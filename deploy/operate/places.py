"""Opens what these commands work on: a lake with its log, and a Snowflake, embedded or in an account."""

import argparse
import contextlib
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from deploy.commands import CommandError, Parser, answers, not_done, now
from deploy.snowflake.landing import Landing
from glue_jobs.commit_log import CommitLog, new_ulid
from shared import lake
from shared.store import ObjectStore, open_store
from shared.terminal import printable

ARCHIVES = tuple(lake.archived(0, lake.PENDING, quarantined=q).partition("0")[0] for q in (False, True))
_FOLDERS = ("raw", lake.LOG, lake.PROCESSED, lake.REJECTS, lake.STATE)


def open_lake(uri: str) -> ObjectStore:
    """The lake that `--lake` names. Raises CommandError if it is not a lake, with what to name instead."""
    if "://" in uri:
        return open_store(uri)
    path = Path(uri).expanduser()
    folder = path.parent if path.name == "lake" else path
    if any(part.is_file() for part in (path, *path.parents)):
        raise CommandError(f"{folder} is a file, not a folder with a lake: name one, OUT=folder (without make: --lake)")
    if not folder.is_dir():
        raise CommandError(
            f"there is no folder {folder}: `make demo` makes a lake of made-up playlists, `make run` one of yours; "
            "OUT=folder (without make: --lake) names another"
        )
    if not path.is_dir() or not _is_lake(path):
        raise CommandError(
            f"{folder} holds no lake: name the folder of `make demo`, `make run` or `make load`, OUT=folder (without "
            "make: --lake)"
        )
    return open_store(uri)


def _is_lake(path: Path) -> bool:
    """Whether the folder is empty or has one of a lake's own folders."""
    return any((path / name).is_dir() for name in _FOLDERS) or not any(path.iterdir())


@contextlib.contextmanager
def open_landing(folder: Path | None, store: ObjectStore, environment: str | None = None) -> Iterator[Landing | None]:
    """The warehouse in the folder, or the environment's Snowflake account; None without both. Raises CommandError.

    The user that connects to the account comes from environment variables, see deploy/snowflake/connect.py.
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
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder} is a file: --warehouse is the folder of a warehouse on this machine")
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
    """A parser with the arguments that all commands share: the lake, the warehouse, and whether to answer in JSON."""
    parser = Parser(description=description, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lake", default="out/mine/lake", help="s3://bucket/prefix or a folder (default: %(default)s)")
    if has_warehouse:
        parser.add_argument("--warehouse", type=Path, help="folder of the warehouse on this machine (default: none)")
        parser.add_argument("--env", help="instead: the environment whose Snowflake account is meant, such as dev")
    parser.add_argument("--json", action="store_true", help="answer in one line of JSON")
    return parser


def may_remove(answer: str, store: ObjectStore) -> bool:
    """Whether a person at a terminal types the answer. If not, it prints that nothing was removed, and how to do it."""
    place = store.uri.removeprefix("file://")
    keep = f"aws s3 sync {place} COPY" if "://" in place else f"cp -r {shlex.quote(place)} COPY"
    print(printable(f"This cannot be undone. To keep a copy of the lake first: {keep}"), flush=True)
    if sys.stdin.isatty() and answers(f"Type {answer} to do this: ", answer):
        return True
    print(not_done("removed", "--apply"))
    return False


def retained_after(store: ObjectStore) -> int:
    """The log number up to which retention has removed everything; 0 if it never ran."""
    fetched = store.get(lake.RETENTION)
    if fetched is None:
        return 0
    match = re.search(rb'"removed_up_to": ([0-9]{1,20})', fetched.data)
    return int(match[1]) if match else 0
