"""Popularity by day and by interval, and the two rankings, which are kept separate."""

from tests.deploy.snowflake.bi.landing import Landing


def test_a_day_has_the_last_popularity_that_was_observed(landing: Landing) -> None:
    landing.song("s1", popularity=None)
    landing.popularity("s1", "2026-11-16 10:00", 50)
    landing.popularity("s1", "2026-11-16 23:00", 40)
    landing.popularity("s1", "2026-11-18 00:00", 0)

    assert landing.ask(
        "SONG_POPULARITY_DAILY", "song_name, observed_on, observed_at, popularity, observation_count"
    ) == [
        ("S1", "2026-11-16", "2026-11-16 23:00", 40, 2),
        ("S1", "2026-11-18", "2026-11-18 00:00", 0, 1),
    ]


def test_the_last_of_simultaneous_observations_counts(landing: Landing) -> None:
    for position, popularity in ((0, 10), (2, 30), (1, 20)):
        landing.popularity("s1", "2026-11-16 10:00", popularity, source_position=position)

    assert landing.ask("SONG_POPULARITY_DAILY", "popularity, observation_count") == [(30, 3)]
    assert landing.ask("SONG_POPULARITY_INTERVALS", "popularity, observation_count") == [(30, 1)]


def test_an_interval_is_a_run_of_equal_popularity(landing: Landing) -> None:
    landing.song("s1")
    landing.popularity("s1", "2026-11-16 10:00", 50)
    landing.popularity("s1", "2026-11-17 10:00", 50)
    landing.popularity("s1", "2026-11-18 10:00", 47)
    landing.popularity("s1", "2026-11-20 10:00", 50)
    landing.popularity("s2", "2026-11-19 10:00", 47)

    columns = "song_id, interval_number, observed_from_at, observed_until_at, popularity, popularity_change"
    assert landing.ask("SONG_POPULARITY_INTERVALS", columns) == [
        ("s1", 1, "2026-11-16 10:00", "2026-11-17 10:00", 50, None),
        ("s1", 2, "2026-11-18 10:00", "2026-11-18 10:00", 47, -3),
        ("s1", 3, "2026-11-20 10:00", "2026-11-20 10:00", 50, 3),
        ("s2", 1, "2026-11-19 10:00", "2026-11-19 10:00", 47, None),
    ]


def test_songs_of_equal_popularity_share_a_rank_and_withheld_ones_have_none(landing: Landing) -> None:
    landing.song("s1", popularity=80)
    landing.song("s2", popularity=90)
    landing.song("s3", popularity=80)
    landing.song("s4", popularity=0)
    landing.song("s5", popularity=None)
    landing.popularity("s5", "2026-11-16 10:00", 99)

    assert landing.ask("TOP_SONGS_BY_POPULARITY", "popularity_rank, song_name, popularity") == [
        (1, "S2", 90),
        (2, "S1", 80),
        (2, "S3", 80),
        (4, "S4", 0),
    ]


def test_presence_ranks_by_playlists_then_by_days(landing: Landing) -> None:
    landing.song("s1")
    landing.read("2026-11-16 10:00", "s1", "s2", "s3", "s4", "s4", playlist="p1")
    landing.read("2026-11-18 10:00", "s1", "s2", "s4", "s5", playlist="p1")
    landing.read("2026-11-18 10:00", "s1", "s6", playlist="p2")
    landing.read("2026-11-18 22:00", "s1", playlist="p2")

    assert landing.ask(
        "TOP_SONGS_BY_PRESENCE", "presence_rank, song_id, playlist_count, ever_playlist_count, held_days"
    ) == [
        (1, "s1", 2, 2, 2.5),
        (2, "s2", 1, 1, 2),
        (2, "s4", 1, 1, 2),
        (4, "s5", 1, 1, 0),
        (5, "s3", 0, 1, 0),
        (5, "s6", 0, 1, 0),
    ]
    assert landing.ask("TOP_SONGS_BY_PRESENCE", "song_name, first_entered_by_at, last_seen_at", "song_id = 's1'") == [
        ("S1", "2026-11-16 10:00", "2026-11-18 22:00")
    ]


def test_presence_counts_both_stays_of_a_song_that_came_back(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1")
    landing.check("2026-11-17 10:00", "unchanged", snapshot_id="v1")
    landing.read("2026-11-18 10:00")
    landing.read("2026-11-19 10:00", "s1", snapshot="v3")
    landing.check("2026-11-22 10:00", "unchanged", snapshot_id="v3")

    assert landing.ask("TOP_SONGS_BY_PRESENCE", "song_id, playlist_count, ever_playlist_count, held_days") == [
        ("s1", 1, 1, 4)
    ]


def test_of_observations_of_one_instant_the_last_document_counts_before_the_last_position(landing: Landing) -> None:
    landing.popularity("s1", "2026-11-16 10:00", 40, source_object="a", source_position=9, document_id="d1")
    landing.popularity("s1", "2026-11-16 10:00", 50, source_object="b", source_position=0, document_id="d2")

    assert landing.ask("SONG_POPULARITY_DAILY", "popularity, observation_count") == [(50, 2)]
    assert landing.ask("SONG_POPULARITY_INTERVALS", "popularity, observation_count") == [(50, 1)]
