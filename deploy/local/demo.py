"""`make demo`: the whole chain on this machine, without an account: two days in the life of made-up playlists.

A stub answers as the Spotify Web API does; everything behind it is real: the Lambda's handler over HTTP, the Glue job
on Spark, Snowflake's SQL on an embedded warehouse, the report from its views. Everything lies in one folder.
"""

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deploy.local.chain import Chain, StepError
from deploy.local.report.__main__ import write_report
from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.steps import (
    DEMO_MARK,
    WAREHOUSE_ERRORS,
    Steps,
    end_on_sigterm,
    sentence_of,
    show_counts,
    show_place,
)
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.store import StoreError, open_store
from shared.terminal import printable, set_up_output

_DAYS = ("2026-11-19T09:00:00Z", "2026-11-20T09:00:00Z")


def run_demo(out: Path, app_class: str) -> None:
    """Two simulated days into the folder, then what came of them. Raises StepError."""
    _make_room(out)
    steps = Steps(2 + 3 * len(_DAYS))
    catalogue = steps.run("Made-up Spotify: songs, playlists, a listener", Catalogue)
    summaries: list[dict[str, Any]] = []
    with SpotifyStub(catalogue, app_class=app_class, day=0) as stub:
        chain = Chain(
            lake=str(out / "lake"),
            warehouse=out / "warehouse",
            environment={
                **stub.environment,
                "SPOTIFY_PLAYLISTS": ",".join(playlist.id for playlist in catalogue.playlists(0)),
                "SPOTIFY_LIKED_SONGS": "yes",
            },
        )
        for day, at in enumerate(_DAYS):
            stub.day = day
            steps.run(f"Day {day + 1}: the Lambda asks the API", lambda at=at: chain.extract(at))  # type: ignore[misc]
            summaries.append(steps.run(f"Day {day + 1}: the Glue job makes tables", chain.explode))
            steps.run(f"Day {day + 1}: Snowpipe loads the warehouse", chain.load)
    page = steps.run("The report", lambda: write_report(out))
    _show_summary(summaries, steps)
    _show_warehouse(chain)
    show_place(out, page)


def _make_room(out: Path) -> None:
    """Empties the folder of an earlier demo; a folder of anything else is left alone."""
    if out.exists() and any(out.iterdir()) and not (out / DEMO_MARK).exists():
        raise StepError(f"{out} holds something that no demo made: name an empty folder, make demo OUT=folder")
    for name in ("lake", "warehouse"):
        shutil.rmtree(out / name, ignore_errors=True)
    (out / "lake").mkdir(parents=True)
    (out / DEMO_MARK).touch()


def _show_summary(summaries: Sequence[dict[str, Any]], steps: Steps) -> None:
    rows: Counter[str] = Counter()
    for summary in summaries:
        rows.update(summary["rows"])
    items = sum(summary["items"] for summary in summaries)
    batches = sum(len(summary["batches"]) for summary in summaries)
    rejects = sum(sum(summary["rejects"].values()) for summary in summaries)
    print(f"\n{items:,} playlist items read in {batches} batches, {rejects:,} rejects. Rows published in the lake:")
    for table, count in rows.items():
        print(f"  {table:<25}{count:>8,}")
    print("\nSeconds per step:")
    for step, seconds in steps.seconds.items():
        print(f"  {step:<48}{seconds:>6.1f}")


def _show_warehouse(chain: Chain) -> None:
    with EmbeddedSnowflake(chain.warehouse, open_store(chain.lake)) as warehouse:
        warehouse.deploy()
        show_counts(warehouse)
        print("\nWhat became of songs, episodes and files in their playlists:")
        for state, count in warehouse.query(
            "select state, count(*) as row_count from SPOTIFY.BI.PLAYLIST_MEMBERSHIP group by state order by state"
        ):
            print(f"  {state:<25}{count:>8,}")


def main() -> int:
    """The exit status."""
    set_up_output()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="everything lies in this folder")
    parser.add_argument(
        "--class",
        dest="app_class",
        choices="ABC",
        default="A",
        help="class of the app: A new ones in development mode (no popularity), B older ones, C extended quota",
    )
    given = parser.parse_args()
    out = given.out.resolve()
    started = time.monotonic()
    try:
        run_demo(out, given.app_class)
    except (StepError, StoreError, OSError, *WAREHOUSE_ERRORS) as error:
        print(f"demo: {printable(sentence_of(error, out))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped; nothing of it runs any more. Run it again: it begins anew.", file=sys.stderr)
        return 130
    print(f"{time.monotonic() - started:.0f} seconds in all.")
    return 0


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(main())
