"""The two frames that every transform starts from, as Spark reads them from a batch's packed lines.

`items`: one row per playlist position of the batch, whatever stands there. `reads`: one row per look at a playlist.
"""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_jobs import normal_form
from shared import contract

LINEAGE = tuple(column.name for column in contract.LINEAGE)

_LINEAGE = "source_object string, document_id string, source_position int, extracted_at string"
_ROW = ", ".join(f"`{name}` {normal_form.spark_ddl(node)}" for name, node in normal_form.ROW.fields.items())

ITEMS_SCHEMA = (
    f"{_LINEAGE}, playlist_id string, snapshot_id string, position string, kind string, reason string, "
    f"raw string, {_ROW}"
)
READS_SCHEMA = (
    f"{_LINEAGE}, playlist_id string, run_id string, status string, failure_class string, snapshot_id string, "
    f"total string, item_count int, is_complete boolean, playlist {normal_form.spark_ddl(normal_form.PLAYLIST)}"
)


def read_items(spark: SparkSession, paths: Sequence[str], batch_id: str) -> DataFrame:
    """Items of the packed lines: lineage typed, every leaf of the payload a string."""
    return _read(spark, paths, ITEMS_SCHEMA, batch_id)


def read_reads(spark: SparkSession, paths: Sequence[str], batch_id: str) -> DataFrame:
    """Looks at playlists of the packed lines: lineage typed, every leaf of the playlist object a string."""
    return _read(spark, paths, READS_SCHEMA, batch_id)


def _read(spark: SparkSession, paths: Sequence[str], schema: str, batch_id: str) -> DataFrame:
    # FAILFAST: the lines are our own; one that does not fit is a fault of the suite and must not pass as nulls.
    lines = spark.read.schema(schema).option("mode", "FAILFAST").json(list(paths))
    return lines.withColumn("extracted_at", F.col("extracted_at").cast("timestamp").cast("timestamp_ntz")).withColumn(
        "batch_id", F.lit(batch_id)
    )
