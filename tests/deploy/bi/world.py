"""Two playlists over three days, small enough to count every measure and visual by hand."""

from tests.deploy.snowflake.bi.landing import Landing
from tests.deploy.snowflake.bi.test_plays import play


def fill(landing: Landing) -> None:
    """Stays: p1 s1 1 day, s2 1 day, s3 0 days and left, e1 0 days and entered; p2 s1 2.5 days.

    Plays: s1 half an hour, s3 (left) and s9 (in no playlist) a quarter of an hour each, s2 skipped, e1 an hour.
    """
    landing.artists("a1", "a2")
    landing.album("al1", ("a1",), released_on="2001-05-01", release_year=2001, total_tracks=9)
    landing.song("s1", ("a1", "a2"), duration_ms=1_800_000, popularity=50, album_id="al1")
    landing.song("s2", ("a1",), duration_ms=2_700_000)
    landing.song("s3", ("a1",), duration_ms=900_000, popularity=20, album_id="al1")
    landing.episode("e1", duration_ms=600_000)
    landing.popularity("s1", "2026-11-02 09:00", 50)
    landing.read("2026-11-02 09:00", "s1", "s2", "s3")
    landing.read("2026-11-03 09:00", "s1", "s2", "episode e1")
    landing.check("2026-11-04 09:00", "failed", failure_class="not_found")
    landing.read("2026-11-02 09:00", "s1", playlist="p2")
    landing.read("2026-11-04 21:00", "s1", playlist="p2")
    play(landing, "2026-11-02 10:00", "s1", 1_800_000)
    play(landing, "2026-11-03 10:00", "s3", 900_000)
    play(landing, "2026-11-03 11:00", "s9", 900_000)
    play(landing, "2026-11-04 10:00", "s2", 0)
    nameless = {"track_name": None, "artist_name": None, "album_name": None}
    play(landing, "2026-11-04 11:00", None, 3_600_000, episode_id="e1", **nameless)


# The value of each measure over these rows.
MEASURED: dict[str, object] = {
    "Songs held": 2,
    "Items held": 4,
    "Playlists holding items": 2,
    "Entered": 1,
    "Left": 1,
    "Median stay days": 1.0,
    "Songs known": 3,
    "Hours of music": 1.5,
    "Average popularity": 35.0,
    "Songs by artist share": 3.0,
    "Counted plays": 4,
    "Hours listened": 2.0,
    "Listening from playlists": 0.5,
    "Playlists known": 2,
    "Newest check (UTC)": "2026-11-04 21:00",
    "Playlists failing": 1,
}

# The rows that each visual shows.
SHOWN: dict[str, list[tuple[object, ...]]] = {
    "songs_held": [(2,)],
    "playlists": [(2,)],
    "hours": [(1.5,)],
    "newest_check": [("2026-11-04 21:00",)],
    "failing": [(1,)],
    "entered_left": [("2026-11-03", 1, 1)],
    "top_artists": [("A1", 2), ("A2", 1)],
    "most_present": [("S1 - A1, A2", 2), ("S2 - A1", 1)],
    "recently_entered": [("2026-11-03", "E1", None, "p1")],
    "recently_left": [("2026-11-03", "S3", None, "p1")],
    "release_years": [(2001, 1)],
    "median_stay": [("p2", 2.5), ("p1", 0.5)],
}
