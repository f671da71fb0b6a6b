"""How rows of `playlist_items` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.conform import FAULT, IS_FAULTY, conform, fault, first_misfit, text_or_null
from glue_jobs.frames import PLACE
from shared.tables import PLAYLIST_ITEMS


def playlist_items(items: DataFrame) -> DataFrame:
    """One row per position of a read, whatever stands there: what cannot be read keeps its place as kind rejected."""
    names = F.col("item.artists.name")
    joined = F.array_join(names, ", ")
    unreadable = F.when(F.col("kind") == "rejected", F.expr(fault(None, "reason")))
    return (
        items.select(
            *PLACE,
            "playlist_id",
            "snapshot_id",
            "position",
            "kind",
            F.when(F.col("kind") == "song", F.col("item.id")).alias("song_id"),
            F.when(F.col("kind") == "episode", F.col("item.id")).alias("episode_id"),
            F.col("item.uri").alias("item_uri"),
            F.col("item.name").alias("item_name"),
            F.coalesce(first_misfit(names), F.when(joined != "", joined)).alias("artist_names"),
            F.col("added_at").alias("added_at"),
            text_or_null("added_by.id").alias("added_by_id"),
            unreadable.alias("unreadable"),
        )
        .transform(conform, PLAYLIST_ITEMS, "unreadable")
        .withColumn(FAULT, F.coalesce("unreadable", FAULT))
        .withColumn(IS_FAULTY, F.col(IS_FAULTY) | (F.col("kind") == "rejected"))
        .withColumn("kind", F.when(F.col(IS_FAULTY), "rejected").otherwise(F.col("kind")))
        .drop("unreadable")
    )
