"""What conform and newest do to any table's rows; what is particular to a table is tested with its transform."""

from dataclasses import replace
from datetime import date, datetime

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.conform import conform, newest
from shared.contract import Column, ObservedPer, Table, Type, key_column
from tests.glue_jobs.builders import rows

PLACE = "extracted_at timestamp_ntz, document int, source_position int"
NOON = datetime(2026, 11, 20, 12)  # noqa: DTZ001  # UTC without zone, as the tables have it


def of(type_: Type) -> Table:
    """A table with one value of that type."""
    return Table(
        name="things",
        doc="Things.",
        grain="one row per thing",
        key=("thing_id",),
        newest_per=("thing_id",),
        observed_per=ObservedPer.ITEM,
        columns=(key_column("thing_id", "the thing"), Column("value", type_, "its value")),
    )


def things(spark: SparkSession, *values: object, ddl: str = "string") -> DataFrame:
    """Things t0, t1, … with these values."""
    place = (NOON, 0, 0)
    return rows(spark, f"thing_id string, value {ddl}, {PLACE}", *[(f"t{n}", v, *place) for n, v in enumerate(values)])


def observed(spark: SparkSession, *observations: tuple[str, str, int, int, int]) -> DataFrame:
    """Observations: thing, value, document, source position, hour of extraction."""
    return rows(
        spark,
        f"thing_id string, value string, {PLACE}",
        *[
            (thing, value, NOON.replace(hour=hour), document, place)
            for thing, value, document, place, hour in observations
        ],
    )


def test_text_is_cast_to_each_type_or_is_a_fault(spark: SparkSession) -> None:
    cases: list[tuple[Type, str, object]] = [
        (Type.STRING, "", ""),
        (Type.STRING, "text", "text"),
        (Type.STRING, "\u0001misfit:{}", None),
        (Type.INT, "5", 5),
        (Type.INT, "-1", -1),
        (Type.INT, "2147483647", 2147483647),
        (Type.INT, "2147483648", None),
        (Type.INT, "1.0", None),
        (Type.INT, "", None),
        (Type.INT, "true", None),
        (Type.BIGINT, "2147483648", 2147483648),
        (Type.BIGINT, "9223372036854775808", None),
        (Type.BOOLEAN, "true", True),
        (Type.BOOLEAN, "false", False),
        (Type.BOOLEAN, "maybe", None),
        (Type.DATE, "2026-11-20", date(2026, 11, 20)),
        (Type.DATE, "2026-02-30", None),
    ]
    types = [Type.STRING, Type.INT, Type.BIGINT, Type.BOOLEAN, Type.DATE]
    table = replace(
        of(Type.STRING),
        columns=(key_column("thing_id", "the thing"), *[Column(f"a_{type_}", type_, "a value") for type_ in types]),
    )
    # Each row has a text for one of the columns.
    texts = [(f"t{n}", *[text if one is type_ else None for one in types]) for n, (type_, text, _) in enumerate(cases)]
    ddl = ", ".join(f"a_{type_} string" for type_ in types)
    given = rows(spark, f"thing_id string, {ddl}, {PLACE}", *[(*one, NOON, 0, 0) for one in texts])

    made = conform(given, table).drop("extracted_at", "document", "source_position")

    ddl = ", ".join(f"a_{type_} {type_}" for type_ in types)
    expected = rows(
        spark,
        f"thing_id string, {ddl}, is_faulty boolean, fault struct<column: string, reason: string>",
        *[
            (
                f"t{n}",
                *[value if one is type_ else None for one in types],
                value is None,
                (f"a_{type_}", f"no {type_}: {text.removeprefix(chr(1) + 'misfit:')}") if value is None else None,
            )
            for n, (type_, text, value) in enumerate(cases)
        ],
    )
    assert_df_equality(made.sort("thing_id"), expected.sort("thing_id"), ignore_nullable=True)


def test_null_is_no_fault_but_in_a_key_and_the_first_fault_is_told(spark: SparkSession) -> None:
    nothing_known = rows(
        spark,
        f"thing_id string, value string, {PLACE}",
        ("t1", None, NOON, 0, 0),
        (None, "n/a", NOON, 0, 1),
    )

    made = conform(nothing_known, of(Type.INT)).select("thing_id", "value", "is_faulty", "fault.column", "fault.reason")

    ddl = "thing_id string, value int, is_faulty boolean, column string, reason string"
    expected = rows(spark, ddl, ("t1", None, False, None, None), (None, None, True, "thing_id", "missing"))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_reason_shows_the_first_two_hundred_characters(spark: SparkSession) -> None:
    made = conform(things(spark, "x" * 1000), of(Type.INT)).select("fault.reason")

    assert_df_equality(made, rows(spark, "reason string", ("no int: " + "x" * 200,)), ignore_nullable=True)


def test_the_newest_is_the_latest_extracted_then_by_object_then_by_place(spark: SparkSession) -> None:
    made = conform(
        observed(
            spark,
            ("by_time", "1", 9, 9, 8),
            ("by_time", "2", 0, 0, 9),
            ("by_object", "1", 0, 9, 8),
            ("by_object", "2", 10, 0, 8),
            ("by_place", "2", 0, 10, 8),
            ("by_place", "1", 0, 9, 8),
        ),
        of(Type.INT),
    )

    expected = rows(spark, "thing_id string, value int", ("by_object", 2), ("by_place", 2), ("by_time", 2))
    assert_df_equality(
        newest(made, of(Type.INT)).select("thing_id", "value"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_faulty_rows_are_not_published_and_never_count_as_newest(spark: SparkSession) -> None:
    table = of(Type.INT)
    made = conform(observed(spark, ("t1", "5", 0, 0, 7), ("t1", "n/a", 0, 0, 8), ("t1", "none", 0, 0, 9)), table)

    kept = newest(made, table).select("value", "fault.reason")

    expected = rows(spark, "value int, reason string", (5, None))
    assert_df_equality(kept, expected, ignore_nullable=True)
