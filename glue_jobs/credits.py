"""Exploding lists of credited artists."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from glue_jobs.conform import text_or_null
from glue_jobs.frames import LINEAGE


def explode_credits(items: DataFrame, credited: Column, **kept: Column) -> DataFrame:
    """One row per item and credited artist: its place, what is kept, `credit`, its `artist_id` and 0-based `position`.

    An artist credited twice keeps the first place; credits without an id stay, so that each is rejected and counted.
    """
    # expr: functions.array_position takes no column for the value in Spark 3.5.
    is_first = F.expr("array_position(artist_ids, artist_id)") == F.col("position") + 1
    return (
        # Nothing else of the item, or Spark copies all of it for every artist.
        items.select(*LINEAGE, *[column.alias(name) for name, column in kept.items()], credited.alias("credits"))
        .withColumn("artist_ids", F.col("credits.id"))
        .select(*LINEAGE, *kept, "artist_ids", F.posexplode("credits").alias("position", "credit"))
        .withColumn("artist_id", text_or_null("credit.id"))
        .where(F.col("artist_id").isNull() | is_first)
    )
