"""Every transform makes the table that its contract promises."""

import pytest
from chispa.schema_comparer import assert_schema_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as spark_types
from pyspark.sql.types import DataType, StructField, StructType

from glue_jobs.reading.parquet import SHAPES, spark_ddl
from glue_jobs.transforms import TRANSFORMS
from shared.contract import BATCH_ID, MadeFrom, Table, Type
from shared.tables import TABLES
from shared.tables.batches import BATCHES
from tests.glue_jobs.builders import checks, items, page, song

SPARK_TYPES: dict[Type, DataType] = {
    Type.STRING: spark_types.StringType(),
    Type.INT: spark_types.IntegerType(),
    Type.BIGINT: spark_types.LongType(),
    Type.BOOLEAN: spark_types.BooleanType(),
    Type.DATE: spark_types.DateType(),
    Type.TIMESTAMP: spark_types.TimestampNTZType(),
}
MADE_TABLES = [table for table in TABLES if table is not BATCHES]


@pytest.fixture(scope="module")
def made(spark: SparkSession) -> dict[str, DataFrame]:
    monday = page("mon", song("s1", artists=["a1"]))
    frames = {MadeFrom.ITEM: items(spark, monday), MadeFrom.CHECK: checks(spark, monday)}
    frames[MadeFrom.PLAY] = spark.createDataFrame([], spark_ddl(SHAPES[MadeFrom.PLAY]))
    return {table.name: TRANSFORMS[table.name](frames[table.made_from]) for table in MADE_TABLES}


@pytest.mark.parametrize("table", MADE_TABLES, ids=lambda table: table.name)
def test_the_made_schema_is_the_contracts(made: dict[str, DataFrame], table: Table) -> None:
    columns = [column for column in table.all_columns if column is not BATCH_ID]  # added when the rows are written
    expected = [StructField(column.name, SPARK_TYPES[column.type]) for column in columns]

    own = made[table.name].select(*[column.name for column in columns]).schema

    assert_schema_equality(StructType(expected), own, ignore_nullable=True)


def test_every_table_but_batches_has_one_transform() -> None:
    assert sorted(TRANSFORMS) == sorted(table.name for table in MADE_TABLES)
