"""How rows of `albums` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.dates import with_released_on
from glue_jobs.frames import LINEAGE, accepted_by
from shared.tables.albums import ALBUMS


def albums(items: DataFrame) -> DataFrame:
    """One row per mention of an album by a song; a song without an album mentions none."""
    return (
        items.where(accepted_by(ALBUMS) & F.col("item.album").isNotNull())
        .select(
            *LINEAGE,
            F.col("item.album.id").alias("album_id"),
            F.col("item.album.name").alias("name"),
            F.col("item.album.album_type").alias("album_type"),
            F.col("item.album.release_date").alias("release_date_text"),
            F.col("item.album.release_date_precision").alias("release_date_precision"),
            F.col("item.album.total_tracks").alias("total_tracks"),
            F.col("item.album.images_first.url").alias("image_url"),
            F.col("item.album.uri").alias("uri"),
            F.col("item.album.external_urls.spotify").alias("url"),
        )
        .transform(with_released_on)
        .withColumn("release_year", F.year("released_on"))
    )
