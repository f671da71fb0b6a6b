"""Rules of song_popularity alone."""

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.song_popularity import song_popularity
from shared.tables.song_popularity import SONG_POPULARITY
from tests.glue_jobs.builders import episode, items, page, published, rejects, rows, song


def test_a_withheld_popularity_makes_no_row_and_zero_does(spark: SparkSession) -> None:
    monday = page("mon", song("withheld"), song("null", popularity=None), song("zero", popularity=0))

    made = song_popularity(items(spark, monday)).select("song_id", "popularity")

    assert_df_equality(made, rows(spark, "song_id string, popularity int", ("zero", 0)), ignore_nullable=True)


def test_every_observation_is_kept_since_it_is_history(spark: SparkSession) -> None:
    monday = page("mon", song("s1", popularity=50), song("s1", popularity=51))
    tuesday = page("tue", song("s1", popularity=50))

    made = published(song_popularity(items(spark, monday, tuesday)), SONG_POPULARITY)

    expected = rows(spark, "song_id string, popularity int", ("s1", 50), ("s1", 50), ("s1", 51))
    assert_df_equality(made.select("song_id", "popularity"), expected, ignore_row_order=True, ignore_nullable=True)


def test_a_malformed_popularity_is_rejected_and_an_episode_makes_no_row(spark: SparkSession) -> None:
    monday = page("mon", song("s1", popularity="high"), episode("e1", popularity=5))

    assert song_popularity(items(spark, monday)).isEmpty()
    assert rejects(monday) == [
        ("songs", "popularity", "no int: high", 0),
        ("song_popularity", "popularity", "no int: high", 0),
    ]
