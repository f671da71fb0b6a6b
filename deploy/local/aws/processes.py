"""Programs that are killed with all their children when this process ends."""

import atexit
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_started: set["Program"] = set()


class Program:
    """A program in its own process group, with its output in one file. It is killed when this process ends."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, text: bytes = b""
    ) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603  # our own arguments
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _started.add(self)
        # A program that ends before it has read its input breaks the pipe; its exit status shows the reason.
        threading.Thread(target=self._write_input, args=(text,), daemon=True).start()

    def _write_input(self, text: bytes) -> None:
        with contextlib.suppress(OSError):
            assert self._process.stdin  # noqa: S101  # it is a pipe
            self._process.stdin.write(text)
            self._process.stdin.close()

    def wait(self, seconds: float) -> int | None:
        """Its exit status. If it does not end in time, it is killed and None is returned."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self._process.wait()
            return None
        finally:
            self.signal(signal.SIGKILL)  # its remaining children
            _started.discard(self)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program and all its children."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


@atexit.register
def end_all() -> None:
    """Kill every program that is still running."""
    for program in list(_started):
        program.signal(signal.SIGKILL)
