"""`make snowflake-pipe TABLE=songs`: changes a table's pipe, and loads files that no pipe has loaded.

`TABLE=ALL` does this for all tables. A pipe remembers by name which files it has loaded, and forgets them when it is
replaced. So a changed pipe has a new name (PIPE_VERSION in deploy/generate/schemas.py) and is created before the old
one is dropped. If files arrive while both exist, both load them; the current view still has each row once. The command
compares the lake with the landed rows and loads missing files:

- Files up to six days old are loaded with ALTER PIPE ... REFRESH, day by day, from the oldest missing file of the day
  on (Snowflake refreshes the last seven days only). Later files of that day land again; the current view still has each
  row once.
- Older files are loaded by name with the pipe's own COPY, and with LOAD_UNCERTAIN_FILES, because Snowflake does not
  know whether it has loaded a file older than 64 days.

The plan is shown first. If a COPY does not load a file, the command names the file and exits with 1. A second run does
nothing, except for a file that cannot be loaded: make snowflake-status shows the reason.
"""

import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor
from schemachange.sql_splitter import split_sql_statements

from deploy.commands import now, run_command, table_named
from deploy.snowflake.connect import Account, connection_settings
from deploy.snowflake.deploy import SCRIPTS, variables_of
from deploy.snowflake.environment import Environment, stack_of
from deploy.snowflake.landing import landing, published_key
from deploy.snowflake.prompts import confirm, parser_of
from shared import lake
from shared.contract import Table
from shared.document import timestamp
from shared.store import ObjectStore, open_store
from shared.tables import TABLES
from shared.terminal import printable

REFRESHED = timedelta(days=6)
# A pipe may take minutes, so files newer than this may still be loading.
ON_ITS_WAY = timedelta(minutes=30)
_MARGIN = timedelta(minutes=1)
_FILES_PER_COPY = 1000  # Snowflake's limit
_CREATE = re.compile(
    r"create pipe if not exists (?P<name>\S+)\s.*?\nas\s+(?P<copy>copy into .*)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Pipe:
    """A table's pipe as our SQL defines it: full name, COPY, and the statements that create it and drop older pipes."""

    name: str
    copy: str
    statements: tuple[str, ...]

    @property
    def short_name(self) -> str:
        """The name without database and schema."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Missing:
    """A published file that has not landed."""

    key: str
    modified_at: datetime


@dataclass(frozen=True)
class Change:
    """The plan for a table: `switch` has the statements that change its pipe, `loads` those that load missing files."""

    table: Table
    pipe: Pipe
    switch: tuple[str, ...]
    missing: tuple[Missing, ...]
    loads: tuple[str, ...]
    note: str = ""


def pipe_of(table: Table, variables: dict[str, str]) -> Pipe:
    """The table's pipe, from its script."""
    script = f"generated/snowflake/R__2_pipe_{table.name}.sql"
    text = JinjaTemplateProcessor(project_root=SCRIPTS).render(script, variables)
    statements = tuple(split_sql_statements(text))
    created = next(match for statement in statements if (match := _CREATE.search(statement)))
    return Pipe(created["name"], created["copy"].strip().rstrip(";"), statements)


def change(account: Account, store: ObjectStore, table: Table, pipe: Pipe, at: datetime) -> Change:
    """The plan for the table; `at` is the current time. Raises AccountError."""
    schema = f"{account.environment.database}.LANDING"
    shown = account.rows(f"show pipes like '{table.name.upper()}_PIPE_V%' in schema {schema}")
    existing = {str(row["name"]): str(row.get("definition") or "") for row in shown}
    older = sorted(existing.keys() - {pipe.short_name})
    switch = [*pipe.statements] if pipe.short_name not in existing else []
    # The script itself may drop some of the older pipes.
    dropped = " ".join(pipe.statements) if switch else ""
    switch += [f"drop pipe if exists {schema}.{name}" for name in older if f".{name}" not in dropped]
    since = at if switch else at - ON_ITS_WAY
    missing = tuple(missing_files(account, store, table, since))
    note = ""
    if pipe.short_name in existing and _plain(existing[pipe.short_name]) != _plain(pipe.copy):
        note = (
            f"{pipe.short_name} differs from the script: a changed pipe needs a new name, so increase PIPE_VERSION "
            "in deploy/generate/schemas.py, then make generate"
        )
    return Change(table, pipe, tuple(switch), missing, tuple(loads(pipe, table, missing, at)), note)


def missing_files(account: Account, store: ObjectStore, table: Table, since: datetime) -> Iterator[Missing]:
    """The table's files that were published until `since` and have not landed, in the order of their names."""
    sql = f"select distinct FILE_NAME from {landing(table)}"  # noqa: S608  # our names
    landed = {published_key(str(name)) for (name,) in account.query(sql)}
    for listed in store.list(f"{lake.PROCESSED}{table.name}/"):
        if listed.key not in landed and listed.time <= since:
            yield Missing(listed.key, listed.time)


def loads(pipe: Pipe, table: Table, missing: Sequence[Missing], at: datetime) -> Iterator[str]:
    """Statements that load these files."""
    prefix = f"{lake.PROCESSED}{table.name}/"
    old = [file.key.removeprefix(prefix) for file in missing if at - file.modified_at > REFRESHED]
    copy = re.sub(r"\npattern = '[^']*'", "", pipe.copy)
    for first in range(0, len(old), _FILES_PER_COPY):
        names = ", ".join(f"'{name}'" for name in old[first : first + _FILES_PER_COPY])
        yield f"{copy}\nload_uncertain_files = true\nfiles = ({names})"
    oldest: dict[str, datetime] = defaultdict(lambda: at)
    for file in missing:
        if at - file.modified_at <= REFRESHED:
            day = file.key.removeprefix(prefix).partition("/")[0]
            oldest[day] = min(oldest[day], file.modified_at)
    for day, modified_at in sorted(oldest.items()):
        after = timestamp(modified_at - _MARGIN)[:19] + "Z"
        yield f"alter pipe {pipe.name} refresh prefix = '{day}/' modified_after = '{after}'"


def not_loaded(result: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Files that a COPY did not load or a refresh did not send, with the reason, from the rows of its result."""
    for row in result:
        state = str(row.get("status", ""))
        if "file" not in row:
            if "0 files" in state:
                yield state
        elif state.upper() not in {"LOADED", "SENT"}:
            yield f"{row['file']}: {state}: {row.get('first_error') or 'no reason given'}"


def _plain(sql: str) -> str:
    return " ".join(sql.lower().rstrip("; \n").split())


def as_text(planned: Change) -> str:
    """The plan for a table as text for people."""
    name = planned.table.name
    lines = [f"{name}: {planned.note}"] if planned.note else []
    if not planned.switch and not planned.missing:
        return "\n".join([*lines, f"{name}: {planned.pipe.short_name} exists, and every published file has landed."])
    if planned.switch:
        lines += [f"{name}: the pipe changes:", *(_indented(statement) for statement in planned.switch)]
    if planned.missing:
        count, first = len(planned.missing), planned.missing[0].key
        lines.append(f"{name}: {count:,} published files have not landed, the first {first}:")
        lines += [_indented(statement) for statement in planned.loads]
    return "\n".join(lines)


def _indented(statement: str) -> str:
    shown = statement if len(statement) < 2000 else statement[:2000] + " …"  # noqa: PLR2004  # what a person reads
    return "\n".join(f"  {line}" for line in shown.strip().splitlines() if not line.startswith("--"))


def main(argv: Sequence[str]) -> int:
    """0 when every pipe exists and every missing file was loaded or requested, 1 if some file was not loaded."""
    parser = parser_of(__doc__, changes=True)
    parser.add_argument("--table", required=True, help="table of the pipe, or ALL")
    arguments = parser.parse_args(argv)
    environment = Environment.named(arguments.env)
    tables = list(TABLES) if arguments.table.upper() == "ALL" else [table_named(arguments.table)]
    stack = stack_of(environment, arguments.outputs)
    variables, store = variables_of(environment, stack), open_store(stack.lake_uri)
    settings = connection_settings(environment, os.environ)
    with Account(environment, settings) as account:
        changes = [change(account, store, table, pipe_of(table, variables), now()) for table in tables]
        for planned in changes:
            print(as_text(planned))
        if not any(planned.switch or planned.loads for planned in changes):
            return 0
        confirm(yes=arguments.yes, place=f"database {environment.database}, as {settings['role']}")
        is_loaded = True
        for planned in changes:
            for statement in planned.switch:
                account.query(statement)
            # Plan again, because files that arrived during the change are missing too.
            statements = (
                change(account, store, planned.table, planned.pipe, now()).loads if planned.switch else planned.loads
            )
            for statement in statements:
                for file in not_loaded(account.rows(statement)):
                    is_loaded = False
                    print(printable(f"{planned.table.name}: not loaded: {file}"))
            print(
                f"{planned.table.name}: {len(planned.switch)} statements changed the pipe, "
                f"{len(statements)} requested files."
            )
    print("A refresh takes minutes; make snowflake-status says when all has landed.")
    return 0 if is_loaded else 1


if __name__ == "__main__":
    sys.exit(run_command("snowflake-pipe", main, sys.argv[1:]))
