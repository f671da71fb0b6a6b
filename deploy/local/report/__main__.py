"""`python -m deploy.local.report --out out/demo`: out/demo/report.html from out/demo/warehouse."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from deploy.local.report.report import report
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.landing import DATABASE
from shared.store import open_store
from shared.terminal import printable, set_up_output


class NoWarehouseError(Exception):
    """There is nothing to report on; the message says what to do."""


def write_report(out: Path) -> Path:
    """The page made from the folder's warehouse. Raises NoWarehouseError."""
    if not (out / "warehouse" / f"{DATABASE}.db").is_file():
        raise NoWarehouseError(
            f"there is no warehouse in {out}: make load OUT={out} makes it from the lake there, and make demo makes "
            "a lake of made-up playlists"
        )
    try:
        lake = open_store(str(out / "lake")) if (out / "lake").is_dir() else None
        with EmbeddedSnowflake(out / "warehouse", lake) as warehouse:
            warehouse.deploy()
            html = report(warehouse).html()
    except duckdb.IOException as error:
        raise NoWarehouseError(
            " ".join(
                f"{out / 'warehouse'} cannot be opened, most likely since another program has it open: {error}".split()
            )
        ) from error
    page = out / "report.html"
    unfinished = page.with_name(".report.html.part")
    unfinished.write_text(html, encoding="utf-8", newline="\n")
    unfinished.replace(page)
    return page


def main(argv: Sequence[str]) -> int:
    """The exit code; says where the page lies."""
    set_up_output()
    parser = argparse.ArgumentParser(prog="python -m deploy.local.report", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("out/demo"), help="folder with the warehouse, gets report.html"
    )
    out = parser.parse_args(argv).out
    try:
        page = write_report(out.resolve())
    except (NoWarehouseError, OSError) as error:
        sys.stderr.write(f"report: {printable(str(error))}\n")
        return 1
    print(f"{page}: open it in a browser ({page.stat().st_size / 1e6:.1f} MB, needs no network)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
