"""How rows of `song_artists` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.explode import explode_objects
from shared.tables.song_artists import SONG_ARTISTS


def song_artists(items: DataFrame) -> DataFrame:
    """One row per mention of a song and artist credited on it."""
    return explode_objects(items, SONG_ARTISTS, F.col("item.artists"), song_id=F.col("item.id")).withColumn(
        "artist_id", F.col("element.id")
    )
