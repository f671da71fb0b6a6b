"""FRESHNESS: the age of the data."""

from tests.deploy.snowflake.bi.landing import Landing

TIMES = "last_checked_at, last_succeeded_at, last_committed_at, newest_at"
HOURS = "hours_since_check, hours_since_success, hours_since_commit"
COUNTS = "playlist_count, failing_playlist_count, gone_playlist_count"


def test_an_empty_warehouse_is_one_row_of_nulls_and_zeros(landing: Landing) -> None:
    assert landing.ask("FRESHNESS", f"{TIMES}, {HOURS}, {COUNTS}") == [(None,) * 7 + (0, 0, 0)]


def test_hours_count_back_from_the_newest_data(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", playlist="p1")
    landing.check("2026-11-17 10:00", "unchanged", playlist="p1")
    landing.check("2026-11-17 22:30", "failed", playlist="p2")
    landing.batch(1, "2026-11-17 23:00")
    landing.batch(2, "2026-11-17 23:30")

    assert landing.ask("FRESHNESS", f"{TIMES}, {HOURS}") == [
        ("2026-11-17 22:30", "2026-11-17 10:00", "2026-11-17 23:30", "2026-11-17 23:30", 1, 13.5, 0)
    ]


def test_checks_before_the_first_commit_show_their_own_times(landing: Landing) -> None:
    landing.check("2026-11-17 10:00", "failed")

    assert landing.ask("FRESHNESS", f"{TIMES}, {HOURS}") == [
        ("2026-11-17 10:00", None, None, "2026-11-17 10:00", 0, None, None)
    ]


def test_a_playlist_is_failing_while_its_newest_check_failed(landing: Landing) -> None:
    for playlist, statuses in {
        "recovered": ("failed", "unchanged"),
        "failing": ("unchanged", "failed"),
        "always failing": ("failed", "failed"),
        "gone": ("failed", "gone"),
    }.items():
        for day, status in enumerate(statuses, start=16):
            landing.check(f"2026-11-{day} 10:00", status, playlist)

    assert landing.ask("FRESHNESS", COUNTS) == [(4, 2, 1)]
