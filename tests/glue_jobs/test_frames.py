"""What rows are given of the document they are from."""

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.frames import with_lineage
from tests.glue_jobs.builders import rows


def test_each_row_gets_its_documents_lineage_and_none_is_lost(spark: SparkSession) -> None:
    lineage = rows(spark, "document int, source_object string", (0, "raw/a"), (1, "raw/b"))
    given = rows(spark, "document int, song_id string", (1, "s1"), (0, "s2"), (1, "s3"), (2, "s4"))

    made = with_lineage(given, lineage)

    ddl = "document int, song_id string, source_object string"
    expected = rows(spark, ddl, (0, "s2", "raw/a"), (1, "s1", "raw/b"), (1, "s3", "raw/b"), (2, "s4", None))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)
