"""The landing tables of a Snowflake, real or embedded, and what their rows say of files."""

import re
from typing import Protocol

from shared.contract import Table

DATABASE = "SPOTIFY"
# A published file's name ends in its log number and part; Snowflake's SQL finds the number by these places.
FILE_TAIL = len("00000000000000000000-00000.parquet")
FILE_NUMBER = len("00000000000000000000")


class Landing(Protocol):
    """A Snowflake, real or embedded, that answers one statement with its rows; `%s` stands for the values."""

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The rows."""


def landing(table: Table) -> str:
    """The landing table's name in the session's database."""
    return f"LANDING.{table.name.upper()}"


def published_key(file_name: str) -> str:
    """The lake's key of what Snowflake calls the file: its path in the bucket."""
    found = re.search(r"(?:^|/)(processed/[^/]+/ingest_date=[^/]+/[^/]+)$", file_name)
    return found[1] if found else file_name
