"""How rows of `playlist_items` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.frames import LINEAGE, is_malformed, is_refused_by
from shared.tables.playlist_items import PLAYLIST_ITEMS


def playlist_items(items: DataFrame) -> DataFrame:
    """One row per position of a read, of any kind; a refused row keeps its position, with kind rejected."""
    names = F.array_join("item.artists.name", ", ")
    return items.select(
        *LINEAGE,
        "playlist_id",
        "snapshot_id",
        "position",
        F.when(is_refused_by(PLAYLIST_ITEMS), "rejected").otherwise(F.col("kind")).alias("kind"),
        F.when(F.col("kind") == "song", F.col("item.id")).alias("song_id"),
        F.when(F.col("kind") == "episode", F.col("item.id")).alias("episode_id"),
        F.col("item.uri").alias("item_uri"),
        F.col("item.name").alias("item_name"),
        F.when((names != "") & ~is_malformed(PLAYLIST_ITEMS, "artist_names"), names).alias("artist_names"),
        "added_at",
        F.col("added_by.id").alias("added_by_id"),
    )
