"""Rules of song_artists alone."""

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.song_artists import song_artists
from shared.tables.song_artists import SONG_ARTISTS
from tests.glue_jobs.builders import album, items, page, published, rejects, rows, song

CREDITS = "song_id string, artist_id string, position int"


def test_an_artist_dropped_from_the_credits_leaves_the_table(spark: SparkSession) -> None:
    monday = page("mon", song("s1", artists=["a1", "a2"]), song("s2", artists=["a2"]))
    tuesday = page("tue", song("s1", artists=["a1"]))

    made = published(song_artists(items(spark, monday, tuesday)), SONG_ARTISTS)

    expected = rows(spark, "song_id string, artist_id string", ("s1", "a1"), ("s2", "a2"))
    assert_df_equality(made.select("song_id", "artist_id"), expected, ignore_row_order=True, ignore_nullable=True)


def test_a_repeated_artist_keeps_the_lowest_position(spark: SparkSession) -> None:
    monday = page("mon", song("s1", artists=["a1", "a2", "a1", "a3"]))

    made = song_artists(items(spark, monday))

    every = rows(spark, CREDITS, ("s1", "a1", 0), ("s1", "a2", 1), ("s1", "a1", 2), ("s1", "a3", 3))
    expected = rows(spark, CREDITS, ("s1", "a1", 0), ("s1", "a2", 1), ("s1", "a3", 3))
    assert_df_equality(
        made.select("song_id", "artist_id", "position"), every, ignore_row_order=True, ignore_nullable=True
    )
    assert_df_equality(
        published(made, SONG_ARTISTS).select("song_id", "artist_id", "position"),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
    )


def test_a_credit_without_an_id_is_rejected_and_later_positions_do_not_move(spark: SparkSession) -> None:
    monday = page("mon", song("s1", artists=["a1", {"id": None, "name": "No id"}, "a3"]))

    made = song_artists(items(spark, monday))

    expected = rows(spark, CREDITS, ("s1", "a1", 0), ("s1", "a3", 2))
    assert_df_equality(
        published(made, SONG_ARTISTS).select("song_id", "artist_id", "position"),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
    )
    assert rejects(monday) == [
        ("artists", "artist_id", "missing", 0),
        ("song_artists", "artist_id", "missing", 0),
    ]


def test_the_albums_artists_are_not_the_songs(spark: SparkSession) -> None:
    monday = page("mon", song("s1", artists=["a1"], album=album("al1", artists=["a2"])))

    made = song_artists(items(spark, monday)).select("song_id", "artist_id", "position")

    assert_df_equality(made, rows(spark, CREDITS, ("s1", "a1", 0)), ignore_nullable=True)


def test_credits_of_two_places_in_a_document_are_not_mixed(spark: SparkSession) -> None:
    monday = page("mon", song("s1", artists=["a1", "a2"]), song("s1", artists=["a3"]))

    made = published(song_artists(items(spark, monday)), SONG_ARTISTS).select("song_id", "artist_id", "position")

    assert_df_equality(made, rows(spark, CREDITS, ("s1", "a3", 0)), ignore_nullable=True)
