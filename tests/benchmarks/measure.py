"""Runs a command and measures it: wall time, CPU and peak memory of all its processes together."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

ROOT = Path(__file__).parents[2]
_EVERY = 0.1  # seconds between two samples; usage after a process's last sample is lost
_MEMORY_EVERY = 0.3


class CommandFailedError(Exception):
    """The command ended with an error; the message has the end of its output."""


@dataclass(frozen=True)
class Run:
    """One run: wall seconds, CPU seconds and, in bytes, the most memory that its processes held at one time.

    `others_cpu`: CPU seconds of processes that worked for the command but are not its children, as executors.
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
    """Runs the command in the project's folder. Raises CommandFailedError.

    `others` are the roots of the process trees that work for the command elsewhere, at the time of the call.
    """
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        cpu: dict[psutil.Process, float] = {}
        others_cpu: dict[psutil.Process, float] = {}
        peak, sampled_at = 0, 0.0
        try:
            while process.poll() is None:
                is_time = time.monotonic() - sampled_at >= _MEMORY_EVERY
                sampled_at = time.monotonic() if is_time else sampled_at
                peak = max(peak, _sample(process, cpu, with_memory=is_time))
                for other in others():
                    _sample(other, others_cpu, with_memory=False)
                time.sleep(_EVERY)
        except BaseException:
            for left in [process, *_children(process)]:
                left.kill()
            raise
        wall = time.monotonic() - started
        psutil.wait_procs(cpu)  # Java ends a little later than the Python that started it
        if process.returncode:
            output.seek(0)
            message = f"{' '.join(command)} ended with {process.returncode}:\n{output.read().decode()[-3000:]}"
            raise CommandFailedError(message)
    return Run(wall, sum(cpu.values()), peak, sum(others_cpu.values()))


def _sample(process: psutil.Process, cpu: dict[psutil.Process, float], *, with_memory: bool) -> int:
    """Notes each process's CPU seconds so far; the bytes of memory that all of them hold, 0 if not asked for."""
    memory = 0
    for member in [process, *_children(process)]:
        try:
            times = member.cpu_times()
            cpu[member] = times.user + times.system
            if with_memory:
                memory += _memory(member)
        except psutil.Error:  # it ended meanwhile
            continue
    return memory


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    # Shared pages are divided among their processes, so a fork of the JVM counts only the pages that it copied.
    info = process.memory_full_info()
    return int(info.pss if sys.platform == "linux" else info.uss)
