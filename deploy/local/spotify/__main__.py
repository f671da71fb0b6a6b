"""Runs the stub until it is interrupted, and prints its address."""

import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from deploy.commands import CommandError, Parser, run_command
from deploy.local.spotify import Catalogue, SpotifyStub


def main(argv: Sequence[str]) -> int:
    """`python -m deploy.local.spotify --port 0 --day 0 --class A`: prints one line, the URL; port 0: a free port."""
    parser = Parser(prog="python -m deploy.local.spotify", description="A stub of the Spotify Web API.")
    parser.add_argument("--port", type=int, default=0, help="0: a free port")
    parser.add_argument(
        "--day",
        type=int,
        default=0,
        help="day of the playlists; 0 is 2026-10-22 in size demo, 2026-11-19 in size small",
    )
    parser.add_argument("--class", dest="app_class", choices="ABC", default="A", help="A: development mode since 2026")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", choices=("demo", "small", "storm"), default="demo")
    parser.add_argument("--fault-share", type=float, default=0.0, help="share of faulty answers, such as 0.2")
    parser.add_argument("--fault-seed", type=int, default=1)
    options = parser.parse_args(argv)
    catalogue = Catalogue(options.seed, options.size)
    try:
        made = SpotifyStub(catalogue, options.app_class, options.day, options.port)
    except (OSError, OverflowError) as error:
        raise CommandError(f"port {options.port} cannot be used ({error}): name another, such as --port 0") from error
    with made as stub, suppress(KeyboardInterrupt):
        stub.faults.at_random(options.fault_seed, options.fault_share)
        sys.stdout.write(f"{stub.url}\n")
        sys.stdout.flush()
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(run_command("spotify", main, sys.argv[1:]))
