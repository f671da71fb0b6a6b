"""DATES: the calendar of a BI model."""

from tests.deploy.snowflake.bi.landing import Landing


def test_the_calendar_has_every_day_of_every_year_with_a_check(landing: Landing) -> None:
    landing.check("2027-01-01 00:00", "failed")
    landing.check("2024-12-31 23:00", "failed", extracted_at="2025-01-01 00:10")

    assert landing.query(
        "select count(date_day) as days, count(distinct date_day) as distinct_days, min(date_day) as first, "
        "max(date_day) as last from SPOTIFY.BI.DATES"
    ) == [(1461, 1461, "2024-01-01", "2027-12-31")]


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

    for view, column in (
        ("PLAYLIST_CHECKS", "checked_on"),
        ("PLAYLIST_DAILY", "checked_on"),
        ("PLAYLIST_MEMBERSHIP", "entered_on"),
        ("PLAYLIST_MEMBERSHIP", "left_on"),
        ("SONG_POPULARITY_DAILY", "observed_on"),
    ):
        dates = "(select date_day from SPOTIFY.BI.DATES)"
        assert landing.ask(view, column, f"{column} is not null") != []
        assert landing.ask(view, column, f"{column} not in {dates}") == []
