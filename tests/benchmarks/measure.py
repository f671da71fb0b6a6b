"""Runs a command and measures it: wall time, CPU and peak memory of all its processes together."""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]

ROOT = Path(__file__).parents[2]
_EVERY = 0.1  # seconds between two looks; what a process uses after its last look is lost
_MEMORY_EVERY = 0.3


class CommandFailedError(Exception):
    """The command ended with an error; the message has the end of what it said."""


@dataclass(frozen=True)
class Run:
    """What one run took: wall seconds, CPU seconds and, in bytes, the most memory its processes held at one time."""

    wall: float
    cpu: float
    peak: int


def measure(command: Sequence[str]) -> Run:
    """One run of the command in the project's folder. Raises CommandFailedError."""
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        process = psutil.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        cpu: dict[psutil.Process, float] = {}
        peak, looked = 0, 0.0
        while process.poll() is None:
            is_time = time.monotonic() - looked >= _MEMORY_EVERY
            looked = time.monotonic() if is_time else looked
            peak = max(peak, _look(process, cpu, with_memory=is_time))
            time.sleep(_EVERY)
        wall = time.monotonic() - started
        psutil.wait_procs(cpu)  # Java ends a little later than the Python that started it
        if process.returncode:
            said.seek(0)
            raise CommandFailedError(
                f"{' '.join(command)} ended with {process.returncode}:\n{said.read().decode()[-3000:]}"
            )
    return Run(wall, sum(cpu.values()), peak)


def _look(process: psutil.Process, cpu: dict[psutil.Process, float], *, with_memory: bool) -> int:
    """Notes each process's CPU seconds so far; the bytes of memory that all of them hold, 0 if not asked for."""
    memory = 0
    for one in [process, *_children(process)]:
        try:
            times = one.cpu_times()
            cpu[one] = times.user + times.system
            if with_memory:
                memory += _memory(one)
        except psutil.Error:  # it ended meanwhile
            continue
    return memory


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    # A page that processes share is parted among them: a fork of Java counts what it copied, not all of Java again.
    found = process.memory_full_info()
    return int(found.pss if sys.platform == "linux" else found.uss)
