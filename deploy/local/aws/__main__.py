"""Runs the local AWS until it is interrupted, and prints the variables that select it."""

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

from deploy.local.aws.jars import JarsError, jars
from deploy.local.aws.server import LocalAws
from shared.terminal import printable, set_up_output


def main() -> int:
    """`python -m deploy.local.aws --port 5000`: print the variables to export, then serve until stopped."""
    set_up_output()
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.aws",
        description="A moto server that runs Lambda zips, Glue jobs, rules and state machines. The variables that it "
        "prints point Terraform, the AWS CLI and boto3 at it. Nothing is kept when it ends.",
    )
    parser.add_argument("--port", type=int, default=5000, help="0 selects a free port (default: %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="interface to listen on (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="folder for the logs of runs (default: a temporary folder)")
    parser.add_argument(
        "--spotify", metavar="URL", help="Spotify API for Lambda functions, as printed by deploy.local.spotify"
    )
    options = parser.parse_args()
    try:
        jars()
    except JarsError as error:
        print(f"Glue jobs cannot run here: {printable(str(error))}", file=sys.stderr)
    spotify = {"SPOTIFY_API_URL": f"{options.spotify}/v1", "SPOTIFY_ACCOUNTS_URL": options.spotify}
    with tempfile.TemporaryDirectory(prefix="local-aws-") as folder, suppress(KeyboardInterrupt):
        place = options.folder or Path(folder)
        with LocalAws(place, options.port, options.host, spotify if options.spotify else None) as aws:
            print(as_exports(aws.environment), flush=True)
            print(f"Logs of runs are in {place}. Ctrl-C ends it.", file=sys.stderr)
            signal.signal(signal.SIGTERM, _interrupt)  # so that SIGTERM also ends the runs
            threading.Event().wait()
    return 0


def as_exports(environment: Mapping[str, str]) -> str:
    """The variables as export commands of a shell."""
    return "\n".join(f"export {name}={value}" for name, value in environment.items())


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
