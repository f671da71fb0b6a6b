"""The number of tables that a BI view scans, counted by expanding every view and every reference to a CTE."""

import functools
import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

from deploy.snowflake.embedded import SCRIPTS, rendered_scripts, variables_for
from shared.tables import TABLES

AS_DYNAMIC_TABLES = {
    "current_as": "dynamic table",
    "target_lag": "1 hour",
    "transform_warehouse": "SPOTIFY_TRANSFORM_WH",
}
# The limits: counts from before playlist_stays was a view of its own; newer views may scan as many as PLAYLIST_DAILY.
BEFORE = {
    "ARTISTS": 1,
    "ALBUMS": 3,
    "SONGS": 4,
    "EPISODES": 1,
    "PLAYLISTS": 2,
    "SONG_ARTISTS": 3,
    "ALBUM_ARTISTS": 3,
    "PLAYLIST_CHECKS": 5,
    "PLAYLIST_VERSIONS": 5,
    "PLAYLIST_MEMBERSHIP": 33,
    "PLAYLIST_DAILY": 74,
    "PLAYLIST_NAMES": 1,
    "SONG_POPULARITY_DAILY": 2,
    "SONG_POPULARITY_INTERVALS": 2,
    "TOP_SONGS_BY_POPULARITY": 4,
    "TOP_SONGS_BY_PRESENCE": 37,
    "ARTIST_SUMMARY": 45,
    "ARTIST_COLLABORATIONS": 8,
    "ARTIST_RISE": 79,
    "ALBUMS_BY_TRACKS": 41,
    "RELEASE_YEARS": 41,
    "RECENTLY_ENTERED": 33,
    "RECENTLY_LEFT": 33,
    "LONGEST_STAYS": 33,
    "TOTALS": 39,
    "FRESHNESS": 6,
    "TUTORIAL_ALBUMS": 3,
    "TUTORIAL_ARTISTS": 1,
    "TUTORIAL_SONGS": 6,
}


def scans(**variables: str) -> dict[str, int]:
    """Scanned tables by BI view; a table is a landing table or a dynamic table."""
    views: dict[str, exp.Query] = {}
    for _, text in rendered_scripts(SCRIPTS, variables_for("s3://lake/processed/") | variables):
        for statement in sqlglot.parse(text, read="snowflake"):
            if isinstance(statement, exp.Create) and statement.kind == "VIEW":
                table = statement.this.find(exp.Table)
                assert table is not None
                assert isinstance(statement.expression, exp.Query)
                views[f"{table.db}.{table.name}".upper()] = statement.expression

    @functools.cache
    def of_view(name: str) -> int:
        return _scans(views[name], {}, lambda table: of_view(table) if table in views else 1)

    return {name.removeprefix("BI."): of_view(name) for name in views if name.startswith("BI.")}


def _scans(select: exp.Query, outer: dict[str, int], of_table: Callable[[str], int]) -> int:
    """The scans of a query with its CTEs; a subquery in FROM counts where it is written."""
    ctes = dict(outer)
    for cte in select.ctes:
        ctes[cte.alias.upper()] = _scans(cte.this, ctes, of_table)
    total = 0
    for table in _own_tables(select):
        if table.name:
            total += of_table(f"{table.db}.{table.name}".upper()) if table.db else ctes[table.name.upper()]
    return total


def _own_tables(select: exp.Query) -> list[exp.Table]:
    inside = {id(table) for cte in select.ctes for table in cte.find_all(exp.Table)}
    return [table for table in select.find_all(exp.Table) if id(table) not in inside]


def test_with_dynamic_tables_no_bi_view_scans_more_than_12_tables() -> None:
    counts = scans(**AS_DYNAMIC_TABLES)

    assert {name: count for name, count in counts.items() if count > 12} == {}
    assert (counts["PLAYLIST_MEMBERSHIP"], counts["TOTALS"]) == (3, 7)


def test_with_plain_views_no_bi_view_scans_more_than_its_limit() -> None:
    counts = scans()

    assert {name: count for name, count in counts.items() if count > BEFORE.get(name, 74)} == {}


def test_the_documented_counts_are_the_counted_ones() -> None:
    text = (SCRIPTS.parent / "docs/snowflake.md").read_text(encoding="utf-8")
    documented = {
        name: (int(plain), int(dynamic))
        for name, plain, dynamic in re.findall(r"^\| ([A-Z_]+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    }
    plain, dynamic = scans(), scans(**AS_DYNAMIC_TABLES)

    assert documented == {name: (plain[name], dynamic[name]) for name in plain}


def test_every_ranked_table_has_a_dynamic_table() -> None:
    dynamic = {
        match[1]
        for _, text in rendered_scripts(SCRIPTS, variables_for("s3://lake/processed/") | AS_DYNAMIC_TABLES)
        if (match := re.search(r"create or replace transient dynamic table SPOTIFY\.CORE\.(\w+)_DYNAMIC", text))
    }

    assert dynamic == {table.name.upper() for table in TABLES} | {"PLAYLIST_VERSIONS", "PLAYLIST_STAYS"}
