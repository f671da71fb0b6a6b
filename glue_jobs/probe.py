"""Tests whether this machine can work on the lake, without reading a raw object.

A fault of the machine (a path, the locale, permissions, a full disk, Spark, the store) must not count as a failed
attempt of the batch's raw objects.
"""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError

from glue_jobs.commit_log import new_ulid
from glue_jobs.java import RuntimeProblemError
from glue_jobs.runtime import GlueJob
from shared import lake
from shared.store import ObjectStore

_TEXT = "Written and read back to see whether it is possible."
_FILE = "part-0"  # named as `GlueJob.deliver` expects it


def probe(job: GlueJob, store: ObjectStore) -> None:
    """Write an object through the store and read it through Spark's file system, then the reverse; remove both.

    Spark reads first: if its file system shows another folder than the store does, Spark writes nothing there. Raises
    StoreError and RuntimeProblemError.
    """
    folder = lake.probe(new_ulid(lambda: datetime.now(UTC)))
    ours, sparks = f"{folder}store/", f"{folder}spark/"
    try:
        store.put(ours + _FILE, _TEXT.encode())
        with _one_sentence(job, store):
            has_read = _read(job, f"{job.readable(store, ours)}/{_FILE}")
        if has_read != _TEXT:
            raise RuntimeProblemError(f"Spark reads other bytes in {store.uri} than were written: check the disk.")
        with _one_sentence(job, store):
            _write(job, f"{job.writable(store, sparks)}/{_FILE}")
        written = [store.get(key) for key in job.deliver(store, sparks)]
        if [fetched and fetched.data for fetched in written] != [_TEXT.encode()]:
            raise RuntimeProblemError(f"what Spark writes to {store.uri} is not found there: check the disk.")
    finally:
        store.delete_under(folder)


def _read(job: GlueJob, uri: str) -> str:
    file_system, path = _hadoop(job, uri)
    with contextlib.closing(file_system.open(path)) as stream:
        return bytes(stream.readAllBytes()).decode()


def _write(job: GlueJob, uri: str) -> None:
    file_system, path = _hadoop(job, uri)
    with contextlib.closing(file_system.create(path)) as stream:
        stream.writeBytes(_TEXT)


def _hadoop(job: GlueJob, uri: str) -> tuple[Any, Any]:
    context = job.spark.sparkContext
    jvm: Any = context._jvm  # noqa: SLF001  # pyspark has no public way to Hadoop's file systems
    path = jvm.org.apache.hadoop.fs.Path(uri)
    return path.getFileSystem(context._jsc.hadoopConfiguration()), path  # noqa: SLF001  # likewise


@contextlib.contextmanager
def _one_sentence(job: GlueJob, store: ObjectStore) -> Iterator[None]:
    try:
        yield
    except Py4JJavaError as error:
        reason = str(error.java_exception.toString()).partition("\n")[0]
        raise RuntimeProblemError(
            f"Spark cannot use the lake {store.uri} ({reason}): {_advice(job, store)}."
        ) from error
    except (Py4JError, ConnectionError) as error:
        raise RuntimeProblemError(
            "Spark's Java process does not answer any more: free memory or find what ended it, then run again."
        ) from error
    except OSError as error:
        raise RuntimeProblemError(f"the temporary folder cannot be used: {error}; set TMPDIR to another.") from error


def _advice(job: GlueJob, store: ObjectStore) -> str:
    jvm: Any = job.spark.sparkContext._jvm  # noqa: SLF001  # likewise
    encoding = jvm.java.lang.System.getProperty("sun.jnu.encoding")
    if store.uri.startswith("file:") and not store.uri.isascii() and encoding != "UTF-8":
        return f"Java names files in {encoding}, which lacks characters of this path; set LC_ALL=C.UTF-8 and run again"
    return "check the path, who may read and write there, and that the disk has free space, then run again"
