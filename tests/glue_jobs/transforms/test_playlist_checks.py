"""Rules of playlist_checks alone."""

from datetime import datetime

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.playlist_checks import playlist_checks
from shared.document import Manifest, PlaylistCheck
from shared.tables.playlist_checks import PLAYLIST_CHECKS
from tests.glue_jobs.builders import checks, manifest, page, playlist, published, rejects, rows, song


def test_every_check_is_kept_with_its_status(spark: SparkSession) -> None:
    checked = (
        PlaylistCheck(
            playlist_id="p1", status="unchanged", snapshot_id="v1", playlist={"name": "Mine", "items": {"total": 7}}
        ),
        PlaylistCheck(playlist_id="p2", status="failed", failure_class="TransientError"),
        PlaylistCheck(playlist_id="p3", status="gone", failure_class="NotFoundError"),
        PlaylistCheck(playlist_id="p4", status="read", snapshot_id="v4", item_count=3),
    )
    tuesday = manifest("tue", Manifest(run_id="run1", extracted_at="2026-11-17T10:00:00Z", checks=checked))
    monday = playlist("mon", song("s1"), name="Mine")

    made = published(playlist_checks(checks(spark, tuesday, monday)), PLAYLIST_CHECKS)

    expected = rows(
        spark,
        "playlist_id string, status string, failure_class string, snapshot_id string, read_at timestamp_ntz, "
        "total int, item_count int, is_complete boolean, name string",
        ("p1", "read", None, "v1", datetime(2026, 11, 16, 12), 1, 1, True, "Mine"),
        ("p1", "unchanged", None, "v1", datetime(2026, 11, 17, 10), 7, None, None, "Mine"),
        ("p2", "failed", "TransientError", None, datetime(2026, 11, 17, 10), None, None, None, None),
        ("p3", "gone", "NotFoundError", None, datetime(2026, 11, 17, 10), None, None, None, None),
    )
    assert_df_equality(made.select(*expected.columns), expected, ignore_row_order=True, ignore_nullable=True)


def test_a_malformed_value_of_the_playlist_rejects_the_check(spark: SparkSession) -> None:
    monday = playlist("mon", song("s1"), followers={"total": "many"})

    assert playlist_checks(checks(spark, monday)).isEmpty()
    assert rejects(monday) == [("playlist_checks", "follower_count", "no int: many", 0)]


def test_withheld_followers_and_an_unknown_owner_are_null(spark: SparkSession) -> None:
    monday = playlist("mon", followers=None, owner={"id": ""}, public=None, images=[{"url": "first"}, {"url": "next"}])

    made = playlist_checks(checks(spark, monday)).select("follower_count", "owner_id", "is_public", "image_url")

    ddl = "follower_count int, owner_id string, is_public boolean, image_url string"
    assert_df_equality(made, rows(spark, ddl, (None, None, None, "first")), ignore_nullable=True)


def test_a_page_that_is_part_of_a_playlist_is_an_incomplete_read(spark: SparkSession) -> None:
    monday = page("mon", song("s51"), offset=50, total=100)

    made = playlist_checks(checks(spark, monday)).select("total", "item_count", "is_complete")

    expected = rows(spark, "total int, item_count int, is_complete boolean", (100, 1, False))
    assert_df_equality(made, expected, ignore_nullable=True)
