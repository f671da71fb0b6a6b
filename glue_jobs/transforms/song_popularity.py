"""How rows of `song_popularity` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.frames import LINEAGE, accepted_by
from shared.tables.song_popularity import SONG_POPULARITY


def song_popularity(items: DataFrame) -> DataFrame:
    """One row per mention of a song with its popularity; a withheld popularity is no observation."""
    return items.where(accepted_by(SONG_POPULARITY) & F.col("item.popularity").isNotNull()).select(
        *LINEAGE, F.col("item.id").alias("song_id"), F.col("item.popularity").alias("popularity")
    )
