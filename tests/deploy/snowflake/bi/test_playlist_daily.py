"""PLAYLIST_DAILY: one row per playlist and day."""

from tests.deploy.snowflake.bi.landing import Landing

KINDS = "song_count, distinct_song_count, episode_count, local_count, empty_count, unavailable_count, rejected_count"


def test_a_day_is_as_of_its_last_check_that_shows_all(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", follower_count=5)
    landing.read("2026-11-16 23:59", "s1", follower_count=6)
    landing.check("2026-11-17 00:00", "unchanged", follower_count=7)
    landing.check("2026-11-17 10:00", "failed")
    landing.check("2026-11-18 10:00", "failed")
    landing.read("2026-11-19 10:00", "s1", "s3", total=9, is_complete=False)
    landing.check("2026-11-20 10:00", "gone")

    columns = "checked_on, checked_at, is_complete, is_gone, song_count, follower_count"
    assert landing.ask("PLAYLIST_DAILY", columns) == [
        ("2026-11-16", "2026-11-16 23:59", True, False, 1, 6),
        ("2026-11-17", "2026-11-17 00:00", True, False, 1, 7),
        ("2026-11-19", "2026-11-19 10:00", False, False, None, None),
        ("2026-11-20", "2026-11-20 10:00", True, True, 0, None),
    ]


def test_positions_are_counted_by_kind_and_distinct_songs_once(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s1", "s2", "episode e1", "local x", "empty", "empty", "unavailable")
    landing.read("2026-11-17 10:00", "rejected", "rejected", "rejected")
    landing.read("2026-11-18 10:00")

    assert landing.ask("PLAYLIST_DAILY", f"checked_on, {KINDS}") == [
        ("2026-11-16", 3, 2, 1, 1, 2, 1, 0),
        ("2026-11-17", 0, 0, 0, 0, 0, 0, 3),
        ("2026-11-18", 0, 0, 0, 0, 0, 0, 0),
    ]


def test_the_length_adds_up_every_known_length(landing: Landing) -> None:
    landing.song("s1", duration_ms=90_000)
    landing.song("s2", duration_ms=None)
    landing.episode("e1", duration_ms=600_000)
    landing.read("2026-11-16 10:00", "s1", "s1", "s2", "episode e1", "local x")
    landing.read("2026-11-17 10:00", "local x")

    assert landing.ask("PLAYLIST_DAILY", "checked_on, duration_minutes") == [("2026-11-16", 13), ("2026-11-17", 0)]


def test_entries_and_exits_are_counted_over_the_day(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 09:00", "s1", "s3", "s3", "s4")
    landing.read("2026-11-17 10:00", "s1", "s3")
    landing.check("2026-11-18 10:00", "unchanged")

    assert landing.ask("PLAYLIST_DAILY", "checked_on, distinct_song_count, entered_count, left_count") == [
        ("2026-11-16", 2, 0, 0),
        ("2026-11-17", 2, 2, 2),
        ("2026-11-18", 2, 0, 0),
    ]


def test_playlists_have_their_own_days_and_names(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", playlist="p1", snapshot="v1", name="One")
    landing.read("2026-11-16 11:00", "s1", "s2", playlist="p2", snapshot="v1", name="Two")

    assert landing.ask("PLAYLIST_DAILY", "playlist_name, checked_at, song_count, follower_count") == [
        ("One", "2026-11-16 10:00", 1, None),
        ("Two", "2026-11-16 11:00", 2, None),
    ]


def test_entries_and_exits_add_up_to_the_stays(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", "s3")
    landing.read("2026-11-17 10:00", "s1", "s2", "s4")
    landing.check("2026-11-18 10:00", "gone")
    landing.check("2026-11-19 10:00", "gone")
    landing.read("2026-11-20 10:00", "s1")
    landing.read("2026-11-21 09:00", "s5")
    landing.check("2026-11-21 10:00", "gone")

    assert landing.ask("PLAYLIST_DAILY", "checked_on, song_count, entered_count, left_count") == [
        ("2026-11-16", 3, 0, 0),
        ("2026-11-17", 3, 1, 1),
        ("2026-11-18", 0, 0, 3),
        ("2026-11-19", 0, 0, 0),
        ("2026-11-20", 1, 1, 0),
        ("2026-11-21", 0, 1, 2),
    ]
    assert landing.query(
        "select count(entered_after_at) as entered, count(left_by_at) as ended from SPOTIFY.BI.PLAYLIST_MEMBERSHIP"
    ) == [(3, 6)]


def test_what_entered_and_left_is_counted_in_its_own_playlist(landing: Landing) -> None:
    for playlist, second in (("p1", ("s2", "s3")), ("p2", ("s1",))):
        landing.read("2026-11-16 10:00", "s1", playlist=playlist, snapshot=f"{playlist} 1")
        landing.read("2026-11-17 10:00", *second, playlist=playlist, snapshot=f"{playlist} 2")

    assert landing.ask("PLAYLIST_DAILY", "playlist_id, checked_on, entered_count, left_count") == [
        ("p1", "2026-11-16", 0, 0),
        ("p1", "2026-11-17", 2, 1),
        ("p2", "2026-11-16", 0, 0),
        ("p2", "2026-11-17", 0, 0),
    ]


def test_items_that_incomplete_reads_alone_showed_entered_on_their_day(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1")
    landing.read("2026-11-17 10:00", "s1", "s2", total=3, is_complete=False)
    landing.read("2026-11-17 11:00", "s1", "s3", total=3, is_complete=False)
    landing.read("2026-11-18 10:00", "s1", "s2", "s3")

    assert landing.ask("PLAYLIST_DAILY", f"checked_on, checked_at, {KINDS}, duration_minutes, entered_count") == [
        ("2026-11-16", "2026-11-16 10:00", 1, 1, 0, 0, 0, 0, 0, 0, 0),
        ("2026-11-17", "2026-11-17 11:00", None, None, None, None, None, None, None, None, 2),
        ("2026-11-18", "2026-11-18 10:00", 3, 3, 0, 0, 0, 0, 0, 0, 0),
    ]


def test_a_complete_read_counts_before_an_incomplete_one_of_the_same_day(landing: Landing) -> None:
    landing.read("2026-11-16 09:00", "s1", "s2")
    landing.read("2026-11-16 10:00", "s1", total=2, is_complete=False)

    assert landing.ask("PLAYLIST_DAILY", "checked_on, checked_at, is_complete, song_count") == [
        ("2026-11-16", "2026-11-16 09:00", True, 2)
    ]
