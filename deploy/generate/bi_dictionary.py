"""docs/bi-dictionary.md: every column of every BI view, its meaning, and its lineage back to Spotify's JSON.

Meanings are the comments in deploy/snowflake/bi/. sqlglot computes the lineage of each column from the SQL; the
contracts add the JSON paths.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import jinja2
import sqlglot
from schemachange.sql_splitter import split_sql_statements
from sqlglot import exp
from sqlglot.lineage import Node, lineage

from deploy.generate.data_dictionary import as_code, as_markdown, reader_paths
from shared.contract import Table
from shared.tables import TABLES

SQL = Path(__file__).parents[1] / "snowflake"

INTRO = """\
<!-- Made by `python -m deploy.generate` from deploy/snowflake/bi/ and shared/tables/; do not edit. -->
# Dictionary of the BI views

The views of schema `BI`, for Power BI, Tableau or a worksheet. Every time is UTC unless its name begins with `local_`.
"Made from" lists the lake's columns that a value is computed from; for a rank or number, those that order it.
Conditions and joins are in the SQL, the lake's columns in
[the data dictionary](../deploy/generated/data_dictionary.md). JSON paths are those of a playlist's items in the Spotify
Web API. Since 2026 the API calls the song or episode of a row `item`; before, it was `track`, and both are read. A
dash: the suite computes the value.
"""

# The first pattern that matches a column's name gives its unit.
UNITS = (
    (r"is_\w+", "yes or no"),
    (r"\w+_ms|ms_played", "milliseconds"),
    (r"\w+_hour", "hour from 0"),
    (r"\w+_weekday", "weekday, 1 for Monday"),
    (r"\w+_minutes", "minutes"),
    (r"\w+_days", "days"),
    (r"hours_\w+", "hours"),
    (r"local_\w+_at", "time in the zone of the setting"),
    (r"\w+_at|song_added", "UTC time"),
    (r"\w+_on|release_date|date_day", "date"),
    (r"\w+_year", "year"),
    (r"\w+_rank", "rank from 1"),
    (r"(\w+_)?position", "place from 0"),
    (r"\w+_number", "number from 1"),
    (r"popularity", "0 to 100"),
    (r"popularity_change", "points"),
    (r"weight|\w+_share", "share of 1"),
    (r"\w+_count(_change)?|total_tracks", "count"),
)


# Columns of the lake that no BI view shows, with the reason; columns of lineage need none.
NOT_SHOWN = {
    "songs.linked_from_id": "withheld since 2026 from apps in development mode",
    "songs.available_market_count": "withheld since 2026 from apps in development mode",
    "songs.preview_url": "null for nearly all songs since 2024",
    "playlist_items.playlist_id": "shown from playlist_checks, to which the items are joined",
    "playlist_items.snapshot_id": "shown from playlist_checks, to which the items are joined",
    "playlist_items.added_by_id": "names a person",
    "playlist_checks.owner_id": "names a person",
    "batches.batch_number": "for operators, in CORE",
    "batches.object_count": "for operators, in CORE",
    "batches.item_count": "for operators, in CORE",
    "batches.reject_count": "for operators, in CORE",
    "plays.package_id": "decides which plays are current",
    "plays.packaged_at": "decides which plays are current",
    "plays.played_at_precision": "of a single play: CORE.PLAYS; the views count plays",
    "plays.show_name": "of a single play: CORE.PLAYS; the views are about songs",
    "plays.author_name": "of a single play: CORE.PLAYS; the views are about songs",
    "plays.chapter_id": "of a single play: CORE.PLAYS; the views are about songs",
    "plays.chapter_name": "of a single play: CORE.PLAYS; the views are about songs",
    "plays.reason_start": "of a single play: CORE.PLAYS",
    "plays.shuffle": "of a single play: CORE.PLAYS",
    "plays.skipped": "of a single play: CORE.PLAYS",
    "plays.offline": "of a single play: CORE.PLAYS",
    "plays.platform": "personal; null unless asked for",
    "plays.country": "personal; null unless asked for",
    "plays.is_private": "personal; null unless asked for",
}


@dataclass(frozen=True)
class View:
    """The parsed file of a view: its comments and its select. Names are in lower case."""

    name: str
    schema: str
    statement: exp.Create

    @classmethod
    def read(cls, file: Path) -> "View":
        """The view that a file creates. Raises ValueError if the file creates anything else."""
        text = jinja2.Template(file.read_text(encoding="utf-8"), undefined=jinja2.StrictUndefined).render(database="DB")
        [create] = [statement for statement in split_sql_statements(text) if "create or replace" in statement]
        statement = sqlglot.parse_one(create, read="snowflake")
        if not isinstance(statement, exp.Create) or not isinstance(statement.this, exp.Schema):
            raise ValueError(f"{file} does not create a view that names its columns.")  # noqa: TRY004  # it is the text that is wrong
        table = statement.this.this
        return cls(table.name.lower(), table.db.lower(), statement)

    @cached_property
    def doc(self) -> str:
        """The view's comment; empty without one."""
        comment = self.statement.find(exp.SchemaCommentProperty)
        return comment.this.name if comment else ""

    @cached_property
    def columns(self) -> dict[str, str]:
        """Each column with its comment, empty without one."""
        comments = {}
        for column in self.statement.this.expressions:
            comment = column.find(exp.CommentColumnConstraint)
            comments[column.name.lower()] = comment.this.name if comment else ""
        return comments

    @cached_property
    def select(self) -> exp.Query:
        """The view's query."""
        query = self.statement.expression
        assert isinstance(query, exp.Query)  # noqa: S101  # a view is a query
        return query


def bi_views() -> list[View]:
    """The BI views in the order in which they are deployed."""
    return [View.read(file) for file in sorted((SQL / "bi").glob("R__*.sql"))]


def hand_written_core_views() -> list[View]:
    """Views of schema CORE that are not generated from a contract."""
    return [View.read(file) for file in sorted((SQL / "migrations").glob("R__*core_*.sql"))]


class Lineage:
    """The columns of the lake from which a view's column is made. A column of the lake is named `songs.duration_ms`."""

    def __init__(self, views: Sequence[View], tables: Sequence[Table] = TABLES) -> None:
        self._views = {f"{view.schema}.{view.name}": view for view in views}
        lake = {table.name: [column.name for column in table.all_columns] for table in tables}
        columns = {f"core.{name}": names for name, names in lake.items()}
        columns |= {name: list(view.columns) for name, view in self._views.items()}
        self._schema: dict[str, dict[str, dict[str, dict[str, str]]]] = {"DB": {}}
        for name, names in columns.items():
            schema, _, relation = name.upper().partition(".")
            self._schema["DB"].setdefault(schema, {})[relation] = {column.upper(): "varchar" for column in names}
        self._known: dict[str, dict[str, list[str]]] = {}

    def of(self, view: str) -> Mapping[str, list[str]]:
        """For each column of a view such as `bi.songs`, the columns of the lake that it is made from, sorted."""
        if view not in self._known:
            select = _without_windows(self._views[view].select)
            nodes = lineage(None, select, self._schema, dialect="snowflake")
            assert isinstance(nodes, dict)  # noqa: S101  # asked for all columns
            self._known[view] = {name.lower(): sorted(set(self._in_the_lake(node))) for name, node in nodes.items()}
        return self._known[view]

    def _in_the_lake(self, node: Node) -> Iterator[str]:
        for leaf in node.walk():
            if not isinstance(leaf.expression, exp.Table):
                continue
            relation = f"{leaf.expression.db}.{leaf.expression.name}".lower()
            column = leaf.name.rpartition(".")[2].strip('"').lower()
            if relation in self._views:
                yield from self.of(relation)[column]
            else:
                yield f"{relation.removeprefix('core.')}.{column}"


def _without_windows(select: exp.Query) -> exp.Query:
    """The select with every window function over its whole table, because partition keys do not contribute to a value.

    The order of a window is kept if its function has no column, as in a rank.
    """
    bare = select.copy()
    for window in bare.find_all(exp.Window):
        window.set("partition_by", [])
        window.set("spec", None)
        if window.this.find(exp.Column):
            window.set("order", None)
    return bare


def unit(column: str) -> str:
    """Unit of a column's values, from its name; `text` if the name has no unit."""
    return next((unit for pattern, unit in UNITS if re.fullmatch(pattern, column)), "text")


def dictionary() -> str:
    """The Markdown of the whole dictionary."""
    ways = _lineage()
    return INTRO + "".join(_entry(view, ways[view.name]) for view in bi_views())


@cache
def _lineage() -> dict[str, Mapping[str, list[str]]]:
    views = bi_views()
    ways = Lineage(views + hand_written_core_views())
    return {view.name: ways.of(f"bi.{view.name}") for view in views}


def misplaced_columns() -> Iterator[str]:
    """A sentence for each column that is missing in both the BI views and NOT_SHOWN, and for each wrong NOT_SHOWN."""
    shown = {column for ways in _lineage().values() for columns in ways.values() for column in columns}
    own = {f"{table.name}.{column.name}" for table in TABLES for column in table.columns}
    for column in sorted(own - shown - NOT_SHOWN.keys()):
        yield f"{column}: no view of deploy/snowflake/bi/ shows it; add it to one, or to NOT_SHOWN with the reason"
    for column in sorted(NOT_SHOWN.keys() & shown):
        yield f"{column}: a BI view shows it; take it out of NOT_SHOWN"
    for column in sorted(NOT_SHOWN.keys() - own):
        yield f"{column}: no contract has it; take it out of NOT_SHOWN"


def _entry(view: View, ways: Mapping[str, list[str]]) -> str:
    rows = "".join(
        f"| `{column}` | {unit(column)} | {as_markdown(comment)} | {as_code(ways[column])} |"
        f" {', '.join(_json_paths(ways[column])) or '-'} |\n"
        for column, comment in view.columns.items()
    )
    return (
        f"\n## {view.name.upper()}\n{as_markdown(view.doc)}\n\n"
        f"| column | unit | meaning | made from | JSON path |\n|---|---|---|---|---|\n{rows}"
    )


def _json_paths(lake_columns: Sequence[str]) -> list[str]:
    contracts = {f"{table.name}.{column.name}": (table, column) for table in TABLES for column in table.all_columns}
    paths: dict[str, None] = {}
    for lake_column in lake_columns:
        paths |= dict.fromkeys(reader_paths(*contracts[lake_column]))
    return list(paths)
