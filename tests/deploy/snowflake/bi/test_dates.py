"""DATES: the calendar of a BI model."""

from tests.deploy.snowflake.bi.landing import Landing
from tests.deploy.snowflake.bi.test_plays import play

BOUNDS = (
    "select count(date_day) as days, count(distinct date_day) as distinct_days, min(date_day) as first, "
    "max(date_day) as last from SPOTIFY.BI.DATES"
)


def test_the_calendar_has_every_day_of_every_year_with_a_check(landing: Landing) -> None:
    landing.check("2027-01-01 00:00", "failed")
    landing.check("2024-12-31 23:00", "failed", extracted_at="2025-01-01 00:10")

    assert landing.query(BOUNDS) == [(1461, 1461, "2024-01-01", "2027-12-31")]


def test_the_calendar_begins_and_ends_with_plays_outside_of_the_checks(landing: Landing) -> None:
    play(landing, "2015-06-01 10:00")
    landing.check("2016-02-03 10:00", "failed")
    play(landing, "2017-01-01 00:00")

    assert landing.query(BOUNDS) == [(1096, 1096, "2015-01-01", "2017-12-31")]


def test_the_calendar_has_the_local_day_of_a_play_in_every_time_zone(landing: Landing) -> None:
    play(landing, "2016-01-01 11:59")
    play(landing, "2016-12-31 10:00")

    assert landing.query(BOUNDS) == [(1096, 1096, "2015-01-01", "2017-12-31")]


def test_a_day_has_its_year_quarter_month_week_and_weekday(landing: Landing) -> None:
    landing.check("2024-02-29 10:00", "gone")

    assert landing.ask(
        "DATES",
        "date_day, calendar_year, quarter_number, month_number, month_starts_on, week_starts_on, weekday_number",
        "date_day in ('2024-02-29', '2024-03-03', '2024-12-31')",
    ) == [
        ("2024-02-29", 2024, 1, 2, "2024-02-01", "2024-02-26", 4),
        ("2024-03-03", 2024, 1, 3, "2024-03-01", "2024-02-26", 7),
        ("2024-12-31", 2024, 4, 12, "2024-12-01", "2024-12-30", 2),
    ]


def test_every_date_of_the_other_views_is_in_the_calendar(landing: Landing) -> None:
    landing.read("2025-12-31 23:59", "s1", "s2")
    landing.read("2026-01-01 00:01", "s1", extracted_at="2025-12-31 23:58")
    landing.popularity("s1", "2025-12-31 23:58", 10)
    play(landing, "2019-07-01 10:00")

    for view, column in (
        ("PLAYLIST_CHECKS", "checked_on"),
        ("PLAYLIST_DAILY", "checked_on"),
        ("PLAYLIST_MEMBERSHIP", "entered_on"),
        ("PLAYLIST_MEMBERSHIP", "left_on"),
        ("SONG_POPULARITY_DAILY", "observed_on"),
        ("PLAYS", "played_on"),
        ("PLAYS", "local_played_on"),
        ("PLAYS_DAILY", "played_on"),
        ("LISTENING_FROM_PLAYLISTS", "month_begins_on"),
    ):
        dates = "(select date_day from SPOTIFY.BI.DATES)"
        assert landing.ask(view, column, f"{column} is not null") != []
        assert landing.ask(view, column, f"{column} not in {dates}") == []
