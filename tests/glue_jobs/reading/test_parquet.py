"""What Spark reads of a Parquet part is what the reader wrote."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.reading import parquet
from glue_jobs.reading.parquet import CHECKS, ITEMS, ParquetBuffer, Row, Shape, spark_ddl
from glue_jobs.reading.projection import project
from glue_jobs.reading.refusals import Reject, TypedRow
from shared.contract import Column, ObservedPer, Table, Type, key_column
from tests.glue_jobs.builders import rows

THINGS = Table(
    name="things",
    doc="Things.",
    grain="one row per thing",
    key=("thing_id",),
    observed_per=ObservedPer.ITEM,
    columns=(
        key_column("thing_id", "the thing", "id"),
        Column("total", Type.INT, "an integer", "total"),
        Column("great", Type.BIGINT, "a great integer", "great"),
        Column("is_it", Type.BOOLEAN, "a boolean", "is_it"),
        Column("day", Type.DATE, "a date", "day"),
        Column("at", Type.TIMESTAMP, "a time", "at"),
        Column("market_count", Type.INT, "a number of elements", "markets[#]"),
        Column("cover", Type.STRING, "of the first element", "covers[0].url"),
        Column("names", Type.STRING, "of every element", "artists[].name"),
    ),
)
NUMBERED = Shape(own={"n": Type.INT}, payload=project([THINGS]), tables={"thing": [THINGS]})
DDL = (
    "n int, id string, total int, great bigint, is_it boolean, day date, at timestamp_ntz, markets_count int, "
    "covers_first struct<url: string>, artists array<struct<name: string, refused: array<string>>>, "
    "refused array<string>"
)
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001  # UTC without zone, as the tables have it


def thing(payload: Mapping[str, object]) -> Row:
    """A row with this payload."""
    return Row("thing", dict(payload), None, None)


def ignore(_number: int, _row: Row, _typed: TypedRow) -> None:
    """For tests that do not ask which rows were unusual."""


def parquet_of(*payloads: Mapping[str, object]) -> bytes:
    """The file of the payloads, numbered from 0, each added by itself."""
    buffer = ParquetBuffer(NUMBERED, ignore)
    for number, payload in enumerate(payloads):
        buffer.add([thing(payload)], {"n": number})
    return buffer.close()


def read_back(spark: SparkSession, folder: Path, *payloads: Mapping[str, object]) -> DataFrame:
    """What Spark reads of the payloads, numbered from 0."""
    (folder / "part.parquet").write_bytes(parquet_of(*payloads))
    return spark.read.schema(spark_ddl(NUMBERED)).parquet(str(folder))


def test_every_type_and_structure_arrives_as_it_is(spark: SparkSession, tmp_path: Path) -> None:
    full = {
        "id": "t0",
        "total": 5,
        "great": 2**40,
        "is_it": True,
        "day": "2026-11-20",
        "at": "2026-11-20T12:00:00Z",
        "markets": ["SE", "NO"],
        "covers": [{"url": "widest"}, {"url": "smallest"}],
        "artists": [{"name": "A"}, {}],
        "unknown": {"to": "the contract"},
    }

    made = read_back(spark, tmp_path, full, {"id": "t1", "markets": [], "covers": [], "artists": []}, {"id": "t2"})

    expected = rows(
        spark,
        DDL,
        (0, "t0", 5, 2**40, True, date(2026, 11, 20), NOON, 2, ("widest",), [("A", None), (None, None)], None),
        (1, "t1", None, None, None, None, None, 0, None, [], None),
        (2, "t2", None, None, None, None, None, None, None, None, None),
    )
    assert_df_equality(made, expected, ignore_nullable=True, ignore_row_order=True)


def test_a_refused_row_and_its_neighbours_keep_their_own_values(spark: SparkSession, tmp_path: Path) -> None:
    made = read_back(
        spark, tmp_path, {"id": "t0", "total": "many"}, {"id": "t1", "total": 1}, {"total": 2}, {"id": "t3"}
    )

    expected = rows(
        spark,
        "n int, id string, total int, refused array<string>",
        (0, "t0", None, ["things"]),
        (1, "t1", 1, None),
        (2, None, 2, ["things"]),
        (3, "t3", None, None),
    )
    assert_df_equality(made.select(*expected.columns), expected, ignore_nullable=True, ignore_row_order=True)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1)),  # noqa: DTZ001  # as above
        ("1582-10-10T00:00:00Z", datetime(1582, 10, 10)),  # noqa: DTZ001
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999)),  # noqa: DTZ001
    ],
)
def test_a_time_of_any_year_is_itself(spark: SparkSession, tmp_path: Path, text: str, at: datetime) -> None:
    made = read_back(spark, tmp_path, {"id": "t0", "at": text, "day": text[:10]}).select("at", "day")

    assert_df_equality(made, rows(spark, "at timestamp_ntz, day date", (at, at.date())), ignore_nullable=True)


def test_half_of_a_surrogate_pair_is_a_question_mark_and_all_other_text_is_itself(
    spark: SparkSession, tmp_path: Path
) -> None:
    artists = [{"name": "half \ud83d"}, {"name": "\u2028 \u0000 \U0001f3b5"}, {"name": '\u0001misfit:{"a": 1}'}]

    made = read_back(spark, tmp_path, {"id": "t0", "artists": artists}, {"id": "\U0001f3b5"})

    expected = rows(
        spark,
        "id string, names array<string>",
        ("t0", ["half ?", "\u2028 \u0000 \U0001f3b5", '\u0001misfit:{"a": 1}']),
        ("\U0001f3b5", None),
    )
    assert_df_equality(
        made.selectExpr("id", "artists.name as names"), expected, ignore_nullable=True, ignore_row_order=True
    )


@pytest.mark.parametrize("shape", [NUMBERED, ITEMS, CHECKS], ids=["numbered", "items", "checks"])
def test_the_file_has_the_types_that_spark_is_told_to_read(spark: SparkSession, tmp_path: Path, shape: Shape) -> None:
    buffer = ParquetBuffer(shape, ignore)
    buffer.add([Row(next(iter(shape.tables)), {}, None, None)], dict.fromkeys(shape.own))
    (tmp_path / "part.parquet").write_bytes(buffer.close())

    told = spark.read.schema(spark_ddl(shape)).parquet(str(tmp_path)).schema

    assert spark.read.parquet(str(tmp_path)).schema == told


def test_no_rows_are_no_bytes() -> None:
    buffer = ParquetBuffer(NUMBERED, ignore)
    buffer.add([], {"n": 0})

    assert buffer.close() == b""


def test_rows_are_written_in_groups_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(parquet, "_ROWS_IN_GROUP", 4)
    (tmp_path / "part.parquet").write_bytes(parquet_of(*[{"id": f"t{n}"} for n in range(9)]))

    file = pq.ParquetFile(tmp_path / "part.parquet")
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [4, 4, 1]
    assert file.read().column("n").to_pylist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]


def test_an_unusual_row_is_reported_with_its_number_and_its_own_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_ROWS_AT_ONCE", 3)
    reported: list[tuple[int, object, object, list[Reject]]] = []

    def note(number: int, row: Row, typed: TypedRow) -> None:
        if typed.rejects:  # the neighbours of an unusual row may have been read value by value, too
            reported.append((number, buffer.own(number, "n"), row.raw, typed.rejects))

    buffer = ParquetBuffer(NUMBERED, note)
    for n in range(7):
        payload = {"id": f"t{n}", "total": "many" if n in {1, 5, 6} else n}
        buffer.add([Row("thing", payload, f"raw {n}", None)], {"n": 10 * n})
    buffer.close()

    reject = Reject("things", "total", "no int: many")
    assert reported == [(1, 10, "raw 1", [reject]), (5, 50, "raw 5", [reject]), (6, 60, "raw 6", [reject])]
    assert dict(buffer.made) == {"things": 7}
    assert dict(buffer.refused) == {"things": 3}


def test_a_list_of_own_values_has_one_for_each_row(tmp_path: Path) -> None:
    buffer = ParquetBuffer(NUMBERED, ignore)
    buffer.add([thing({"id": "a"}), thing({"id": "b"})], {"n": [5, 6]})
    buffer.add([thing({"id": "c"}), thing({"id": "d"})], {"n": 7})
    (tmp_path / "part.parquet").write_bytes(buffer.close())

    read = pq.ParquetFile(tmp_path / "part.parquet").read()
    assert read.select(["id", "n"]).to_pylist() == [
        {"id": "a", "n": 5},
        {"id": "b", "n": 6},
        {"id": "c", "n": 7},
        {"id": "d", "n": 7},
    ]


def test_each_frame_begins_with_where_a_row_was_read() -> None:
    for shape in (ITEMS, CHECKS):
        assert list(shape.own)[:4] == ["source_object", "document_id", "source_position", "extracted_at"]
    assert list(ITEMS.payload.fields) == ["item", "added_at", "added_by"]
    assert list(CHECKS.payload.fields) == ["playlist"]
