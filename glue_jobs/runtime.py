"""Where the job runs: on AWS Glue, under spark-submit, or by plain Python on a laptop. No other module knows this.

Whether Glue's classes exist is checked in the JVM: `import awsglue` proves nothing, since PyPI has its Python part.
"""

import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from pyspark.sql import SparkSession

from glue_jobs.java import SIGNALS, RuntimeProblemError, find_java, start_java
from shared.store import ObjectStore

log = logging.getLogger(__name__)

_Part = TypeVar("_Part")
_Report = TypeVar("_Report")

# Spark's SQL settings that results and running time depend on; they can be set on an open session.
_SQL_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # Spark 4's default (Glue 6.0): bad casts fail the same way on both
    # As in Spark 4: 1000-02-29, a valid day in Spark 2, becomes null without an error.
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.constraintPropagation.enabled": "false",  # analysing nested conditions takes minutes
    "spark.sql.adaptive.enabled": "false",  # replanning gains nothing on bounded batches
    # Java never compiles a larger method. With Spark's default limit, it would interpret the code of most tables.
    "spark.sql.codegen.hugeMethodLimit": "8000",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # not INT96, which readers see in different zones
    # A date before 1582 is read and written as it is, as by Spark 4.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
# Spark compiles its plans for large batches only; for a small batch, compiling takes longer than it saves. The results
# are the same.
_UNCOMPILED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
TABLES_AT_ONCE = 4  # number of tables that are written at the same time; more is not faster
MANY_ITEMS = 20_000  # in a batch of this many items, compiling plans saves time
MANY_BYTES = 32 * 2**20  # of JSON: that is about MANY_ITEMS
_LOCAL_SETTINGS = _UNCOMPILED | {
    "spark.master": "local[*]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.shuffle.compress": "false",  # shuffled rows stay on this machine
    "spark.sql.catalogImplementation": "in-memory",
}
# Only Java's first compiler: even at a million items, the second one saves only as much time as it takes.
_LOCAL_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dderby.system.home={home}"
# Most memory of a large batch is short-lived.
_LARGE_JVM = "-Xms2g -Xmn1g"
# `python -m deploy.local.spark_class_archive` makes this optional file; Java ignores the archive of another version.
CLASSES = Path(sys.prefix) / "spark-classes.jsa"
_PREPARED_JVM = "-XX:SharedArchiveFile={classes} -Xshare:auto -Xlog:disable -Xlog:all=error:stderr"


class GlueJob:
    """A run of the job: its Spark session, opened when first needed, and the store's objects as paths of Spark."""

    def __init__(self, name: str, argv: Sequence[str]) -> None:
        self._name = name
        self._argv = list(argv)
        self._glue: Any = None
        self._scratch: Path | None = None
        self._session: SparkSession | None = None
        self._opened: SparkSession | None = None  # the session, if this run opened it
        self._jvm = ""
        self.partitions = 1  # of a table's rows while they are ranked

    @property
    def spark(self) -> SparkSession:
        """The session. Raises RuntimeProblemError if Java is missing or does not start."""
        if self._session is None:
            self._session = self._open()
        return self._session

    def _open(self) -> SparkSession:
        if not is_submitted():
            find_java()
        is_ours = SparkSession.getActiveSession() is None
        try:
            session = _session(self._name, self._scratch_folder(), self._jvm)
        except Exception as error:
            if is_submitted():
                raise
            raise RuntimeProblemError(
                f"Spark did not start: {error}. Check that `java -version` says 17 and that memory is free."
            ) from error
        self._opened = session if is_ours else None
        if is_ours and threading.current_thread() is threading.main_thread():
            # pyspark's own handler prints a page of errors before the job can report that it was interrupted.
            signal.signal(signal.SIGINT, _interrupt)
        job_class = glue_job_class(session)
        if job_class is not None:
            self._glue = _init_glue(job_class, session, self._name, self._argv)
        log.info("Spark %s, %s", session.version, "on Glue" if self._glue else session.sparkContext.master)
        return session

    def expect(self, json_bytes: int) -> None:
        """Set the size of the first batch, before the session is opened."""
        if json_bytes >= MANY_BYTES:
            self._jvm = _LARGE_JVM

    def plan_for(self, items: int) -> None:
        """Configure Spark for the batch size: whether to compile plans, and how many tasks share a table's rows."""
        is_large = items >= MANY_ITEMS
        settings = self.spark.conf
        for key, value in _UNCOMPILED.items():
            if is_large:
                settings.unset(key)
            else:
                settings.set(key, value)
        # With few cores, each core writes a table; a single task for a table then saves a shuffle of its rows.
        cores = self.cores()
        self.partitions = cores if is_large and cores > TABLES_AT_ONCE else 1
        settings.set("spark.sql.shuffle.partitions", str(self.partitions))

    def map_by_tasks(
        self,
        function: Callable[[_Part], _Report],
        parts: Sequence[_Part],
        expected_errors: tuple[type[Exception], ...],
    ) -> list[_Report]:
        """Runs the function on each part, in a task of its own; returns the results in the order of the parts.

        Raises the first expected error of a task unchanged. Raises py4j's error for any other error, and if the process
        of a task ends.
        """
        # Tasks return expected errors as values: the driver sees only the text of an exception that a task raises.
        task = partial(_result_or_error, function, expected_errors)
        results: list[_Report] = []
        for result in self.spark.sparkContext.parallelize(parts, len(parts)).map(task).collect():
            if isinstance(result, Exception):
                raise result
            results.append(result)
        return results

    def cores(self) -> int:
        """How many tasks run at a time: the number of cores that the executors have now, or that the machine has."""
        if self._session is None and not is_submitted():
            return os.cpu_count() or 1  # without opening the session
        return max(1, int(self.spark.sparkContext.defaultParallelism))

    @cached_property
    def has_executors(self) -> bool:
        """Whether tasks run elsewhere than in the driver's process."""
        return not str(self.spark.sparkContext.master).startswith("local")

    @cached_property
    def _spark_reads_s3(self) -> bool:
        jvm: Any = self.spark.sparkContext._jvm  # noqa: SLF001  # pyspark has no public way to ask Hadoop
        settings = self.spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001  # likewise
        try:
            jvm.org.apache.hadoop.fs.FileSystem.getFileSystemClass("s3", settings)
        except Exception:  # noqa: BLE001  # py4j's one error for "no such file system"
            return False
        return True

    def _is_direct(self, store: ObjectStore) -> bool:
        return store.uri.startswith("file:") or self._spark_reads_s3

    def _scratch_folder(self) -> Path:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="explode-playlists-"))
        return self._scratch

    def readable(self, store: ObjectStore, prefix: str) -> str:
        """A folder in which Spark can read the objects under the prefix; if Spark cannot read S3, they are copied.

        The path is literal, see `frames.LITERAL_PATHS`.
        """
        if self._is_direct(store):
            return store.object_uri(prefix.rstrip("/"))
        folder = self._scratch_folder() / prefix
        folder.mkdir(parents=True, exist_ok=True)
        for listed in store.list(prefix):
            fetched = store.get(listed.key)
            if fetched is None:
                raise RuntimeProblemError(
                    f"{store.object_uri(listed.key)} is gone while the job works on it; run the job again."
                )
            (self._scratch_folder() / listed.key).write_bytes(fetched.data)
        return folder.as_uri()

    def writable(self, store: ObjectStore, prefix: str) -> str:
        """A folder path that Spark can write to, to be delivered under the prefix."""
        if self._is_direct(store):
            return store.object_uri(prefix.rstrip("/"))
        return (self._scratch_folder() / prefix).as_uri()

    def deliver(self, store: ObjectStore, prefix: str) -> list[str]:
        """The keys of the files that Spark wrote for the prefix; puts them into the store if they are not there."""
        if not self._is_direct(store):
            folder = self._scratch_folder() / prefix
            for path in sorted(folder.glob("part-*")):
                store.put(prefix + path.name, path.read_bytes())
            shutil.rmtree(folder, ignore_errors=True)
        return [listed.key for listed in store.list(prefix) if "/part-" in listed.key]

    def close(self, *, succeeded: bool) -> None:
        """Commits the Glue job if the run succeeded; stops the session if this run opened it."""
        if self._glue is not None:
            if succeeded:
                self._glue.commit()
        elif self._opened is not None:
            self._opened.stop()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def _result_or_error(
    function: Callable[[_Part], _Report], expected_errors: tuple[type[Exception], ...], part: _Part
) -> _Report | Exception:
    try:
        return function(part)
    except expected_errors as error:
        return error


@contextmanager
def glue_job(name: str, argv: Sequence[str]) -> Iterator[GlueJob]:
    """A run that commits the Glue job only if its body succeeds. SIGTERM ends the run like Ctrl-C."""
    previous = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    hook, sys.unraisablehook = sys.unraisablehook, _interrupt_again
    job = GlueJob(name, argv)
    if is_submitted():
        _ = job.spark  # the JVM runs already, and Glue waits for Job.init
    succeeded = False
    try:
        yield job
        succeeded = True
    finally:
        job.close(succeeded=succeeded)
        sys.unraisablehook = hook
        for number, handler in previous.items():
            signal.signal(number, handler)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Ends the run as Ctrl-C does. Ignores further signals, so that they do not interrupt the end of the run."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _interrupt_again(ignored: "sys.UnraisableHookArgs") -> None:
    """Repeats a signal that Python ignored because it arrived while py4j released an object of Java."""
    if isinstance(ignored.exc_value, KeyboardInterrupt):
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.01)  # after this call, whose errors are ignored too
    else:
        sys.__unraisablehook__(ignored)


def glue_job_class(session: SparkSession) -> Any | None:  # noqa: ANN401  # awsglue has no types
    """The Job of awsglue if the JVM has Glue's classes, else None."""
    jvm = getattr(session, "_jvm", None)  # absent with Spark Connect
    if jvm is None or type(jvm.com.amazonaws.services.glue.util.Job).__name__ != "JavaClass":
        return None
    from awsglue.job import Job  # noqa: PLC0415  # only Glue has it

    return Job


def _init_glue(job_class: Any, session: SparkSession, name: str, argv: list[str]) -> Any:  # noqa: ANN401  # likewise
    from awsglue.context import GlueContext  # noqa: PLC0415  # only Glue has it
    from awsglue.utils import getResolvedOptions  # noqa: PLC0415  # likewise

    context = GlueContext(session.sparkContext)  # also turns CloudWatch's job metrics on
    job = job_class(context)
    named = argv if "--JOB_NAME" in argv else [*argv, "--JOB_NAME", name]
    options = getResolvedOptions(["job", *named], ["JOB_NAME"])
    job.init(options["JOB_NAME"], options)
    return job


def is_submitted() -> bool:
    """Whether spark-submit (and so Glue) started this interpreter."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _session(name: str, scratch: Path, jvm_options: str) -> SparkSession:
    builder = SparkSession.builder.appName(name)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else tasks run with the first python3 on the PATH
    settings = dict(_SQL_SETTINGS)
    if not is_submitted():
        jvm = f"{jvm_options} {_LOCAL_JVM.format(home=scratch)}"
        if CLASSES.is_file():
            jvm += " " + _PREPARED_JVM.format(classes=CLASSES)
        quiet = Path(__file__).with_name("log4j2-local.properties")
        if quiet.is_file():
            jvm += f" -Dlog4j2.configurationFile={quiet.as_uri()}"
        settings |= _LOCAL_SETTINGS | {
            "spark.driver.extraJavaOptions": jvm,
            "spark.local.dir": str(scratch),
            "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        }
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        start_java(settings)
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    for key, value in _SQL_SETTINGS.items():
        session.conf.set(key, value)
    return session
