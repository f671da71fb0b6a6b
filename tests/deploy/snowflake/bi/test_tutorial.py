"""TUTORIAL_ALBUMS, TUTORIAL_ARTISTS and TUTORIAL_SONGS: the names that the tutorials use."""

from tests.deploy.snowflake.bi.landing import Landing


def test_albums_have_the_tutorials_columns(landing: Landing) -> None:
    landing.album("al1", released_on="1999-01-01", release_date_text="1999", total_tracks=10, url="https://al1")

    assert landing.ask("TUTORIAL_ALBUMS", "album_id, name, release_date, total_tracks, url") == [
        ("al1", "AL1", "1999-01-01", 10, "https://al1")
    ]
    assert columns(landing, "TUTORIAL_ALBUMS") == ["ALBUM_ID", "NAME", "RELEASE_DATE", "TOTAL_TRACKS", "URL"]


def test_artists_have_the_tutorials_columns(landing: Landing) -> None:
    landing.artists("a1")
    landing.query("update SPOTIFY.LANDING.ARTISTS set url = 'https://a1'")

    assert landing.ask("TUTORIAL_ARTISTS", "artist_id, artist_name, external_url") == [("a1", "A1", "https://a1")]
    assert columns(landing, "TUTORIAL_ARTISTS") == ["ARTIST_ID", "ARTIST_NAME", "EXTERNAL_URL"]


def test_songs_have_the_tutorials_columns_the_first_credit_and_the_newest_time_of_adding(landing: Landing) -> None:
    landing.song("s1", artists=("a2", "a1"), album_id="al1", duration_ms=60_000, popularity=5, url="https://s1")
    landing.song("s2")
    landing.read("2026-11-16 10:00", "s1", "s1", snapshot="v1")
    landing.read("2026-11-17 10:00", "s1", snapshot="v2", total=9, is_complete=False)
    for snapshot, position, added_at in (("v1", 0, "2026-01-01"), ("v1", 1, "2026-03-01"), ("v2", 0, "2026-02-01")):
        landing.query(
            f"update SPOTIFY.LANDING.PLAYLIST_ITEMS set added_at = '{added_at}' "
            f"where snapshot_id = '{snapshot}' and position = {position}"
        )

    assert landing.ask(
        "TUTORIAL_SONGS", "song_id, song_name, duration_ms, url, popularity, song_added, album_id, artist_id"
    ) == [
        ("s1", "S1", 60000, "https://s1", 5, "2026-03-01 00:00", "al1", "a2"),
        ("s2", "S2", None, None, None, None, None, None),
    ]
    assert columns(landing, "TUTORIAL_SONGS") == [
        "SONG_ID",
        "SONG_NAME",
        "DURATION_MS",
        "URL",
        "POPULARITY",
        "SONG_ADDED",
        "ALBUM_ID",
        "ARTIST_ID",
    ]


def columns(landing: Landing, view: str) -> list[object]:
    return [row[0] for row in landing.query(f"describe view SPOTIFY.BI.{view}")]
