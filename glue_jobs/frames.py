"""The two frames that every transform starts from, as Spark reads them from a batch's packed lines.

`items`: one row per playlist position of the batch, whatever stands there. `reads`: one row per look at a playlist.
Their rows name the document they are from by its number; `lineage` has what is published of it, one row per document.
"""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_jobs import normal_form

# Where a row was read: `document` numbers the batch's raw objects in the order of their names.
PLACE = ("extracted_at", "document", "source_position")

_PLACE = "extracted_at bigint, document int, source_position int"
_ROW = ", ".join(f"`{name}` {normal_form.spark_ddl(node)}" for name, node in normal_form.ROW.fields.items())

ITEMS_SCHEMA = (
    f"{_PLACE}, playlist_id string, snapshot_id string, position string, kind string, reason string, raw string, {_ROW}"
)
READS_SCHEMA = (
    f"{_PLACE}, playlist_id string, run_id string, status string, failure_class string, snapshot_id string, "
    f"total string, item_count int, is_complete boolean, playlist {normal_form.spark_ddl(normal_form.PLAYLIST)}"
)
LINEAGE_SCHEMA = "document int, source_object string, document_id string"


def read_items(spark: SparkSession, paths: Sequence[str]) -> DataFrame:
    """Items of the packed lines: their place typed, every leaf of the payload a string."""
    return _read(spark, paths, ITEMS_SCHEMA).withColumn("extracted_at", _extracted_at())


def read_reads(spark: SparkSession, paths: Sequence[str]) -> DataFrame:
    """Looks at playlists of the packed lines: their place typed, every leaf of the playlist object a string."""
    return _read(spark, paths, READS_SCHEMA).withColumn("extracted_at", _extracted_at())


def read_lineage(spark: SparkSession, paths: Sequence[str], batch_id: str) -> DataFrame:
    """One row per document of the batch: its number and what every row that is published says of it."""
    return _read(spark, paths, LINEAGE_SCHEMA).withColumn("batch_id", F.lit(batch_id))


def with_lineage(rows: DataFrame, lineage: DataFrame) -> DataFrame:
    """The rows, each of them, with their documents' lineage: long texts, so they come last, when rows are chosen."""
    return rows.join(F.broadcast(lineage), on="document", how="left")


def _read(spark: SparkSession, paths: Sequence[str], schema: str) -> DataFrame:
    # FAILFAST: the lines are our own; one that does not fit is a fault of the suite and must not pass as nulls.
    return spark.read.schema(schema).option("mode", "FAILFAST").json(list(paths))


def _extracted_at() -> Column:
    return F.timestamp_micros("extracted_at").cast("timestamp_ntz")
