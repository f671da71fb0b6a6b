"""Progress output of a run."""

import shutil
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from shared.terminal import printable


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The outcome for playlist `number` of `of`; `is_over` is false while it is still being read.

    `failure_class` is null unless the check failed.
    """

    name: str
    number: int
    of: int
    outcome: str
    is_over: bool = True
    failure_class: str | None = None


Report = Callable[[Progress], None]
Clock = Callable[[], datetime]


def silent(_progress: Progress) -> None:
    """Prints nothing."""


class Terminal:
    """Progress for a person: one rewritten line on a terminal, with a permanent line per failure; else plain lines.

    Names are untrusted text: their control characters are replaced.
    """

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        """Nothing is written yet. The default is the stream at import, which may still erase a line."""
        self._stream = stream
        self._is_terminal = stream.isatty()

    def __call__(self, progress: Progress) -> None:
        """Show it."""
        text = printable(f"{progress.number}/{progress.of} {progress.name}: {progress.outcome}")
        if not self._is_terminal:
            if progress.is_over:
                print(text, file=self._stream, flush=True)
        elif progress.failure_class:
            self._write(f"{text}\n")
        else:
            self._write(_fitting(text, shutil.get_terminal_size().columns - 1))

    def close(self) -> None:
        """Erase the rewritten line."""
        if self._is_terminal:
            self._write("")

    def _write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[2K{text}")
        self._stream.flush()


def _fitting(text: str, columns: int) -> str:
    """The text truncated to one line; some characters are two columns wide."""
    width = 0
    for n, character in enumerate(text):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > columns:
            return text[:n]
    return text
