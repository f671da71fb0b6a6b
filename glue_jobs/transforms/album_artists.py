"""How rows of `album_artists` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.conform import conform, text_or_null
from glue_jobs.credits import explode_credits
from shared.tables import ALBUM_ARTISTS


def album_artists(items: DataFrame) -> DataFrame:
    """One row per mention of an album and artist credited on it."""
    return (
        items.where(F.col("kind") == "song")
        .transform(explode_credits, F.col("item.album.artists"), album_id=text_or_null("item.album.id"))
        .transform(conform, ALBUM_ARTISTS)
    )
