"""Incomplete reads open and extend the stays of their items, close none, and are marked."""

from tests.deploy.snowflake.bi.landing import Landing

STAY = "item_uri, stay_number, entered_after_at, entered_by_at, last_seen_at, left_by_at, state"
PART: dict[str, object] = {"total": 3, "is_complete": False}


def test_an_incomplete_read_extends_the_stays_of_its_items_and_closes_none(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s1", **PART)

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY) == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-17 10:00", None, "still there"),
        ("spotify:track:s2", 1, None, "2026-11-16 10:00", "2026-11-16 10:00", None, "not seen since"),
    ]


def test_an_incomplete_read_opens_stays(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1")
    landing.read("2026-11-17 10:00", "s1", "s9", **PART)

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY, "song_id = 's9'") == [
        ("spotify:track:s9", 1, "2026-11-16 10:00", "2026-11-17 10:00", "2026-11-17 10:00", None, "still there")
    ]


def test_the_stay_of_an_item_missing_in_an_incomplete_read_continues(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s1", **PART)
    landing.read("2026-11-18 10:00", "s1", "s2")

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY + ", stay_days") == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-18 10:00", None, "still there", 2),
        ("spotify:track:s2", 1, None, "2026-11-16 10:00", "2026-11-18 10:00", None, "still there", 2),
    ]


def test_an_item_missing_in_the_next_complete_read_has_left(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s1", **PART)
    landing.read("2026-11-18 10:00", "s3")
    landing.read("2026-11-19 10:00", "s1", **PART)

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY) == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-17 10:00", "2026-11-18 10:00", "left"),
        ("spotify:track:s1", 2, "2026-11-18 10:00", "2026-11-19 10:00", "2026-11-19 10:00", None, "still there"),
        ("spotify:track:s2", 1, None, "2026-11-16 10:00", "2026-11-16 10:00", "2026-11-18 10:00", "left"),
        ("spotify:track:s3", 1, "2026-11-16 10:00", "2026-11-18 10:00", "2026-11-18 10:00", None, "not seen since"),
    ]


def test_incomplete_reads_alone_open_stays_and_close_none(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", **PART)
    landing.read("2026-11-17 10:00", "s2", "s3", **PART)
    landing.check("2026-11-18 10:00", "failed")

    assert landing.ask("PLAYLIST_MEMBERSHIP", STAY) == [
        ("spotify:track:s1", 1, None, "2026-11-16 10:00", "2026-11-16 10:00", None, "not seen since"),
        ("spotify:track:s2", 1, None, "2026-11-16 10:00", "2026-11-17 10:00", None, "not seen since"),
        ("spotify:track:s3", 1, None, "2026-11-17 10:00", "2026-11-17 10:00", None, "not seen since"),
    ]


def test_an_unchanged_check_after_an_incomplete_read_extends_its_items(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", snapshot="v1")
    landing.read("2026-11-17 10:00", "s1", snapshot="v2~abc", **PART)
    landing.check("2026-11-18 10:00", "unchanged", snapshot_id="v2~abc")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, last_seen_at, left_by_at, state") == [
        ("s1", "2026-11-18 10:00", None, "still there"),
        ("s2", "2026-11-16 10:00", None, "not seen since"),
    ]


def test_a_gone_playlist_closes_stays_opened_by_an_incomplete_read(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", **PART)
    landing.check("2026-11-17 10:00", "gone")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, left_by_at, state") == [
        ("s1", "2026-11-17 10:00", "playlist gone")
    ]


def test_incomplete_reads_show_the_number_of_missing_items(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1")
    landing.read("2026-11-17 10:00", "s1", snapshot="v2", **PART)
    landing.read("2026-11-18 10:00", "s1", "s2", snapshot="v3", total=1, is_complete=False)
    landing.read("2026-11-19 10:00", "s1", snapshot="v4", total=None, is_complete=False)

    assert landing.ask(
        "PLAYLIST_CHECKS", "check_number, is_complete, missing_count, is_known, shown_snapshot_id, is_newest"
    ) == [
        (1, True, None, True, "v1", False),
        (2, False, 2, False, "v2", False),
        (3, False, 0, False, "v3", False),
        (4, False, None, False, "v4", True),
    ]
    assert landing.ask("PLAYLIST_VERSIONS", "version_number, snapshot_id, is_complete, is_gone") == [
        (1, "v1", True, False),
        (2, "v2", False, False),
        (3, "v3", False, False),
        (4, "v4", False, False),
    ]


def test_a_day_with_an_incomplete_read_alone_does_not_count_what_the_playlist_held(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2")
    landing.read("2026-11-17 10:00", "s1", **PART)

    assert landing.ask("PLAYLIST_DAILY", "checked_on, is_complete, song_count, left_count") == [
        ("2026-11-16", True, 2, 0),
        ("2026-11-17", False, None, 0),
    ]


def test_an_incomplete_read_without_a_row_shows_nothing(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1")
    landing.read("2026-11-17 10:00", **PART)

    assert landing.ask("PLAYLIST_CHECKS", "check_number, shown_snapshot_id") == [
        (1, "v 2026-11-16 10:00"),
        (2, None),
    ]
    assert landing.ask("PLAYLIST_MEMBERSHIP", "song_id, state") == [("s1", "not seen since")]


def test_each_playlist_has_its_own_incomplete_reads(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", playlist="p1")
    landing.read("2026-11-17 10:00", "s1", playlist="p2", **PART)
    landing.read("2026-11-18 10:00", playlist="p1")

    assert landing.ask("PLAYLIST_MEMBERSHIP", "playlist_id, left_by_at, state") == [
        ("p1", "2026-11-18 10:00", "left"),
        ("p2", None, "still there"),
    ]
