"""`python -m deploy.local.report --out out/demo`: out/demo/report.html from out/demo/warehouse."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from deploy.commands import CommandError, Parser, folder, run_command
from deploy.local.report.covers import Covers
from deploy.local.report.report import report
from deploy.local.steps import DEMO_MARK, must_be_writable, open_page, plain_errors
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.landing import DATABASE
from deploy.snowflake.zone import listening_zone
from shared.store import open_store


class NoWarehouseError(CommandError):
    """The folder has no warehouse; the message says what to do."""


def write_report(out: Path, *, with_covers: bool = False) -> Path:
    """The page made from the folder's warehouse, and a picture to share beside it. Raises NoWarehouseError.

    Raises CommandError if LISTENING_ZONE is no time zone.
    """
    if not (out / "warehouse" / f"{DATABASE}.db").is_file():
        raise NoWarehouseError(
            f"there is no warehouse in {out}: make load OUT={out} makes it from the lake there, and make demo makes "
            "a lake of made-up playlists"
        )
    must_be_writable(out)
    try:
        lake = open_store(str(out / "lake")) if (out / "lake").is_dir() else None
        with EmbeddedSnowflake(out / "warehouse", lake) as warehouse:
            warehouse.deploy()
            covers = Covers(out / "covers") if with_covers else None
            is_made_up = (out / DEMO_MARK).exists()
            page = report(warehouse, covers, is_made_up=is_made_up, zone=listening_zone(os.environ))
    except duckdb.IOException as error:
        raise NoWarehouseError(
            " ".join(
                f"{out / 'warehouse'} cannot be opened, probably because another program has it open: {error}".split()
            )
        ) from error
    if covers and covers.missing:
        print(f"{covers.missing} covers could not be fetched; coloured tiles replace them.", file=sys.stderr)
    if page.sections:
        _put(out / "share.png", page.share_picture())
    return _put(out / "report.html", page.html().encode())


def _put(path: Path, content: bytes) -> Path:
    """Write the file atomically, so that no reader sees half of it."""
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
    return path


def main(argv: Sequence[str]) -> int:
    """The exit code; prints where the page is."""
    parser = Parser(prog="python -m deploy.local.report", description=__doc__)
    parser.add_argument(
        "--out", type=folder, default=Path("out/demo"), help="folder with the warehouse, gets report.html"
    )
    parser.add_argument(
        "--covers", action="store_true", help="fetch small covers of albums from Spotify and put them into the page"
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser, on a desktop")
    arguments = parser.parse_args(argv)
    out = arguments.out.resolve()
    with plain_errors(out):
        page = write_report(out, with_covers=arguments.covers)
    print(f"{page}: open it in a browser ({page.stat().st_size / 1e6:.1f} MB, needs no network)")
    if arguments.open:
        open_page(page)
    return 0


if __name__ == "__main__":
    sys.exit(run_command("report", main, sys.argv[1:]))
