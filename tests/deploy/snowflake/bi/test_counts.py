"""Views that count: ARTIST_SUMMARY, ARTIST_COLLABORATIONS, ALBUMS_BY_TRACKS, RELEASE_YEARS, TOTALS."""

import pytest

from tests.deploy.snowflake.bi.landing import Landing


@pytest.fixture(autouse=True)
def catalogue(landing: Landing) -> None:
    """Four songs on three albums: s1 has three artists, s4 has none and no playlist shows it."""
    landing.artists("a1", "a2", "a3", "a4")
    landing.album("al1", artists=("a1", "a4"), release_year=1999, released_on="1999-01-01", total_tracks=10)
    landing.album("al2", artists=("a1",), release_year=2005, released_on="2005-01-01", total_tracks=10)
    landing.album("al3", total_tracks=3)
    landing.album("al4", total_tracks=None)
    landing.song("s1", artists=("a1", "a2", "a3"), album_id="al1", duration_ms=60_000)
    landing.song("s2", artists=("a2", "a1"), album_id="al2", duration_ms=90_000)
    landing.song("s3", artists=("a1",), album_id="al3", duration_ms=None)
    landing.song("s4", album_id="al1", duration_ms=30_000)


def test_a_song_with_three_artists_counts_once_for_each_and_once_in_totals(landing: Landing) -> None:
    assert landing.ask("ARTIST_SUMMARY", "artist_id, song_count, round(weighted_song_count, 4)") == [
        ("a1", 3, 1.8333),
        ("a2", 2, 0.8333),
        ("a3", 1, 0.3333),
        ("a4", 0, 0),
    ]
    assert landing.query("select round(sum(weighted_song_count), 9) as songs from SPOTIFY.BI.ARTIST_SUMMARY") == [(3,)]
    assert landing.ask("TOTALS", "song_count, album_count, artist_count, episode_count, duration_minutes") == [
        (4, 4, 4, 0, 3)
    ]


def test_an_artist_has_albums_partners_years_and_length(landing: Landing) -> None:
    assert landing.ask(
        "ARTIST_SUMMARY",
        "artist_id, artist_name, album_count, collaborator_count, duration_minutes, first_release_year, "
        "last_release_year",
    ) == [
        ("a1", "A1", 2, 2, 2.5, 1999, 2005),
        ("a2", "A2", 0, 2, 2.5, 1999, 2005),
        ("a3", "A3", 0, 2, 1, 1999, 1999),
        ("a4", "A4", 1, 0, None, None, None),
    ]


def test_a_song_that_left_a_playlist_is_known_but_not_held(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s2", playlist="p1")
    landing.read("2026-11-16 10:00", "s1", "s1", playlist="p2")
    landing.read("2026-11-17 10:00", "s1", playlist="p1")

    assert landing.ask("ARTIST_SUMMARY", "artist_id, song_count, held_song_count, playlist_count") == [
        ("a1", 3, 1, 2),
        ("a2", 2, 1, 2),
        ("a3", 1, 1, 2),
        ("a4", 0, 0, 0),
    ]
    assert landing.ask("TOTALS", "song_count, held_song_count, playlist_count") == [(4, 1, 2)]


def test_a_pair_of_artists_has_one_row_in_any_order_of_credits(landing: Landing) -> None:
    assert landing.ask(
        "ARTIST_COLLABORATIONS",
        "artist_name, other_artist_name, song_count, first_release_year, last_release_year",
    ) == [
        ("A1", "A2", 2, 1999, 2005),
        ("A1", "A3", 1, 1999, 1999),
        ("A2", "A3", 1, 1999, 1999),
    ]


def test_an_artist_has_a_row_for_each_partner_on_either_side(landing: Landing) -> None:
    assert landing.ask(
        "ARTIST_PARTNERS", "artist_name, partner_name, song_count, first_release_year, last_release_year"
    ) == [
        ("A1", "A2", 2, 1999, 2005),
        ("A1", "A3", 1, 1999, 1999),
        ("A2", "A1", 2, 1999, 2005),
        ("A2", "A3", 1, 1999, 1999),
        ("A3", "A1", 1, 1999, 1999),
        ("A3", "A2", 1, 1999, 1999),
    ]


def test_albums_with_equally_many_tracks_share_a_rank_and_unknown_ones_have_none(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s1", "s3")

    assert landing.ask(
        "ALBUMS_BY_TRACKS", "tracks_rank, album_id, total_tracks, known_song_count, held_song_count"
    ) == [
        (1, "al1", 10, 2, 1),
        (1, "al2", 10, 1, 0),
        (3, "al3", 3, 1, 1),
    ]


def test_a_song_that_left_its_playlists_is_known_of_its_album_and_not_held(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s3")
    landing.read("2026-11-17 10:00", "s3")

    assert landing.ask("ALBUMS_BY_TRACKS", "album_id, known_song_count, held_song_count") == [
        ("al1", 2, 0),
        ("al2", 1, 0),
        ("al3", 1, 1),
    ]


def test_a_release_year_counts_a_song_once_in_any_number_of_playlists(landing: Landing) -> None:
    landing.read("2026-11-16 10:00", "s1", "s4", "s2", playlist="p1")
    landing.read("2026-11-16 10:00", "s1", "s3", playlist="p2")
    landing.read("2026-11-17 10:00", "s1", "s4", playlist="p1")

    assert landing.ask("RELEASE_YEARS", "release_year, song_count, album_count, duration_minutes") == [
        (1999, 2, 1, 1.5),
        (None, 1, 1, 0),
    ]
