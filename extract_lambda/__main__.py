"""`python -m extract_lambda`: one run on one machine, with the same environment variables as the Lambda."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from extract_lambda.credentials import CredentialsError
from extract_lambda.failures import with_advice
from extract_lambda.progress import Terminal
from extract_lambda.result import FailedRunError, Result
from extract_lambda.run import EventError, run, run_id_of, time_of
from extract_lambda.settings import SettingsError
from shared.store import StoreError
from shared.terminal import printable, set_up_output


def main(argv: Sequence[str]) -> int:
    """Progress goes to stderr, the result as JSON to stdout; returns 0 if the run succeeded, also in part, else 1."""
    set_up_output()
    parser = argparse.ArgumentParser(prog="python -m extract_lambda", description=__doc__)
    parser.add_argument("--at", help="run as if it began at this time, such as 2026-11-20T10:00:00Z (default: now)")
    at = parser.parse_args(argv).at
    logging.getLogger("spotipy").addHandler(
        logging.NullHandler()
    )  # without a handler Python prints its lines, control characters included
    started = datetime.now(UTC)
    terminal = Terminal()
    try:
        shift = time_of(at) - started if at else timedelta()
        result = run(
            run_id_of({"scheduled_at": at}, started),
            os.environ,
            clock=lambda: datetime.now(UTC) + shift,
            report=terminal,
        )
    except FailedRunError as error:
        terminal.close()
        _print_end(error.result)
        print(printable(str(error)), file=sys.stderr)
        return 1
    except (SettingsError, CredentialsError, EventError, StoreError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        terminal.close()
        print("Stopped. Every stored document is complete; the next run continues from there.", file=sys.stderr)
        return 130
    terminal.close()
    _print_end(result)
    return 0


def _print_end(result: Result) -> None:
    for warning in result.warnings:
        print(printable(warning), file=sys.stderr)
    if result.ended_by and not result.cool_down_until:
        print(printable(f"The run ended early: {with_advice(result.ended_by)}"), file=sys.stderr)
    if result.left:
        print(f"{len(result.left)} playlists are left for the next run.", file=sys.stderr)
    print(json.dumps(result.as_dict()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
