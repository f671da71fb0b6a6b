"""What is particular to albums."""

from datetime import date

from chispa import assert_df_equality
from glue_jobs.conform import with_fault
from pyspark.sql import SparkSession

from glue_jobs.transforms import albums
from shared.tables import ALBUMS
from tests.glue_jobs.builders import album, episode, items, page, published, rows, song

DATES: dict[str, date | None] = {
    "1994": date(1994, 1, 1),
    "1994-11": date(1994, 11, 1),
    "1994-11-20": date(1994, 11, 20),
    "2024-02-29": date(2024, 2, 29),
    "2023-02-29": None,
    "1994-13": None,
    "1994-11-20T00:00:00Z": None,
    "94": None,
    "": None,
    "0000": None,
    "0999-12-31": None,
    "1000": date(1000, 1, 1),
    "2028-12-31": date(2028, 12, 31),
    "2029": None,
    "spring 1994": None,
}


def test_the_text_of_a_release_date_decides_what_day_it_is(spark: SparkSession) -> None:
    # Given as days whatever the text: the precision is not always right. Extracted in 2026.
    given = [
        song(f"s{n}", album=album(f"al{n}", release_date=text, release_date_precision="day"))
        for n, text in enumerate(DATES)
    ]

    made = albums(items(spark, page("mon", *given)))

    expected = rows(
        spark,
        "release_date_text string, released_on date, release_year int, fault string",
        *[(text, day, day.year if day else None, None) for text, day in DATES.items()],
    )
    assert_df_equality(
        with_fault(made, ALBUMS).selectExpr(
            "release_date_text", "released_on", "release_year", "fault.reason as fault"
        ),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
    )


def test_a_song_without_an_album_mentions_none_and_an_episode_never_does(spark: SparkSession) -> None:
    monday = page("mon", song("s1"), song("s2", album=None), episode("e1", album=album("show")), song("s3", album={}))

    made = with_fault(albums(items(spark, monday)), ALBUMS).selectExpr("album_id", "fault.column", "fault.reason")

    expected = rows(spark, "album_id string, column string, reason string", (None, "album_id", "missing"))
    assert_df_equality(made, expected, ignore_nullable=True)


def test_an_album_without_a_first_cover_has_no_image_and_no_fault(spark: SparkSession) -> None:
    images: list[object] = [[], None, [None], [{}], [{"url": "widest"}, {"url": "smallest"}]]
    given = [song(f"s{n}", album=album(f"al{n}", images=one)) for n, one in enumerate(images)]

    made = with_fault(albums(items(spark, page("mon", *given))), ALBUMS).selectExpr(
        "album_id", "image_url", "fault.reason"
    )

    expected = rows(
        spark,
        "album_id string, image_url string, reason string",
        *[(f"al{n}", None, None) for n in range(4)],
        ("al4", "widest", None),
    )
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_text_where_the_album_should_be_rejects_the_album(spark: SparkSession) -> None:
    monday = page("mon", song("s1", album="Harbour Lights"))

    made = albums(items(spark, monday))

    expected = rows(spark, "column string, reason string", ("album_id", 'no string: "Harbour Lights"'))
    assert_df_equality(
        with_fault(made, ALBUMS).selectExpr("fault.column", "fault.reason"), expected, ignore_nullable=True
    )
    assert published(made, ALBUMS).isEmpty()
