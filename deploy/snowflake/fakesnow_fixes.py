"""Corrects differences between Snowflake and fakesnow, the engine of the embedded Snowflake."""

import contextlib
import logging
from collections.abc import Iterator
from unittest import mock

from fakesnow import copy_into, info_schema
from sqlglot import exp

COMMENTS = r"\s*(?:--[^\n]*\n\s*)*"
# Statements that fakesnow cannot parse or ignores. With these patterns it reports success without running them.
NOT_EMULATED = (
    COMMENTS + r"(?:create|alter|drop)\s+pipe\s",
    COMMENTS + r"alter\s+table\s+[\w.]+\s+alter\s+column\s+\w+\s+comment\s",
    COMMENTS + r"(?:alter|drop)\s+dynamic\s+table\s",
    COMMENTS + r"show\s+(?:dynamic\s+tables|pipes)\s",
    COMMENTS + r"alter\s+session\s+set\s+query_tag\s",
    # Statements about the account: roles, users, warehouses, policies, integrations, and grants.
    COMMENTS + r"(?:grant|revoke|use\s+role)\s",
    COMMENTS + r"(?:create|alter)\s+(?:role|user|warehouse|resource\s+monitor)\s",
    COMMENTS + r"(?:create|alter)\s+(?:network|authentication)\s+policy\s",
    COMMENTS + r"alter\s+file\s+format\s",
    COMMENTS + r"(?:create|alter)\s+(?:storage|notification)\s+integration\s",
    COMMENTS + r"alter\s+account\s",
    COMMENTS + r"(?:create|alter)\s+schema\s.*\smanaged\s+access",
)


@contextlib.contextmanager
def bent_fakesnow(reading: dict[str, str] | None = None) -> Iterator[None]:
    """Patch fakesnow 0.12.1 where it would fail or silently differ from Snowflake.

    `reading` maps the URL of a file in a COPY (stage, folder and file) to the select that returns the file's rows.
    """

    def read_parquet(_: copy_into.ReadParquet, url: str) -> exp.Expr:
        return exp.var((reading or {})[url])  # unparsed: parsing it twice per file would take most of the time

    def with_quotes(catalog: str, schema: str, table: str, comment: str | None) -> str:
        # fakesnow does not escape quotes in a table's comment.
        return table_comment(catalog, schema, table, (comment or "").replace("'", "''"))

    def is_news(record: logging.LogRecord) -> bool:
        # Hides warnings that DuckDB ignores comments on columns and schemas, and options of dynamic tables.
        return "unsupported" not in record.getMessage().lower()

    table_comment = info_schema.insert_table_comment_sql
    parser_log = logging.getLogger("sqlglot")
    parser_log.addFilter(is_news)
    try:
        with (
            mock.patch.object(info_schema, "insert_table_comment_sql", with_quotes),
            mock.patch.object(copy_into.ReadParquet, "read_expression", read_parquet),
        ):
            yield
    finally:
        parser_log.removeFilter(is_news)
