"""`make snowflake-pipe TABLE=songs`: changes a table's pipe, and loads what no pipe has. `TABLE=ALL` does all tables.

A pipe knows what it has loaded by file name, and forgets it when it is replaced; so a changed pipe has a new name
(PIPE_VERSION in deploy/generate/schemas.py), and exists before the old one is dropped. What arrives while both exist is
loaded by both, and is one row in the current view. What fell between them, or was in the lake before there was any
pipe, is found by comparing the lake with what has landed, and loaded within bounds:

- up to six days old: ALTER PIPE … REFRESH, day by day, from the oldest missing file of the day on (Snowflake reads
  the last seven days only). Younger files of that day that have landed land again; current rows stay single;
- older: the pipe's own COPY, with the missing files by name, and LOAD_UNCERTAIN_FILES, since Snowflake no longer knows
  whether it loaded a file older than 64 days.

The plan is shown first. Each row of a COPY's result is read: what was not loaded is named, and the exit status is 1.
Repeating the command does nothing, except for a file that cannot be loaded: make snowflake-status says why.
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
# A pipe may take minutes; what is younger is on its way.
ON_ITS_WAY = timedelta(minutes=30)
_MARGIN = timedelta(minutes=1)
_FILES_PER_COPY = 1000  # Snowflake's limit
_CREATE = re.compile(
    r"create pipe if not exists (?P<name>\S+)\s.*?\nas\s+(?P<copy>copy into .*)", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Pipe:
    """A table's pipe as our SQL has it: its full name, its COPY, and what makes it and drops its elders."""

    name: str
    copy: str
    statements: tuple[str, ...]

    @property
    def short_name(self) -> str:
        """Without database and schema."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Missing:
    """A published file that has not landed."""

    key: str
    modified_at: datetime


@dataclass(frozen=True)
class Change:
    """What there is to do for one table: statements that switch pipes, then statements that load what is missing."""

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
    found = next(match for statement in statements if (match := _CREATE.search(statement)))
    return Pipe(found["name"], found["copy"].strip().rstrip(";"), statements)


def change(account: Account, store: ObjectStore, table: Table, pipe: Pipe, at: datetime) -> Change:
    """What is to do for the table at this time. Raises AccountError."""
    schema = f"{account.environment.database}.LANDING"
    shown = account.rows(f"show pipes like '{table.name.upper()}_PIPE_V%' in schema {schema}")
    standing = {str(row["name"]): str(row.get("definition") or "") for row in shown}
    elders = sorted(standing.keys() - {pipe.short_name})
    switch = [*pipe.statements] if pipe.short_name not in standing else []
    # What the script does not drop itself.
    dropped = " ".join(pipe.statements) if switch else ""
    switch += [f"drop pipe if exists {schema}.{name}" for name in elders if f".{name}" not in dropped]
    since = at if switch else at - ON_ITS_WAY
    missing = tuple(missing_files(account, store, table, since))
    note = ""
    if pipe.short_name in standing and _plain(standing[pipe.short_name]) != _plain(pipe.copy):
        note = (
            f"{pipe.short_name} has another text than ours: a changed pipe needs a new name, so count PIPE_VERSION up "
            "in deploy/generate/schemas.py, then make generate"
        )
    return Change(table, pipe, tuple(switch), missing, tuple(loads(pipe, table, missing, at)), note)


def missing_files(account: Account, store: ObjectStore, table: Table, since: datetime) -> Iterator[Missing]:
    """The table's published files up to this time that have not landed, in the order of their names."""
    sql = f"select distinct FILE_NAME from {landing(table)}"  # noqa: S608  # our names
    landed = {published_key(str(name)) for (name,) in account.query(sql)}
    for listed in store.list(f"{lake.PROCESSED}{table.name}/"):
        if listed.key not in landed and listed.time <= since:
            yield Missing(listed.key, listed.time)


def loads(pipe: Pipe, table: Table, missing: Sequence[Missing], at: datetime) -> Iterator[str]:
    """Statements that load these files."""
    prefix = f"{lake.PROCESSED}{table.name}/"
    old = [one.key.removeprefix(prefix) for one in missing if at - one.modified_at > REFRESHED]
    copy = re.sub(r"\npattern = '[^']*'", "", pipe.copy)
    for first in range(0, len(old), _FILES_PER_COPY):
        names = ", ".join(f"'{name}'" for name in old[first : first + _FILES_PER_COPY])
        yield f"{copy}\nload_uncertain_files = true\nfiles = ({names})"
    oldest: dict[str, datetime] = defaultdict(lambda: at)
    for one in missing:
        if at - one.modified_at <= REFRESHED:
            day = one.key.removeprefix(prefix).partition("/")[0]
            oldest[day] = min(oldest[day], one.modified_at)
    for day, modified_at in sorted(oldest.items()):
        after = timestamp(modified_at - _MARGIN)[:19] + "Z"
        yield f"alter pipe {pipe.name} refresh prefix = '{day}/' modified_after = '{after}'"


def not_loaded(result: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """What a COPY or a refresh did not load, from the rows that it answers with; a refresh only sends files."""
    for row in result:
        state = str(row.get("status", ""))
        if "file" not in row:
            if "0 files" in state:
                yield state
        elif state.upper() not in {"LOADED", "SENT"}:
            yield f"{row['file']}: {state}: {row.get('first_error') or 'no reason given'}"


def _plain(sql: str) -> str:
    return " ".join(sql.lower().rstrip("; \n").split())


def as_text(found: Change) -> str:
    """The plan for one table, for people."""
    name = found.table.name
    lines = [f"{name}: {found.note}"] if found.note else []
    if not found.switch and not found.missing:
        return "\n".join([*lines, f"{name}: {found.pipe.short_name} exists, and every published file has landed."])
    if found.switch:
        lines += [f"{name}: the pipe changes:", *(_indented(statement) for statement in found.switch)]
    if found.missing:
        count, first = len(found.missing), found.missing[0].key
        lines.append(f"{name}: {count:,} published files have not landed, the first {first}:")
        lines += [_indented(statement) for statement in found.loads]
    return "\n".join(lines)


def _indented(statement: str) -> str:
    shown = statement if len(statement) < 2000 else statement[:2000] + " …"  # noqa: PLR2004  # what a person reads
    return "\n".join(f"  {line}" for line in shown.strip().splitlines() if not line.startswith("--"))


def main(argv: Sequence[str]) -> int:
    """0 when the pipes are as they should be and nothing is missing, or could be asked for; 1 if some did not load."""
    parser = parser_of(__doc__, changes=True)
    parser.add_argument("--table", required=True, help="which table's pipe, or ALL")
    given = parser.parse_args(argv)
    environment = Environment.named(given.env)
    tables = list(TABLES) if given.table.upper() == "ALL" else [table_named(given.table)]
    stack = stack_of(environment, given.outputs)
    variables, store = variables_of(environment, stack), open_store(stack.lake_uri)
    settings = connection_settings(environment, os.environ)
    with Account(environment, settings) as account:
        found = [change(account, store, table, pipe_of(table, variables), now()) for table in tables]
        for one in found:
            print(as_text(one))
        if not any(one.switch or one.loads for one in found):
            return 0
        confirm(yes=given.yes, place=f"database {environment.database}, as {settings['role']}")
        is_whole = True
        for one in found:
            for statement in one.switch:
                account.query(statement)
            # What came while the pipes changed is missing too.
            done = change(account, store, one.table, one.pipe, now()).loads if one.switch else one.loads
            for statement in done:
                for lack in not_loaded(account.rows(statement)):
                    is_whole = False
                    print(printable(f"{one.table.name}: not loaded: {lack}"))
            print(f"{one.table.name}: {len(one.switch)} statements changed the pipe, {len(done)} asked for files.")
    print("A refresh takes minutes; make snowflake-status says when all has landed.")
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(run_command("snowflake-pipe", main, sys.argv[1:]))
