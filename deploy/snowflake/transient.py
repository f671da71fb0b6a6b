"""`python -m deploy.snowflake.transient --env dev`: makes permanent landing tables of older versions transient.

Fail-safe keeps the removed rows of a permanent table for seven days after Time Travel. A table cannot be altered to
transient, so its rows are copied into a new table, which then gets its name. The old table is dropped. Time Travel
keeps it for a day, and Fail-safe for seven more.

The new table and its new pipe have no load history. The copied rows keep their file names, so `make snowflake-pipe
TABLE=ALL` afterwards loads files that arrived during the move, and loads later files of the same days again. A refresh
without bounds would load the files of seven days again. Rows that land twice are one row in the current views.

The plan is shown first. If a run was interrupted, the same command continues it.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor
from schemachange.sql_splitter import split_sql_statements

from deploy.commands import CommandError, run_command
from deploy.generate.schemas import LOAD_COLUMNS
from deploy.snowflake.connect import Account, connection_settings
from deploy.snowflake.deploy import SCRIPTS, variables_of
from deploy.snowflake.environment import Environment, stack_of
from deploy.snowflake.pipe import pipe_of
from deploy.snowflake.prompts import confirm, parser_of
from shared.contract import Table
from shared.tables import TABLES


@dataclass(frozen=True)
class Move:
    """Statements that make a landing table transient: `copy` before the rows are compared, `switch` afterwards."""

    table: Table
    copy: tuple[str, ...]
    switch: tuple[str, ...]


def moves(account: Account, variables: dict[str, str]) -> list[Move]:
    """The plan. Raises AccountError."""
    schema = f"{account.environment.database}.LANDING"
    kinds = {str(row["name"]): str(row["kind"]).upper() for row in account.rows(f"show tables in schema {schema}")}
    pipes = [str(row["name"]) for row in account.rows(f"show pipes in schema {schema}")]
    planned = []
    for table in TABLES:
        name = f"{schema}.{table.name.upper()}"
        is_permanent = kinds.get(table.name.upper()) == "TABLE"
        if not is_permanent and f"{table.name.upper()}_TRANSIENT" not in kinds:
            continue
        drops = [
            f"drop pipe if exists {schema}.{pipe}" for pipe in pipes if pipe.startswith(f"{table.name.upper()}_PIPE_V")
        ]
        end = [f"drop table if exists {name}_TRANSIENT", *pipe_of(table, variables).statements]
        if not is_permanent:
            planned.append(Move(table, (), tuple(end)))
            continue
        columns = _columns(account, table)
        fill = f"insert into {name}_TRANSIENT ({columns}) select {columns} from {name}"  # noqa: S608  # our names
        copy = [*drops, _create(table, variables, name), fill]
        swap = f"alter table {name} swap with {name}_TRANSIENT"
        planned.append(Move(table, tuple(copy), (swap, *end)))
    return planned


def _create(table: Table, variables: dict[str, str], name: str) -> str:
    script = f"generated/snowflake/R__1_landing_{table.name}.sql"
    text = JinjaTemplateProcessor(project_root=SCRIPTS).render(script, variables)
    [create, *_] = split_sql_statements(text)
    return create.replace(
        f"create transient table if not exists {name} (", f"create or replace transient table {name}_TRANSIENT ("
    )


def _columns(account: Account, table: Table) -> str:
    """The columns of the old table that the contract still has. Other columns remain in the lake only."""
    rows = account.query(
        "select COLUMN_NAME from INFORMATION_SCHEMA.COLUMNS where TABLE_SCHEMA = 'LANDING' and TABLE_NAME = %s",
        table.name.upper(),
    )
    existing = {str(column) for (column,) in rows}
    ours = [column.name.upper() for column in table.all_columns] + [column for column, *_ in LOAD_COLUMNS]
    return ", ".join(column for column in ours if column in existing)


def move(account: Account, planned: Move) -> int:
    """Make a table transient and return the number of its rows. Raises CommandError if the copy is incomplete."""
    for statement in planned.copy:
        account.query(statement)
    name = f"LANDING.{planned.table.name.upper()}"
    if planned.copy:
        old, new = (
            account.query(f"select count(*) as N from {table}")[0][0]  # noqa: S608  # our names
            for table in (name, f"{name}_TRANSIENT")
        )
        if old != new:
            raise CommandError(
                f"{name} has {old} rows and its copy {new}: something writes to it; nothing was switched, run this "
                "again"
            )
    for statement in planned.switch:
        account.query(statement)
    [(rows,)] = account.query(f"select count(*) as N from {name}")  # noqa: S608  # our names
    return int(str(rows))


def as_text(planned: Move) -> str:
    """The plan for a table as text for people."""
    statements = [
        " ".join(line for line in statement.splitlines() if not line.startswith("--"))
        for statement in planned.copy + planned.switch
    ]
    shown = [text if len(text) < 160 else text[:160] + " …" for text in statements]  # noqa: PLR2004  # a line's worth
    return "\n".join([f"{planned.table.name}:", *(f"  {text}" for text in shown)])


def main(argv: Sequence[str]) -> int:
    """0 when every landing table is transient."""
    arguments = parser_of(__doc__, changes=True).parse_args(argv)
    environment = Environment.named(arguments.env)
    variables = variables_of(environment, stack_of(environment, arguments.outputs))
    settings = connection_settings(environment, os.environ)
    with Account(environment, settings) as account:
        tables = moves(account, variables)
        if not tables:
            print("Every landing table is transient: nothing was changed.")
            return 0
        for planned in tables:
            print(as_text(planned))
        print(
            "The new pipes remember no file. Rows are copied with their file names, so make snowflake-pipe loads only"
        )
        print("files that arrive during the move, and younger ones of the same days again; current rows stay single.")
        confirm(yes=arguments.yes, place=f"database {environment.database}, as {settings['role']}")
        for planned in tables:
            print(f"{planned.table.name}: {move(account, planned):,} rows, transient.", flush=True)
    print(f"Now load the files that arrived meanwhile: make snowflake-pipe TABLE=ALL ENV={environment.name}")
    print("If there are dynamic tables: make snowflake with the same --target-lag, or alter dynamic table … refresh.")
    return 0


if __name__ == "__main__":
    sys.exit(run_command("snowflake-transient", main, sys.argv[1:]))
