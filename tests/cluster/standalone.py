"""A Spark standalone cluster on loopback: a master and workers of one core each, on ports that are free."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]
import pyspark

from glue_jobs.java import find_java
from tests.waiting import started, wait_for

EXECUTOR = "org.apache.spark.executor.CoarseGrainedExecutorBackend"
# These JVMs spend most of their time starting.
QUICK_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_DAEMON = {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": QUICK_JVM}
_NOT_PASSED_ON = ("PYTHONPATH", "PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON", "AWS_ENDPOINT_URL")


@dataclass
class Cluster:
    """A running cluster. `folder` has the logs of master, workers and executors."""

    folder: Path
    url: str = ""
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def executors(self) -> list[psutil.Process]:
        """The JVM of each executor."""
        return [
            process
            for worker in self.workers
            for process in _children(psutil.Process(worker.pid))
            if EXECUTOR in _command(process)
        ]

    def python_workers(self) -> list[psutil.Process]:
        """The processes in which tasks run Python: the executors' daemons fork them."""
        daemons = [process for executor in self.executors() for process in _children(executor)]
        return [process for daemon in daemons for process in _children(daemon) if "pyspark.daemon" in _command(process)]


@contextmanager
def standalone(folder: Path, count: int, environment: dict[str, str]) -> Iterator[Cluster]:
    """Starts a master and `count` workers with `environment` added to the caller's; kills them all at the end."""
    find_java()
    plain = {key: value for key, value in os.environ.items() if key not in _NOT_PASSED_ON}
    environment = plain | _DAEMON | {"SPARK_LOCAL_IP": "127.0.0.1"} | environment
    cluster = Cluster(folder)
    with ExitStack() as stack:
        # A termination signal ends the tests orderly, as Ctrl-C does.
        stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, signal.default_int_handler))
        stack.callback(_kill_all_in, folder)
        master = _start(stack, folder, "master", ["Master"], environment)
        cluster.url = _wait_for_line(master, folder / "master.log", "Starting Spark master at (spark://[0-9.]+:[0-9]+)")
        for number in range(count):
            name = f"worker-{number}"
            options = ["Worker", "--cores", "1", "--memory", "3g", "--work-dir", str(folder / name), cluster.url]
            cluster.workers.append(_start(stack, folder, name, options, environment))
        for number, worker in enumerate(cluster.workers):
            _wait_for_line(worker, folder / f"worker-{number}.log", "(Successfully registered with master)")
        yield cluster


def _start(
    stack: ExitStack, folder: Path, name: str, options: list[str], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    home = Path(pyspark.__file__).parent
    kind = options[0]
    command = [str(home / "bin/spark-class"), f"org.apache.spark.deploy.{kind.lower()}.{kind}"]
    command += ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0", *options[1:]]
    log = stack.enter_context((folder / f"{name}.log").open("wb"))
    return stack.enter_context(
        started(command, env=environment | {"SPARK_HOME": str(home)}, cwd=folder, stdout=log, stderr=log)
    )


def _wait_for_line(process: subprocess.Popen[bytes], log: Path, pattern: str) -> str:
    """Waits until the pattern matches in the log; returns its group."""

    def find() -> re.Match[str] | None:
        assert process.poll() is None, f"{log.name}:\n{log.read_text(encoding='utf-8')[-2000:]}"
        return re.search(pattern, log.read_text(encoding="utf-8", errors="replace"))

    wait_for(find, f"{pattern} in {log}")
    match = find()
    assert match
    return match[1]


def processes_in(folder: Path) -> list[psutil.Process]:
    """The processes that work in the folder or below."""
    return [process for process in psutil.process_iter() if _is_in(process, folder)]


def _is_in(process: psutil.Process, folder: Path) -> bool:
    with suppress(psutil.Error):
        return Path(process.cwd()).is_relative_to(folder)
    return False


def _kill_all_in(folder: Path) -> None:
    # The daemons of Python workers have their own process groups.
    for process in processes_in(folder):
        with suppress(psutil.Error):
            process.kill()


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return list(process.children())
    return []


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


if __name__ == "__main__":
    with standalone(Path(sys.argv[1]), int(sys.argv[2]), {}) as running:
        print(running.url, flush=True)  # noqa: T201  # a program
        sys.stdin.read()
