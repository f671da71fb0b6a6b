"""Which rows a table accepts, and which of them are the newest; each table's own rules are tested with it."""

from dataclasses import replace
from datetime import datetime

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from glue_jobs.frames import accepted_by, is_refused_by, newest
from shared.contract import Column, ObservedPer, Table, Type, key_column
from tests.glue_jobs.builders import rows

LINEAGE = "source_object string, document_id string, source_position int, extracted_at timestamp_ntz"
NOON = datetime(2026, 11, 20, 12)
THINGS = Table(
    name="things",
    doc="Things.",
    grain="one row per thing",
    key=("thing_id",),
    newest_per=("thing_id",),
    observed_per=ObservedPer.ITEM,
    columns=(key_column("thing_id", "the thing"), Column("value", Type.INT, "its value")),
)
PARTS = Table(
    name="parts",
    doc="Parts of things.",
    grain="one row per thing and part",
    key=("thing_id", "part_id"),
    newest_per=("thing_id",),
    observed_per=ObservedPer.ITEM,
    columns=(
        key_column("thing_id", "the thing"),
        key_column("part_id", "the part"),
        Column("position", Type.INT, "place in the list of parts"),
    ),
)


def observed(spark: SparkSession, *observations: tuple[str, int, str, int, int]) -> DataFrame:
    """Observations: thing, value, source object, source position, hour of extraction."""
    return rows(
        spark,
        f"thing_id string, value int, {LINEAGE}",
        *[
            (thing, value, source, "d1", place, NOON.replace(hour=hour))
            for thing, value, source, place, hour in observations
        ],
    )


def parts(spark: SparkSession, *observations: tuple[str, str, int, int, int]) -> DataFrame:
    """Parts: thing, part, position in the list, source position, hour of extraction."""
    return rows(
        spark,
        f"thing_id string, part_id string, position int, {LINEAGE}",
        *[
            (thing, part, position, "o1", "d1", place, NOON.replace(hour=hour))
            for thing, part, position, place, hour in observations
        ],
    )


def test_the_newest_is_the_latest_extracted_then_the_last_object_then_the_last_position(spark: SparkSession) -> None:
    made = observed(
        spark,
        ("by_time", 1, "z", 9, 8),
        ("by_time", 2, "a", 0, 9),
        ("by_object", 1, "a", 9, 8),
        ("by_object", 2, "b", 0, 8),
        ("by_place", 2, "a", 10, 8),
        ("by_place", 1, "a", 9, 8),
    )

    expected = rows(spark, "thing_id string, value int", ("by_object", 2), ("by_place", 2), ("by_time", 2))
    assert_df_equality(
        newest(made, THINGS).select("thing_id", "value"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_a_history_keeps_every_observation(spark: SparkSession) -> None:
    made = observed(spark, ("t1", 1, "a", 0, 8), ("t1", 1, "a", 0, 8), ("t1", 2, "a", 0, 9))

    expected = rows(spark, "value int", (1,), (1,), (2,))
    assert_df_equality(
        newest(made, replace(THINGS, newest_per=())).select("value"),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
    )


def test_the_newest_observation_replaces_a_list_as_a_whole(spark: SparkSession) -> None:
    made = parts(spark, ("t1", "a", 0, 0, 8), ("t1", "b", 1, 0, 8), ("t1", "b", 0, 0, 9), ("t2", "a", 0, 1, 8))

    expected = rows(spark, "thing_id string, part_id string, position int", ("t1", "b", 0), ("t2", "a", 0))
    assert_df_equality(
        newest(made, PARTS).select("thing_id", "part_id", "position"),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
    )


@pytest.mark.parametrize("positions", [(0, 2, 10), (10, 2, 0)])
def test_the_first_of_repeated_elements_of_a_list_wins(spark: SparkSession, positions: tuple[int, ...]) -> None:
    made = parts(spark, *[("t1", "a", position, 0, 8) for position in positions], ("t1", "b", 1, 0, 8))

    expected = rows(spark, "part_id string, position int", ("a", 0), ("b", 1))
    assert_df_equality(
        newest(made, PARTS).select("part_id", "position"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_a_newer_observation_wins_over_a_lower_position(spark: SparkSession) -> None:
    per_part = replace(PARTS, newest_per=PARTS.key)
    made = parts(spark, ("t1", "by_time", 0, 9, 8), ("t1", "by_time", 3, 0, 9)).union(
        parts(spark, ("t1", "by_place", 0, 4, 8), ("t1", "by_place", 3, 5, 8))
    )

    expected = rows(spark, "part_id string, position int", ("by_time", 3), ("by_place", 3))
    assert_df_equality(
        newest(made, per_part).select("part_id", "position"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_a_position_in_the_key_is_no_order(spark: SparkSession) -> None:
    per_place = replace(PARTS, key=("thing_id", "position"), newest_per=("thing_id",))
    made = parts(spark, ("t1", "a", 0, 0, 8), ("t1", "b", 1, 0, 8))

    expected = rows(spark, "part_id string, position int", ("a", 0), ("b", 1))
    assert_df_equality(
        newest(made, per_place).select("part_id", "position"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_a_table_takes_rows_of_its_kinds_that_it_does_not_refuse(spark: SparkSession) -> None:
    frame = rows(
        spark,
        "n int, kind string, refused array<string>",
        (0, "song", None),
        (1, "song", []),
        (2, "song", ["others", "thing"]),
        (3, "song", ["others", "things"]),
        (4, "episode", None),
        (5, "local", None),
        (6, "rejected", ["things"]),
    )
    of_songs_and_episodes = replace(THINGS, kinds=("song", "episode"))

    accepted = frame.where(accepted_by(of_songs_and_episodes)).select("n")

    assert_df_equality(
        accepted, rows(spark, "n int", (0,), (1,), (2,), (4,)), ignore_row_order=True, ignore_nullable=True
    )


def test_a_table_without_kinds_takes_every_row_that_it_does_not_refuse(spark: SparkSession) -> None:
    frame = rows(spark, "n int, refused array<string>", (0, None), (1, ["others"]), (2, ["things"]))

    accepted = frame.where(accepted_by(THINGS)).select("n")

    assert_df_equality(accepted, rows(spark, "n int", (0,), (1,)), ignore_row_order=True, ignore_nullable=True)


def test_a_row_and_an_element_of_its_list_are_refused_separately(spark: SparkSession) -> None:
    frame = rows(
        spark,
        "n int, refused array<string>, credit struct<refused: array<string>>",
        (0, ["things"], (None,)),
        (1, None, (["things", "others"],)),
        (2, None, None),
    )

    seen = frame.select(
        "n", is_refused_by(THINGS).alias("row"), is_refused_by(THINGS, "credit.refused").alias("element")
    )

    expected = rows(
        spark,
        "n int, row boolean, element boolean",
        (0, True, False),
        (1, False, True),
        (2, False, False),
    )
    assert_df_equality(seen, expected, ignore_row_order=True, ignore_nullable=True)
