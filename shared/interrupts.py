"""Handles Ctrl-C before a program's `main` runs, while its imports take a second or more.

After that `deploy.commands.run_command` and each program's own `main` say what Ctrl-C means.
"""

import sys
from types import TracebackType

# The first of `sys.argv` ends so, while `python -m …` imports a package and in the job's script.
_PROGRAMS = ("-m", "explode_playlists.py")


def explain_early_interrupt() -> None:
    """Print a sentence after Ctrl-C instead of a trace, if the process is a program of ours. Packages call it first."""
    if sys.argv and sys.argv[0].endswith(_PROGRAMS):
        sys.excepthook = _say_stopped


def _say_stopped(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("stopped before it began.\n")
    else:
        sys.__excepthook__(kind, error, trace)
