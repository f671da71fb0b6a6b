"""The BI model: tables, relationships, measures and one page of visuals. Data only.

Each measure is defined for Power BI (DAX), for Tableau and as SQL over the views of schema BI; tests compare the SQL
with numbers typed by hand. Columns are those of the views and carry the views' names.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class ModelTable:
    """A table of the model: one view of schema BI. `key` makes a row unique; relationships need a key of one column."""

    name: str
    view: str
    key: tuple[str, ...]


@dataclass(frozen=True)
class Relationship:
    """Many rows of `from_table` refer to one row of `to_table`.

    A filter on `to_table` also filters `from_table`. If `both_ways` is set, a filter on `from_table` also filters
    `to_table`. If `is_partial` is set, `to_table` may lack the row that a row of `from_table` refers to.
    """

    from_table: str
    from_column: str
    to_table: str
    to_column: str
    is_active: bool = True
    both_ways: bool = False
    is_partial: bool = False


@dataclass(frozen=True)
class Measure:
    """A number, with a definition for each tool. `sql` returns its value for the whole database."""

    name: str
    table: str
    doc: str
    dax: str
    tableau: str
    sql: str
    format: str = "#,0"


class Kind(StrEnum):
    """Kind of a visual."""

    CARD = "card"
    BAR = "bar"
    COLUMN = "column"
    LINE = "line"
    TABLE = "table"
    SLICER = "slicer"


@dataclass(frozen=True)
class Position:
    """Position and size of a visual in pixels, on a page of 1280 by 720."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Visual:
    """Part of the page. Fields are named `Table.COLUMN`.

    Rows in which the field `not_null` is null are left out. `top` is the number of largest values to show; 0 shows all.
    `sql` returns the rows that the visual shows while no slicer is set, in the same order: fields first, then measures.
    """

    name: str
    title: str
    kind: Kind
    place: Position
    sql: str = ""
    fields: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    not_null: str = ""
    top: int = 0


TABLES = (
    ModelTable("Stays", "PLAYLIST_MEMBERSHIP", ("PLAYLIST_ID", "ITEM_URI", "STAY_NUMBER")),
    ModelTable("Songs", "SONGS", ("SONG_ID",)),
    ModelTable("Albums", "ALBUMS", ("ALBUM_ID",)),
    ModelTable("Artists", "ARTISTS", ("ARTIST_ID",)),
    ModelTable("Song artists", "SONG_ARTISTS", ("SONG_ID", "ARTIST_ID")),
    ModelTable("Playlists", "PLAYLISTS", ("PLAYLIST_ID",)),
    ModelTable("Date", "DATES", ("DATE_DAY",)),
    ModelTable("Playlist days", "PLAYLIST_DAILY", ("PLAYLIST_ID", "CHECKED_ON")),
    ModelTable("Artist days", "ARTIST_RISE", ("ARTIST_ID", "CHECKED_ON")),
    ModelTable("Popularity days", "SONG_POPULARITY_DAILY", ("SONG_ID", "OBSERVED_ON")),
    ModelTable("Plays", "PLAYS", ("PLAY_ID",)),
    ModelTable("Listening months", "LISTENING_FROM_PLAYLISTS", ("ACCOUNT", "MONTH_BEGINS_ON")),
    ModelTable("Freshness", "FRESHNESS", ()),
)

# Album artists are left out: with them, a filter on an artist would reach songs along two paths.
RELATIONSHIPS = (
    Relationship("Stays", "SONG_ID", "Songs", "SONG_ID"),
    Relationship("Stays", "PLAYLIST_ID", "Playlists", "PLAYLIST_ID"),
    Relationship("Stays", "ENTERED_ON", "Date", "DATE_DAY"),
    Relationship("Stays", "LEFT_ON", "Date", "DATE_DAY", is_active=False),
    Relationship("Songs", "ALBUM_ID", "Albums", "ALBUM_ID"),
    Relationship("Song artists", "SONG_ID", "Songs", "SONG_ID", both_ways=True),
    Relationship("Song artists", "ARTIST_ID", "Artists", "ARTIST_ID"),
    Relationship("Playlist days", "PLAYLIST_ID", "Playlists", "PLAYLIST_ID"),
    Relationship("Playlist days", "CHECKED_ON", "Date", "DATE_DAY"),
    Relationship("Artist days", "ARTIST_ID", "Artists", "ARTIST_ID"),
    Relationship("Artist days", "CHECKED_ON", "Date", "DATE_DAY"),
    Relationship("Popularity days", "SONG_ID", "Songs", "SONG_ID"),
    Relationship("Popularity days", "OBSERVED_ON", "Date", "DATE_DAY"),
    # Most played songs are in no playlist, so Songs lacks them.
    Relationship("Plays", "SONG_ID", "Songs", "SONG_ID", is_partial=True),
    Relationship("Plays", "PLAYED_ON", "Date", "DATE_DAY"),
    Relationship("Listening months", "MONTH_BEGINS_ON", "Date", "DATE_DAY"),
)

MEASURES = (
    Measure(
        "Songs held",
        "Stays",
        "songs that are in at least one playlist, as of its last complete check; each counted once",
        dax="CALCULATE ( DISTINCTCOUNTNOBLANK ( Stays[SONG_ID] ), ISBLANK ( Stays[LEFT_BY_AT] ) )",
        tableau="COUNTD(IF ISNULL([Stays.LEFT_BY_AT]) THEN [Stays.SONG_ID] END)",
        sql="select count(distinct song_id) from BI.PLAYLIST_MEMBERSHIP where left_by_at is null",
    ),
    Measure(
        "Items held",
        "Stays",
        "songs, episodes and local files in playlists, as of the last complete check; counted once in each playlist",
        dax="CALCULATE ( COUNTROWS ( Stays ), ISBLANK ( Stays[LEFT_BY_AT] ) )",
        tableau="SUM(IF ISNULL([Stays.LEFT_BY_AT]) THEN 1 ELSE 0 END)",
        sql="select count(*) from BI.PLAYLIST_MEMBERSHIP where left_by_at is null",
    ),
    Measure(
        "Playlists holding items",
        "Stays",
        "playlists that have at least one item, as of the last complete check",
        dax="CALCULATE ( DISTINCTCOUNTNOBLANK ( Stays[PLAYLIST_ID] ), ISBLANK ( Stays[LEFT_BY_AT] ) )",
        tableau="COUNTD(IF ISNULL([Stays.LEFT_BY_AT]) THEN [Stays.PLAYLIST_ID] END)",
        sql="select count(distinct playlist_id) from BI.PLAYLIST_MEMBERSHIP where left_by_at is null",
    ),
    Measure(
        "Entered",
        "Stays",
        "stays that began after the first check of their playlist, by the day on which the item entered",
        dax="CALCULATE ( COUNTROWS ( Stays ), NOT ( ISBLANK ( Stays[ENTERED_AFTER_AT] ) ) )",
        tableau="SUM([Playlist days.ENTERED_COUNT])",
        sql="select count(*) from BI.PLAYLIST_MEMBERSHIP where entered_after_at is not null",
    ),
    Measure(
        "Left",
        "Stays",
        "stays that ended, by the day on which the item left",
        dax=(
            "CALCULATE ( COUNTROWS ( Stays ), NOT ( ISBLANK ( Stays[LEFT_BY_AT] ) ), "
            "USERELATIONSHIP ( Stays[LEFT_ON], 'Date'[DATE_DAY] ) )"
        ),
        tableau="SUM([Playlist days.LEFT_COUNT])",
        sql="select count(*) from BI.PLAYLIST_MEMBERSHIP where left_by_at is not null",
    ),
    Measure(
        "Median stay days",
        "Stays",
        "median of the days from the first to the last check that showed an item; the real stay may be longer",
        dax="MEDIAN ( Stays[STAY_DAYS] )",
        tableau="MEDIAN([Stays.STAY_DAYS])",
        sql="select median(stay_days) from BI.PLAYLIST_MEMBERSHIP",
        format="#,0.0",
    ),
    Measure(
        "Songs known",
        "Songs",
        "songs that were ever seen in a playlist",
        dax="COUNTROWS ( Songs )",
        tableau="COUNTD([Songs.SONG_ID])",
        sql="select count(*) from BI.SONGS",
    ),
    Measure(
        "Hours of music",
        "Songs",
        "total length of all known songs in hours; songs of unknown length add 0",
        dax="DIVIDE ( SUM ( Songs[DURATION_MS] ), 3600000 )",
        tableau="SUM([Songs.DURATION_MS]) / 3600000",
        sql="select sum(duration_ms) / 3600000 from BI.SONGS",
        format="#,0.0",
    ),
    Measure(
        "Average popularity",
        "Songs",
        "mean popularity, 0 to 100; blank where the API withholds it",
        dax="AVERAGE ( Songs[POPULARITY] )",
        tableau="AVG([Songs.POPULARITY])",
        sql="select avg(popularity) from BI.SONGS",
        format="0.0",
    ),
    Measure(
        "Songs by artist share",
        "Song artists",
        "songs divided among their artists: adds up to the number of songs that have an artist",
        dax="SUM ( 'Song artists'[WEIGHT] )",
        tableau="SUM([Song artists.WEIGHT])",
        sql="select sum(weight) from BI.SONG_ARTISTS",
        format="#,0.0",
    ),
    Measure(
        "Counted plays",
        "Plays",
        "plays that lasted 30 s or more or ran to the end; songs, episodes and audiobooks",
        dax="CALCULATE ( COUNTROWS ( Plays ), Plays[IS_COUNTED] = TRUE () )",
        tableau="SUM(IF [Plays.IS_COUNTED] THEN 1 ELSE 0 END)",
        sql="select count(*) from BI.PLAYS where is_counted",
    ),
    Measure(
        "Hours listened",
        "Plays",
        "listening time of all plays in hours, including plays that are not counted",
        dax="DIVIDE ( SUM ( Plays[MS_PLAYED] ), 3600000 )",
        tableau="SUM([Plays.MS_PLAYED]) / 3600000",
        sql="select sum(ms_played) / 3600000 from BI.PLAYS",
        format="#,0.0",
    ),
    Measure(
        "Listening from playlists",
        "Listening months",
        "share of the listening time of songs that was spent on songs which are in a playlist now",
        dax=("DIVIDE ( SUM ( 'Listening months'[KEPT_LISTENING_MS] ), SUM ( 'Listening months'[LISTENING_MS] ) )"),
        tableau="SUM([Listening months.KEPT_LISTENING_MS]) / SUM([Listening months.LISTENING_MS])",
        sql="select sum(kept_listening_ms) / sum(listening_ms) from BI.LISTENING_FROM_PLAYLISTS",
        format="0.0%",
    ),
    Measure(
        "Playlists known",
        "Playlists",
        "playlists that were ever checked",
        dax="COUNTROWS ( Playlists )",
        tableau="COUNTD([Playlists.PLAYLIST_ID])",
        sql="select count(*) from BI.PLAYLISTS",
    ),
    Measure(
        "Newest check (UTC)",
        "Freshness",
        "time of the newest check of any playlist, however it ended",
        dax="MAX ( Freshness[LAST_CHECKED_AT] )",
        tableau="MAX([Freshness.LAST_CHECKED_AT])",
        sql="select max(last_checked_at) from BI.FRESHNESS",
        format="yyyy-mm-dd hh:nn",
    ),
    Measure(
        "Playlists failing",
        "Freshness",
        "playlists whose newest check failed",
        dax="SUM ( Freshness[FAILING_PLAYLIST_COUNT] )",
        tableau="SUM([Freshness.FAILING_PLAYLIST_COUNT])",
        sql="select sum(failing_playlist_count) from BI.FRESHNESS",
    ),
)


def _card(number: int, name: str, measure: str) -> Visual:
    sql = next(known.sql for known in MEASURES if known.name == measure)
    return Visual(name, measure, Kind.CARD, Position(16 + 252 * number, 16, 240, 88), sql, measures=(measure,))


PAGE_TITLE = "Overview"
PAGE_SIZE = (1280, 720)
PAGE = (
    _card(0, "songs_held", "Songs held"),
    _card(1, "playlists", "Playlists known"),
    _card(2, "hours", "Hours of music"),
    _card(3, "newest_check", "Newest check (UTC)"),
    _card(4, "failing", "Playlists failing"),
    Visual("playlist_slicer", "Playlist", Kind.SLICER, Position(16, 112, 408, 64), fields=("Playlists.PLAYLIST_NAME",)),
    Visual("date_slicer", "Date", Kind.SLICER, Position(432, 112, 416, 64), fields=("Date.DATE_DAY",)),
    Visual(
        "entered_left",
        "Entered and left by day",
        Kind.LINE,
        Position(16, 184, 408, 256),
        "select checked_on, sum(entered_count), sum(left_count) from BI.PLAYLIST_DAILY group by checked_on "
        "having sum(entered_count) + sum(left_count) > 0 order by checked_on",
        fields=("Date.DATE_DAY",),
        measures=("Entered", "Left"),
    ),
    Visual(
        "top_artists",
        "Top artists by songs held",
        Kind.BAR,
        Position(432, 184, 416, 256),
        "select artist_name, sum(held_song_count) as songs from BI.ARTIST_SUMMARY where held_song_count > 0 "
        "group by artist_name order by songs desc, artist_name limit 15",
        fields=("Artists.ARTIST_NAME",),
        measures=("Songs held",),
        top=15,
    ),
    Visual(
        "most_present",
        "Most present songs, by playlists",
        Kind.BAR,
        Position(856, 112, 408, 328),
        "select songs.song_label, presence.playlist_count from BI.TOP_SONGS_BY_PRESENCE as presence "
        "inner join BI.SONGS as songs on songs.song_id = presence.song_id "
        "where presence.playlist_count > 0 order by presence.playlist_count desc, songs.song_label limit 15",
        fields=("Songs.SONG_LABEL",),
        measures=("Playlists holding items",),
        top=15,
    ),
    Visual(
        "recently_entered",
        "Recently entered",
        Kind.TABLE,
        Position(16, 448, 408, 128),
        "select entered_on, item_name, artist_names, playlist_name from BI.PLAYLIST_MEMBERSHIP "
        "where entered_after_at is not null order by entered_on desc, item_name, playlist_name",
        fields=("Stays.ENTERED_ON", "Stays.ITEM_NAME", "Stays.ARTIST_NAMES", "Stays.PLAYLIST_NAME"),
        not_null="Stays.ENTERED_AFTER_AT",
    ),
    Visual(
        "recently_left",
        "Recently left",
        Kind.TABLE,
        Position(16, 584, 408, 128),
        "select left_on, item_name, artist_names, playlist_name from BI.PLAYLIST_MEMBERSHIP "
        "where left_by_at is not null order by left_on desc, item_name, playlist_name",
        fields=("Stays.LEFT_ON", "Stays.ITEM_NAME", "Stays.ARTIST_NAMES", "Stays.PLAYLIST_NAME"),
        not_null="Stays.LEFT_BY_AT",
    ),
    Visual(
        "release_years",
        "Songs held by release year",
        Kind.COLUMN,
        Position(432, 448, 416, 264),
        "select release_year, song_count from BI.RELEASE_YEARS where release_year is not null order by release_year",
        fields=("Songs.RELEASE_YEAR",),
        measures=("Songs held",),
        not_null="Songs.RELEASE_YEAR",
    ),
    Visual(
        "median_stay",
        "Median stay in days, by playlist",
        Kind.BAR,
        Position(856, 448, 408, 264),
        "select playlist_name, median(stay_days) as days from BI.PLAYLIST_MEMBERSHIP group by playlist_name "
        "order by days desc, playlist_name",
        fields=("Playlists.PLAYLIST_NAME",),
        measures=("Median stay days",),
    ),
)
