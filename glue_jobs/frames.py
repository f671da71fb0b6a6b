"""The two frames that every transform starts from, as Spark reads them from what the intake packed.

`items`: one row per playlist position of the batch, whatever stands there. `reads`: one row per look at a playlist.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_jobs import packed
from shared import contract

# What every row says of where it was read.
LINEAGE = tuple(column.name for column in contract.LINEAGE)


def read_items(spark: SparkSession, folder: str, batch_id: str) -> DataFrame:
    """Items of the batch: their lineage typed, every leaf of the payload a string."""
    return _read(spark, folder, packed.ITEMS, batch_id)


def read_reads(spark: SparkSession, folder: str, batch_id: str) -> DataFrame:
    """Looks at playlists of the batch: their lineage typed, every leaf of the playlist object a string."""
    return _read(spark, folder, packed.READS, batch_id)


def _read(spark: SparkSession, folder: str, columns: packed.Columns, batch_id: str) -> DataFrame:
    rows = spark.read.schema(packed.spark_ddl(columns)).parquet(folder)
    return rows.withColumn("batch_id", F.lit(batch_id))
