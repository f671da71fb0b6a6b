"""The job's command line."""

import argparse
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Never

from glue_jobs.commit_log import JOB_TIMEOUT, MAX_OBJECTS
from shared.document import MAX_BYTES

log = logging.getLogger("explode_playlists")

NAME = "explode_playlists"
DESCRIPTION = """Explodes what is pending in a lake into every table, each raw object exactly once.

    python glue_jobs/explode_playlists.py --lake URI [--source URI] [--extracted-at TIME]
    python glue_jobs/explode_playlists.py --lake URI --replay FROM..TO [--dry-run]"""
ALARM_REJECTS = 0.05
BUDGET_SHARE = 0.7  # of the timeout: the last batch begins within this share, so that it ends before the timeout
# Glue adds arguments of its own, among them a run id. Unknown names are ignored only if there is a run id.
_GLUE_ONLY = "--JOB_RUN_ID"


class ArgumentError(ValueError):
    """An argument is missing, unknown or malformed."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Never:
        raise ArgumentError(message)


@dataclass(frozen=True)
class Arguments:
    """The arguments of a run; the help texts describe them."""

    lake: str
    source: str | None
    extracted_at: datetime | None
    max_objects: int
    replay: tuple[int, int] | None = None
    dry_run: bool = False
    alarm_rejects: float = ALARM_REJECTS
    max_json_bytes: int = MAX_BYTES
    timeout: timedelta = JOB_TIMEOUT
    budget: timedelta | None = None
    is_whole: bool = False


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """The arguments. Raises ArgumentError for an unknown one, unless Glue started the run, which adds its own."""
    parser = _Parser(
        prog=NAME, description=DESCRIPTION, allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--lake", required=True, type=_place, help="s3://bucket/prefix or a folder; what is pending there is read"
    )
    parser.add_argument(
        "--source",
        type=_place,
        help="read this file, folder or s3:// prefix instead of what is pending, and leave it in place",
    )
    parser.add_argument(
        "--extracted-at",
        type=_time,
        help="when dropped documents were extracted, as ISO time; else their folder at=<time>, else their file time",
    )
    parser.add_argument(
        "--complete",
        nargs="?",
        const="yes",
        default="no",
        choices=("yes", "no"),  # Glue gives every argument a value
        help="dropped rows without any total are all rows of their playlist; so are those below drop/complete/",
    )
    parser.add_argument(
        "--replay",
        type=_range,
        metavar="FROM..TO",
        help="take the archived raw objects of the batches with these log numbers again, as new batches; 7 is 7..7",
    )
    parser.add_argument("--dry-run", action="store_true", help="with --replay: only say what it would take")
    parser.add_argument(
        "--alarm-rejects",
        type=_share,
        default=ALARM_REJECTS,
        help="warn of a batch with more rejects than this share of its items (default: %(default)s)",
    )
    parser.add_argument(
        "--max-objects", type=_count, default=MAX_OBJECTS, help="raw objects per batch (default: %(default)s)"
    )
    parser.add_argument(
        "--max-json-mib",
        type=_count,
        default=MAX_BYTES // 2**20,
        help="quarantine a raw object that is larger than this many MiB uncompressed (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout-minutes",
        type=_minutes,
        default=JOB_TIMEOUT,
        help="when the run is ended from outside; an attempt counts as failed after so long (default: 20)",
    )
    parser.add_argument(
        "--minutes",
        type=_minutes,
        help="begin no batch after so many minutes (default: 70%% of --timeout-minutes on Glue and under spark-submit, "
        "else no limit)",
    )
    parser.add_argument("--JOB_NAME", default=NAME, help=argparse.SUPPRESS)
    known, unknown = parser.parse_known_args(list(argv))
    if unknown and _GLUE_ONLY not in argv:
        raise ArgumentError("unknown argument " + " ".join(unknown))
    if unknown:
        log.info("not used: %s", " ".join(name for name in unknown if name.startswith("--")))
    if known.replay and (known.source or known.extracted_at):
        raise ArgumentError(
            "--replay takes neither --source nor --extracted-at: the log has the inputs and their times"
        )
    if known.dry_run and not known.replay:
        raise ArgumentError("--dry-run is for --replay")
    return Arguments(
        known.lake,
        known.source,
        known.extracted_at,
        known.max_objects,
        known.replay,
        known.dry_run,
        known.alarm_rejects,
        known.max_json_mib * 2**20,
        known.timeout_minutes,
        known.minutes,
        known.complete == "yes",
    )


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"no ISO time such as 2026-11-20T10:00:00Z: {text!r}") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _place(text: str) -> str:
    if not text.strip():  # from an unset variable; an empty path would be the current folder
        raise argparse.ArgumentTypeError("it is empty: name a folder, a file or s3://bucket/prefix")
    return text


def _range(text: str) -> tuple[int, int]:
    match = re.fullmatch("([0-9]{1,20})(?:[.][.]([0-9]{1,20}))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        raise argparse.ArgumentTypeError(f"no number of a batch such as 3, and no range such as 3..7: {text!r}")
    return first, last


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < float("inf"):
        raise argparse.ArgumentTypeError(f"no share such as 0.05: {text!r}")
    return share


def _minutes(text: str) -> timedelta:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < 7 * 24 * 60:  # Glue's longest timeout
        raise argparse.ArgumentTypeError(f"no number of minutes above 0: {text!r}")
    return timedelta(minutes=minutes)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"no number from 1 up: {text!r}")
    return int(text)
