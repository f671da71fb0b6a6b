"""The status of an account's pipes: state, pending files, refused files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.snowflake.connect import Account
from deploy.snowflake.landing import landing
from shared.tables import TABLES

RUNNING = "RUNNING"


@dataclass(frozen=True)
class PipeStatus:
    """A pipe as Snowflake describes it. Missing values are empty texts."""

    table: str
    name: str
    state: str
    pending: int
    last_file: str
    last_at: str
    error: str


@dataclass(frozen=True)
class RefusedFile:
    """A file that a pipe did not load, or loaded only in part."""

    table: str
    file_name: str
    status: str
    error: str
    at: str


def pipes(account: Account) -> Iterator[PipeStatus]:
    """Every pipe of the environment. If a table has no pipe, its entry has state MISSING. Raises AccountError."""
    schema = f"{account.environment.database}.LANDING"
    existing = [str(row["name"]) for row in account.rows(f"show pipes in schema {schema}")]
    for table in TABLES:
        names = [name for name in existing if name.startswith(f"{table.name.upper()}_PIPE_V")]
        if not names:
            yield PipeStatus(table.name, "-", "MISSING", 0, "", "", "the pipe does not exist: make snowflake")
        for name in names:
            [(text,)] = account.query("select system$pipe_status(%s) as STATUS", f"{schema}.{name}")
            status = json.loads(str(text))
            yield PipeStatus(
                table.name,
                name,
                str(status.get("executionState", "")),
                int(status.get("pendingFileCount", 0)),
                str(status.get("lastIngestedFilePath", "")),
                str(status.get("lastIngestedTimestamp", ""))[:19],
                str(status.get("error") or status.get("fault") or ""),
            )


def refused_files(account: Account) -> Iterator[RefusedFile]:
    """Files that the pipes refused in the last 14 days, for which Snowflake keeps the history. Raises AccountError."""
    for table in TABLES:
        sql = (
            "select FILE_NAME, STATUS, FIRST_ERROR_MESSAGE, LAST_LOAD_TIME "  # noqa: S608  # our names
            f"from table({account.environment.database}.INFORMATION_SCHEMA.COPY_HISTORY("
            f"table_name => '{account.environment.database}.{landing(table)}', "
            "start_time => dateadd('day', -14, current_timestamp()))) "
            "where lower(STATUS) in ('load failed', 'partially loaded') order by LAST_LOAD_TIME"
        )
        for name, state, error, at in account.query(sql):
            yield RefusedFile(table.name, str(name), str(state), str(error or ""), str(at)[:19])
