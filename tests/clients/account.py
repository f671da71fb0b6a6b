"""A song on a playlist, typed by hand, and the server's settings for each client."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import finished

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

# Three songs by two artists on one playlist; the third leaves on the second day.
# artist, songs, songs weighted by the number of their artists
ARTISTS = [["A1", 3, 2.5], ["A2", 1, 0.5]]
# song, artists, minutes
SONGS = [["S1", "A1, A2", 3.0], ["S2", "A1", 4.5], ["S3", "A1", 1.0]]
# day, songs on it, left on it
DAYS = [["2026-11-02", 3, 0], ["2026-11-03", 2, 1]]

ARTISTS_SQL = (
    "select ARTIST_NAME, SONG_COUNT, cast(WEIGHTED_SONG_COUNT as float) as WEIGHTED from BI.ARTIST_SUMMARY order by 1"
)
SONGS_SQL = "select SONG_NAME, ARTIST_NAMES, cast(DURATION_MINUTES as float) as MINUTES from BI.SONGS order by 1"
DAYS_SQL = "select to_varchar(CHECKED_ON) as CHECKED_ON, SONG_COUNT, LEFT_COUNT from BI.PLAYLIST_DAILY order by 1"


@dataclass(frozen=True)
class Client:
    """A client program with its own environment, and the server that it connects to."""

    port: int
    key: Path
    folder: Path

    @property
    def environ(self) -> dict[str, str]:
        """An environment without the user's own Snowflake settings."""
        return {name: value for name, value in os.environ.items() if not name.startswith("SNOWFLAKE_")} | {
            "SNOWFLAKE_HOME": str(self.folder),
            "HOME": str(self.folder),
            "NO_COLOR": "1",
        }

    def ask(self, script: str, *arguments: str) -> list[list[object]]:
        """Runs a script of this folder with the clients' Python; the rows that it prints as JSON."""
        python = ROOT / ".venv/tools/clients/bin/python"
        command = [str(python), str(HERE / script), str(self.port), str(self.key), *arguments]
        done = finished(command, env=self.environ)
        assert done.returncode == 0, done.stderr
        rows: list[list[object]] = json.loads(done.stdout)
        return rows

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs an external program."""
        parts = [str(part) for part in command]
        return finished(parts, env=self.environ)
