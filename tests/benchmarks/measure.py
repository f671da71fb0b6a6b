"""Runs a command and measures wall time, and CPU time and peak memory of all its processes together."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

ROOT = Path(__file__).parents[2]
_CPU_INTERVAL = 0.1  # seconds between two samples; usage after a process's last sample is not counted
_MEMORY_INTERVAL = 0.3  # longer, because reading a process's memory takes longer


class CommandFailedError(Exception):
    """The command ended with an error; the message has the end of its output."""


@dataclass(frozen=True)
class Run:
    """A run: wall seconds, CPU seconds, and the peak memory of all its processes together, in bytes.

    `others_cpu` has the CPU seconds of processes that worked for the command but are not its children, such as
    executors.
    """

    wall: float
    cpu: float
    peak: int
    others_cpu: float = 0.0


def measure(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    others: Callable[[], Iterable[psutil.Process]] = tuple,
) -> Run:
    """Run the command in the project's folder and measure it. Raises CommandFailedError.

    `others` is called for each sample. It returns the processes that work for the command but are not its children;
    their own children are measured as well.
    """
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        cpu: dict[psutil.Process, float] = {}
        others_cpu: dict[psutil.Process, float] = {}
        peak, sampled_at = 0, 0.0
        try:
            while process.poll() is None:
                is_due = time.monotonic() - sampled_at >= _MEMORY_INTERVAL
                sampled_at = time.monotonic() if is_due else sampled_at
                peak = max(peak, _sample(process, cpu, with_memory=is_due))
                for other in others():
                    _sample(other, others_cpu, with_memory=False)
                time.sleep(_CPU_INTERVAL)
        except BaseException:
            for running in [process, *_children(process)]:
                running.kill()
            raise
        wall = time.monotonic() - started
        psutil.wait_procs(cpu)  # Java ends a little later than the Python process that started it
        if process.returncode:
            output.seek(0)
            message = f"{' '.join(command)} ended with {process.returncode}:\n{output.read().decode()[-3000:]}"
            raise CommandFailedError(message)
    return Run(wall, sum(cpu.values()), peak, sum(others_cpu.values()))


def _sample(process: psutil.Process, cpu: dict[psutil.Process, float], *, with_memory: bool) -> int:
    """Update `cpu` with the CPU seconds of the process and its children so far.

    Returns their memory in bytes, or 0 if `with_memory` is false.
    """
    memory = 0
    for member in [process, *_children(process)]:
        try:
            times = member.cpu_times()
            cpu[member] = times.user + times.system
            if with_memory:
                memory += _memory(member)
        except psutil.Error:  # the process has ended
            continue
    return memory


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    # PSS divides shared pages among processes, so a fork of the JVM adds little more than the pages that it copied.
    info = process.memory_full_info()
    return int(info.pss if sys.platform == "linux" else info.uss)
