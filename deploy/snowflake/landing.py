"""The landing tables of a Snowflake, real or embedded, and the file names in their rows."""

import re
from typing import Protocol

from shared.contract import Table

DATABASE = "SPOTIFY"
# A published file's name ends in its log number and part. SQL extracts the number with these lengths.
FILE_TAIL = len("00000000000000000000-00000.parquet")
FILE_NUMBER = len("00000000000000000000")
# The dynamic table that a current view reads, if there is one, has the view's name and this suffix.
DYNAMIC_SUFFIX = "_DYNAMIC"
# These dynamic tables are refreshed last and in this order, because each reads the one before it.
_DERIVED = ("PLAYLIST_VERSIONS", "PLAYLIST_STAYS")
REMAINS = (
    "Snowflake's Time Travel keeps removed rows for a day. Landing and dynamic tables are transient: Fail-safe keeps "
    "nothing of them. A landing table that is still permanent keeps its removed rows there for seven days more: "
    "python -m deploy.snowflake.transient. The account's query history keeps the text of statements for a year."
)


class Landing(Protocol):
    """A Snowflake, real or embedded, that returns the rows of a statement; `%s` are placeholders for the values."""

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The rows."""


def landing(table: Table) -> str:
    """The landing table's name in the session's database."""
    return f"LANDING.{table.name.upper()}"


def published_key(file_name: str) -> str:
    """The lake's key of a file, from its path in the bucket, which Snowflake uses as the file's name."""
    match = re.search(r"(?:^|/)(processed/[^/]+/ingest_date=[^/]+/[^/]+)$", file_name)
    return match[1] if match else file_name


def refresh_dynamic_tables(warehouse: Landing) -> list[str]:
    """Refresh every dynamic table of CORE, also suspended ones, so that they lose rows removed from landing tables."""
    rows = warehouse.query(
        "select TABLE_NAME from INFORMATION_SCHEMA.TABLES where TABLE_SCHEMA = 'CORE' and right(TABLE_NAME, %s) = %s",
        len(DYNAMIC_SUFFIX),
        DYNAMIC_SUFFIX,
    )
    held = {str(name).removesuffix(DYNAMIC_SUFFIX) for (name,) in rows}
    order = [*sorted(held.difference(_DERIVED)), *(name for name in _DERIVED if name in held)]
    for name in order:
        warehouse.query(f"alter dynamic table CORE.{name}{DYNAMIC_SUFFIX} refresh")
    return order
