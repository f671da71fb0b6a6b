"""Rules of playlist_items alone."""

from datetime import datetime

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.playlist_items import playlist_items
from shared.tables.playlist_items import PLAYLIST_ITEMS
from tests.glue_jobs.builders import episode, items, local, page, playlist, published, rejects, row, rows, song


def test_every_position_has_its_kind_and_at_most_one_id(spark: SparkSession) -> None:
    monday = page("mon", song("s1"), episode("e1"), local("spotify:local:A:B:C:1"), None, song(""), 5, row("text"))

    made = published(playlist_items(items(spark, monday)), PLAYLIST_ITEMS)

    expected = rows(
        spark,
        "position int, kind string, song_id string, episode_id string",
        (0, "song", "s1", None),
        (1, "episode", None, "e1"),
        (2, "local", None, None),
        (3, "empty", None, None),
        (4, "unavailable", None, None),
        (5, "rejected", None, None),
        (6, "rejected", None, None),
    )
    assert_df_equality(
        made.select("position", "kind", "song_id", "episode_id"), expected, ignore_row_order=True, ignore_nullable=True
    )
    assert rejects(monday) == [
        ("playlist_items", None, "the row is no object but 5", 5),
        ("playlist_items", None, 'the entry is no object but "text"', 6),
    ]


def test_a_malformed_added_at_keeps_the_position_as_rejected_with_its_song(spark: SparkSession) -> None:
    monday = page("mon", song("s1", row_fields={"added_at": "last week"}), episode("e1", name=["no", "title"]))

    made = published(playlist_items(items(spark, monday)), PLAYLIST_ITEMS)

    expected = rows(
        spark,
        "position int, kind string, song_id string, episode_id string, item_name string, added_at timestamp_ntz",
        (0, "rejected", "s1", None, "A song", None),
        (1, "rejected", None, "e1", None, datetime(2026, 7, 1, 8)),
    )
    assert_df_equality(made.select(*expected.columns), expected, ignore_row_order=True, ignore_nullable=True)
    assert rejects(monday) == [
        ("playlist_items", "added_at", "no timestamp: last week", 0),
        ("episodes", "name", 'no string: ["no", "title"]', 1),
        ("playlist_items", "item_name", 'no string: ["no", "title"]', 1),
    ]


def test_added_at_is_utc_and_null_unless_it_is_a_full_timestamp(spark: SparkSession) -> None:
    texts = {
        "2026-07-01T08:00:00Z": datetime(2026, 7, 1, 8),
        "2026-07-01T08:00:00.250Z": datetime(2026, 7, 1, 8, 0, 0, 250000),
        "2026-07-01T08:00:00+02:00": datetime(2026, 7, 1, 6),
        "2026-07-01": None,
        "2026": None,
        "08:00:00": None,
        "2026-07-01T08:00:00": None,
        "2026-13-45T10:00:00Z": None,
    }
    monday = page("mon", *[song("s1", row_fields={"added_at": text}) for text in texts])

    made = playlist_items(items(spark, monday)).select("position", "added_at")

    expected = rows(spark, "position int, added_at timestamp_ntz", *enumerate(texts.values()))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)
    assert rejects(monday) == [
        ("playlist_items", "added_at", "no timestamp: 2026-07-01", 3),
        ("playlist_items", "added_at", "no timestamp: 2026", 4),
        ("playlist_items", "added_at", "no timestamp: 08:00:00", 5),
        ("playlist_items", "added_at", "no timestamp: 2026-07-01T08:00:00", 6),
        ("playlist_items", "added_at", "no timestamp: 2026-13-45T10:00:00Z", 7),
    ]


def test_the_newest_read_of_a_snapshot_replaces_it_whole(spark: SparkSession) -> None:
    monday = playlist("mon", song("s1"), song("s2"), song("s3"))
    tuesday = playlist("tue", song("s1"), song("s3"))
    older_snapshot = playlist("sun", song("s9"), snapshot_id="v0")

    made = published(playlist_items(items(spark, tuesday, monday, older_snapshot)), PLAYLIST_ITEMS)

    expected = rows(
        spark,
        "snapshot_id string, position int, song_id string",
        ("v0", 0, "s9"),
        ("v1", 0, "s1"),
        ("v1", 1, "s3"),
    )
    assert_df_equality(
        made.select("snapshot_id", "position", "song_id"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_rejected_positions_of_the_newest_read_count_as_read(spark: SparkSession) -> None:
    monday = playlist("mon", song("s1"), song("s2"))
    tuesday = playlist("tue", song("s1"), 5)

    made = published(playlist_items(items(spark, monday, tuesday)), PLAYLIST_ITEMS)

    expected = rows(spark, "position int, kind string", (0, "song"), (1, "rejected"))
    assert_df_equality(made.select("position", "kind"), expected, ignore_row_order=True, ignore_nullable=True)


def test_artists_are_named_in_credit_order_and_one_bad_name_rejects(spark: SparkSession) -> None:
    monday = page(
        "mon",
        song("s1", artists=["b", "a"]),
        song("s2"),
        song("s3", artists=["a", {"id": "b", "name": {"sv": "B"}}]),
        local("spotify:local:Some+Artist::A+Title:200"),
    )

    made = playlist_items(items(spark, monday)).select("position", "kind", "artist_names", "item_name")

    expected = rows(
        spark,
        "position int, kind string, artist_names string, item_name string",
        (0, "song", "B, A", "A song"),
        (1, "song", None, "A song"),
        (2, "rejected", None, "A song"),
        (3, "local", "Some Artist", "A Title"),
    )
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)
    assert rejects(monday) == [
        ("artists", "name", 'no string: {"sv": "B"}', 2),
        ("playlist_items", "artist_names", 'no string: {"sv": "B"}', 2),
    ]
