"""The time zone of the listening views is one setting, for an account and for the warehouse of this machine."""

import json
import os
import sys
from pathlib import Path

import pytest

from deploy.commands import CommandError
from deploy.snowflake.deploy import variables_of
from deploy.snowflake.embedded import SCRIPTS, rendered_scripts
from deploy.snowflake.environment import Environment, Stack
from deploy.snowflake.zone import listening_zone
from tests.waiting import finished

STACK = Stack("s3://lake", "topic", "alerts", "role", "id", "error role")
ASK = """
import json
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.snowflake.bi.landing import Landing
from tests.deploy.snowflake.bi.test_plays import play

with EmbeddedSnowflake() as warehouse:
    warehouse.deploy()
    landing = Landing(warehouse)
    play(landing, "2026-07-05 22:30")  # a Sunday, and summer time
    plays = "played_on, local_played_on, local_played_at, local_played_hour, local_played_weekday"
    hours = "played_weekday, played_hour, local_played_weekday, local_played_hour"
    days = landing.ask("PLAYS_DAILY", "played_on") + landing.ask("PLAYS_DAILY_LOCAL", "local_played_on")
    print(json.dumps([landing.ask("PLAYS", plays), landing.ask("PLAYS_BY_HOUR", hours), days], default=str))
"""


def test_the_views_of_this_machine_follow_the_setting() -> None:
    # In a process of its own: only one warehouse can be open in a process.
    environment = os.environ | {"LISTENING_ZONE": "Europe/Oslo"}
    done = finished([sys.executable, "-c", ASK], cwd=Path(__file__).parents[3], env=environment)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [
        [["2026-07-05", "2026-07-06", "2026-07-06 00:30", 0, 1]],
        [[7, 22, 1, 0]],
        [["2026-07-05"], ["2026-07-06"]],
    ]


def test_the_views_of_an_account_follow_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTENING_ZONE", "Europe/Oslo")

    variables = variables_of(Environment.named("dev"), STACK)

    scripts = dict(rendered_scripts(SCRIPTS, variables))
    assert "convert_timezone('UTC', 'Europe/Oslo', plays.played_at)" in scripts["r__4_bi_80_plays.sql"]


def test_without_the_setting_the_zone_is_utc() -> None:
    assert [listening_zone({}), listening_zone({"LISTENING_ZONE": " "})] == ["UTC", "UTC"]


@pytest.mark.parametrize(
    "zone",
    ["Oslo", "europe/oslo", "../etc/passwd", "/etc/localtime", "Europe", "localtime", "Europe/Oslo'; drop", "\0"],
)
def test_what_is_no_zone_is_refused_in_one_sentence(zone: str) -> None:
    with pytest.raises(CommandError, match="LISTENING_ZONE is no time zone: write one such as Europe/Oslo") as raised:
        listening_zone({"LISTENING_ZONE": zone})

    assert "\n" not in str(raised.value)
