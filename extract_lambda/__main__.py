"""`python -m extract_lambda`: one run on one machine, from the same environment as the Lambda's."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from extract_lambda.credentials import CredentialsError
from extract_lambda.handler import EventError, run, run_id_of, time_of
from extract_lambda.result import AllFailedError
from extract_lambda.settings import SettingsError
from extract_lambda.spotify import SpotifyError
from shared.store import StoreError
from shared.terminal import printable


def main(argv: Sequence[str]) -> int:
    """Progress goes to stderr, the result as JSON to stdout; 0 if the run went well or in part, else 1."""
    parser = argparse.ArgumentParser(prog="python -m extract_lambda", description=__doc__)
    parser.add_argument("--at", help="run as if it began at this time, such as 2026-11-20T10:00:00Z (default: now)")
    at = parser.parse_args(argv).at
    logging.getLogger("spotipy").addHandler(logging.NullHandler())  # its lines would come to the terminal unwashed
    began = datetime.now(UTC)
    try:
        shift = time_of(at) - began if at else timedelta()
        result = run(
            run_id_of({"scheduled_at": at}, began),
            os.environ,
            clock=lambda: datetime.now(UTC) + shift,
            report=_say,
        )
    except AllFailedError as error:
        print(json.dumps(error.result.as_dict()))
        print(printable(str(error)), file=sys.stderr)
        return 1
    except (SettingsError, CredentialsError, EventError, SpotifyError, StoreError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    print(json.dumps(result.as_dict()))
    return 0


def _say(name: str, n: int, of: int, outcome: str) -> None:
    print(printable(f"{n}/{of} {name}: {outcome}"), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
