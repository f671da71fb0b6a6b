"""Rules of album_artists alone."""

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.album_artists import album_artists
from shared.tables.album_artists import ALBUM_ARTISTS
from tests.glue_jobs.builders import album, items, page, published, rejects, rows, song

CREDITS = "album_id string, artist_id string, position int"


def test_an_artist_dropped_from_the_album_leaves_whichever_song_shows_it(spark: SparkSession) -> None:
    monday = page("mon", song("s1", album=album("al1", artists=["a1", "a2"])))
    tuesday = page("tue", song("s2", album=album("al1", artists=["a2"])))

    made = published(album_artists(items(spark, monday, tuesday)), ALBUM_ARTISTS)

    assert_df_equality(
        made.select("album_id", "artist_id", "position"), rows(spark, CREDITS, ("al1", "a2", 0)), ignore_nullable=True
    )


def test_the_songs_artists_are_not_the_albums(spark: SparkSession) -> None:
    monday = page("mon", song("s1", artists=["a1"], album=album("al1", artists=["a2", "a2"])))

    made = published(album_artists(items(spark, monday)), ALBUM_ARTISTS).select("album_id", "artist_id", "position")

    assert_df_equality(made, rows(spark, CREDITS, ("al1", "a2", 0)), ignore_nullable=True)


def test_a_repeated_artist_makes_a_row_for_each_credit(spark: SparkSession) -> None:
    monday = page("mon", song("s1", album=album("al1", artists=["a2", "a1", "a2"])))

    made = album_artists(items(spark, monday)).select("album_id", "artist_id", "position")

    expected = rows(spark, CREDITS, ("al1", "a2", 0), ("al1", "a1", 1), ("al1", "a2", 2))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_credits_of_an_album_without_an_id_are_rejected(spark: SparkSession) -> None:
    monday = page("mon", song("s1", album=album(None, artists=["a1"])), song("s2", album=album("", artists=["a1"])))

    assert album_artists(items(spark, monday)).isEmpty()
    assert rejects(monday) == [
        ("albums", "album_id", "missing", 0),
        ("album_artists", "album_id", "missing", 0),
        ("albums", "album_id", "missing", 1),
        ("album_artists", "album_id", "missing", 1),
    ]
