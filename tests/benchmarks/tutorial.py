"""The job as tutorials usually write it, for comparison.

python -m tests.benchmarks.tutorial PAGES OUT

It infers the schema, explodes once per table, and keeps any row of a song. Like the tutorials, it has no bridge tables,
positions, episodes, history, reconciliation or commit. It uses plain Spark without Glue's DynamicFrame, which would
only slow it down, and has the same memory as the job.
"""

import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, explode, to_date


def albums(pages: DataFrame) -> DataFrame:
    """One row per album."""
    return (
        pages.select(explode("items").alias("item"))
        .select(
            col("item.track.album.id").alias("album_id"),
            col("item.track.album.name").alias("name"),
            col("item.track.album.release_date").alias("release_date"),
            col("item.track.album.total_tracks").alias("total_tracks"),
            col("item.track.album.external_urls.spotify").alias("url"),
        )
        .dropDuplicates(["album_id"])
    )


def artists(pages: DataFrame) -> DataFrame:
    """One row per artist of a song."""
    return (
        pages.select(explode("items").alias("item"))
        .select(explode("item.track.artists").alias("artist"))
        .select(
            col("artist.id").alias("artist_id"),
            col("artist.name").alias("artist_name"),
            col("artist.external_urls.spotify").alias("external_url"),
        )
        .dropDuplicates(["artist_id"])
    )


def songs(pages: DataFrame) -> DataFrame:
    """One row per song, with its first artist."""
    return (
        pages.select(explode("items").alias("item"))
        .select(
            col("item.track.id").alias("song_id"),
            col("item.track.name").alias("song_name"),
            col("item.track.duration_ms").alias("duration_ms"),
            col("item.track.external_urls.spotify").alias("url"),
            col("item.track.popularity").alias("popularity"),
            to_date("item.added_at").alias("song_added"),
            col("item.track.album.id").alias("album_id"),
            col("item.track.artists")[0]["id"].alias("artist_id"),
        )
        .dropDuplicates(["song_id"])
    )


def main(source: str, out: str) -> None:
    """Write the three tables as Parquet."""
    spark = (
        SparkSession.builder.appName("tutorial")
        .config("spark.driver.memory", "2g")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    pages = spark.read.option("multiLine", "true").json(source)
    for name, table in (("albums", albums), ("artists", artists), ("songs", songs)):
        table(pages).write.mode("overwrite").parquet(f"{out}/{name}")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
