"""Makes text safe to show: names and reasons are untrusted, and could control a terminal."""

import atexit
import json
import logging
import os
import sys
import textwrap
from typing import Any, TextIO, cast


def printable(text: str) -> str:
    """The text in one line, with a replacement character for each control, format and other invisible character."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def set_up_output() -> None:
    r"""Make all that this process prints and logs safe to show. Every program calls it first, before it logs.

    stdout and stderr escape invisible characters except newlines as JSON does (\u001b), so that a line of JSON keeps
    its content. The text of a log record is one line; a trace is indented, so that no line of it looks like a record.
    If the output pipe is closed (`| head`), the program ends without a message.
    """
    sys.stdout = _escaping(sys.stdout)
    sys.stderr = _escaping(sys.stderr)
    logging.setLogRecordFactory(_Record)
    atexit.register(_flush_output)


def _flush_output() -> None:
    """Write what is buffered. If the pipe is closed, Python itself would print an error when it exits."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ValueError:  # closed by the program itself
        pass


class _EscapingStream:
    """A text stream that writes to another one and escapes control characters."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write("\n".join(_escaped(line) for line in text.split("\n")))
        return len(text)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # all other attributes are the stream's
        return getattr(self._stream, name)


class _Record(logging.LogRecord):
    """A log record that is safe with any handler and formatter."""

    def __init__(self, *values: Any, **named: Any) -> None:  # noqa: ANN401  # as logging passes them
        super().__init__(*values, **named)
        if self.exc_info:
            trace = logging.Formatter().formatException(self.exc_info)
            self.exc_text = textwrap.indent(trace, "    ")  # formatters use this text if it exists

    def getMessage(self) -> str:  # noqa: N802  # logging's name
        return printable(super().getMessage())


def _escaping(stream: TextIO) -> TextIO:
    return stream if isinstance(stream, _EscapingStream) else cast("TextIO", _EscapingStream(stream))


def _escaped(line: str) -> str:
    return line if line.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)
