"""How rows of `album_artists` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.explode import explode_objects
from shared.tables.album_artists import ALBUM_ARTISTS


def album_artists(items: DataFrame) -> DataFrame:
    """One row per mention of an album and artist credited on it."""
    return explode_objects(
        items, ALBUM_ARTISTS, F.col("item.album.artists"), album_id=F.col("item.album.id")
    ).withColumn("artist_id", F.col("element.id"))
