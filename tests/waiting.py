"""Waiting in tests, with the same generous limit everywhere: no test depends on the speed of the machine."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

PATIENCE = 600.0  # seconds; a limit for programs that hang, not for slow programs


def wait_for(is_so: Callable[[], object], what: str, pause: float = 0.05) -> None:
    """Check the condition repeatedly until it holds; fails after `PATIENCE`."""
    ends_at = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < ends_at, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(pause)


def finished(command: list[str], text: str | None = None, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with `text` as its input; returns its status and output."""
    stdin = subprocess.DEVNULL if text is None else subprocess.PIPE
    pipes = {"stdin": stdin, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(command, text=True, **pipes, **options) as program:
        stdout, stderr = program.communicate(text, timeout=PATIENCE)
    return subprocess.CompletedProcess(command, program.returncode, stdout, stderr)


@contextmanager
def started(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a program in its own process group; kills the remaining processes of the group at the end."""
    with subprocess.Popen(command, start_new_session=True, **options) as program:
        try:
            yield program
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
