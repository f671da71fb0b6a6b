"""Runs the stub until it is interrupted, and prints where it listens."""

import argparse
import sys
import threading
from contextlib import suppress

from deploy.local.spotify import Catalogue, SpotifyStub
from shared.terminal import set_up_output


def main() -> None:
    """`python -m deploy.local.spotify --port 0 --day 0 --class A`: one line, the URL; port 0 takes a free one."""
    set_up_output()
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.spotify", description="A stub of the Spotify Web API."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--day", type=int, default=0, help="day 0 is 2026-11-19")
    parser.add_argument("--class", dest="app_class", choices="ABC", default="A", help="A: development mode since 2026")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", choices=("demo", "small", "storm"), default="demo")
    parser.add_argument("--fault-share", type=float, default=0.0, help="0.2: one answer out of five is faulty")
    parser.add_argument("--fault-seed", type=int, default=1)
    options = parser.parse_args()
    catalogue = Catalogue(options.seed, options.size)
    with SpotifyStub(catalogue, options.app_class, options.day, options.port) as stub, suppress(KeyboardInterrupt):
        stub.faults.at_random(options.fault_seed, options.fault_share)
        sys.stdout.write(f"{stub.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
