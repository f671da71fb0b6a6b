"""Rules of artists alone."""

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from glue_jobs.transforms.artists import artists
from shared.tables.artists import ARTISTS
from tests.glue_jobs.builders import album, episode, items, page, published, rejects, row, rows, song


def test_in_one_item_the_songs_credit_wins_over_the_albums(spark: SparkSession) -> None:
    of_album = album("al1", artists=[{"id": "a1", "name": "Of the album"}, {"id": "a2", "name": "Only the album"}])
    monday = page("mon", song("s1", artists=[{"id": "a1", "name": "Of the song"}], album=of_album))

    made = published(artists(items(spark, monday)), ARTISTS).select("artist_id", "name")

    expected = rows(spark, "artist_id string, name string", ("a1", "Of the song"), ("a2", "Only the album"))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_artists_of_the_album_alone_or_of_the_song_alone_are_artists(spark: SparkSession) -> None:
    monday = page(
        "mon",
        song("s1", artists=["a1"]),
        row({"id": "s2", "album": {"id": "al2", "artists": [{"id": "a2", "name": "A2"}]}}),
        row({"id": "s3"}),
    )

    made = artists(items(spark, monday)).select("artist_id", "name")

    expected = rows(spark, "artist_id string, name string", ("a1", "A1"), ("a2", "A2"))
    assert_df_equality(made, expected, ignore_row_order=True, ignore_nullable=True)


def test_the_newest_mention_wins_whichever_song_makes_it(spark: SparkSession) -> None:
    monday = page("mon", song("s1", artists=[{"id": "a1", "name": "Before"}]))
    tuesday = page("tue", song("s2", album=album("al1", artists=[{"id": "a1", "name": "After"}])))

    made = published(artists(items(spark, monday, tuesday)), ARTISTS).select("artist_id", "name")

    assert_df_equality(made, rows(spark, "artist_id string, name string", ("a1", "After")), ignore_nullable=True)


def test_only_the_credit_without_an_id_is_rejected(spark: SparkSession) -> None:
    credited = [{"id": None, "name": "No id"}, {"id": "", "name": "Empty"}, None, {"id": "a1", "name": "A1"}]
    credited = [artist and {"uri": None, **artist} for artist in credited]
    monday = page("mon", row({"id": "s1", "artists": [*credited, "text"]}))

    made = artists(items(spark, monday)).select("artist_id", "name")

    assert_df_equality(made, rows(spark, "artist_id string, name string", ("a1", "A1")), ignore_nullable=True)
    assert [reject for reject in rejects(monday) if reject[0] == "artists"] == [
        ("artists", "artist_id", "missing", 0),
        ("artists", "artist_id", "missing", 0),
        ("artists", "artist_id", "missing", 0),
        ("artists", "artist_id", 'no string: "text"', 0),
    ]


def test_an_episode_makes_no_artist(spark: SparkSession) -> None:
    monday = page("mon", episode("e1", artists=[{"id": "a1", "name": "Host"}]))

    assert artists(items(spark, monday)).isEmpty()
