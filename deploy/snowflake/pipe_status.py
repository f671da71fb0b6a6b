"""What an account says of its pipes: state, files in hand, files that they refused."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from deploy.snowflake.connect import Account
from deploy.snowflake.landing import landing
from shared.tables import TABLES

RUNNING = "RUNNING"


@dataclass(frozen=True)
class PipeStatus:
    """One pipe as Snowflake describes it; what it says nothing of is empty."""

    table: str
    name: str
    state: str
    pending: int
    last_file: str
    last_at: str
    error: str


@dataclass(frozen=True)
class RefusedFile:
    """A file that a pipe did not load, or only in part."""

    table: str
    file_name: str
    status: str
    error: str
    at: str


def pipes(account: Account) -> Iterator[PipeStatus]:
    """Every pipe of the environment, those that are missing as such. Raises AccountError."""
    schema = f"{account.environment.database}.LANDING"
    standing = [str(row["name"]) for row in account.rows(f"show pipes in schema {schema}")]
    for table in TABLES:
        names = [name for name in standing if name.startswith(f"{table.name.upper()}_PIPE_V")]
        if not names:
            yield PipeStatus(table.name, "-", "MISSING", 0, "", "", "there is no pipe: make snowflake")
        for name in names:
            [(text,)] = account.query("select system$pipe_status(%s) as STATUS", f"{schema}.{name}")
            said = json.loads(str(text))
            yield PipeStatus(
                table.name,
                name,
                str(said.get("executionState", "")),
                int(said.get("pendingFileCount", 0)),
                str(said.get("lastIngestedFilePath", "")),
                str(said.get("lastIngestedTimestamp", ""))[:19],
                str(said.get("error") or said.get("fault") or ""),
            )


def refused_files(account: Account) -> Iterator[RefusedFile]:
    """What the pipes refused in the last 14 days, which is as long as Snowflake remembers. Raises AccountError."""
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
