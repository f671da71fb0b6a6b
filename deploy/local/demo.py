"""`make demo`: the whole chain on this machine, without an account, for thirty days of a made-up listener's playlists.

A stub answers like the Spotify Web API. All other parts are real: the extractor calls the stub over HTTP, the Glue job
runs on Spark, Snowflake's SQL runs on an embedded warehouse, and the report reads its views. All is in one folder.
"""

import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from deploy.commands import Parser, folder, run_command, whole_number
from deploy.local.chain import Chain, StepError
from deploy.local.import_plays import import_package
from deploy.local.report.__main__ import write_report
from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.spotify.demo import FIRST_DAY
from deploy.local.spotify.history import write_packages
from deploy.local.steps import (
    DEMO_MARK,
    Steps,
    end_on_sigterm,
    open_page,
    plain_errors,
    show_counts,
    show_next,
    some_song,
)
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.store import open_store

DAYS = 30
DOWNLOADS = "downloads"
_STOPPED = "stopped; all of its programs have ended. Run it again: it starts from the first day."
_WEEK = 7
_FIRST_CHECK = FIRST_DAY.replace(hour=9)
_REFUSED_ON = 15  # the day on which Spotify refuses a friend's playlist
_REFUSED = "Flat 4B kitchen radio"


def run_demo(out: Path, app_class: str, days: int = DAYS) -> Path:
    """Simulate the days: a check each day, job and load each week; returns the report's path. Raises StepError."""
    _make_room(out)
    weeks = _weeks(days)
    steps = Steps(3 + 3 * len(weeks))
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
            log=out / "demo.log",
            note=lambda line: steps.note(line.partition(" ")[2] if line[:1].isdigit() else line),
        )
        for week in weeks:
            first, last = week[0] + 1, week[-1] + 1
            name = f"Days {first} to {last}" if last > first else f"Day {first}"
            steps.run(f"{name}: the Lambda asks the API, once a day", partial(_checks, chain, stub, week, steps))
            if week is weeks[-1]:  # the job reads the plays together with the playlists
                steps.run("Two made-up account data downloads are imported", partial(_import, out, catalogue, days))
            summaries.append(steps.run(f"{name}: the Glue job makes tables", chain.explode))
            steps.run(f"{name}: Snowpipe loads the warehouse", chain.load)
    page = steps.run("The report", lambda: write_report(out))
    _show_summary(summaries, steps)
    song_id = _show_warehouse(chain)
    print(f"\n{sum(steps.seconds.values()):.0f} seconds in all.")
    show_next(out, page, song_id)
    return page


def _weeks(days: int) -> list[range]:
    """The days by week; less than half a week at the end belongs to the last week, which saves a start of Spark."""
    starts = range(0, max(1, days - _WEEK // 2), _WEEK)
    return [range(first, first + _WEEK if first != starts[-1] else days) for first in starts]


def _checks(chain: Chain, stub: SpotifyStub, days: Sequence[int], steps: Steps) -> None:
    """A run of the Lambda for each of these days."""
    for day in days:
        stub.day = day
        at = _FIRST_CHECK + timedelta(days=day)
        if day == _REFUSED_ON:
            [playlist] = (each for each in stub.catalogue.playlists(day) if each.name == _REFUSED)
            stub.faults.add("not_owner", path=f"/playlists/{playlist.id}/items")
        counts = chain.extract(f"{at:%Y-%m-%dT%H:%M:%SZ}")["counts"]
        parts = [f"{counts['read']} playlists read", f"{counts['unchanged']} unchanged"]
        parts += [f"{counts['gone']} deleted"] if counts["gone"] else []
        parts += [f"{counts['failed']} couldn't be read"] if counts["failed"] else []
        steps.say(f"      {at.day:2} {at:%b}: {', '.join(parts)}")
        if day == 0 and counts["failed"]:
            steps.say(
                f"      The {counts['failed']} are made-up examples of a refusal: Spotify shows an app in development"
            )
            steps.say("      mode neither other people's playlists nor Spotify's. The messages are in demo.log.")


def _import(out: Path, catalogue: Catalogue, days: int) -> None:
    """A year of plays up to the last day, in two downloads that overlap, as `make import` takes them."""
    packages = write_packages(out / DOWNLOADS, catalogue, FIRST_DAY + timedelta(days=days - 1))
    store = open_store(str(out / "lake"))
    for package in packages:
        import_package(store, package, "me", frozenset())


def _make_room(out: Path) -> None:
    """Empties the folder of an earlier demo; a folder of anything else is left alone."""
    if out.exists() and any(out.iterdir()) and not (out / DEMO_MARK).exists():
        raise StepError(f"{out} holds files that no demo made: name an empty folder, make demo OUT=folder")
    for name in ("lake", "warehouse", DOWNLOADS):
        for path in (out / name).glob("*"):  # the folder itself may be a mount point
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    (out / "demo.log").unlink(missing_ok=True)
    (out / "lake").mkdir(parents=True, exist_ok=True)
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


def _show_warehouse(chain: Chain) -> str | None:
    """Print the contents of the warehouse; returns the id of a song."""
    with EmbeddedSnowflake(chain.warehouse, open_store(chain.lake)) as warehouse:
        warehouse.deploy()
        show_counts(warehouse)
        print("\nStays of songs, episodes and files in playlists, by state:")
        for state, count in warehouse.query(
            "select state, count(*) as row_count from SPOTIFY.BI.PLAYLIST_MEMBERSHIP group by state order by state"
        ):
            print(f"  {state:<25}{count:>8,}")
        return some_song(warehouse)


def main(argv: Sequence[str]) -> int:
    """The exit status."""
    parser = Parser(prog="python -m deploy.local.demo", description=__doc__)
    parser.add_argument("--out", type=folder, default=Path("out/demo"), help="the folder for everything")
    parser.add_argument(
        "--class",
        dest="app_class",
        choices="ABC",
        default="A",
        help="class of the app; A: new, in development mode (no popularity), B: older, C: with extended quota",
    )
    parser.add_argument(
        "--days", type=whole_number, default=DAYS, help=f"how many days are simulated (default: {DAYS})"
    )
    parser.add_argument("--open", action="store_true", help="open the report in a browser, on a desktop")
    arguments = parser.parse_args(argv)
    out = arguments.out.resolve()
    with plain_errors(out):
        page = run_demo(out, arguments.app_class, arguments.days)
    if arguments.open:
        open_page(page)
    return 0


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(run_command("demo", main, sys.argv[1:], stopped=_STOPPED))
