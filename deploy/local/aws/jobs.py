"""Runs Glue jobs by spark-submit with Hadoop's S3A, a stub of Glue's Java classes, and Glue's special parameters."""

import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.aws.jars import jars
from deploy.local.aws.processes import Program

Fetch = Callable[[str, Path], None]  # an s3:// URI, and the file to put it into

_POLL_SECONDS = 0.02
_MESSAGE_LENGTH = 400
_SPECIAL = {"--extra-py-files": "--py-files", "--extra-files": "--files", "--extra-jars": "--jars"}
# Settings for small data on a small machine, where start-up takes most of the time.
_SETTINGS = {
    "spark.master": "local[2]",
    "spark.driver.memory": "1g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
    "spark.hadoop.fs.s3a.path.style.access": "true",
    "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    "spark.hadoop.fs.s3a.access.key": "local",
    "spark.hadoop.fs.s3a.secret.key": "local",
    "spark.hadoop.fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    "spark.hadoop.fs.s3a.bucket.probe": "0",
    "spark.hadoop.fs.s3a.directory.marker.retention": "keep",
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
    # A refused request fails within seconds; by default S3A retries for minutes.
    "spark.hadoop.fs.s3a.attempts.maximum": "2",
    "spark.hadoop.fs.s3a.retry.limit": "1",
}
_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss2m"
# The first run writes an archive of the classes that Java has loaded, and later runs start faster with it. Java ignores
# an archive of another class path.
_KEEP_CLASSES = "-XX:ArchiveClassesAtExit={archive} -Xlog:disable -Xlog:all=error:stderr"
_KEPT_CLASSES = "-XX:SharedArchiveFile={archive} -Xshare:auto -Xlog:disable -Xlog:all=error:stderr"
_CLASSES = Path(sys.prefix) / "aws" / "spark-classes.jsa"
# Spark adds the folder of its settings to the class path. Java writes no archive if that folder has files.
_NO_FOLDER = Path(sys.prefix) / "aws" / "no-settings"
_LOG4J = """\
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
"""


@dataclass
class JobRun:
    """A run of a job. `state` is one of Glue's states; `message` has the reason of a failure."""

    job_name: str
    run_id: str
    script: str
    arguments: Mapping[str, str]
    timeout_minutes: float
    folder: Path
    state: str = "STARTING"
    message: str | None = None
    seconds: float = 0.0
    program: Program | None = field(default=None, repr=False)
    is_reported: bool = False  # whether the state-change event of its end was sent

    @property
    def log(self) -> Path:
        """The file with the driver's output."""
        return self.folder / "log.txt"

    @property
    def calls(self) -> list[str]:
        """The calls of Glue's Java classes so far, one per line of the stub's file."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "calls.txt").read_text(encoding="utf-8").splitlines()
        return []


class JobRunner:
    """Runs jobs against an S3 endpoint; every run is kept in `runs`, in the order of their starts.

    `startup_seconds` delay each start, because Glue takes up to a minute. Two lists are for tests of callers. The next
    starts fail with the error codes in `refusals`. The next runs call the functions in `scripted`, which return state
    and message, instead of running the script.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], fetch: Fetch) -> None:
        self.runs: list[JobRun] = []
        self.startup_seconds = 0.0
        self.refusals: list[str] = []
        self.scripted: list[Callable[[JobRun], tuple[str, str | None]]] = []
        self._folder = folder
        self._environment = environment
        self._fetch = fetch

    def started(
        self, job_name: str, run_id: str, script: str, arguments: Mapping[str, str], timeout_minutes: float
    ) -> JobRun:
        """A new run in state STARTING; `complete` runs it."""
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._folder))
        run = JobRun(job_name, run_id, script, arguments, timeout_minutes, folder)
        self.runs.append(run)
        return run

    def complete(self, run: JobRun) -> None:
        """Run it to its end. An error of the job becomes the run's state and message."""
        started_at = time.monotonic()
        state, message = "FAILED", None
        try:
            time.sleep(self.startup_seconds)
            state, message = self.scripted.pop(0)(run) if self.scripted else self._submit(run)
        except Exception as error:  # noqa: BLE001  # no such script or zip: the run fails, as on Glue
            message = f"{type(error).__name__}: {error}"
        run.seconds, run.message, run.state = time.monotonic() - started_at, message, state

    def _submit(self, run: JobRun) -> tuple[str, str | None]:
        command = self._command(run)
        environment = {
            **os.environ,
            **self._environment,
            "SPARK_CONF_DIR": str(_NO_FOLDER),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
        }
        ends_at = time.monotonic() + run.timeout_minutes * 60
        program = run.program = Program(command, environment, run.folder, run.log)
        while program.is_running and time.monotonic() < ends_at:
            if run.state == "STARTING" and run.calls:
                run.state = "RUNNING"  # the script has begun; before that it cannot have listed anything
            time.sleep(_POLL_SECONDS)
        status = program.wait(max(0.0, ends_at - time.monotonic()))
        if status == 0:
            _keep_classes(run.folder / _CLASSES.name)
            return "SUCCEEDED", None
        return ("TIMEOUT", "Job run timed out") if status is None else ("FAILED", _why(run.log, status))

    def _command(self, run: JobRun) -> list[str]:
        arguments = {**run.arguments, "--JOB_NAME": run.job_name, "--JOB_RUN_ID": run.run_id, "--JOB_ID": "j_local"}
        classes = _KEPT_CLASSES.format(archive=_CLASSES)
        if not _CLASSES.is_file():
            classes = _KEEP_CLASSES.format(archive=run.folder / _CLASSES.name)
        log4j = f"-Dlog4j2.configurationFile={run.folder}/log4j2.properties"
        settings = {
            **_SETTINGS,
            "spark.driver.extraClassPath": ":".join(map(str, jars())),
            "spark.driver.extraJavaOptions": f"{_JVM} {classes} {log4j} -Dglue.calls={run.folder}/calls.txt",
            "spark.hadoop.fs.s3a.endpoint": self._environment["AWS_ENDPOINT_URL"],
            "spark.local.dir": str(run.folder),
            "spark.sql.warehouse.dir": str(run.folder / "warehouse"),
        }
        run.folder.joinpath("log4j2.properties").write_text(_LOG4J, encoding="utf-8")
        properties = run.folder / "spark.properties"
        properties.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("spark-submit")), "--properties-file", str(properties)]
        command += ["--name", run.job_name]
        for setting in re.split(r"\s*--conf\s+", f"--conf {arguments.get('--conf', '')}".strip())[1:]:
            command += ["--conf", setting.strip()]
        for name, option in _SPECIAL.items():
            if arguments.get(name):
                command += [option, ",".join(str(self._fetched(run, uri)) for uri in arguments[name].split(","))]
        script = str(self._fetched(run, run.script))
        return [*command, script, *(part for pair in arguments.items() for part in pair)]

    def _fetched(self, run: JobRun, uri: str) -> Path:
        target = run.folder / uri.rpartition("/")[2]
        self._fetch(uri.strip(), target)
        return target


def _keep_classes(archive: Path) -> None:
    """Keep the archive of this run, if it wrote one, for the next runs; atomically."""
    if archive.is_file():
        unfinished = _CLASSES.with_name(f"{archive.parent.name}.part")
        shutil.copyfile(archive, unfinished)
        unfinished.replace(_CLASSES)


def _why(log: Path, status: int) -> str:
    """The reason of a failure: the last exception in the log, of Python or Java, or else the exit status."""
    if status < 0:
        return f"The driver was killed ({signal.Signals(-status).name})"
    _, _, trace = log.read_text(encoding="utf-8", errors="replace").rpartition("Traceback (most recent call last):")
    errors = [line for line in trace.splitlines()[1:] if re.match(r"[\w.]+(?:: |$)", line)]
    return errors[0][:_MESSAGE_LENGTH] if errors else f"The driver ended with status {status}"
