"""SONGS, ALBUMS, ARTISTS, EPISODES and the bridges between them."""

from tests.deploy.snowflake.bi.landing import Landing


def test_a_song_is_one_row_with_album_and_artists_in_credit_order(landing: Landing) -> None:
    landing.artists("a1", "a2", "a3")
    landing.album("al1", released_on="2001-05-01", release_year=2001)
    landing.song("s1", artists=("a3", "a1", "a2"), album_id="al1", duration_ms=210_600, explicit=True, isrc="QX1")

    assert landing.ask(
        "SONGS", "song_id, song_name, artist_names, artist_count, album_name, released_on, release_year"
    ) == [("s1", "S1", "A3, A1, A2", 3, "AL1", "2001-05-01", 2001)]
    assert landing.ask("SONGS", "duration_ms, duration_minutes, is_explicit, isrc") == [(210600, 3.51, True, "QX1")]


def test_a_song_without_album_or_credits_has_a_row(landing: Landing) -> None:
    landing.song("s1")

    assert landing.ask("SONGS", "song_id, artist_names, artist_count, album_name, duration_minutes") == [
        ("s1", None, 0, None, None)
    ]


def test_a_withheld_popularity_is_null_and_never_0(landing: Landing) -> None:
    landing.song("s1", popularity=None)
    landing.song("s2", popularity=0)

    assert landing.ask("SONGS", "song_id, popularity") == [("s1", None), ("s2", 0)]


def test_an_artist_whose_name_was_not_read_leaves_no_gap(landing: Landing) -> None:
    landing.artists("a2")
    landing.song("s1", artists=("a1", "a2"))
    landing.song("s2", artists=("a1",))

    assert landing.ask("SONGS", "song_id, artist_names, artist_count") == [("s1", "A2", 2), ("s2", None, 1)]


def test_an_album_is_one_row_with_its_artists_in_credit_order(landing: Landing) -> None:
    landing.artists("a1", "a2")
    landing.album("al1", artists=("a2", "a1"), total_tracks=12, album_type="single")
    landing.album("al2")

    assert landing.ask("ALBUMS", "album_id, album_name, artist_names, artist_count, total_tracks, album_type") == [
        ("al1", "AL1", "A2, A1", 2, 12, "single"),
        ("al2", "AL2", None, 0, None, None),
    ]


def test_an_artist_is_one_row_as_last_described(landing: Landing) -> None:
    landing.artists("a1", "a2")

    assert landing.ask("ARTISTS", "artist_id, artist_name, described_at") == [
        ("a1", "A1", "2026-11-01 10:00"),
        ("a2", "A2", "2026-11-01 10:00"),
    ]


def test_an_episode_has_its_show_and_its_length(landing: Landing) -> None:
    landing.episode("e1", show_id="sh1", show_name="Show", duration_ms=3_600_000, explicit=False)

    assert landing.ask(
        "EPISODES", "episode_id, episode_name, show_id, show_name, duration_ms, duration_minutes, is_explicit"
    ) == [("e1", "E1", "sh1", "Show", 3600000, 60, False)]


def test_the_weights_of_a_song_add_up_to_one_however_many_artists_it_has(landing: Landing) -> None:
    landing.artists("a1", "a2", "a3")
    landing.song("s1", artists=("a1", "a2", "a3"))
    landing.song("s2", artists=("a1",))

    assert landing.ask("SONG_ARTISTS", "song_name, position, artist_name, round(weight, 4)") == [
        ("S1", 0, "A1", 0.3333),
        ("S1", 1, "A2", 0.3333),
        ("S1", 2, "A3", 0.3333),
        ("S2", 0, "A1", 1),
    ]
    assert landing.query("select round(sum(weight), 9) as w from SPOTIFY.BI.SONG_ARTISTS") == [(2,)]


def test_the_weights_of_an_album_add_up_to_one(landing: Landing) -> None:
    landing.artists("a1", "a2")
    landing.album("al1", artists=("a1", "a2"))
    landing.album("al2", artists=("a2",))

    assert landing.ask("ALBUM_ARTISTS", "album_name, position, artist_name, weight") == [
        ("AL1", 0, "A1", 0.5),
        ("AL1", 1, "A2", 0.5),
        ("AL2", 0, "A2", 1),
    ]


def test_a_song_label_is_title_and_artists_and_the_id_if_songs_share_them(landing: Landing) -> None:
    landing.artists("a1", "a2")
    landing.song("s1", artists=("a1",), name="Home")
    landing.song("s2", artists=("a1",), name="HOME ")
    landing.song("s3", artists=("a2",), name="Home")
    landing.song("s4", artists=("a2", "a1"), name="Home")
    landing.song("s5", name="Home")
    landing.song("s6", name=None)
    landing.song("s7", artists=("a1",), name=None)
    landing.song("s8", artists=("a1",), name="Home - A1")

    assert landing.ask("SONGS", "song_id, song_label") == [
        ("s1", "Home - A1 (s1)"),
        ("s2", "HOME - A1 (s2)"),
        ("s3", "Home - A2"),
        ("s4", "Home - A2, A1"),
        ("s5", "Home"),
        ("s6", "s6"),
        ("s7", "s7"),
        ("s8", "Home - A1 - A1"),
    ]


def test_a_credit_of_an_artist_who_was_not_described_has_a_row_and_no_name(landing: Landing) -> None:
    landing.album("al1", artists=("a9",))
    landing.song("s1", artists=("a9",))

    assert landing.ask("ALBUM_ARTISTS", "album_id, artist_id, artist_name") == [("al1", "a9", None)]
    assert landing.ask("SONG_ARTISTS", "song_id, artist_id, artist_name") == [("s1", "a9", None)]
