"""One attempt at a batch: what becomes of it when something goes wrong."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from glue_jobs.commit_log import Batch, CommitLog, largest
from glue_jobs.java import RuntimeProblemError
from glue_jobs.log_entry import CommitLogError, Input
from glue_jobs.read_batch import InputFailedError, InputsLeftError, InputVanishedError
from glue_jobs.reading.part import ReadMemoryError
from glue_jobs.reconcile import ReconciliationError
from shared.store import StoreError

log = logging.getLogger("explode_playlists")

_DISK_FULL = ("No space left on device", "Disk quota exceeded")  # as Java, Python and pyarrow say it
_FREE_MEMORY = 64 * 2**20  # bytes that must be free after a memory error, else it is not a raw object's fault


@contextmanager
def attempt(commits: CommitLog, batch: Batch, probe: Callable[[], object]) -> Iterator[None]:
    """Work on a batch, until it is committed.

    A lost race and inputs that must be set aside end the attempt without an error, and the batch is planned again. An
    orderly failure removes the attempt's marker and is raised. After any other, the probe decides: if it raises, the
    fault is the machine's, and the marker is removed; else an object may be the reason, and the marker stays and counts
    against the objects.
    """
    suspects: Sequence[Input] = ()
    try:
        yield
    except InputVanishedError as error:
        log.info("%s is gone or was replaced meanwhile; planning again", error)
        commits.drop(batch)
    except InputsLeftError as error:
        commits.drop(batch)
        for key, reason in error.reasons.items():
            commits.leave(key, reason)
    except InputFailedError as error:
        log.warning("reading failed; %s", _tried_apart([error.failed]))
        commits.fail(batch, [error.failed], alone=True)
    except (KeyboardInterrupt, StoreError, RuntimeProblemError, ReconciliationError, CommitLogError):
        commits.drop(batch)
        raise
    except (MemoryError, ReadMemoryError) as error:
        suspects = error.inputs if isinstance(error, ReadMemoryError) else batch.inputs
    except Exception as error:
        _raise_out_of_space(commits, batch, error)
        _raise_local_fault(commits, batch, probe)
        raise
    if suspects:  # here the error is gone, and with it what its traceback kept in memory
        _plan_apart(commits, batch, suspects)


def _raise_out_of_space(commits: CommitLog, batch: Batch, error: Exception) -> None:
    if "java.lang.OutOfMemoryError" in str(error):
        commits.fail(batch, batch.inputs)
        raise RuntimeProblemError(f"Spark ran out of memory; {_tried_apart(batch.inputs)}. Run again.") from error
    if any(text in str(error) for text in _DISK_FULL):
        commits.drop(batch)
        raise RuntimeProblemError(
            f"a disk is full: free space where the lake is ({commits.store.uri}) and in the temporary folder, then run "
            "again."
        ) from error


def _raise_local_fault(commits: CommitLog, batch: Batch, probe: Callable[[], object]) -> None:
    try:
        probe()
    except (StoreError, RuntimeProblemError):
        commits.drop(batch)
        raise


def _plan_apart(commits: CommitLog, batch: Batch, suspects: Sequence[Input]) -> None:
    """Mark the batch as failed by the suspects: others continue, then suspects are tried alone, then quarantined.

    Raises RuntimeProblemError if memory is short for any input.
    """
    try:
        bytearray(_FREE_MEMORY)
    except MemoryError as error:
        commits.drop(batch)
        raise RuntimeProblemError(
            f"memory ran out: less than {_FREE_MEMORY // 2**20} MiB are free. The largest of the {len(batch.inputs):,} "
            f"raw objects: {_names(suspects)}. Free memory, then run again."
        ) from error
    commits.fail(batch, suspects)
    log.warning("memory ran out; %s", _tried_apart(suspects))


def _tried_apart(suspects: Sequence[Input]) -> str:
    return (
        "the other raw objects are read first, then each of these alone, and what fails alone is quarantined: "
        + _names(suspects)
    )


def _names(suspects: Sequence[Input]) -> str:
    """The few largest, for people."""
    return ", ".join(f"{suspect.key} ({suspect.size / 2**20:,.1f} MiB)" for suspect in largest(suspects))
