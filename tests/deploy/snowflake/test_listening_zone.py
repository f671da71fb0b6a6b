"""The time zone of the listening views, in another process, because a process can open only one warehouse."""

import json
import sys
from pathlib import Path

from tests.waiting import finished

ASK = """
import json
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.snowflake.bi.landing import Landing
from tests.deploy.snowflake.bi.test_plays import play

with EmbeddedSnowflake() as warehouse:
    warehouse.deploy(listening_zone="Europe/Oslo")
    landing = Landing(warehouse)
    play(landing, "2026-07-05 22:30")  # a Sunday, and summer time
    plays = "played_on, local_played_on, local_played_at, local_played_hour, local_played_weekday"
    hours = "played_weekday, played_hour, local_played_weekday, local_played_hour"
    print(json.dumps([landing.ask("PLAYS", plays), landing.ask("PLAYS_BY_HOUR", hours)], default=str))
"""


def test_the_zone_is_a_setting() -> None:
    done = finished([sys.executable, "-c", ASK], cwd=Path(__file__).parents[3])

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [
        [["2026-07-05", "2026-07-06", "2026-07-06 00:30", 0, 1]],
        [[7, 22, 1, 0]],
    ]
