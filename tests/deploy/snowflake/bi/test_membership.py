"""PLAYLIST_MEMBERSHIP: when an item entered, how long it stayed, and what is unknown."""

from tests.deploy.snowflake.bi.landing import Landing

STAY = "item_uri, stay_number, entered_after_at, entered_by_at, last_seen_at, left_by_at, state"


def test_entering_and_leaving_are_known_as_between_two_checks(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s1", "s3")
    landing.read("2026-11-18 22:00", "s1", "s3")

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY) == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-18 22:00", None, "still there"),
        ("spotify:track:s2", 1, None, "2026-11-16 10:00", "2026-11-16 10:00", "2026-11-17 10:00", "left"),
        ("spotify:track:s3", 1, "2026-11-16 10:00", "2026-11-17 10:00", "2026-11-18 22:00", None, "still there"),
    ]
    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, stay_days") == [("s1", 2.5), ("s2", 0), ("s3", 1.5)]


def test_an_item_that_leaves_and_comes_back_has_two_stays(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s2")
    landing.read("2026-11-18 10:00", "s2", "s1")

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY, "song_id = 's1'") == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-16 10:00", "2026-11-17 10:00", "left"),
        ("spotify:track:s1", 2, "2026-11-17 10:00", "2026-11-18 10:00", "2026-11-18 10:00", None, "still there"),
    ]


def test_an_unchanged_check_extends_every_stay(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1")
    landing.check("2026-11-17 10:00", "unchanged", snapshot_id="v1")
    landing.check("2026-11-18 10:00", "unchanged", snapshot_id="v1")

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY + ", stay_days") == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-18 10:00", None, "still there", 2)
    ]


def test_an_unchanged_check_without_a_snapshot_shows_the_last_complete_read(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1")
    landing.read("2026-11-17 10:00", "s2", snapshot="v2")
    landing.check("2026-11-18 10:00", "unchanged")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, last_seen_at, state") == [
        ("s1", "2026-11-16 10:00", "left"),
        ("s2", "2026-11-18 10:00", "still there"),
    ]


def test_a_failed_check_leaves_stays_open_as_not_seen_since(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s1")
    landing.check("2026-11-18 10:00", "failed")

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY) == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-17 10:00", None, "not seen since"),
        ("spotify:track:s2", 1, None, "2026-11-16 10:00", "2026-11-16 10:00", "2026-11-17 10:00", "left"),
    ]


def test_a_stay_goes_on_after_a_failed_check(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.check("2026-11-17 10:00", "failed")
    landing.read("2026-11-18 10:00", "s1")

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY) == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-18 10:00", None, "still there"),
        ("spotify:track:s2", 1, None, "2026-11-16 10:00", "2026-11-16 10:00", "2026-11-18 10:00", "left"),
    ]


def test_a_gone_playlist_closes_every_open_stay(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s1")
    landing.check("2026-11-18 10:00", "gone")
    landing.check("2026-11-19 10:00", "gone")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, last_seen_at, left_by_at, state") == [
        ("s1", "2026-11-17 10:00", "2026-11-18 10:00", "playlist gone"),
        ("s2", "2026-11-16 10:00", "2026-11-17 10:00", "left"),
    ]


def test_a_playlist_that_comes_back_begins_new_stays(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1")
    landing.check("2026-11-17 10:00", "gone")
    landing.read("2026-11-18 10:00", "s1", snapshot="v1")

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY) == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-16 10:00", "2026-11-17 10:00", "playlist gone"),
        ("spotify:track:s1", 2, "2026-11-17 10:00", "2026-11-18 10:00", "2026-11-18 10:00", None, "still there"),
    ]


def test_an_emptied_playlist_closes_every_stay(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1")
    landing.read("2026-11-17 10:00")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, left_by_at, state") == [("s1", "2026-11-17 10:00", "left")]


def test_the_same_song_twice_in_a_playlist_is_one_stay(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s2", "s1", "s1")
    landing.read("2026-11-17 10:00", "s1", "s2", "s3", "s1", "s1")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, stay_number, first_position, last_position, copy_count") == [
        ("s1", 1, 1, 0, 3),
        ("s2", 1, 0, 1, 1),
        ("s3", 1, 2, 2, 1),
    ]


def test_songs_episodes_and_local_files_have_stays_and_items_without_an_id_have_none(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "episode e1", "local x:y", "empty", "unavailable", "rejected")
    landing.read("2026-11-17 10:00", "episode e1", "local x:y", "empty")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "item_uri, item_kind, song_id, episode_id, item_name, state") == [
        ("spotify:episode:e1", "episode", None, "e1", "E1", "still there"),
        ("spotify:local:x:y", "local", None, None, "X:Y", "still there"),
        ("spotify:track:s1", "song", "s1", None, "S1", "left"),
    ]


def test_a_song_whose_row_was_rejected_has_not_left(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s1", "s2")
    landing.query(
        "update SPOTIFY.LANDING.PLAYLIST_ITEMS set kind = 'rejected', item_uri = null "
        "where song_id = 's1' and extracted_at = '2026-11-17 10:00'"
    )

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, last_seen_at, state") == [
        ("s1", "2026-11-17 10:00", "still there"),
        ("s2", "2026-11-17 10:00", "still there"),
    ]


def test_a_stay_shows_its_items_last_name(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1", name="Mix")
    landing.read("2026-11-17 10:00", "s1", snapshot="v2", name="Best of")
    landing.query(
        "update SPOTIFY.LANDING.PLAYLIST_ITEMS set item_name = 'Old', artist_names = 'A1', added_at = '2020-01-01' "
        "where snapshot_id = 'v1'"
    )
    landing.query(
        "update SPOTIFY.LANDING.PLAYLIST_ITEMS set item_name = 'New', artist_names = 'A1, A2', added_at = null "
        "where snapshot_id = 'v2'"
    )

    assert landing.ask("PLAYLIST_MEMBERSHIP", "playlist_name, item_name, artist_names, added_at") == [
        ("Best of", "New", "A1, A2", None)
    ]


def test_a_song_has_separate_stays_in_each_playlist(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", playlist="p1")
    landing.read("2026-11-17 10:00", "s1", playlist="p2")
    landing.read("2026-11-18 10:00", "s1", playlist="p1")
    landing.read("2026-11-19 10:00", playlist="p1")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "playlist_id, entered_by_at, left_by_at, state") == [
        ("p1", "2026-11-16 10:00", "2026-11-19 10:00", "left"),
        ("p2", "2026-11-17 10:00", None, "still there"),
    ]


def test_checks_that_arrive_late_take_their_place_by_time(landing: Landing) -> None:
    landing.read("2026-11-18 10:00", "s1", batch_id="b1")
    landing.read("2026-11-16 10:00", "s1", "s2", batch_id="b2")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, entered_by_at, left_by_at, state") == [
        ("s1", "2026-11-16 10:00", None, "still there"),
        ("s2", "2026-11-16 10:00", "2026-11-18 10:00", "left"),
    ]


def test_a_stay_has_the_utc_days_on_which_it_entered_and_left(landing: Landing) -> None:
    landing.read("2026-11-16 23:59", "s1", "s2")
    landing.read("2026-11-18 00:01", "s1")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, entered_on, left_on") == [
        ("s1", "2026-11-16", None),
        ("s2", "2026-11-16", "2026-11-18"),
    ]
