"""What Spark reads of packed rows is what was packed."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from chispa import assert_df_equality
from glue_jobs.normal_form import Array, Count, First, Leaf, Struct
from glue_jobs.packed import ITEMS, READS, Columns, Packer, spark_ddl
from pyspark.sql import DataFrame, SparkSession

from glue_jobs import packed
from shared.contract import Type
from tests.glue_jobs.builders import rows

TEXT = Leaf(Type.STRING)
COLUMNS: Columns = {
    "n": Type.INT,
    "is_it": Type.BOOLEAN,
    "at": Type.TIMESTAMP,
    "total": Leaf(Type.INT),
    "markets": Count(),
    "cover": First(Struct({"url": TEXT})),
    "artists": Array(Struct({"name": TEXT})),
}
DDL = (
    "n int, is_it boolean, at timestamp_ntz, total string, markets string, cover struct<url: string>, "
    "artists array<struct<name: string>>"
)
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001  # UTC without zone, as the tables have it


def unpacked(spark: SparkSession, folder: Path, *rows: Mapping[str, object]) -> DataFrame:
    """What Spark reads of the rows."""
    packer = Packer(COLUMNS)
    for row in rows:
        packer.add([row])
    (folder / "part.parquet").write_bytes(packer.close())
    return spark.read.schema(spark_ddl(COLUMNS)).parquet(str(folder))


def test_structures_stay_and_every_leaf_is_text(spark: SparkSession, tmp_path: Path) -> None:
    full = {"n": 1, "is_it": True, "at": NOON, "total": "5", "markets": "0", "cover": {"url": "u"}}
    given = [full | {"artists": [{"name": "A"}, None, {}]}, {"cover": {}, "artists": []}, {}]

    made = unpacked(spark, tmp_path, *given)

    expected = rows(
        spark,
        DDL,
        (1, True, NOON, "5", "0", ("u",), [("A",), None, (None,)]),
        (None, None, None, None, None, (None,), []),
        (None, None, None, None, None, None, None),
    )
    assert_df_equality(made, expected, ignore_nullable=True, ignore_row_order=True)


@pytest.mark.parametrize("at", [datetime(1, 1, 1), datetime(1582, 10, 10), datetime(9999, 12, 31, 23, 59, 59, 999999)])  # noqa: DTZ001  # as above
def test_a_time_of_any_year_is_itself(spark: SparkSession, tmp_path: Path, at: datetime) -> None:
    made = unpacked(spark, tmp_path, {"at": at}).select("at")

    assert_df_equality(made, rows(spark, "at timestamp_ntz", (at,)), ignore_nullable=True)


def test_half_of_a_surrogate_pair_is_a_question_mark_and_nothing_else_changes(
    spark: SparkSession, tmp_path: Path
) -> None:
    given = [{"n": 1, "artists": [{"name": "half \ud83d"}, None, {"name": "\u2028 \u0000 \U0001f3b5"}]}, {"n": 2}]

    made = unpacked(spark, tmp_path, *given).select("n", "artists")

    expected = rows(
        spark,
        "n int, artists array<struct<name: string>>",
        (1, [("half ?",), None, ("\u2028 \u0000 \U0001f3b5",)]),
        (2, None),
    )
    assert_df_equality(made, expected, ignore_nullable=True, ignore_row_order=True)


def test_no_rows_are_no_file() -> None:
    assert Packer(COLUMNS).close() == b""


def test_few_rows_wait_and_none_is_lost(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "_ROWS", 2)

    made = unpacked(spark, tmp_path, *[{"n": n} for n in range(5)])

    assert sorted(row["n"] for row in made.collect()) == [0, 1, 2, 3, 4]
    assert pq.ParquetFile(tmp_path / "part.parquet").num_row_groups == 3


def test_a_name_that_both_forms_have_is_a_column_once() -> None:
    for columns in (ITEMS, READS):
        assert sorted(list(columns)[:4]) == ["document_id", "extracted_at", "source_object", "source_position"]
    assert "item" in ITEMS
    assert "playlist" in READS
