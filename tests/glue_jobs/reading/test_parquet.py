"""The Parquet parts: every row keeps its own values, and Spark reads what the reader wrote."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.reading import parquet
from glue_jobs.reading.parquet import CHECKS, ITEMS, ParquetBuffer, Shape, spark_ddl
from glue_jobs.reading.projection import project
from glue_jobs.reading.refusals import Reject
from glue_jobs.reading.typed_rows import Rows
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
NOON = datetime(2026, 11, 20, 12)


def things(*payloads: Mapping[str, object], reasons: Mapping[int, str] | None = None) -> Rows:
    """Rows with these payloads."""
    return Rows(["thing"] * len(payloads), payloads.__getitem__, reasons or {})


def read_back(spark: SparkSession, folder: Path, *payloads: Mapping[str, object]) -> DataFrame:
    """The frame that Spark reads after each payload was added separately; rows are numbered from 0."""
    buffer = ParquetBuffer(NUMBERED)
    for number, payload in enumerate(payloads):
        buffer.add([things(payload)], {"n": [number]})
    (folder / "part.parquet").write_bytes(buffer.close())
    return spark.read.schema(spark_ddl(NUMBERED)).parquet(str(folder))


def read(data: bytes, *names: str) -> list[tuple[Any, ...]]:
    """The rows of a file."""
    return [tuple(row[name] for name in names) for row in pq.ParquetFile(pa.BufferReader(data)).read().to_pylist()]


def test_every_type_and_structure_survives_the_round_trip(spark: SparkSession, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1)),
        ("1582-10-10T00:00:00Z", datetime(1582, 10, 10)),
        ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_a_time_of_any_year_survives_the_round_trip(
    spark: SparkSession, tmp_path: Path, text: str, at: datetime
) -> None:
    made = read_back(spark, tmp_path, {"id": "t0", "at": text, "day": text[:10]}).select("at", "day")

    assert_df_equality(made, rows(spark, "at timestamp_ntz, day date", (at, at.date())), ignore_nullable=True)


def test_a_lone_surrogate_becomes_a_question_mark_and_other_text_is_unchanged(
    spark: SparkSession, tmp_path: Path
) -> None:
    artists = [{"name": "half \ud83d"}, {"name": "\u2028 \u0000 \U0001f3b5"}, {"name": '\u0001strange:{"a": 1}'}]

    made = read_back(spark, tmp_path, {"id": "t0", "artists": artists}, {"id": "\U0001f3b5"})

    expected = rows(
        spark,
        "id string, names array<string>",
        ("t0", ["half ?", "\u2028 \u0000 \U0001f3b5", '\u0001strange:{"a": 1}']),
        ("\U0001f3b5", None),
    )
    assert_df_equality(
        made.selectExpr("id", "artists.name as names"), expected, ignore_nullable=True, ignore_row_order=True
    )


@pytest.mark.parametrize("shape", [NUMBERED, ITEMS, CHECKS], ids=["numbered", "items", "checks"])
def test_the_file_has_the_types_of_sparks_read_schema(spark: SparkSession, tmp_path: Path, shape: Shape) -> None:
    buffer = ParquetBuffer(shape)
    buffer.add([Rows([next(iter(shape.tables))], lambda _: {})], {name: [None] for name in shape.own})
    (tmp_path / "part.parquet").write_bytes(buffer.close())

    declared = spark.read.schema(spark_ddl(shape)).parquet(str(tmp_path)).schema

    assert spark.read.parquet(str(tmp_path)).schema == declared


def test_rows_keep_their_own_values_beside_rows_that_are_read_one_by_one() -> None:
    buffer = ParquetBuffer(NUMBERED)

    unusual = buffer.add(
        [
            things({"id": "a", "total": 0}, {"id": "b", "total": "n/a"}),
            things({"id": "c", "total": "2"}, {}, {"id": "e"}, reasons={2: "no object"}),
        ],
        {"n": [10, 11, 12, 13, 14]},
    )
    later = buffer.add([things({"id": "f", "total": "n/a"}, {"id": "g"})], {"n": [15, 16]})

    assert sorted(read(buffer.close(), "n", "id", "total", "refused")) == [
        (10, "a", 0, None),
        (11, "b", None, ["things"]),
        (12, "c", 2, None),
        (13, None, None, ["things"]),
        (14, "e", None, None),
        (15, "f", None, ["things"]),
        (16, "g", None, None),
    ]
    no_number = [Reject("things", "total", "no int: n/a")]
    assert [(read.number, read.row.rejects) for read in unusual if read.row.rejects] == [
        (1, no_number),
        (3, [Reject("things", "thing_id", "missing")]),
    ]
    assert [(read.number, read.row.rejects) for read in later if read.row.rejects] == [(0, no_number)]
    assert (dict(buffer.made), dict(buffer.refused)) == ({"things": 7}, {"things": 3})


def test_many_rows_are_written_in_groups_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_ROWS_IN_GROUP", 4)
    buffer = ParquetBuffer(NUMBERED)

    for n in range(0, 9, 2):
        payloads = [{"id": f"t{number}"} for number in range(n, min(n + 2, 9))]
        buffer.add([things(*payloads)], {"n": [*range(n, min(n + 2, 9))]})
    (tmp_path / "part.parquet").write_bytes(buffer.close())

    file = pq.ParquetFile(tmp_path / "part.parquet")
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [4, 4, 1]
    assert file.read().column("n").to_pylist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]


def test_no_rows_make_no_file() -> None:
    assert ParquetBuffer(NUMBERED).close() == b""


def test_items_and_checks_begin_with_their_place() -> None:
    place = ["source_object", "document_id", "source_position", "extracted_at"]

    assert list(ITEMS.own) == [*place, "playlist_id", "snapshot_id", "position", "kind"]
    assert list(CHECKS.own)[:4] == place
    assert list(ITEMS.payload.fields) == ["item", "added_at", "added_by"]
    assert list(CHECKS.payload.fields) == ["playlist"]
