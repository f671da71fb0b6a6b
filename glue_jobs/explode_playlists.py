"""The job: explodes what is pending in a lake into every table, each raw object exactly once.

    python glue_jobs/explode_playlists.py --lake URI [--source URI] [--extracted-at TIME]
    python glue_jobs/explode_playlists.py --lake URI --replay FROM..TO [--dry-run]

Runs unchanged from the Glue console, by spark-submit with the suite's zip, and by plain Python.
"""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial

from glue_jobs.arguments import BUDGET_SHARE, NAME, ArgumentError, Arguments, parse_arguments
from glue_jobs.attempts import attempt
from glue_jobs.commit_log import Batch, CommitLog, new_ulid
from glue_jobs.java import RuntimeProblemError
from glue_jobs.log_entry import CommitLogError
from glue_jobs.probe import probe
from glue_jobs.read_batch import ReadOptions, read_batch
from glue_jobs.reconcile import ReconciliationError, reconcile
from glue_jobs.replay import ReplayError, plan_replay
from glue_jobs.runtime import GlueJob, glue_job, is_submitted
from glue_jobs.sources import Source, StillGrowingError, source_of
from glue_jobs.summary import Summary
from glue_jobs.write_tables import stage_batches, write_tables
from shared.store import ObjectStore, StoreError, open_store
from shared.terminal import printable, set_up_output

log = logging.getLogger(NAME)


def run(
    arguments: Arguments, argv: Sequence[str], clock: Callable[[], datetime], store: ObjectStore | None = None
) -> Summary:
    """Commit everything that is pending (or the sources, or a replay), and return a summary.

    The store is the lake's own unless another is passed.
    """
    started = time.monotonic()
    store = store or _open_lake(arguments.lake)
    with glue_job(NAME, argv) as job:
        commits = _commit_log(arguments, job, store, clock)
        summary = Summary(store.uri, left=commits.left, started=started)
        summary.finished = commits.finish_earlier_commits()
        if arguments.replay:
            summary.replay = plan_replay(store, commits, *arguments.replay)
            print(summary.replay.as_text(), file=sys.stderr)
        if not arguments.dry_run:
            _explode(arguments, job, commits, source_of(arguments, store, commits, summary.replay), summary)
    summary.seconds = time.monotonic() - started
    return summary


def _open_lake(uri: str) -> ObjectStore:
    try:
        return open_store(uri)
    except StoreError as error:
        if is_submitted() and "?" in uri:  # Java started this program and replaces characters that its locale lacks
            raise StoreError(
                f"{error} If Java replaced characters of the path by '?', set LC_ALL=C.UTF-8 and run again."
            ) from error
        raise


def _commit_log(arguments: Arguments, job: GlueJob, store: ObjectStore, clock: Callable[[], datetime]) -> CommitLog:
    """The lake's log. Before its first attempt at a batch, the run probes Spark and the store."""
    probe_once = cache(partial(probe, job, store))

    def before_attempt(batch: Batch) -> None:
        job.expect(sum(planned.json_size for planned in batch.inputs))
        probe_once()

    return CommitLog(
        store,
        clock=clock,
        new_id=lambda: new_ulid(clock),
        job_timeout=arguments.timeout,
        max_objects=arguments.max_objects,
        cores=job.cores,
        moves_at_once=store.requests_at_once,
        before_attempt=before_attempt,
    )


def _explode(arguments: Arguments, job: GlueJob, commits: CommitLog, source: Source, summary: Summary) -> None:
    """Explode the source's inputs into every table of the lake, batch by batch, until none is left or time is up."""
    store = commits.store
    is_begun = False
    while batch := source.next_batch():
        if is_begun and _is_over(
            arguments, summary
        ):  # each run begins at least one batch, even if its budget is very short
            commits.drop(batch)
            summary.stopped_before(batch)
            break
        is_begun = True
        log.info("%s raw objects to take", len(batch.inputs))
        with attempt(commits, batch, partial(probe, job, store)):
            options = ReadOptions(
                arguments.extracted_at,
                source.document_ids,
                source.store_uri,
                arguments.max_json_bytes,
                arguments.is_whole,
            )
            read = read_batch(job, store.uri, batch, options)
            log.info("%s playlist items read", read.kinds.total())
            staged = write_tables(job, store, batch, read)
            reconciliation = reconcile(read, staged)
            entry = commits.commit(
                batch,
                read.inputs,
                [*staged.files, *read.rejects_files],
                rejects=read.rejects,
                reconciliation=reconciliation,
                batches_file=partial(stage_batches, store, batch, read, reconciliation),
            )
            if entry:
                source.add_committed(entry)
                summary.add(entry, read, arguments.alarm_rejects)
                log.info("batch %s: %s objects committed", entry.number, len(entry.inputs))
    if source.is_pending:
        commits.mark_more(is_more=summary.more)


def _is_over(arguments: Arguments, summary: Summary) -> bool:
    """Whether the run has used up its budget of minutes."""
    budget = arguments.budget or (arguments.timeout * BUDGET_SHARE if is_submitted() else timedelta.max)
    return time.monotonic() - summary.started >= budget.total_seconds()


def main(argv: Sequence[str]) -> int:
    """The exit status: 0 when everything pending was committed, rejects included; else a sentence gives the reason."""
    set_up_output()
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
    )
    # py4j logs each error with a trace before it raises it; this program reports an error once.
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    logging.getLogger().addFilter(lambda record: "py4j" not in record.pathname)  # py4j also logs with the root logger
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
        return _failed("stopped; what was committed stays, the rest is still pending: run again.", status=130)
    print(summary.as_table(), file=sys.stderr)
    with contextlib.suppress(BrokenPipeError):  # the work is done, even if the output pipe is closed
        print(summary.as_json())
    return 0


def _failed(sentence: str, status: int = 1) -> int:
    line = f"{NAME}: {printable(sentence)}"
    if is_submitted():
        raise SystemExit(line)  # Python prints the line and exits with status 1; Glue shows it as the reason
    print(line, file=sys.stderr)
    return status


if __name__ == "__main__":
    # Glue counts any SystemExit as a failure, so a successful run raises none.
    if _status := main(sys.argv[1:]):
        sys.exit(_status)
