"""The model matches the views: types, keys, relationships and filter paths."""

from collections import defaultdict

import pytest

from deploy.bi.model import MEASURES, PAGE, PAGE_SIZE, RELATIONSHIPS, TABLES, ModelTable, Relationship
from deploy.generate.bi_columns import ColumnType, columns, split_field, table_named
from tests.deploy.snowflake.bi.landing import Landing

TABLE = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
RELATIONSHIP = pytest.mark.parametrize(
    "related", RELATIONSHIPS, ids=lambda related: f"{related.from_table}.{related.from_column}"
)


@TABLE
def test_the_columns_have_the_types_of_the_view(world: Landing, table: ModelTable) -> None:
    rows = world.query(f"describe view SPOTIFY.BI.{table.view}")

    declared = {str(row[0]): str(row[1]).partition("(")[0] for row in rows}
    assert [column.name for column in columns(table)] == list(declared)
    for column in columns(table):
        if column.type in {ColumnType.WHOLE, ColumnType.DECIMAL}:
            assert declared[column.name] in {"NUMBER", "FLOAT"}, column
        else:
            assert declared[column.name] == SNOWFLAKE_TYPES[column.type], column


SNOWFLAKE_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIME: "TIMESTAMP_NTZ",
}


@TABLE
def test_a_column_of_whole_numbers_has_no_fractions(world: Landing, table: ModelTable) -> None:
    whole = [column.name for column in columns(table) if column.type is ColumnType.WHOLE]

    for name in whole:
        assert world.query(f"select {name} from SPOTIFY.BI.{table.view} where {name} <> floor({name})") == []


@TABLE
def test_the_key_is_unique_and_never_null(world: Landing, table: ModelTable) -> None:
    names = [column.name for column in columns(table)]
    assert set(table.key) <= set(names)

    keys = world.query(f"select {', '.join(table.key) or '1'} from SPOTIFY.BI.{table.view}")

    assert keys
    assert len(set(keys)) == len(keys)
    assert [key for key in keys if None in key] == []


COMPLETE = pytest.mark.parametrize(
    "related",
    [related for related in RELATIONSHIPS if not related.is_partial],
    ids=lambda related: f"{related.from_table}.{related.from_column}",
)


def test_only_plays_refer_to_songs_that_the_model_does_not_have(world: Landing) -> None:
    assert [(r.from_table, r.to_table) for r in RELATIONSHIPS if r.is_partial] == [("Plays", "Songs")]
    assert world.query(
        "select plays.song_id from BI.PLAYS as plays left join BI.SONGS as songs on songs.song_id = plays.song_id "
        "where plays.song_id is not null and songs.song_id is null"
    ) == [("s9",)]


@COMPLETE
def test_every_foreign_key_has_its_row(world: Landing, related: Relationship) -> None:
    many, single = table_named(related.from_table), table_named(related.to_table)

    assert single.key == (related.to_column,)
    [(rows, orphans)] = world.query(
        f"select count(many.{related.from_column}), "
        f"count(case when single.{related.to_column} is null then many.{related.from_column} end) "
        f"from SPOTIFY.BI.{many.view} as many left join SPOTIFY.BI.{single.view} as single "
        f"on single.{related.to_column} = many.{related.from_column}"
    )

    assert rows
    assert orphans == 0


@RELATIONSHIP
def test_both_ends_have_one_type(related: Relationship) -> None:
    _, from_column = split_field(f"{related.from_table}.{related.from_column}")
    _, to_column = split_field(f"{related.to_table}.{related.to_column}")

    assert from_column.type == to_column.type


def filter_paths(relationships: list[Relationship]) -> dict[tuple[str, str], int]:
    """The number of filter paths between each two tables, without paths that visit a table twice."""
    filters: dict[str, list[str]] = defaultdict(list)
    for related in relationships:
        if related.is_active:
            filters[related.to_table].append(related.from_table)
            if related.both_ways:
                filters[related.from_table].append(related.to_table)
    paths: dict[tuple[str, str], int] = defaultdict(int)

    def walk(start: str, at: str, passed: frozenset[str]) -> None:
        for following in filters[at]:
            if following not in passed:
                paths[start, following] += 1
                walk(start, following, passed | {following})

    for table in TABLES:
        walk(table.name, table.name, frozenset({table.name}))
    return paths


def test_no_filter_reaches_a_table_by_two_paths() -> None:
    assert {pair: count for pair, count in filter_paths(list(RELATIONSHIPS)).items() if count > 1} == {}


def test_a_second_path_is_recognised() -> None:
    more = [*RELATIONSHIPS, Relationship("Albums", "ALBUM_ID", "Artists", "ARTIST_ID")]

    assert filter_paths(more)["Artists", "Songs"] == 2


def test_only_song_artists_filter_both_ways_and_only_the_day_of_leaving_is_inactive() -> None:
    assert [(related.from_table, related.to_table) for related in RELATIONSHIPS if related.both_ways] == [
        ("Song artists", "Songs")
    ]
    assert [related.from_column for related in RELATIONSHIPS if not related.is_active] == ["LEFT_ON"]


def test_ranked_views_are_not_in_the_model() -> None:
    ranked = [table.name for table in TABLES for column in columns(table) if column.name.endswith("_RANK")]

    assert ranked == []


def test_the_relationships_are_those_of_the_star() -> None:
    assert {(r.from_table, r.from_column, r.to_table) for r in RELATIONSHIPS} == {
        ("Stays", "SONG_ID", "Songs"),
        ("Stays", "PLAYLIST_ID", "Playlists"),
        ("Stays", "ENTERED_ON", "Date"),
        ("Stays", "LEFT_ON", "Date"),
        ("Songs", "ALBUM_ID", "Albums"),
        ("Song artists", "SONG_ID", "Songs"),
        ("Song artists", "ARTIST_ID", "Artists"),
        ("Playlist days", "PLAYLIST_ID", "Playlists"),
        ("Playlist days", "CHECKED_ON", "Date"),
        ("Artist days", "ARTIST_ID", "Artists"),
        ("Artist days", "CHECKED_ON", "Date"),
        ("Popularity days", "SONG_ID", "Songs"),
        ("Popularity days", "OBSERVED_ON", "Date"),
        ("Plays", "SONG_ID", "Songs"),
        ("Plays", "PLAYED_ON", "Date"),
        ("Listening months", "MONTH_BEGINS_ON", "Date"),
    }


def test_names_are_unique() -> None:
    for names in ([table.name for table in TABLES], [m.name for m in MEASURES], [v.name for v in PAGE]):
        assert len(set(names)) == len(names)
    assert {measure.name for measure in MEASURES} & {table.name for table in TABLES} == set()


def test_the_page_has_room_for_every_visual() -> None:
    places = [visual.place for visual in PAGE]
    width, height = PAGE_SIZE

    assert all(place.x + place.width <= width and place.y + place.height <= height for place in places)
    overlaps = [
        (left.name, right.name)
        for number, left in enumerate(PAGE)
        for right in PAGE[number + 1 :]
        if left.place.x < right.place.x + right.place.width
        and right.place.x < left.place.x + left.place.width
        and left.place.y < right.place.y + right.place.height
        and right.place.y < left.place.y + left.place.height
    ]
    assert overlaps == []


def test_every_field_of_the_page_is_a_column_of_the_model() -> None:
    for visual in PAGE:
        for field in (*visual.fields, *([visual.not_null] if visual.not_null else [])):
            split_field(field)


def test_a_wrong_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the BI model has no field Songs\.TEMPO"):
        split_field("Songs.TEMPO")
    with pytest.raises(ValueError, match=r"there is no view BI\.TRACKS"):
        columns(ModelTable("Tracks", "TRACKS", ("TRACK_ID",)))
