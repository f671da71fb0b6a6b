"""Rules of albums alone."""

from datetime import date

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.albums import albums
from tests.glue_jobs.builders import album, episode, items, page, rejects, rows, song

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


def test_released_on_comes_from_the_text_of_the_release_date(spark: SparkSession) -> None:
    # The precision is always "day", because Spotify's is not reliable. Extracted in 2026.
    monday = page(
        "mon",
        *[
            song(f"s{n}", album=album(f"al{n}", release_date=text, release_date_precision="day"))
            for n, text in enumerate(DATES)
        ],
    )

    made = albums(items(spark, monday)).select("release_date_text", "released_on", "release_year")

    expected = rows(
        spark,
        "release_date_text string, released_on date, release_year int",
        *[(text or None, day, day.year if day else None) for text, day in DATES.items()],
    )
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)
    assert rejects(monday) == []


def test_songs_without_an_album_and_episodes_make_no_album(spark: SparkSession) -> None:
    monday = page("mon", song("s1"), song("s2", album=None), episode("e1", album=album("show")), song("s3", album={}))

    assert albums(items(spark, monday)).isEmpty()
    assert rejects(monday) == [("albums", "album_id", "missing", 3)]


def test_an_album_without_a_first_cover_has_no_image_and_no_fault(spark: SparkSession) -> None:
    images: list[object] = [[], None, [None], [{}], [{"url": "widest"}, {"url": "smallest"}]]
    monday = page("mon", *[song(f"s{n}", album=album(f"al{n}", images=covers)) for n, covers in enumerate(images)])

    made = albums(items(spark, monday)).select("album_id", "image_url")

    expected = rows(
        spark,
        "album_id string, image_url string",
        ("al0", None),
        ("al1", None),
        ("al2", None),
        ("al3", None),
        ("al4", "widest"),
    )
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)
    assert rejects(monday) == []


def test_text_where_the_album_should_be_rejects_the_album(spark: SparkSession) -> None:
    monday = page("mon", song("s1", album="Harbour Lights"))

    assert albums(items(spark, monday)).isEmpty()
    assert ("albums", "album_id", 'no string: "Harbour Lights"', 0) in rejects(monday)
