"""The job: explodes what is pending in a lake into every table, each raw object exactly once.

    python glue_jobs/explode_playlists.py --lake URI [--source URI] [--extracted-at TIME]
    python glue_jobs/explode_playlists.py --lake URI --replay FROM..TO [--dry-run]

Runs unchanged from the Glue console, by spark-submit with the suite's zip, and by plain Python.
"""

import argparse
import json
import logging
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Never

from glue_jobs.commit_log import Batch, CommitLog, CommitLogError, Entry, Input, largest, new_ulid
from glue_jobs.intake import Fetch, InputVanishedError, Reading, ReadMemoryError, is_large, take_in
from glue_jobs.replay import Replay, ReplayError, one_of_each, plan_replay
from glue_jobs.runtime import GlueJob, RuntimeProblemError, glue_job, is_submitted
from glue_jobs.tables import ReconciliationError, stage_batches, stage_tables
from shared.document import MAX_BYTES
from shared.store import Leave, ObjectStore, StoreError, UnreadableObjectError, open_store
from shared.terminal import printable, set_up_output

log = logging.getLogger("explode_playlists")

NAME = "explode_playlists"
# What Glue adds to a job's own arguments comes with a run id; only then are unknown names let pass.
_GLUE_ONLY = "--JOB_RUN_ID"
_PATIENCE = 3  # times that a file of a folder may be found younger than 2 s before it is left for the next run
_READERS = 8  # processes; more would wait for the one that stores what they read
_FREE_MEMORY = 64 * 2**20  # bytes that must be free after a memory error, else it is not a raw object's fault
_MOVES_AT_ONCE = 8  # of objects into the archive: on S3 each is three requests long

ALARM_REJECTS = 0.05


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
    replay: tuple[int, int] | None = None
    dry_run: bool = False
    alarm_rejects: float = ALARM_REJECTS
    max_json_bytes: int = MAX_BYTES


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
    parser.add_argument(
        "--replay",
        type=_range,
        metavar="FROM..TO",
        help="take the archived raw objects of the batches with these log numbers again, as new batches",
    )
    parser.add_argument("--dry-run", action="store_true", help="with --replay: only say what it would take")
    parser.add_argument(
        "--alarm-rejects",
        type=_share,
        default=ALARM_REJECTS,
        help="warn of a batch with more rejects than this share of its items (default: %(default)s)",
    )
    parser.add_argument("--max-objects", type=_count, default=1000, help="raw objects per batch (default: %(default)s)")
    parser.add_argument(
        "--max-json-mib",
        type=_count,
        default=MAX_BYTES // 2**20,
        help="quarantine a raw object that is larger than this many MiB uncompressed (default: %(default)s)",
    )
    parser.add_argument("--JOB_NAME", default=NAME, help=argparse.SUPPRESS)
    known, unknown = parser.parse_known_args(list(argv))
    if unknown and _GLUE_ONLY not in argv:
        raise ArgumentError("unknown argument " + " ".join(unknown))
    if unknown:
        log.info("not used: %s", " ".join(name for name in unknown if name.startswith("--")))
    if known.replay and (known.source or known.extracted_at):
        message = "--replay takes neither --source nor --extracted-at: the log knows what was taken, and of when it is"
        raise ArgumentError(message)
    if known.dry_run and not known.replay:
        message = "--dry-run is for --replay"
        raise ArgumentError(message)
    return Arguments(
        known.lake,
        known.source,
        known.extracted_at,
        known.max_objects,
        known.replay,
        known.dry_run,
        known.alarm_rejects,
        known.max_json_mib * 2**20,
    )


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"no ISO time such as 2026-11-20T10:00:00Z: {text!r}"
        raise argparse.ArgumentTypeError(message) from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _range(text: str) -> tuple[int, int]:
    found = re.fullmatch("([0-9]{1,20})[.][.]([0-9]{1,20})", text)
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= first <= last:
        message = f"no range of log numbers such as 3..7: {text!r}"
        raise argparse.ArgumentTypeError(message)
    return first, last


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < float("inf"):
        message = f"no share such as 0.05: {text!r}"
        raise argparse.ArgumentTypeError(message)
    return share


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
    left: dict[str, str] = field(default_factory=dict)  # what could not be taken and stays in place, and why
    finished: list[int] = field(default_factory=list)
    dated_by_file: int = 0
    alarms: list[dict[str, int]] = field(default_factory=list)
    alarm_rejects: float = ALARM_REJECTS
    replay: Replay | None = None
    seconds: float = 0.0

    def add(self, entry: Entry, alarm_rejects: float = ALARM_REJECTS) -> None:
        """Counts a committed batch in; one with a greater share of rejects is said loudly."""
        items, rejects = sum(entry.reconciliation["kinds"].values()), sum(entry.rejects.values())
        if rejects > alarm_rejects * items:
            self.alarms.append({"batch": entry.number, "items": items, "rejects": rejects})
            self.alarm_rejects = alarm_rejects
        self.batches.append(entry.batch_id)
        self.objects.update(taken.place for taken in entry.inputs)
        self.kinds.update(entry.reconciliation["kinds"])
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
                "left": self.left,
                "dated_by_file": self.dated_by_file,
                "alarms": self.alarms,
                "replay": self.replay
                and {
                    "from": self.replay.first,
                    "to": self.replay.last,
                    "objects": len(self.replay.inputs),
                    "gone": len(self.replay.gone),
                    "outside": len(self.replay.outside),
                },
                "seconds": round(self.seconds, 1),
            },
            ensure_ascii=False,
        )

    def as_table(self) -> str:
        """A few lines for people."""
        lines = self._batch_lines() + [f"  left in place: {key}: {reason}" for key, reason in self.left.items()]
        return "\n".join(printable(line) for line in lines)

    def _batch_lines(self) -> list[str]:
        if not self.batches and self.replay:
            return ["Nothing was replayed."]
        if not self.batches:
            return [f"Nothing to do: nothing {'else ' if self.left else ''}is pending in {self.lake}."]
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds.items() if count)
        lines = [
            f"Raw objects taken: {self.objects.total():,}, batches: {len(self.batches):,}",
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
        return lines + [
            f"WARNING: batch {one['batch']} has {one['rejects']:,} rejects for {one['items']:,} items, "
            f"more than --alarm-rejects {self.alarm_rejects} allows."
            for one in self.alarms
        ]


def run(
    arguments: Arguments, argv: Sequence[str], clock: Callable[[], datetime], store: ObjectStore | None = None
) -> Summary:
    """Takes everything that is pending (or the sources, or a replay), batch by batch, and says what was done.

    The store is the lake's own unless one is given.
    """
    started = time.monotonic()
    store = store or open_store(arguments.lake)
    summary = Summary(store.uri)
    with glue_job(NAME, argv) as job:
        commits = CommitLog(
            store,
            clock=clock,
            new_id=lambda: new_ulid(clock),
            max_objects=arguments.max_objects,
            moves_at_once=_MOVES_AT_ONCE,
        )
        summary.left = commits.left
        summary.finished = commits.finish_earlier_commits()
        if arguments.replay:
            summary.replay = plan_replay(store, commits, *arguments.replay)
            print(summary.replay.as_text(), file=sys.stderr)
            if arguments.dry_run:
                return summary
        work = _work(arguments, store, commits, summary)
        waits = 0
        while True:
            batch = work.next_batch()
            if batch is None and commits.waiting_seconds:
                waits += 1
                if waits > _PATIENCE:
                    raise StillGrowingError
                time.sleep(commits.waiting_seconds)
            elif batch is None:
                break
            elif entry := _take(job, store, commits, batch, work, arguments, summary):
                work.taken.update(taken.key for taken in entry.inputs)
                summary.add(entry, arguments.alarm_rejects)
                log.info("batch %s: %s objects committed", entry.number, len(entry.inputs))
    summary.seconds = time.monotonic() - started
    return summary


def _take(  # noqa: PLR0913, PLR0917  # the run's own things, all of them
    job: GlueJob,
    store: ObjectStore,
    commits: CommitLog,
    batch: Batch,
    work: "_Work",
    arguments: Arguments,
    summary: Summary,
) -> Entry | None:
    """Stages and commits one batch; None if another run was faster or an object changed meanwhile."""
    log.info("%s raw objects to take", len(batch.inputs))
    try:
        if is_large(batch.inputs):
            job.open_ahead()
        # A new process imports the main script, and under Glue that is not ours.
        processes = 1 if is_submitted() else min(_READERS, os.cpu_count() or 1)
        how = Reading(arguments.extracted_at, work.document_ids, processes, arguments.max_json_bytes)
        intake = take_in(batch, work.fetch, store, how)
        log.info("%s playlist items read", intake.kinds.total())
        staged = stage_tables(job, store, batch, intake)
        summary.dated_by_file += len(intake.dated_by_file)
        return commits.commit(
            batch,
            intake.taken,
            staged.files,
            rejects=staged.rejects,
            reconciliation=staged.reconciliation,
            batches_file=lambda number, at: stage_batches(store, batch, staged, number=number, committed_at=at),
        )
    except InputVanishedError as error:
        log.info("%s is gone or was replaced meanwhile; planning again", error)
        commits.drop(batch)
        return None
    except UnreadableObjectError:
        commits.drop(batch)
        if not _leave_unreadable(commits, batch, work.fetch):
            raise
        return None
    except (KeyboardInterrupt, StoreError, RuntimeProblemError, ReconciliationError, CommitLogError):
        commits.drop(batch)
        raise
    except (MemoryError, ReadMemoryError) as error:
        suspects = error.inputs if isinstance(error, ReadMemoryError) else batch.inputs
    except Exception as error:
        if "java.lang.OutOfMemoryError" in str(error):
            commits.fail(batch, batch.inputs)
            message = f"Spark ran out of memory; {_tried_apart(batch.inputs)}. Run again."
            raise RuntimeProblemError(message) from error
        # Whatever else ends it may be an object's fault: the note of the attempt stays and counts against its objects.
        if "No space left on device" not in str(error):
            raise
        commits.drop(batch)
        message = (
            f"a disk is full: free space where the lake is ({store.uri}) and in the temporary folder, then run again."
        )
        raise RuntimeProblemError(message) from error
    # Here the error is gone, and with it what its traceback kept in memory.
    _plan_apart(commits, batch, suspects)
    return None


def _plan_apart(commits: CommitLog, batch: Batch, suspects: Sequence[Input]) -> None:
    """Marks the batch as failed by the suspects: others go on, then they are tried alone, then quarantined.

    Raises RuntimeProblemError if memory is short whatever is read.
    """
    try:
        bytearray(_FREE_MEMORY)
    except MemoryError as error:
        commits.drop(batch)
        message = (
            f"memory ran out: less than {_FREE_MEMORY // 2**20} MiB are free. The largest of the {len(batch.inputs):,} "
            f"raw objects: {_names(suspects)}. Free memory, then run again."
        )
        raise RuntimeProblemError(message) from error
    commits.fail(batch, suspects)
    log.warning("memory ran out; %s", _tried_apart(suspects))


def _tried_apart(suspects: Sequence[Input]) -> str:
    return (
        "the other raw objects are read first, then each of these alone, and what fails alone is quarantined: "
        + _names(suspects)
    )


def _names(suspects: Sequence[Input]) -> str:
    """The few largest, for people."""
    return ", ".join(f"{one.key} ({one.size / 2**20:,.1f} MiB)" for one in largest(suspects))


def _leave_unreadable(commits: CommitLog, batch: Batch, fetch: Fetch) -> bool:
    """Leave every object of the batch that cannot be read; whether there is any."""
    is_any = False
    for one in batch.inputs:
        try:
            fetch(one)
        except UnreadableObjectError as error:
            commits.leave(one.key, error.reason)
            is_any = True
    return is_any


@dataclass
class _Work:
    """What a run has to do: where the next batch comes from, and how its objects are fetched.

    `taken` are the keys that this run has taken. What is not pending is listed anew for each batch, since it may change
    meanwhile.
    """

    fetch: Fetch
    next_batch: Callable[[], Batch | None]
    document_ids: Mapping[str, str]
    taken: set[str]


def _work(arguments: Arguments, store: ObjectStore, commits: CommitLog, summary: Summary) -> _Work:
    taken: set[str] = set()
    if summary.replay:
        planned = summary.replay

        def next_replayed() -> Batch | None:
            left = [
                one for one in plan_replay(store, commits, planned.first, planned.last).inputs if one.key not in taken
            ]
            return commits.next_batch(sources=one_of_each(left), again=True)

        return _Work(lambda given: store.get(given.key), next_replayed, planned.document_ids, taken)
    if arguments.source is not None:
        sources, fetch = _sources(arguments.source, commits.leave)
        return _Work(fetch, lambda: commits.next_batch(sources=sources()), {}, taken)
    return _Work(lambda given: store.get(given.key), commits.next_batch, {}, taken)


def _sources(uri: str, left: Leave) -> tuple[Callable[[], list[Input]], Fetch]:
    """How to list the files under a URI as inputs whose keys are their URIs, and how to fetch them."""
    folder, _, name = uri.rstrip("/").rpartition("/")
    if "://" not in uri and Path(uri).is_file():
        store, prefix = open_store(folder or "."), name
    else:
        store, prefix = open_store(uri), ""

    def listed() -> list[Input]:
        listing = store.list(prefix, left=lambda key, reason: left(f"{store.uri}/{key}", reason))
        return [Input(store.object_uri(one.key), one.token, one.size, one.time) for one in listing]

    return listed, lambda given: store.get(given.key.removeprefix(store.uri + "/"))


def main(argv: Sequence[str]) -> int:
    """The exit status: 0 when everything pending was taken, rejects included; else one sentence says why not."""
    set_up_output()
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
    )
    # py4j logs with a trace what it then raises; a raised error is told once, here.
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    try:
        summary = run(parse_arguments(argv), argv, lambda: datetime.now(UTC))
    except (ArgumentError, ReplayError) as error:
        return _failed(f"{error}. Usage: {NAME}.py --lake URI [--source URI]; --help says more.", status=2)
    except (StoreError, RuntimeProblemError, CommitLogError, ReconciliationError, StillGrowingError) as error:
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
    said = f"{NAME}: {printable(sentence)}"
    if is_submitted():
        raise SystemExit(said)  # printed, and status 1; Glue shows it as what the run failed of
    print(said, file=sys.stderr)
    return status


if __name__ == "__main__":
    # Glue takes any SystemExit for a failure, so success just ends.
    if _status := main(sys.argv[1:]):
        sys.exit(_status)
