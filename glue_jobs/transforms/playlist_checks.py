"""How rows of `playlist_checks` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.frames import LINEAGE, accepted_by
from shared.tables.playlist_checks import PLAYLIST_CHECKS


def playlist_checks(checks: DataFrame) -> DataFrame:
    """One row per check of a playlist, with or without items."""
    return checks.where(accepted_by(PLAYLIST_CHECKS)).select(
        *LINEAGE,
        "playlist_id",
        "run_id",
        "status",
        "failure_class",
        "snapshot_id",
        F.col("extracted_at").alias("read_at"),
        F.col("playlist.items.total").alias("total"),
        "item_count",
        "is_complete",
        F.col("playlist.name").alias("name"),
        F.col("playlist.description").alias("description"),
        F.col("playlist.owner.id").alias("owner_id"),
        F.col("playlist.public").alias("is_public"),
        F.col("playlist.collaborative").alias("is_collaborative"),
        F.col("playlist.followers.total").alias("follower_count"),
        F.col("playlist.images_first.url").alias("image_url"),
        F.col("playlist.external_urls.spotify").alias("url"),
    )
