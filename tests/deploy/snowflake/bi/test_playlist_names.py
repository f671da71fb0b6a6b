"""PLAYLIST_NAMES: the names of a playlist, and since when it had them."""

from tests.deploy.snowflake.bi.landing import Landing


def test_a_playlist_keeps_every_name_it_had(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", name="Mix")
    landing.check("2026-11-17 10:00", "failed")
    landing.check("2026-11-18 10:00", "unchanged", name="Mix")
    landing.read("2026-11-19 10:00", name="Mix (winter)")
    landing.read("2026-11-20 10:00", name="Mix")
    landing.read("2026-11-20 10:00", name="Car", playlist="p2")

    assert landing.ask(
        "PLAYLIST_NAMES", "playlist_id, name_number, playlist_name, previous_name, first_checked_at, last_checked_at"
    ) == [
        ("p1", 1, "Mix", None, "2026-11-16 10:00", "2026-11-18 10:00"),
        ("p1", 2, "Mix (winter)", "Mix", "2026-11-19 10:00", "2026-11-19 10:00"),
        ("p1", 3, "Mix", "Mix (winter)", "2026-11-20 10:00", "2026-11-20 10:00"),
        ("p2", 1, "Car", None, "2026-11-20 10:00", "2026-11-20 10:00"),
    ]


def test_an_empty_name_is_no_name(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", name="Mix")
    landing.read("2026-11-17 10:00", name="")

    assert landing.ask("PLAYLIST_NAMES", "name_number, playlist_name") == [(1, "Mix")]
