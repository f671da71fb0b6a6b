"""How rows of `episodes` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.dates import with_released_on
from glue_jobs.frames import LINEAGE, accepted_by
from shared.tables.episodes import EPISODES


def episodes(items: DataFrame) -> DataFrame:
    """One row per mention of an episode. Some answers show it as a track, with its show as the album."""
    return (
        items.where(accepted_by(EPISODES))
        .select(
            *LINEAGE,
            F.col("item.id").alias("episode_id"),
            F.col("item.name").alias("name"),
            F.coalesce("item.show.id", "item.album.id").alias("show_id"),
            F.coalesce("item.show.name", "item.album.name").alias("show_name"),
            F.col("item.show.publisher").alias("publisher"),
            F.col("item.duration_ms").alias("duration_ms"),
            F.col("item.explicit").alias("explicit"),
            F.col("item.release_date").alias("release_date_text"),
            F.coalesce("item.languages_first", "item.language").alias("language"),
            F.col("item.uri").alias("uri"),
            F.col("item.external_urls.spotify").alias("url"),
        )
        .transform(with_released_on)
    )
