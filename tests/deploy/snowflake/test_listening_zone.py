"""The time zone of the listening views, in a warehouse of its own: only one can be open."""

from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.snowflake.bi.landing import Landing
from tests.deploy.snowflake.bi.test_plays import play


def test_the_zone_is_a_setting() -> None:
    with EmbeddedSnowflake() as warehouse:
        warehouse.deploy(listening_zone="Europe/Oslo")
        landing = Landing(warehouse)
        play(landing, "2026-07-05 22:30")  # a Sunday, and summer time

        assert landing.ask(
            "PLAYS", "played_on, local_played_on, local_played_at, local_played_hour, local_played_weekday"
        ) == [("2026-07-05", "2026-07-06", "2026-07-06 00:30", 0, 1)]
        assert landing.ask("PLAYS_BY_HOUR", "played_weekday, played_hour, local_played_weekday, local_played_hour") == [
            (7, 22, 1, 0),
        ]
