"""Templates for `make new-table` and `make new-column`. Placeholders such as `<name>` are replaced."""

CONTRACT = '''"""Contract of `<name>`."""

from shared.contract import ObservedPer, Table, key_column

<const> = Table(
    name="<name>",
    doc="Each <value> of a <thing>. The newest observation of the <thing> counts as a whole.",
    grain="one row per <thing> and <value>",
    key=("<owner>", "<value>"),
    newest_per=("<owner>",),
    observed_per=ObservedPer.ITEM,
    kinds=("<kind>",),
    rows_from=("<rows_from>",),
    columns=(
        key_column("<owner>", "Spotify id of the <thing>", "<owner_path>"),
        key_column("<value>", "as Spotify gives it", "<source>"),
    ),
)
'''

TRANSFORM_OF_VALUES = '''"""How rows of `<name>` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.explode import explode_values
from shared.tables.<name> import <const>


def <name>(items: DataFrame) -> DataFrame:
    """One row per mention of a <thing> and <value>."""
    return explode_values(items, <const>, F.col("<list_path>"), "<value>", <owner>=F.col("<owner_path>"))
'''

TRANSFORM_OF_OBJECTS = '''"""How rows of `<name>` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.explode import explode_objects
from shared.tables.<name> import <const>


def <name>(items: DataFrame) -> DataFrame:
    """One row per mention of a <thing> and <value>."""
    return explode_objects(items, <const>, F.col("<list_path>"), <owner>=F.col("<owner_path>")).withColumn(
        "<value>", F.col("element.<field>")
    )
'''

TEST = '''"""What is particular to <name>."""

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.<name> import <name>
from shared.tables.<name> import <const>
from tests.glue_jobs.builders import album, episode, items, page, published, rows, song


def test_each_<value>_is_a_row_and_the_newest_observation_counts_as_a_whole(spark: SparkSession) -> None:
    monday = page("mon", <row>)

    made = published(<name>(items(spark, monday)), <const>)

    assert made.select("<value>").count() == 2
    expected = rows(spark, "<value> string", ("a",), ("b",))
    assert_df_equality(made.select("<value>"), expected, ignore_row_order=True, ignore_nullable=True)
'''

VIEW = """-- <name>: one row per <thing> and <value>.
create or replace view {{ database }}.BI.<const> (
    <OWNER> comment 'Spotify id of the <thing>; never null',
    <VALUE> comment 'as Spotify gives it; never null'
)
comment = 'One row per <thing> and <value>, as last observed.'
as
select
    <name>.<owner>,
    <name>.<value>
from {{ database }}.CORE.<const> as <name>;
"""

COLUMN_TEST = """def test_{name}_is_read_from_the_payload(spark: SparkSession) -> None:
    made = {table}(items(spark, page("mon", {row})))

    expected = rows(spark, "{name} {type}", ({sample},))
    assert_df_equality(made.select("{name}"), expected, ignore_nullable=True)
"""
