"""How the suite gets to its places: AWS, Snowflake, Athena, BI tools, and one machine."""

import sys
from types import TracebackType


def _say_stopped(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print a sentence for Ctrl-C before a program's own `main` runs: its imports take seconds."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("stopped before it began.\n")
    else:
        sys.__excepthook__(kind, error, trace)


if sys.argv[:1] == ["-m"]:  # `python -m deploy.…` imports this package first; nothing else does it this way
    sys.excepthook = _say_stopped
