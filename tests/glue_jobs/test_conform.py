"""What conform and newest do to any table's rows; what is particular to a table is tested with its transform."""

from dataclasses import replace
from datetime import date, datetime

from chispa import assert_df_equality
from glue_jobs.conform import conform, newest, with_fault
from pyspark.sql import DataFrame, SparkSession

from shared.contract import Column, ObservedPer, Table, Type, key_column
from tests.glue_jobs.builders import rows

LINEAGE = "batch_id string, source_object string, document_id string, source_position int, extracted_at timestamp_ntz"
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
    lineage = ("b1", "o1", "d1", 0, NOON)
    return rows(
        spark, f"thing_id string, value {ddl}, {LINEAGE}", *[(f"t{n}", v, *lineage) for n, v in enumerate(values)]
    )


def observed(spark: SparkSession, *observations: tuple[str, str, str, int, int]) -> DataFrame:
    """Observations: thing, value, source object, source position, hour of extraction."""
    return rows(
        spark,
        f"thing_id string, value string, {LINEAGE}",
        *[
            (thing, value, "b1", source, "d1", place, NOON.replace(hour=hour))
            for thing, value, source, place, hour in observations
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
    given = rows(spark, f"thing_id string, {ddl}, {LINEAGE}", *[(*one, "b1", "o1", "d1", 0, NOON) for one in texts])

    names = [column.name for column in table.columns]
    made = with_fault(conform(given, table), table).select(*names, "is_faulty", "fault")

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
        f"thing_id string, value string, {LINEAGE}",
        ("t1", None, "b1", "o1", "d1", 0, NOON),
        (None, "n/a", "b1", "o1", "d1", 1, NOON),
    )

    made = with_fault(conform(nothing_known, of(Type.INT)), of(Type.INT))
    made = made.select("thing_id", "value", "is_faulty", "fault.column", "fault.reason")

    ddl = "thing_id string, value int, is_faulty boolean, column string, reason string"
    expected = rows(spark, ddl, ("t1", None, False, None, None), (None, None, True, "thing_id", "missing"))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_reason_shows_the_first_two_hundred_characters(spark: SparkSession) -> None:
    made = with_fault(conform(things(spark, "x" * 1000), of(Type.INT)), of(Type.INT)).select("fault.reason")

    assert_df_equality(made, rows(spark, "reason string", ("no int: " + "x" * 200,)), ignore_nullable=True)


def test_the_newest_is_the_latest_extracted_then_by_object_then_by_place(spark: SparkSession) -> None:
    made = conform(
        observed(
            spark,
            ("by_time", "1", "z", 9, 8),
            ("by_time", "2", "a", 0, 9),
            ("by_object", "1", "a", 9, 8),
            ("by_object", "2", "b", 0, 8),
            ("by_place", "2", "a", 10, 8),
            ("by_place", "1", "a", 9, 8),
        ),
        of(Type.INT),
    )

    expected = rows(spark, "thing_id string, value int", ("by_object", 2), ("by_place", 2), ("by_time", 2))
    assert_df_equality(
        newest(made, of(Type.INT)).select("thing_id", "value"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_faulty_rows_are_not_published_and_never_count_as_newest(spark: SparkSession) -> None:
    table = of(Type.INT)
    made = conform(observed(spark, ("t1", "5", "a", 0, 7), ("t1", "n/a", "a", 0, 8), ("t1", "none", "a", 0, 9)), table)

    kept = newest(made, table).select("value", "is_faulty")

    expected = rows(spark, "value int, is_faulty boolean", (5, False))
    assert_df_equality(kept, expected, ignore_nullable=True)


def test_what_is_no_row_at_all_is_a_fault_of_the_whole(spark: SparkSession) -> None:
    given = things(spark, None, "n/a").selectExpr("*", "if(thing_id = 't1', 'no object', null) as why")

    made = with_fault(conform(given, of(Type.INT), refused="why"), of(Type.INT))

    ddl = "thing_id string, is_faulty boolean, column string, reason string"
    expected = rows(spark, ddl, ("t0", False, None, None), ("t1", True, None, "no object"))
    assert_df_equality(
        made.select("thing_id", "is_faulty", "fault.column", "fault.reason"),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
    )
