"""One attempt at a batch, and what happens to its marker when an error ends it."""

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

_DISK_FULL = ("No space left on device", "Disk quota exceeded")  # in errors of Java, Python and pyarrow
_FREE_MEMORY = 64 * 2**20  # bytes; if less is free after a memory error, no raw object is the reason


@contextmanager
def attempt(commits: CommitLog, batch: Batch, probe: Callable[[], object]) -> Iterator[None]:
    """The context in which a batch is read, staged and committed; it handles the errors of the attempt.

    After a lost race, and where inputs must be set aside, the context ends without an error and the caller plans again.
    After an expected error the attempt marker is removed and the error is raised. After an unexpected error the probe
    decides. If the probe fails, the machine is the reason: the marker is removed and the probe's error is raised.
    Otherwise an object may be the reason: the marker stays, counts as a failed attempt, and the error is raised.
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
    if suspects:  # outside of the except block, the error no longer keeps the objects of its traceback in memory
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
    """Mark the attempt as failed because of the suspects, so that they are planned alone, after the other inputs.

    Raises RuntimeProblemError if memory is short for every input.
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
    """The few largest of these inputs with their sizes, for people."""
    return ", ".join(f"{suspect.key} ({suspect.size / 2**20:,.1f} MiB)" for suspect in largest(suspects))
