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
    expected = [("me", "2026-01-05", 2, 1, 30_010), ("me", "2026-01-06", 1, 1, 40_000)]
    assert landing.ask("PLAYS_DAILY", columns) == expected
    assert landing.ask("PLAYS_DAILY_LOCAL", columns.replace("played_on", "local_played_on")) == expected


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


NAMELESS = {"track_name": None, "artist_name": None, "album_name": None}


def test_plays_by_hour_of_the_week(landing: Landing) -> None:
    play(landing, "2026-01-05 23:30")  # a Monday
    play(landing, "2026-01-05 23:45", ms=10)
    play(landing, "2026-01-12 23:10", ms=40_000)
    play(landing, "2026-01-06 00:00")
    play(landing, "2026-01-06 00:30", account="you")

    columns = (
        "account, played_weekday, played_hour, local_played_weekday, local_played_hour, play_count, "
        "counted_play_count, listening_ms"
    )
    assert landing.ask("PLAYS_BY_HOUR", columns) == [
        ("me", 1, 23, 1, 23, 3, 2, 70_010),
        ("me", 2, 0, 2, 0, 1, 1, 30_000),
        ("you", 2, 0, 2, 0, 1, 1, 30_000),
    ]


def test_a_play_is_of_a_song_an_episode_or_an_audiobook_by_id_or_by_name(landing: Landing) -> None:
    play(landing, "2026-01-05 10:00")
    play(landing, "2026-01-05 11:00", None, track_name="S3")
    play(landing, "2026-01-05 12:00", None, **NAMELESS, episode_id="e1")
    play(landing, "2026-01-05 13:00", None, **NAMELESS, episode_name="E2")
    play(landing, "2026-01-05 14:00", None, **NAMELESS, audiobook_id="b1", episode_name="Chapter 1")
    play(landing, "2026-01-05 15:00", None, **NAMELESS, audiobook_name="B2")
    play(landing, "2026-01-05 16:00", None, **NAMELESS)

    assert landing.ask("PLAYS", "played_at, item_kind, song_key") == [
        ("2026-01-05 10:00", "song", "s1"),
        ("2026-01-05 11:00", "song", "A1: S3"),
        ("2026-01-05 12:00", "episode", None),
        ("2026-01-05 13:00", "episode", None),
        ("2026-01-05 14:00", "audiobook", None),
        ("2026-01-05 15:00", "audiobook", None),
        ("2026-01-05 16:00", "unknown", None),
    ]


def test_a_song_is_ranked_by_plays_that_count(landing: Landing) -> None:
    play(landing, "2026-01-05 10:00", ms=10)
    play(landing, "2026-01-05 11:00", ms=11)
    play(landing, "2026-01-05 12:00", "s2", artist_name="A2", album_name="B2")
    play(landing, "2026-01-05 13:00", "s3")
    play(landing, "2026-01-05 14:00", "s3")

    columns = "play_rank, song_id, play_count, counted_play_count"
    assert landing.ask("TOP_PLAYED_SONGS", columns) == [(1, "s3", 2, 2), (2, "s2", 1, 1), (3, "s1", 2, 0)]
    assert landing.ask("TOP_PLAYED_ARTISTS", "play_rank, artist_name, song_count, counted_play_count") == [
        (1, "A1", 2, 2),
        (2, "A2", 1, 1),
    ]
    assert landing.ask("PLAYED_OUTSIDE_PLAYLISTS", "song_id") == [("s2",), ("s3",)]


def test_only_songs_are_ranked(landing: Landing) -> None:
    landing.read("2026-01-01 00:00", "s1")
    play(landing, "2026-01-05 10:00")
    play(landing, "2026-01-05 11:00", None, 90_000, **NAMELESS, episode_id="e1")
    # A podcast of a musician: named like a song, and still an episode.
    play(landing, "2026-01-05 12:00", None, 90_000, track_name="E2", episode_id="e2")

    assert landing.ask("TOP_PLAYED_SONGS", "song_key") == [("s1",)]
    assert landing.ask("TOP_PLAYED_ARTISTS", "artist_name, play_count") == [("A1", 1)]
    assert landing.ask("TOP_PLAYED_ALBUMS", "album_name, play_count") == [("B1", 1)]
    assert landing.ask("LISTENING_FROM_PLAYLISTS", "listening_ms, kept_listening_ms, kept_share") == [
        (30_000, 30_000, 1)
    ]


def test_accounts_have_their_own_ranks_and_songs(landing: Landing) -> None:
    landing.read("2026-01-06 00:00", "s1", "s2")
    play(landing, "2026-01-05 10:00", "s1")
    play(landing, "2026-01-07 10:00", "s2", account="you", play_id="y1")
    play(landing, "2026-01-07 11:00", "s2", account="you", play_id="y2")
    play(landing, "2026-01-07 12:00", "s9", account="you", play_id="y3")

    assert landing.ask("TOP_PLAYED_SONGS", "account, play_rank, listening_rank, song_id") == [
        ("me", 1, 1, "s1"),
        ("you", 1, 1, "s2"),
        ("you", 2, 2, "s9"),
    ]
    assert landing.ask("TOP_PLAYED_ARTISTS", "account, play_rank, listening_rank") == [("me", 1, 1), ("you", 1, 1)]
    assert landing.ask("TOP_PLAYED_ALBUMS", "account, play_rank, listening_rank") == [("me", 1, 1), ("you", 1, 1)]
    assert landing.ask("SONGS_NEVER_PLAYED", "account, song_id") == [("me", "s2"), ("you", "s1")]
    assert landing.ask("PLAYED_OUTSIDE_PLAYLISTS", "account, song_id") == [("you", "s9")]
    assert landing.ask("PLAYS_AROUND_ENTRY", "account, song_id, before_count, after_count") == [
        ("me", "s1", 1, 0),
        ("me", "s2", 0, 0),
        ("you", "s1", 0, 0),
        ("you", "s2", 0, 2),
    ]


def test_a_song_that_left_its_playlists_is_not_kept(landing: Landing) -> None:
    landing.read("2026-01-01 00:00", "s1", "s2", "s3")
    landing.read("2026-01-02 00:00", "s1")
    play(landing, "2026-01-05 10:00", "s1")
    play(landing, "2026-01-05 11:00", "s2")

    assert landing.ask("LISTENING_FROM_PLAYLISTS", "listening_ms, kept_listening_ms") == [(60_000, 30_000)]
    assert landing.ask("SONGS_NEVER_PLAYED", "song_id") == []
    assert landing.ask("PLAYED_OUTSIDE_PLAYLISTS", "song_id") == [("s2",)]


def test_plays_before_and_after_entry_are_those_that_count_around_the_time_of_adding(landing: Landing) -> None:
    landing.read("2026-01-06 00:00", "s1")
    landing.query(
        "update SPOTIFY.LANDING.PLAYLIST_ITEMS set added_at = '2026-01-04 10:00:00'::timestamp_ntz where song_id = 's1'"
    )
    play(landing, "2026-01-04 09:00")
    play(landing, "2026-01-04 10:00")
    play(landing, "2026-01-05 10:00")
    play(landing, "2026-01-05 11:00", ms=10)

    assert landing.ask("PLAYS_AROUND_ENTRY", "entered_at, before_count, after_count") == [("2026-01-04 10:00", 1, 2)]
