"""deploy/generated/data_dictionary.md: every table and column of the lake."""

from collections.abc import Sequence

from deploy.generate.schemas import MADE_BY
from shared.contract import Column, MadeFrom, Table


def data_dictionary(tables: Sequence[Table]) -> str:
    """The dictionary as Markdown: the grain of each table, and the source of each value."""
    intro = f"""\
<!-- {MADE_BY.format(source="shared/tables/")} -->
# Data dictionary

Every timestamp is UTC without zone. JSON paths are those of a playlist's items in the Spotify Web API. Since 2026 the
API calls the song or episode of a row `item`; before, it was `track`, and both are read. A dash: the suite computes
the value; docs/history.md says how for plays.
"""
    return intro + "".join(_dictionary_entry(table) for table in tables)


def _dictionary_entry(table: Table) -> str:
    newest = _current(table)
    rows = "".join(
        f"| `{column.name}` | {column.type} | {'yes' if column.nullable else 'no'} |"
        f" {', '.join(reader_paths(table, column)) or '-'} | {as_markdown(column.doc)} |\n"
        for column in table.all_columns
    )
    return (
        f"\n## {table.name}\n{as_markdown(table.doc)}\n\n"
        f"- Grain: {table.grain}\n- Key: {as_code(table.key)}\n- Current: {newest}; one observation is one"
        f" {table.observed_per}\n\n"
        f"| column | type | null | JSON path | meaning |\n|---|---|---|---|---|\n{rows}"
    )


def _current(table: Table) -> str:
    if table.made_from is MadeFrom.PLAY:
        return "the newest of the packages that cover its time, extended history before account history"
    return f"newest per {as_code(table.newest_per)}" if table.newest_per else "history: every observation is kept"


def reader_paths(table: Table, column: Column) -> list[str]:
    """Spotify's JSON paths of the column. Plays have none, because `make import` renames their keys."""
    return [] if table.made_from is MadeFrom.PLAY else [readable_path(path) for path in column.sources]


def readable_path(path: str) -> str:
    """A contract's JSON path as both dictionaries show it."""
    if path.endswith("[#]"):
        return f"number of {readable_path(path.removesuffix('[#]'))}"
    if path.startswith("playlist."):
        return f"`{path.removeprefix('playlist.')}` of the playlist"
    return f"`items[].{path}`"


def as_code(names: Sequence[str]) -> str:
    """The names as Markdown code; a dash if there are none."""
    return ", ".join(f"`{name}`" for name in names) or "-"


def as_markdown(text: str) -> str:
    """The text with Markdown's special characters escaped."""
    return text.replace("<", "&lt;").replace(">", "&gt;").replace("|", "\\|")
