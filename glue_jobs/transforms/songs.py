"""How rows of `songs` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.frames import LINEAGE, accepted_by
from shared.tables.songs import SONGS


def songs(items: DataFrame) -> DataFrame:
    """One row per mention of a song. Local files and episodes are no songs: they have no song id."""
    return items.where(accepted_by(SONGS)).select(
        *LINEAGE,
        F.col("item.id").alias("song_id"),
        F.col("item.name").alias("name"),
        F.col("item.duration_ms").alias("duration_ms"),
        F.col("item.explicit").alias("explicit"),
        F.col("item.popularity").alias("popularity"),
        F.col("item.album.id").alias("album_id"),
        F.col("item.track_number").alias("track_number"),
        F.col("item.disc_number").alias("disc_number"),
        F.col("item.external_ids.isrc").alias("isrc"),
        F.col("item.is_playable").alias("is_playable"),
        F.col("item.restrictions.reason").alias("restriction_reason"),
        F.col("item.linked_from.id").alias("linked_from_id"),
        F.col("item.available_markets_count").alias("available_market_count"),
        F.col("item.preview_url").alias("preview_url"),
        F.col("item.uri").alias("uri"),
        F.col("item.external_urls.spotify").alias("url"),
    )
