"""Views and saved queries for Athena, run over Parquet that the job wrote, against the BI views of the same days.

DuckDB runs sqlglot's translation of Athena's SQL; tests/clients/bi checks it against Athena's grammar.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import jinja2
import pytest
import sqlglot

from deploy.generate.__main__ import GENERATED
from deploy.generate.athena_views import ATHENA, VIEW_COLUMNS, saved_queries, view_select
from deploy.generate.quicksight import DATA_SETS
from deploy.generate.schemas import ATHENA_TYPES
from shared.lake import plays_object
from shared.plays import Package, write_plays
from shared.store import open_store
from shared.tables import TABLES
from tests.test_end_to_end import KITCHEN, THE_19TH, THE_20TH, THE_21ST, chain_over, deployed  # noqa: F401  # a fixture

pytestmark = pytest.mark.usefixtures("spark")  # the job uses this session

Rows = list[tuple[object, ...]]
Both = tuple[duckdb.DuckDBPyConnection, dict[str, Rows]]
DATABASES = {"database": "spotify", "lake_database": "spotify_lake"}

# The BI view's statement that returns the same rows as each saved query.
SAME = {
    "most_popular_songs": (
        "select popularity_rank, song_id, song_name, album_name, popularity from SPOTIFY.BI.TOP_SONGS_BY_POPULARITY"
    ),
    "most_present_songs": (
        "select presence_rank, song_id, song_name, playlist_count, ever_playlist_count, held_days "
        "from SPOTIFY.BI.TOP_SONGS_BY_PRESENCE"
    ),
    "albums_with_most_tracks": (
        "select tracks_rank, album_id, album_name, total_tracks, known_song_count from SPOTIFY.BI.ALBUMS_BY_TRACKS"
    ),
    "collaborations": (
        "select artist_id, artist_name, other_artist_id, other_artist_name, song_count "
        "from SPOTIFY.BI.ARTIST_COLLABORATIONS"
    ),
    "top_artists": (
        "select artist_id, artist_name, held_song_count, playlist_count from SPOTIFY.BI.ARTIST_SUMMARY "
        "where held_song_count > 0"
    ),
    "release_years": "select release_year, song_count, album_count from SPOTIFY.BI.RELEASE_YEARS",
    "entered_and_left_by_day": (
        "select playlist_id, checked_on, entered_count, left_count from SPOTIFY.BI.PLAYLIST_DAILY "
        "where entered_count + left_count > 0"
    ),
    "longest_stays": (
        "select stay_rank, playlist_name, item_name, artist_names, stay_number, stay_days, entered_by_at, "
        "last_seen_at, playlist_id, item_uri from SPOTIFY.BI.LONGEST_STAYS"
    ),
    "totals": (
        "select totals.song_count, totals.held_song_count, totals.playlist_count, totals.duration_minutes / 60, "
        "freshness.last_checked_at, freshness.failing_playlist_count "
        "from SPOTIFY.BI.TOTALS as totals cross join SPOTIFY.BI.FRESHNESS as freshness"
    ),
}
SAME["most_played_songs"] = (
    "select play_rank, account, song_key, song_id, track_name, artist_name, counted_play_count, play_count, "
    "listening_ms / 3600000 from SPOTIFY.BI.TOP_PLAYED_SONGS"
)
# Queries of QuickSight's data sets that are no saved query.
DATA_SETS_SAME = {
    "recently_entered": (
        "select entered_by_at, item_name, artist_names, playlist_name from SPOTIFY.BI.RECENTLY_ENTERED"
    ),
    "recently_left": "select left_by_at, item_name, artist_names, playlist_name from SPOTIFY.BI.RECENTLY_LEFT",
    "stay_days": "select playlist_name, stay_days from SPOTIFY.BI.PLAYLIST_MEMBERSHIP",
}
STAYS = (
    "select playlist_id, playlist_name, item_uri, stay_number, song_id, item_name, artist_names, entered_after_at, "
    "entered_by_at, last_seen_at, left_by_at, stay_days from SPOTIFY.BI.PLAYLIST_MEMBERSHIP"
)


def history() -> bytes:
    """Plays of two songs with an id and of one without, skipped ones, one that ended by itself, and an episode."""
    package = Package(account="me", source="extended", package_id="k1", packaged_at="2026-11-18T10:00:00Z")
    song: dict[str, object] = {"song_id": "s1", "track_name": "Tide", "artist_name": "Lina", "ms_played": 180_000}
    other: dict[str, object] = {"song_id": "s2", "track_name": "Ebb", "artist_name": "Lina", "ms_played": 29_999}
    local: dict[str, object] = {"track_name": "Mine", "artist_name": "Me", "ms_played": 30_000}
    episode: dict[str, object] = {"episode_id": "e1", "episode_name": "Talk", "ms_played": 3_600_000}
    rows = [song, song, other, other | {"reason_end": "trackdone"}, other | {"reason_end": "fwdbtn"}, local, episode]
    plays = [
        row | {"play_id": f"y{n}", "played_at": f"2026-11-1{n}T10:00:00Z", "played_at_precision": "second"}
        for n, row in enumerate(rows)
    ]
    return write_plays(package, plays)


@pytest.fixture(scope="module")
def both(deployed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Athena's databases over the lake of three days, and the rows of the BI views."""
    lake = open_store(str(tmp_path_factory.mktemp("athena") / "lake"), create=True)
    lake.put(plays_object("me", "20261118T100000Z", 0), history())
    with chain_over(lake, deployed, app_class="B") as chain:
        for on in (THE_19TH, THE_20TH):
            chain.extract(on)
            chain.explode_and_load(on)
        chain.spotify.faults.add("not_owner", path=f"/playlists/{KITCHEN}/items", times=None)
        chain.extract(THE_21ST, FORCE_FULL_EVERY_DAYS="1")
        chain.explode_and_load(THE_21ST)
        rows = {name: chain.warehouse.query(sql) for name, sql in {**SAME, **DATA_SETS_SAME, "stays": STAYS}.items()}
    with duckdb.connect() as connection:
        athena(connection, Path(lake.uri.removeprefix("file://")) / "processed")
        yield connection, rows


def athena(connection: duckdb.DuckDBPyConnection, processed: Path) -> None:
    """Creates both databases as Glue's catalog defines them."""
    connection.execute("create schema spotify_lake; create schema spotify")
    for table in TABLES:
        name = f"spotify_lake.{table.name}"
        if any((processed / table.name).rglob("*.parquet")):
            connection.execute(f"create view {name} as select * from '{processed}/{table.name}/*/*.parquet'")
        else:
            columns = ", ".join(f"{column.name} {ATHENA_TYPES[column.type]}" for column in table.all_columns)
            connection.execute(f"create table {name} ({columns}, ingest_date date)")
        connection.execute(as_duckdb((GENERATED / f"athena/current/{table.name}.sql").read_text(encoding="utf-8")))
    for file in sorted((ATHENA / "views").glob("*.sql")):
        connection.execute(as_duckdb(file.read_text(encoding="utf-8")))


def as_duckdb(text: str) -> str:
    return sqlglot.transpile(jinja2.Template(text).render(DATABASES), read="athena", write="duckdb")[0]


def plain(rows: Rows) -> Counter[tuple[object, ...]]:
    """Rows in any order, numbers to two decimals."""
    return Counter(tuple(_plain(value) for value in row) for row in rows)


def _plain(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return round(float(value), 2)
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


@pytest.mark.parametrize("query", saved_queries(), ids=lambda query: query["name"])
def test_a_saved_query_returns_what_the_bi_view_holds(both: Both, query: dict[str, str]) -> None:
    connection, bi = both

    rows = connection.execute(as_duckdb(query["sql"])).fetchall()

    assert rows
    assert plain(rows) == plain(bi[query["name"]])


@pytest.mark.parametrize("name", DATA_SETS_SAME)
def test_a_query_of_quicksight_returns_what_the_bi_view_holds(both: Both, name: str) -> None:
    connection, bi = both
    [data_set] = [data_set for data_set in DATA_SETS if data_set.name == name]

    rows = connection.execute(as_duckdb(data_set.sql)).fetchall()

    assert rows
    assert plain(rows) == plain(bi[name])
    assert {data_set.name for data_set in DATA_SETS} - {query["name"] for query in saved_queries()} == set(
        DATA_SETS_SAME
    )


def test_the_most_played_songs_are_those_of_the_history(both: Both) -> None:
    connection, _ = both
    [query] = [query["sql"] for query in saved_queries() if query["name"] == "most_played_songs"]

    rows = connection.execute(as_duckdb(query)).fetchall()

    assert rows == [
        (1, "me", "s1", "s1", "Tide", "Lina", 2, 2, 0.1),
        (2, "me", "Me: Mine", None, "Mine", "Me", 1, 1, 0.01),
        (2, "me", "s2", "s2", "Ebb", "Lina", 1, 3, 0.02),
    ]


def test_stays_are_those_of_the_bi_view(both: Both) -> None:
    connection, bi = both

    rows = connection.execute("select * from spotify.stays").fetchall()

    assert {row[10] is None for row in rows} == {True, False}
    assert plain(rows) == plain(bi["stays"])


def test_the_catalog_knows_the_columns_and_types_of_stays(
    both: Both,
) -> None:
    connection, _ = both
    described = connection.execute("describe spotify.stays").fetchall()

    assert [row[0] for row in described] == [*(column.name for column in VIEW_COLUMNS["stays"]), "stay_days"]
    assert [row[1] for row in described] == [
        *["VARCHAR"] * 3,
        "BIGINT",
        *["VARCHAR"] * 3,
        *["TIMESTAMP"] * 4,
        "DOUBLE",
    ]


def test_every_query_has_a_description_and_reads_only_views() -> None:
    queries = saved_queries()

    assert len(queries) == 10
    for query in queries:
        assert len(query["description"]) > 40, query["name"]
        assert "lake_database" not in query["sql"]
    assert {query["name"] for query in queries} == SAME.keys()


def test_a_file_that_creates_another_view_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    (tmp_path / "views/stays.sql").write_text("create view stay as select 1\n", encoding="utf-8")
    monkeypatch.setattr("deploy.generate.athena_views.ATHENA", tmp_path)

    with pytest.raises(ValueError, match="does not create the view stays"):
        view_select("stays")
