"""RECENTLY_ENTERED, RECENTLY_LEFT, LONGEST_STAYS and ARTIST_RISE: what changed in the playlists."""

from tests.deploy.snowflake.bi.landing import Landing


def test_what_entered_last_comes_first_and_the_first_check_brings_nothing_new(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", name="Mix")
    landing.read("2026-11-17 10:00", "s1", "s2", name="Mix")
    landing.read("2026-11-18 10:00", "s1", "local x", "episode e1", name="Mix")
    landing.read("2026-11-19 10:00", "s9", playlist="p2")

    assert landing.ask(
        "RECENTLY_ENTERED", "recency_rank, item_name, item_kind, playlist_name, entered_after_at, entered_by_at, state"
    ) == [
        (1, "E1", "episode", "Mix", "2026-11-17 10:00", "2026-11-18 10:00", "still there"),
        (1, "X", "local", "Mix", "2026-11-17 10:00", "2026-11-18 10:00", "still there"),
        (3, "S2", "song", "Mix", "2026-11-16 10:00", "2026-11-17 10:00", "left"),
    ]


def test_the_last_left_comes_first(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", "s3")
    landing.read("2026-11-17 10:00", "s1", "s3")
    landing.read("2026-11-18 10:00", "s1")
    landing.check("2026-11-19 10:00", "gone")
    landing.read("2026-11-19 10:00", "s9", playlist="p2")

    assert landing.ask(
        "RECENTLY_LEFT", "recency_rank, item_name, stay_number, last_seen_at, left_by_at, stay_days, state"
    ) == [
        (1, "S1", 1, "2026-11-18 10:00", "2026-11-19 10:00", 2, "playlist gone"),
        (2, "S3", 1, "2026-11-17 10:00", "2026-11-18 10:00", 1, "left"),
        (3, "S2", 1, "2026-11-16 10:00", "2026-11-17 10:00", 0, "left"),
    ]


def test_stays_of_equal_length_share_a_rank(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", "s3")
    landing.read("2026-11-20 10:00", "s1", "s2", "s4")
    landing.check("2026-11-21 10:00", "failed")

    assert landing.ask("LONGEST_STAYS", "stay_rank, item_name, stay_days, state") == [
        (1, "S1", 4, "not seen since"),
        (1, "S2", 4, "not seen since"),
        (3, "S3", 0, "left"),
        (3, "S4", 0, "not seen since"),
    ]


def test_an_artist_rises_and_falls_by_distinct_songs_held(landing: Landing) -> None:
    landing.artists("a1", "a2")
    landing.song("s1", artists=("a1", "a2"))
    landing.song("s2", artists=("a1",))
    landing.read("2026-11-16 10:00", "s1", playlist="p1")
    landing.read("2026-11-16 11:00", "s1", "s1", playlist="p2")
    landing.read("2026-11-18 10:00", "s2", playlist="p1")
    landing.check("2026-11-19 10:00", "failed", playlist="p1")
    landing.read("2026-11-20 10:00", playlist="p2")

    assert landing.ask("ARTIST_RISE", "artist_name, checked_on, song_count, previous_on, song_count_change") == [
        ("A1", "2026-11-16", 1, None, None),
        ("A1", "2026-11-18", 2, "2026-11-16", 1),
        ("A1", "2026-11-20", 1, "2026-11-18", -1),
        ("A2", "2026-11-16", 1, None, None),
        ("A2", "2026-11-18", 1, "2026-11-16", 0),
        ("A2", "2026-11-20", 0, "2026-11-18", -1),
    ]


def test_a_song_that_entered_and_left_within_a_day_does_not_count(landing: Landing) -> None:
    landing.song("s1", artists=("a1",))
    landing.song("s2", artists=("a2",))
    landing.read("2026-11-16 10:00", "s1")
    landing.read("2026-11-17 10:00", "s1", "s2")
    landing.read("2026-11-17 11:00", "s1")

    assert landing.ask("ARTIST_RISE", "artist_id, checked_on, song_count, song_count_change") == [
        ("a1", "2026-11-16", 1, None),
        ("a1", "2026-11-17", 1, 0),
        ("a2", "2026-11-17", 0, 0),
    ]


def test_an_artist_who_enters_later_rises_from_0(landing: Landing) -> None:
    landing.song("s1", artists=("a1",))
    landing.song("s2", artists=("a2",))
    landing.read("2026-11-16 10:00", "s1")
    landing.read("2026-11-17 10:00", "s1", "s2")

    assert landing.ask("ARTIST_RISE", "artist_id, song_count, song_count_change", "artist_id = 'a2'") == [("a2", 1, 1)]


def test_stays_are_ranked_by_seconds_not_by_days(landing: Landing) -> None:
    for playlist, until in (("p1", "11:00"), ("p2", "12:00")):
        landing.read("2026-11-16 10:00", "s1", playlist=playlist, snapshot=f"{playlist} 1")
        landing.read(f"2026-11-16 {until}", "s1", playlist=playlist, snapshot=f"{playlist} 2")

    assert landing.ask("LONGEST_STAYS", "stay_rank, playlist_id, stay_days") == [(1, "p2", 0.08), (2, "p1", 0.04)]
