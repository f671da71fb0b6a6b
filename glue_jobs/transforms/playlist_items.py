"""How rows of `playlist_items` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.conform import IS_FAULTY, conform, first_misfit, text_or_null
from glue_jobs.frames import LINEAGE
from glue_jobs.normal_form import MISFIT
from shared.tables import PLAYLIST_ITEMS


def playlist_items(items: DataFrame) -> DataFrame:
    """One row per position of a read, whatever stands there: what cannot be read keeps its place as kind rejected."""
    names = F.col("item.artists.name")
    joined = F.array_join(names, ", ")
    misfit = F.when(joined.contains(MISFIT), first_misfit(names))  # looked for where there may be one
    return (
        items.select(
            *LINEAGE,
            "playlist_id",
            "snapshot_id",
            "position",
            "kind",
            F.when(F.col("kind") == "song", F.col("item.id")).alias("song_id"),
            F.when(F.col("kind") == "episode", F.col("item.id")).alias("episode_id"),
            F.col("item.uri").alias("item_uri"),
            F.col("item.name").alias("item_name"),
            F.coalesce(misfit, F.when(joined != "", joined)).alias("artist_names"),
            F.col("added_at").alias("added_at"),
            text_or_null("added_by.id").alias("added_by_id"),
            "reason",
        )
        .transform(conform, PLAYLIST_ITEMS, refused="reason")
        .withColumn("kind", F.when(F.col(IS_FAULTY), "rejected").otherwise(F.col("kind")))
    )
