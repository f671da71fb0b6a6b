"""The job: explodes what is pending in a lake into every table, each raw object exactly once.

    python glue_jobs/explode_playlists.py --lake URI [--source URI] [--extracted-at TIME]

Runs unchanged from the Glue console, by spark-submit with the suite's zip, and by plain Python.
"""

import argparse
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Never

from glue_jobs.commit_log import Batch, CommitLog, CommitLogError, Entry, Input, new_ulid
from glue_jobs.intake import Fetch, InputVanishedError, take_in
from glue_jobs.runtime import GlueJob, RuntimeProblemError, glue_job, is_submitted
from glue_jobs.tables import AccountError, stage_batches, stage_tables
from shared.store import ObjectStore, StoreError, open_store
from shared.terminal import printable

log = logging.getLogger("explode_playlists")

NAME = "explode_playlists"
# What Glue adds to a job's own arguments comes with a run id; only then are unknown names let pass.
_GLUE_ONLY = "--JOB_RUN_ID"
_PATIENCE = 3  # times that a file of a folder may be found younger than 2 s before it is left for the next run


class ArgumentError(ValueError):
    """An argument is missing, unknown or malformed."""


class StillGrowingError(Exception):
    """Somebody is still writing a dropped file; everything else was taken."""

    def __init__(self) -> None:
        super().__init__(
            "a file in raw/pending/drop/ is still being written; it stays there, the rest was taken: run again."
        )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Never:
        raise ArgumentError(message)


@dataclass(frozen=True)
class Arguments:
    """What a run is asked to do."""

    lake: str
    source: str | None
    extracted_at: datetime | None
    max_objects: int


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """The arguments. Raises ArgumentError for an unknown one, unless Glue started the run: it adds its own."""
    parser = _Parser(prog=NAME, description=__doc__, allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lake", required=True, help="s3://bucket/prefix or a folder; what is pending there is taken")
    parser.add_argument(
        "--source", help="take this file, folder or s3:// prefix instead of what is pending, and leave it in place"
    )
    parser.add_argument(
        "--extracted-at",
        type=_time,
        help="when dropped documents were extracted, as ISO time; else their folder at=<time>, else their file time",
    )
    parser.add_argument("--max-objects", type=_count, default=1000, help="raw objects per batch (default: %(default)s)")
    parser.add_argument("--JOB_NAME", default=NAME, help=argparse.SUPPRESS)
    known, unknown = parser.parse_known_args(list(argv))
    if unknown and _GLUE_ONLY not in argv:
        raise ArgumentError("unknown argument " + " ".join(unknown))
    if unknown:
        log.info("not used: %s", " ".join(name for name in unknown if name.startswith("--")))
    return Arguments(known.lake, known.source, known.extracted_at, known.max_objects)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"no ISO time such as 2026-11-20T10:00:00Z: {text!r}"
        raise argparse.ArgumentTypeError(message) from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        message = f"no number from 1 up: {text!r}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


@dataclass
class Summary:
    """What a run did, over all its batches."""

    lake: str
    batches: list[str] = field(default_factory=list)
    objects: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)
    quarantined: dict[str, str] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    dated_by_file: int = 0
    seconds: float = 0.0

    def add(self, entry: Entry) -> None:
        """Counts a committed batch in."""
        self.batches.append(entry.batch_id)
        self.objects.update(taken.place for taken in entry.inputs)
        self.kinds.update(entry.account)
        self.rows.update(entry.rows)
        self.rejects.update(entry.rejects)
        self.quarantined |= {taken.key: taken.reason for taken in entry.inputs if taken.reason}

    def as_json(self) -> str:
        """One line for machines."""
        return json.dumps(
            {
                "job": NAME,
                "lake": self.lake,
                "status": "ok",
                "batches": self.batches,
                "finished_earlier": self.finished,
                "objects": self.objects.total(),
                "items": self.kinds.total(),
                "kinds": dict(self.kinds),
                "rows": dict(self.rows),
                "rejects": dict(self.rejects),
                "quarantined": self.quarantined,
                "dated_by_file": self.dated_by_file,
                "seconds": round(self.seconds, 1),
            },
            ensure_ascii=False,
        )

    def as_table(self) -> str:
        """A few lines for people."""
        if not self.batches:
            return f"Nothing to do: nothing is pending in {self.lake}."
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds.items() if count)
        lines = [
            f"{self.objects.total():,} raw objects taken in {len(self.batches)} batches",
            f"{self.kinds.total():,} playlist items: {kinds or 'none'}",
            *(f"  {table:<16}{count:>10,} rows" for table, count in self.rows.items()),
        ]
        if self.rejects:
            lines.append(f"{self.rejects.total():,} rejects, kept with their reasons in rejects/:")
            lines += [f"  {reason:<40}{count:>8,}" for reason, count in self.rejects.most_common()]
        lines += [f"  quarantined: {key}: {reason}" for key, reason in self.quarantined.items()]
        if self.dated_by_file:
            lines.append(
                f"{self.dated_by_file:,} files do not say when they were extracted: their file time was taken. "
                "An old answer saved late then beats newer ones: give --extracted-at, or drop under drop/at=<time>/."
            )
        return "\n".join(printable(line) for line in lines)


def run(arguments: Arguments, argv: Sequence[str], clock: Callable[[], datetime]) -> Summary:
    """Takes everything that is pending (or the sources), batch by batch, and says what was done."""
    started = time.monotonic()
    store = open_store(arguments.lake)
    summary = Summary(store.uri)
    with glue_job(NAME, argv) as job:
        commits = CommitLog(store, clock=clock, new_id=lambda: new_ulid(clock), max_objects=arguments.max_objects)
        summary.finished = commits.finish_earlier_commits()
        inputs, fetch = (None, _from(store)) if arguments.source is None else _sources(arguments.source)
        waits = 0
        while True:
            batch = commits.next_batch(sources=inputs)
            if batch is None and commits.waiting_seconds:
                waits += 1
                if waits > _PATIENCE:
                    raise StillGrowingError
                time.sleep(commits.waiting_seconds)
            elif batch is None:
                break
            elif entry := _take(job, store, commits, batch, fetch, arguments, summary):
                summary.add(entry)
                log.info("batch %s: %s objects committed", entry.number, len(entry.inputs))
    summary.seconds = time.monotonic() - started
    return summary


def _take(  # noqa: PLR0913, PLR0917  # the run's own things, all of them
    job: GlueJob,
    store: ObjectStore,
    commits: CommitLog,
    batch: Batch,
    fetch: Fetch,
    arguments: Arguments,
    summary: Summary,
) -> Entry | None:
    """Stages and commits one batch; None if another run was faster or an object changed meanwhile."""
    log.info("%s raw objects to take", len(batch.inputs))
    try:
        intake = take_in(batch, fetch, store, extracted_at=arguments.extracted_at)
        log.info("%s playlist items read", intake.kinds.total())
        staged = stage_tables(job, store, batch, intake)
        summary.dated_by_file += len(intake.dated_by_file)
        return commits.commit(
            batch,
            intake.taken,
            staged.files,
            rejects=staged.rejects,
            account=staged.account,
            batches_file=lambda number, at: stage_batches(
                job,
                store,
                batch,
                number=number,
                committed_at=at,
                item_count=intake.kinds.total(),
                reject_count=staged.rejects.total(),
            ),
        )
    except InputVanishedError as error:
        log.info("%s is gone or was replaced meanwhile; planning again", error)
        commits.drop(batch)
        return None
    except (KeyboardInterrupt, StoreError, RuntimeProblemError, AccountError, CommitLogError):
        commits.drop(batch)
        raise
    except Exception as error:
        # Whatever else ends it may be an object's fault: the note of the attempt stays and counts against its objects.
        if "No space left on device" not in str(error):
            raise
        commits.drop(batch)
        message = (
            f"a disk is full: free space where the lake is ({store.uri}) and in the temporary folder, then run again."
        )
        raise RuntimeProblemError(message) from error


def _from(store: ObjectStore) -> Fetch:
    return lambda given: store.get(given.key)


def _sources(uri: str) -> tuple[list[Input], Fetch]:
    """The files under a URI as inputs whose keys are their URIs, and how to fetch them."""
    folder, _, name = uri.rstrip("/").rpartition("/")
    if "://" not in uri and Path(uri).is_file():
        store, prefix = open_store(folder or "."), name
    else:
        store, prefix = open_store(uri), ""
    found = [Input(store.object_uri(one.key), one.token, one.size, one.time) for one in store.list(prefix)]
    return found, lambda given: store.get(given.key.removeprefix(store.uri + "/"))


def main(argv: Sequence[str]) -> int:
    """The exit status: 0 when everything pending was taken, rejects included; else one sentence says why not."""
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
    )
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        summary = run(parse_arguments(argv), argv, lambda: datetime.now(UTC))
    except ArgumentError as error:
        return _failed(f"{error}. Usage: {NAME}.py --lake URI [--source URI]; --help says more.", status=2)
    except (StoreError, RuntimeProblemError, CommitLogError, AccountError, StillGrowingError) as error:
        return _failed(str(error))
    except Exception as error:
        if is_submitted():
            raise  # Glue shows the run's exception, with its trace in the log
        log.debug("unexpected", exc_info=True)
        first = str(error).strip().partition("\n")[0]
        return _failed(f"{type(error).__name__}: {first}. Nothing half done was published; LOG_LEVEL=DEBUG shows more.")
    except KeyboardInterrupt:
        return _failed("stopped; what was committed stands, the rest is still pending: run again.", status=130)
    print(summary.as_table(), file=sys.stderr)
    print(summary.as_json())
    return 0


def _failed(sentence: str, status: int = 1) -> int:
    print(f"{NAME}: {printable(sentence)}", file=sys.stderr)
    return status


if __name__ == "__main__":
    # Glue takes any SystemExit for a failure, so success just ends.
    if _status := main(sys.argv[1:]):
        sys.exit(_status)
