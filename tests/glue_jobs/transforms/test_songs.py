"""Rules of songs alone."""

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.songs import songs
from shared.tables.songs import SONGS
from tests.glue_jobs.builders import album, episode, items, local, page, published, rejects, rows, song


def test_the_newest_description_of_a_song_wins_whole(spark: SparkSession) -> None:
    monday = page("mon", song("s1", name="Old", popularity=50), song("s2", name="Other"))
    tuesday = page("tue", song("s1", name="New"))

    made = published(songs(items(spark, tuesday, monday)), SONGS)

    expected = rows(spark, "song_id string, name string, popularity int", ("s1", "New", None), ("s2", "Other", None))
    assert_df_equality(
        made.select("song_id", "name", "popularity"), expected, ignore_row_order=True, ignore_nullable=True
    )


def test_a_song_at_two_positions_of_a_document_comes_from_the_later_position(spark: SparkSession) -> None:
    monday = page("mon", song("s1", name="First"), song("s1", name="Second"))

    made = published(songs(items(spark, monday)), SONGS)

    expected = rows(spark, "song_id string, name string, source_position int", ("s1", "Second", 1))
    assert_df_equality(made.select("song_id", "name", "source_position"), expected, ignore_nullable=True)


def test_a_faulty_row_never_counts_as_the_newest(spark: SparkSession) -> None:
    monday = page("mon", song("s1", duration_ms=1000))
    tuesday = page("tue", song("s1", duration_ms="n/a"))

    made = published(songs(items(spark, monday, tuesday)), SONGS)

    assert_df_equality(
        made.select("song_id", "duration_ms"),
        rows(spark, "song_id string, duration_ms int", ("s1", 1000)),
        ignore_nullable=True,
    )


def test_withheld_markets_are_null_and_no_markets_are_zero(spark: SparkSession) -> None:
    monday = page(
        "mon",
        song("withheld"),
        song("null", available_markets=None),
        song("none", available_markets=[]),
        song("two", available_markets=["SE", "NO"]),
    )

    made = songs(items(spark, monday)).select("song_id", "available_market_count")

    ddl = "song_id string, available_market_count int"
    expected = rows(spark, ddl, ("withheld", None), ("null", None), ("none", 0), ("two", 2))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_reject_names_the_malformed_column_and_value(spark: SparkSession) -> None:
    monday = page(
        "mon",
        song("text", duration_ms="n/a"),
        song("object", name={"sv": "Namn"}),
        song("too_great", track_number=2**31),
        song("fraction", disc_number=1.5),
        song("number_as_text", duration_ms="1000"),
        song("market_as_object", available_markets=[{"code": "SE"}]),
        song("market_as_text", available_markets="SE"),
        song("endless", popularity=10**400),
    )

    made = songs(items(spark, monday)).select("song_id", "duration_ms", "available_market_count")

    ddl = "song_id string, duration_ms int, available_market_count int"
    expected = rows(spark, ddl, ("number_as_text", 1000, None), ("market_as_object", None, 1))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)
    assert [reject for reject in rejects(monday) if reject[0] == "songs"] == [
        ("songs", "duration_ms", "no int: n/a", 0),
        ("songs", "name", 'no string: {"sv": "Namn"}', 1),
        ("songs", "track_number", "no int: 2147483648", 2),
        ("songs", "disc_number", "no int: 1.5", 3),
        ("songs", "available_market_count", "no int: SE", 6),
        ("songs", "popularity", "no int: 1" + "0" * 199, 7),
    ]


def test_only_items_of_kind_song_make_songs_and_an_empty_album_id_is_null(spark: SparkSession) -> None:
    monday = page(
        "mon", song("s1", album=album("")), episode("e1"), local("spotify:local:A:B:C:1"), song(""), None, {"item": 5}
    )

    made = songs(items(spark, monday)).select("song_id", "album_id")

    expected = rows(spark, "song_id string, album_id string", ("s1", None))
    assert_df_equality(made, expected, ignore_nullable=True)
