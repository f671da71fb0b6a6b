"""`make demo`: the whole chain on this machine, without an account: two days in the life of made-up playlists.

A stub answers as the Spotify Web API does; everything behind it is real: the Lambda's handler over HTTP, the Glue job
on Spark, Snowflake's SQL on an embedded warehouse. Everything lies in one folder.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from deploy.local.chain import Chain, StepError
from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.spotify.server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from deploy.local.warehouse import Warehouse
from shared.store import open_store

_DAYS = ("2026-11-19T09:00:00Z", "2026-11-20T09:00:00Z")
_MARK = ".made-by-make-demo"

Done = TypeVar("Done")


class Steps:
    """Says which step runs, of how many, and how long each took."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.seconds: dict[str, float] = {}

    def run(self, what: str, step: Callable[[], Done]) -> Done:
        """Runs the step between two lines of its own."""
        print(f"[{len(self.seconds) + 1}/{self._count}] {what} …", file=sys.stderr, flush=True)
        started = time.monotonic()
        done = step()
        self.seconds[what] = time.monotonic() - started
        print(f"      {self.seconds[what]:.1f} s", file=sys.stderr, flush=True)
        return done


def run_demo(out: Path) -> None:
    """Two simulated days into the folder, then what came of them. Raises StepError."""
    _make_room(out)
    steps = Steps(1 + 3 * len(_DAYS))
    catalogue = steps.run("Made-up Spotify: songs, playlists, a listener", Catalogue)
    with SpotifyStub(catalogue, app_class="A", day=0) as stub:
        chain = Chain(
            lake=str(out / "lake"),
            warehouse=out / "warehouse",
            environment={
                "SPOTIFY_API_URL": f"{stub.url}/v1",
                "SPOTIFY_ACCOUNTS_URL": stub.url,
                "SPOTIFY_CLIENT_ID": CLIENT_ID,
                "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET,
                "SPOTIFY_REFRESH_TOKEN": REFRESH_TOKEN,
                "SPOTIFY_PLAYLISTS": ",".join(playlist.id for playlist in catalogue.playlists(0)),
                "SPOTIFY_LIKED_SONGS": "yes",
            },
        )
        for day, at in enumerate(_DAYS):
            stub.day = day
            steps.run(f"Day {day + 1}: the Lambda asks the API", lambda at=at: chain.extract(at))  # type: ignore[misc]
            steps.run(f"Day {day + 1}: the Glue job makes tables", chain.explode)
            steps.run(f"Day {day + 1}: Snowpipe loads the warehouse", chain.load)
    _show(out, chain)


def _make_room(out: Path) -> None:
    """Empties the folder of an earlier demo; a folder of anything else is left alone."""
    if out.exists() and any(out.iterdir()) and not (out / _MARK).exists():
        message = f"{out} holds something that no demo made: name an empty folder, make demo OUT=folder"
        raise StepError(message)
    for name in ("lake", "warehouse"):
        shutil.rmtree(out / name, ignore_errors=True)
    (out / "lake").mkdir(parents=True)
    (out / _MARK).touch()


def _show(out: Path, chain: Chain) -> None:
    with Warehouse(chain.warehouse, open_store(chain.lake)) as warehouse:
        warehouse.deploy()
        print("\nWhat the warehouse holds now:")
        for view in ("SONGS", "ALBUMS", "ARTISTS", "EPISODES", "PLAYLISTS", "PLAYLIST_MEMBERSHIP"):
            [(count,)] = warehouse.query(f"select count(*) as row_count from SPOTIFY.BI.{view}")  # noqa: S608  # our names
            print(f"  BI.{view:<22}{count:>8,}")
        print("\nWhere songs came and went between the two days:")
        for state, count in warehouse.query(
            "select state, count(*) as row_count from SPOTIFY.BI.PLAYLIST_MEMBERSHIP group by state order by state"
        ):
            print(f"  {state:<25}{count:>8,}")
    print(f"\nEverything lies in {out}: lake/ is what S3 would hold, warehouse/ what Snowflake would.")


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="everything lies in this folder")
    out = parser.parse_args().out.resolve()
    started = time.monotonic()
    try:
        run_demo(out)
    except (StepError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped; nothing of it runs any more. Run it again: it begins anew.", file=sys.stderr)
        return 130
    print(f"{time.monotonic() - started:.0f} seconds in all.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
