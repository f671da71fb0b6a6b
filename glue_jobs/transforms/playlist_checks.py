"""How rows of `playlist_checks` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.conform import conform, text_or_null
from glue_jobs.frames import LINEAGE
from shared.tables import PLAYLIST_CHECKS


def playlist_checks(reads: DataFrame) -> DataFrame:
    """One row per look at a playlist, whether or not it brought items."""
    return reads.select(
        *LINEAGE,
        "playlist_id",
        "run_id",
        "status",
        "failure_class",
        "snapshot_id",
        F.col("extracted_at").alias("read_at"),
        "total",
        "item_count",
        "is_complete",
        F.col("playlist.name").alias("name"),
        F.col("playlist.description").alias("description"),
        text_or_null("playlist.owner.id").alias("owner_id"),
        F.col("playlist.public").alias("is_public"),
        F.col("playlist.collaborative").alias("is_collaborative"),
        F.col("playlist.followers.total").alias("follower_count"),
        F.col("playlist.images.url").alias("image_url"),
        F.col("playlist.external_urls.spotify").alias("url"),
    ).transform(conform, PLAYLIST_CHECKS)
