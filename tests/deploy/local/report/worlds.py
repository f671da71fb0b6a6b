"""Hand-typed rows that several tests use."""

from shared.tables.artists import ARTISTS
from tests.deploy.snowflake.bi.landing import Landing
from tests.deploy.snowflake.bi.test_plays import play

SCRIPT = "</script><script>window.injected = 1</script>"
IMAGE = '"><img src="https://example.invalid/x" onerror="window.injected = 2">'
TURNED = "abc\u202edef\u2028ghi\x07"


def two_days(landing: Landing) -> None:
    """Four playlists over three days: one changes, one does not, one is deleted, one was never read."""
    landing.artists("anna", "bert", "cleo")
    landing.album("early", release_year=1999)
    landing.album("late", release_year=2021)
    landing.song("one", artists=("anna", "bert"), album_id="early", duration_ms=180_000)
    landing.song("two", artists=("anna",), album_id="late", duration_ms=240_000)
    landing.song("three", artists=("cleo",), duration_ms=60_000)
    landing.song("four", artists=("anna", "bert"), album_id="late", duration_ms=120_000)
    landing.episode("talk", duration_ms=3_600_000)
    landing.read(
        "2026-11-16 10:00", "one", "two", playlist="p1", name="Mix", url="https://open.spotify.com/playlist/p1"
    )
    landing.read("2026-11-16 10:00", "one", "three", playlist="p2", name="Car", snapshot="car")
    landing.read("2026-11-16 10:00", "two", playlist="p3", name="Old")
    landing.check("2026-11-16 10:00", "failed", "p4", failure_class="removed")
    landing.read(
        "2026-11-18 10:00",
        *("one", "three", "four", "episode talk"),
        playlist="p1",
        name="Mix",
        url="https://open.spotify.com/playlist/p1",
    )
    landing.check("2026-11-18 10:00", "unchanged", "p2", snapshot_id="car")
    landing.check("2026-11-18 10:00", "gone", "p3", failure_class="removed")
    landing.check("2026-11-18 10:00", "failed", "p4", failure_class="removed")
    landing.batch(1, "2026-11-18 11:00")


def hostile_names(landing: Landing) -> None:
    """Names that try to become markup or script, everywhere a name can appear."""
    for artist_id, name in (("a1", SCRIPT), ("a2", IMAGE), ("a3", "אבג")):
        landing.put(ARTISTS, artist_id=artist_id, name=name)
    landing.album("album", name=IMAGE, release_year=2020)
    landing.song("s1", artists=("a1", "a2"), name=SCRIPT, album_id="album")
    landing.song("s2", artists=("a1", "a3"), name=TURNED, album_id="album")
    landing.song("s3", artists=("a2",), name="東京 مرحبا", album_id="album")
    for song_id, before, after in (("s1", 10, 20), ("s2", 30, 20)):
        landing.popularity(song_id, "2026-11-16 10:00", before)
        landing.popularity(song_id, "2026-11-17 10:00", after)
    for playlist, name in (("p1", SCRIPT), ("p2", IMAGE), ("p3", "ليالي الصيف"), ("p4", "same"), ("p5", "same")):
        url = "javascript:window.injected = 3"
        landing.read("2026-11-16 10:00", "s1", "s2", playlist=playlist, name=name, url=url)
        landing.read("2026-11-17 10:00", "s2", "s3", playlist=playlist, name=name, url=url)
    landing.read("2026-11-16 10:00", "s1", playlist="p6", name=SCRIPT)
    landing.check("2026-11-17 10:00", "gone", "p6", failure_class=SCRIPT)
    landing.check("2026-11-17 10:00", "failed", "p7", failure_class=IMAGE, name=IMAGE)
    for song_id, title, artist in (("s1", SCRIPT, IMAGE), ("s8", TURNED, SCRIPT), ("s9", "ليالي", "אבג")):
        play(landing, "2026-11-16 10:00", song_id, track_name=title, artist_name=artist, album_name=IMAGE)


def listening(landing: Landing) -> None:
    """Plays of two songs with an id, one of account history and an episode, beside a playlist of three songs."""
    landing.artists("a1", "a2")
    for song_id in ("s1", "s2", "s3"):
        landing.song(song_id, artists=("a1",))
    landing.read("2026-11-16 10:00", "s1", "s2", "s3", name="Mix")
    play(landing, "2026-11-14 21:10", "s1", 180_000)
    play(landing, "2026-11-16 21:20", "s1", 180_000)
    play(landing, "2026-11-16 21:30", "s1", 10_000)  # does not count
    play(landing, "2026-11-17 07:00", "s9", 7_200_000)
    play(landing, "2026-11-17 08:00", None, 60_000, track_name="T2", artist_name="A2", album_name=None)
    no_song: dict[str, object] = {"track_name": None, "artist_name": None, "album_name": None}
    play(landing, "2026-11-18 22:00", None, 3_600_000, episode_id="e1", episode_name="E1", **no_song)
