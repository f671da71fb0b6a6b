"""`make run`: the whole chain on this machine with your own Spotify login, into a permanent folder.

Each run adds the changes since the last run. The lake keeps every answer, the warehouse every observation.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.commands import CommandError, Parser, folder, run_command
from deploy.local.chain import Chain, StepError
from deploy.local.report.__main__ import write_report
from deploy.local.steps import (
    DEMO_MARK,
    Steps,
    end_on_sigterm,
    must_be_writable,
    open_page,
    plain_errors,
    show_counts,
    show_next,
    some_song,
)
from deploy.snowflake.embedded import EmbeddedSnowflake
from extract_lambda.credentials import CredentialsError
from extract_lambda.login_place import login_variables
from extract_lambda.settings import Settings, SettingsError
from shared import lake
from shared.store import open_store

_STOPPED = "stopped; every stored file is complete. Run it again: it continues from there."


def run_chain(out: Path, environ: Mapping[str, str], *, with_covers: bool = False) -> Path:
    """Run the chain into the folder and print its contents; returns the report's path. Raises StepError.

    Without a login it raises StepError, SettingsError or CredentialsError before anything is written.
    """
    chain = _chain(out, environ)
    open_store(chain.lake, create=True)
    must_be_writable(out)
    steps = Steps(4)
    _show_result(steps.run("The Lambda asks Spotify", chain.extract, is_silent=False))
    return _load(out, chain, steps, with_covers=with_covers)


def load_lake(out: Path, *, with_covers: bool = False) -> Path:
    """As `run_chain`, but without Spotify: loads the pending objects of the folder's lake. StepError without a lake."""
    if not (out / "lake").is_dir():
        raise StepError(
            f"there is no lake in {out}: put files into {out}/lake/{lake.DROP} first, or name another folder, "
            "make load OUT=folder"
        )
    must_be_writable(out)
    chain = Chain(lake=str(out / "lake"), warehouse=out / "warehouse", environment={})
    return _load(out, chain, Steps(3), with_covers=with_covers)


def _load(out: Path, chain: Chain, steps: Steps, *, with_covers: bool) -> Path:
    steps.run("The Glue job makes tables", chain.explode, is_silent=False)
    steps.run("Snowpipe loads the warehouse", chain.load)
    page = steps.run("The report", lambda: write_report(out, with_covers=with_covers))
    with EmbeddedSnowflake(chain.warehouse, open_store(chain.lake)) as warehouse:
        warehouse.deploy()
        show_counts(warehouse)
        song_id = some_song(warehouse)
    print(f"\n{sum(steps.seconds.values()):.0f} seconds in all.")
    show_next(out, page, song_id)
    return page


def _chain(out: Path, environ: Mapping[str, str]) -> Chain:
    """The chain with the login of this machine. Raises StepError, SettingsError or CredentialsError."""
    if (out / DEMO_MARK).exists():
        raise StepError(
            f"{out} is the folder of a demo, and the next demo empties it: name another folder, make run OUT=folder"
        )
    variables = login_variables(environ)
    path = variables.get("SPOTIFY_CREDENTIALS_FILE")
    if path and not Path(path).exists():
        raise StepError(
            "there is no Spotify login on this machine yet. `make login` makes one in a few minutes (docs/run.md says "
            "how); `make demo` needs none."
        )
    uri = str(out / "lake")
    Settings.from_env({**environ, **variables, "LAKE_URI": uri}).credential_store.load()
    return Chain(lake=uri, warehouse=out / "warehouse", environment=variables)


def _show_result(result: Mapping[str, Any]) -> None:
    """Prints a line with the counts of the extractor; the extractor itself prints each failure."""
    counts = result["counts"]
    words = [f"{counts['read']:,} playlists read ({counts['items']:,} items)", f"{counts['unchanged']:,} unchanged"]
    for name, text in (
        ("incomplete", "read incompletely"),
        ("failed", "failed"),
        ("gone", "gone"),
        ("left", "left for the next run"),
        ("not_mine", "of other people left out"),
    ):
        if counts[name]:
            words.append(f"{counts[name]:,} {text}")
    print(f"      {', '.join(words)}", file=sys.stderr, flush=True)


def main(argv: Sequence[str]) -> int:
    """The exit status."""
    parser = Parser(prog="python -m deploy.local.run", description=__doc__)
    parser.add_argument("--out", type=folder, default=Path("out/mine"), help="the folder that keeps everything")
    parser.add_argument(
        "--check-login", action="store_true", help="only check that there is a login, and write nothing"
    )
    parser.add_argument(
        "--load-only",
        action="store_true",
        help="send no requests to Spotify; load only the pending objects of the folder; needs no login",
    )
    parser.add_argument("--covers", action="store_true", help="put small covers of albums into the report")
    parser.add_argument("--open", action="store_true", help="open the report in a browser, on a desktop")
    arguments = parser.parse_args(argv)
    out = arguments.out.resolve()
    try:
        with plain_errors(out):
            if arguments.check_login:
                _chain(out, os.environ)
                return 0
            if arguments.load_only:
                page = load_lake(out, with_covers=arguments.covers)
            else:
                page = run_chain(out, os.environ, with_covers=arguments.covers)
    except (SettingsError, CredentialsError) as error:
        raise CommandError(str(error)) from error
    if arguments.open:
        open_page(page)
    return 0


if __name__ == "__main__":
    end_on_sigterm()
    _name = "load" if "--load-only" in sys.argv else "run"
    sys.exit(run_command(_name, main, sys.argv[1:], stopped=_STOPPED))
