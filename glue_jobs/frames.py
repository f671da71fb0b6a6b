"""The frames that the transforms start from, and what all transforms do with them.

`items` has one row per playlist position of the batch, also for an empty position. `checks` has one row per check of a
playlist, `plays` one row per play. The reader has typed every value and decided which tables refuse a row. Spark does
what needs all rows together, such as choosing the newest row of a key.
"""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from glue_jobs.reading.parquet import SHAPES, spark_ddl
from shared import contract
from shared.contract import MadeFrom, Table

# Columns that say where a row was read. `batch_id` is added when the rows are written, since all rows share it.
LINEAGE = tuple(column.name for column in contract.LINEAGE if column is not contract.BATCH_ID)

# Spark takes a path that it writes to literally, but a path that it reads as a pattern. This option switches patterns
# off, so that a folder may have any name. It is internal to Spark (DataSource.GLOB_PATHS_KEY in 3.5 and 4.1): Spark's
# readers of CSV and JSON set it for the files that they list.
LITERAL_PATHS = {"__globPaths__": "false"}


def read_frame(spark: SparkSession, folder: str, made_from: MadeFrom) -> DataFrame:
    """The frame of the batch that the reader staged in this folder."""
    return spark.read.schema(spark_ddl(SHAPES[made_from])).options(**LITERAL_PATHS).parquet(folder)


def of_kind(table: Table) -> SparkColumn:
    """Whether the table is made from items of the row's kind."""
    return F.col("kind").isin(*table.kinds)


def is_refused_by(table: Table, refused: str = "refused") -> SparkColumn:
    """Whether the reader decided that the table refuses the row, or the list element with this `refused`."""
    return F.expr(f"{refused} is not null and array_contains({refused}, '{table.name}')")


def is_malformed(table: Table, column: str) -> SparkColumn:
    """Whether a column made from a whole list is malformed; only for tables that keep rejected rows."""
    return F.expr(f"refused is not null and array_contains(refused, '{table.name}.{column}')")


def accepted_by(table: Table) -> SparkColumn:
    """Whether the row makes a row of the table: it is of a kind the table is made from, and not refused."""
    accepted = ~is_refused_by(table)
    return of_kind(table) & accepted if table.kinds else accepted


def newest(rows: DataFrame, table: Table, *, has_repeats: bool = True) -> DataFrame:
    """The rows to publish, at most one per key: those of the newest observation, see `Table.newest_per`.

    Tables of history keep all rows. Among elements of one list the first wins, if the rows have their `position`. With
    `has_repeats` false, no observation has a key twice, and this second choice is skipped.
    """
    if table.newest_per and table.newest_per != table.key:
        rows = _first(rows, "rank()", table.newest_per, table.observation_order)
    if table.newest_per and (has_repeats or table.newest_per == table.key):
        in_list = ("position",) if "position" in rows.columns and "position" not in table.key else ()
        rows = _first(rows, "row_number()", table.key, table.row_order, in_list)
    return rows


def _first(
    rows: DataFrame, ranked: str, per: tuple[str, ...], latest: tuple[str, ...], lowest: tuple[str, ...] = ()
) -> DataFrame:
    order = [*(f"{name} desc" for name in latest if name in rows.columns), *lowest]
    window = F.expr(f"{ranked} over (partition by {', '.join(per)} order by {', '.join(order)})")
    return rows.withColumn("_rank", window).where("_rank = 1").drop("_rank")
