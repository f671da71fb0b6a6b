"""Rules of episodes alone."""

from datetime import date

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.episodes import episodes
from tests.glue_jobs.builders import episode, items, page, rejects, row, rows, song


def test_the_show_comes_from_show_else_from_album(spark: SparkSession) -> None:
    episode_as_track = {"type": "track", "uri": "spotify:episode:e2", "id": "e2", "album": {"id": "sh2", "name": "Two"}}
    monday = page(
        "mon",
        episode("e1", show={"id": "sh1", "name": "One", "publisher": "P"}, album={"id": "no", "name": "No"}),
        row(episode_as_track),
        row({"id": "e3", "show": {"id": "sh3"}}),
        song("s1"),
    )

    made = episodes(items(spark, monday)).select("episode_id", "show_id", "show_name", "publisher")

    expected = rows(
        spark,
        "episode_id string, show_id string, show_name string, publisher string",
        ("e1", "sh1", "One", "P"),
        ("e2", "sh2", "Two", None),
        ("e3", "sh3", None, None),
    )
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_the_language_is_the_first_of_the_list_else_the_single_one(spark: SparkSession) -> None:
    monday = page(
        "mon",
        episode("both", languages=["sv", "en"], language="de"),
        episode("empty_list", languages=[], language="de"),
        episode("list", languages=["en"]),
        episode("neither"),
    )

    made = episodes(items(spark, monday)).select("episode_id", "language")

    expected = rows(
        spark,
        "episode_id string, language string",
        ("both", "sv"),
        ("empty_list", "de"),
        ("list", "en"),
        ("neither", None),
    )
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_release_date_that_is_no_date_keeps_its_text(spark: SparkSession) -> None:
    monday = page("mon", episode("e1", release_date="0000"), episode("e2", release_date="2026-11"))

    made = episodes(items(spark, monday)).select("release_date_text", "released_on")

    ddl = "release_date_text string, released_on date"
    expected = rows(spark, ddl, ("0000", None), ("2026-11", date(2026, 11, 1)))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)
    assert rejects(monday) == []


def test_a_malformed_value_rejects_the_episode_and_names_the_column(spark: SparkSession) -> None:
    monday = page("mon", episode("e1", duration_ms="long"), episode("e2", show="text"), episode("e3", explicit="maybe"))

    assert episodes(items(spark, monday)).isEmpty()
    assert rejects(monday) == [
        ("episodes", "duration_ms", "no int: long", 0),
        ("episodes", "show_id", 'no string: "text"', 1),
        ("episodes", "explicit", "no boolean: maybe", 2),
    ]
