"""The views of plays: counts by day and hour, the most played, and listening compared with playlists."""

import pytest

from shared.tables.plays import PLAYS
from tests.deploy.snowflake.bi.landing import Landing


def play(landing: Landing, at: str, song: str | None = "s1", ms: int = 30_000, **row: object) -> None:
    name = song and song.upper()
    landing.put(
        PLAYS,
        **{
            "play_id": f"{at} {song} {ms}",
            "account": "me",
            "source": "extended",
            "package_id": "k1",
            "packaged_at": "2026-11-01",
            "played_at": at,
            "played_at_precision": "second",
            "song_id": song,
            "track_name": name,
            "artist_name": "A1",
            "album_name": "B1",
            "ms_played": ms,
            "reason_end": "fwdbtn",
        }
        | row,
    )


@pytest.mark.parametrize(
    ("ms", "reason", "counted"),
    [(30_000, "fwdbtn", 1), (29_999, "fwdbtn", 0), (1, "trackdone", 1), (29_999, None, 0)],
)
def test_a_play_counts_from_30_seconds_or_when_it_ended_by_itself(
    landing: Landing, ms: int, reason: str | None, counted: int
) -> None:
    play(landing, "2026-01-05 23:30", ms=ms, reason_end=reason)

    assert landing.ask("PLAYS", "is_counted") == [(counted == 1,)]


def test_a_play_has_day_hour_and_weekday_in_utc_and_in_the_zone(landing: Landing) -> None:
    play(landing, "2026-01-05 23:30")  # a Monday

    assert landing.ask(
        "PLAYS", "played_on, played_hour, played_weekday, local_played_at, local_played_hour, local_played_weekday"
    ) == [("2026-01-05", 23, 1, "2026-01-05 23:30", 23, 1)]


def test_plays_per_day(landing: Landing) -> None:
    play(landing, "2026-01-05 23:30")
    play(landing, "2026-01-05 23:31", ms=10)
    play(landing, "2026-01-06 00:00", ms=40_000)

    columns = "account, played_on, play_count, counted_play_count, listening_ms"
    assert landing.ask("PLAYS_DAILY", columns) == [
        ("me", "2026-01-05", 2, 1, 30_010),
        ("me", "2026-01-06", 1, 1, 40_000),
    ]


def test_the_most_played_by_plays_and_by_time(landing: Landing) -> None:
    play(landing, "2026-01-05 10:00")
    play(landing, "2026-01-06 10:00")
    play(landing, "2026-01-07 10:00", "s2", 900_000, artist_name="A2", album_name="B2")
    play(landing, "2027-01-08 10:00", None, track_name=None, artist_name=None, album_name=None)

    ranks = "play_rank, listening_rank"
    columns = f"{ranks}, song_key, song_id, play_count, first_played_at, last_played_at"
    assert landing.ask("TOP_PLAYED_SONGS", columns) == [
        (1, 2, "s1", "s1", 2, "2026-01-05 10:00", "2026-01-06 10:00"),
        (2, 1, "s2", "s2", 1, "2026-01-07 10:00", "2026-01-07 10:00"),
    ]
    assert landing.ask("TOP_PLAYED_ARTISTS", f"{ranks}, artist_name, song_count") == [(1, 2, "A1", 1), (2, 1, "A2", 1)]
    assert landing.ask("TOP_PLAYED_ALBUMS", f"{ranks}, artist_name, album_name") == [
        (1, 2, "A1", "B1"),
        (2, 1, "A2", "B2"),
    ]


def test_a_song_without_an_id_is_the_song_of_its_artist_and_title(landing: Landing) -> None:
    play(landing, "2026-01-07 10:00", None, track_name="S3", source="account", played_at_precision="minute")
    play(landing, "2026-01-08 10:00", None, track_name="S3", source="account", played_at_precision="minute")

    assert landing.ask("TOP_PLAYED_SONGS", "song_key, song_id, play_count") == [("A1: S3", None, 2)]


def test_listening_and_playlists(landing: Landing) -> None:
    landing.song("s1")
    landing.song("s4")
    landing.read("2026-01-06 00:00", "s1", "s4", name="Mine")
    play(landing, "2026-01-05 10:00", ms=60_000)
    play(landing, "2026-01-07 10:00")
    play(landing, "2026-01-07 11:00", ms=10)  # does not count
    play(landing, "2026-01-08 10:00", "s2", 90_000)

    assert landing.ask("LISTENING_FROM_PLAYLISTS", "month_begins_on, listening_ms, kept_listening_ms, kept_share") == [
        ("2026-01-01", 180_010, 90_010, pytest.approx(0.50003, abs=0.0001)),
    ]
    assert landing.ask("SONGS_NEVER_PLAYED", "account, song_id, song_name") == [("me", "s4", "S4")]
    assert landing.ask("PLAYED_OUTSIDE_PLAYLISTS", "song_id, counted_play_count") == [("s2", 1)]
    assert landing.ask("PLAYS_AROUND_ENTRY", "playlist_name, song_id, entered_at, before_count, after_count") == [
        ("Mine", "s1", "2026-01-06 00:00", 1, 1),
        ("Mine", "s4", "2026-01-06 00:00", 0, 0),
    ]
