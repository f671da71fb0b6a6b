"""PLAYLISTS, PLAYLIST_CHECKS and PLAYLIST_VERSIONS: the content at each check, and the life of each version."""

from shared.tables.playlist_items import PLAYLIST_ITEMS
from tests.deploy.snowflake.bi.landing import Landing


def test_a_playlist_is_one_row_as_last_described(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", name="Mix", is_public=True, follower_count=7, owner_id="somebody")
    landing.check("2026-11-17 10:00", "failed", failure_class="forbidden")

    assert landing.ask("PLAYLISTS", "playlist_id, playlist_name, is_public, follower_count, item_count") == [
        ("p1", "Mix", True, 7, 2)
    ]
    assert landing.ask("PLAYLISTS", "described_at, last_checked_at, last_status, last_failure_class") == [
        ("2026-11-16 10:00", "2026-11-17 10:00", "failed", "forbidden")
    ]


def test_a_playlist_always_has_a_name_to_show(landing: Landing) -> None:
    landing.check("2026-11-16 10:00", "failed")
    landing.read("2026-11-16 10:00", "s1", playlist="liked:me")
    landing.read("2026-11-16 10:00", "s1", playlist="p2", name="")

    assert landing.ask("PLAYLISTS", "playlist_id, playlist_name, follower_count") == [
        ("liked:me", "Liked songs", None),
        ("p1", "p1", None),
        ("p2", "p2", None),
    ]


def test_a_check_shows_what_the_playlist_held_or_nothing(landing: Landing) -> None:
    landing.check("2026-11-15 10:00", "unchanged", snapshot_id="v0")
    landing.read("2026-11-16 10:00", "s1", snapshot="v1")
    landing.check("2026-11-17 10:00", "unchanged", snapshot_id="v1")
    landing.check("2026-11-18 10:00", "unchanged")
    landing.check("2026-11-19 10:00", "failed", failure_class="timeout")
    landing.read("2026-11-20 10:00", "s1", snapshot="v2", total=2, is_complete=False)
    landing.check("2026-11-21 10:00", "gone", failure_class="not_found")
    landing.read("2026-11-22 10:00", snapshot="v3")

    assert landing.ask(
        "PLAYLIST_CHECKS", "check_number, checked_on, status, is_known, shown_snapshot_id, is_newest"
    ) == [
        (1, "2026-11-15", "unchanged", False, None, False),
        (2, "2026-11-16", "read", True, "v1", False),
        (3, "2026-11-17", "unchanged", True, "v1", False),
        (4, "2026-11-18", "unchanged", True, "v1", False),
        (5, "2026-11-19", "failed", False, None, False),
        (6, "2026-11-20", "read", False, "v2", False),
        (7, "2026-11-21", "gone", True, None, False),
        (8, "2026-11-22", "read", True, "v3", True),
    ]


def test_an_unchanged_check_shows_no_snapshot_that_was_never_read_whole(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1")
    landing.check("2026-11-17 10:00", "unchanged", snapshot_id="v2")

    assert landing.ask("PLAYLIST_CHECKS", "check_number, is_known") == [(1, True), (2, False)]


def test_an_incomplete_read_is_never_complete_whatever_its_number_of_rows(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1")
    landing.read("2026-11-17 10:00", "s1", "s2", snapshot="v2", is_complete=False)
    landing.check("2026-11-18 10:00", "unchanged")
    landing.check("2026-11-19 10:00", "unchanged", snapshot_id="v2")

    assert landing.ask("PLAYLIST_CHECKS", "check_number, is_known, shown_snapshot_id") == [
        (1, True, "v1"),
        (2, False, "v2"),
        (3, True, "v1"),
        (4, False, "v2"),
    ]


def test_a_read_without_its_items_is_not_known(landing: Landing) -> None:
    landing.check("2026-11-16 10:00", "read", snapshot_id="v1", total=2, item_count=2, is_complete=True)
    item = {"playlist_id": "p1", "snapshot_id": "v1", "kind": "song", "song_id": "s1"}
    item["extracted_at"] = "2026-11-16 10:00"
    landing.put(PLAYLIST_ITEMS, position=0, **item)

    assert landing.ask("PLAYLIST_CHECKS", "is_known, shown_snapshot_id") == [(False, None)]

    landing.put(PLAYLIST_ITEMS, position=1, **item)

    assert landing.ask("PLAYLIST_CHECKS", "is_known, shown_snapshot_id") == [(True, "v1")]


def test_a_snapshot_replaced_by_an_incomplete_read_is_incomplete(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", snapshot="v1")
    landing.read("2026-11-17 10:00", "s3", "s4", snapshot="v1", total=5, is_complete=False)

    assert landing.ask("PLAYLIST_CHECKS", "check_number, is_known") == [(1, False), (2, False)]


def test_checks_of_playlists_do_not_mix(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1", playlist="p1")
    landing.read("2026-11-17 10:00", "s2", snapshot="v2", playlist="p2")
    landing.check("2026-11-18 10:00", "unchanged", playlist="p1")

    assert landing.ask("PLAYLIST_CHECKS", "playlist_id, check_number, status, is_known, is_newest") == [
        ("p1", 1, "read", True, False),
        ("p1", 2, "unchanged", True, True),
        ("p2", 1, "read", True, True),
    ]


def test_a_version_lasts_until_the_next_one(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", snapshot="v1", name="Mix")
    landing.check("2026-11-17 10:00", "unchanged", snapshot_id="v1")
    landing.check("2026-11-18 10:00", "failed")
    landing.read("2026-11-19 10:00", "s1", snapshot="v1", name="Mix")
    landing.read("2026-11-20 10:00", "s2", snapshot="v2", name="Mix")
    landing.check("2026-11-21 10:00", "gone")
    landing.read("2026-11-22 10:00", "s1", snapshot="v1", name="Mix")

    columns = "version_number, playlist_name, snapshot_id, is_gone, check_count"
    assert landing.ask("PLAYLIST_VERSIONS", columns) == [
        (1, "Mix", "v1", False, 3),
        (2, "Mix", "v2", False, 1),
        (3, "Mix", None, True, 1),
        (4, "Mix", "v1", False, 1),
    ]
    columns = "version_number, previous_checked_at, first_checked_at, last_checked_at, next_checked_at, is_gone_next"
    assert landing.ask("PLAYLIST_VERSIONS", columns) == [
        (1, None, "2026-11-16 10:00", "2026-11-19 10:00", "2026-11-20 10:00", False),
        (2, "2026-11-19 10:00", "2026-11-20 10:00", "2026-11-20 10:00", "2026-11-21 10:00", True),
        (3, "2026-11-20 10:00", "2026-11-21 10:00", "2026-11-21 10:00", "2026-11-22 10:00", False),
        (4, "2026-11-21 10:00", "2026-11-22 10:00", "2026-11-22 10:00", None, None),
    ]


def test_a_playlist_that_was_never_read_has_the_name_of_its_checks(landing: Landing) -> None:
    landing.check("2026-11-16 10:00", "failed", failure_class="app_refused", name="Shut", total=7, is_public=True)
    landing.check("2026-11-17 10:00", "failed", failure_class="server")
    landing.check("2026-11-16 10:00", "failed", "p2", failure_class="server", name="")
    landing.check("2026-11-17 10:00", "gone", "p3", failure_class="removed", name="Left")

    assert landing.ask("PLAYLISTS", "playlist_id, playlist_name, item_count, described_at, last_checked_at") == [
        ("p1", "Shut", 7, "2026-11-16 10:00", "2026-11-17 10:00"),
        ("p2", "p2", None, None, "2026-11-16 10:00"),
        ("p3", "Left", None, "2026-11-17 10:00", "2026-11-17 10:00"),
    ]
    assert landing.ask("PLAYLIST_CHECKS", "playlist_id, check_number, playlist_name") == [
        ("p1", 1, "Shut"),
        ("p1", 2, "Shut"),
        ("p2", 1, "p2"),
        ("p3", 1, "Left"),
    ]
    assert landing.ask("PLAYLIST_NAMES", "playlist_id, playlist_name") == [("p1", "Shut"), ("p3", "Left")]


def test_a_read_describes_a_playlist_rather_than_a_later_failed_check(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", name="Mix", url="https://open.spotify.com/playlist/p1", follower_count=3)
    landing.check("2026-11-17 10:00", "failed", name="Mix 2", url="https://open.spotify.com/playlist/p1")
    landing.check("2026-11-18 10:00", "failed")

    assert landing.ask("PLAYLISTS", "playlist_name, url, described_at, last_status") == [
        ("Mix", "https://open.spotify.com/playlist/p1", "2026-11-16 10:00", "failed")
    ]


def test_without_any_name_a_read_describes_a_playlist_and_a_failed_check_does_not(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", playlist="liked:me")
    landing.check("2026-11-17 10:00", "failed", "liked:me")

    assert landing.ask("PLAYLISTS", "playlist_name, item_count, described_at") == [
        ("Liked songs", 2, "2026-11-16 10:00")
    ]


def test_the_newest_check_is_newest_by_time_not_by_the_name_of_its_object(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", name="Old", source_object="z")
    landing.check("2026-11-17 10:00", "unchanged", name="New", source_object="y")
    landing.check("2026-11-18 10:00", "failed", source_object="x")

    assert landing.ask("PLAYLISTS", "playlist_name, described_at, last_checked_at, last_status") == [
        ("New", "2026-11-17 10:00", "2026-11-18 10:00", "failed")
    ]
