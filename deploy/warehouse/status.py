"""`make warehouse-status`: how the pipes of an account fare, and whether it has what the lake's log says.

For each pipe its state, what it has in hand, its last file and what it refused in 14 days. Then what `make status` asks
of a warehouse on this machine: batches, files and rows of the log against what has landed; and whether the current
views have all that landed, each key once. The first difference is named. Files that are on their way for less than half
an hour count as differences too: pipes take minutes.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.commands import Landing, landing, run_command, table_text
from deploy.local.status import as_text as reconciled_text
from deploy.local.status import progress, status
from deploy.warehouse.asking import parser_of
from deploy.warehouse.connect import Account
from deploy.warehouse.stage import Stage, stack_of
from shared.contract import Table
from shared.store import open_store
from shared.tables import TABLES
from shared.terminal import printable

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
    """Every pipe of the stage, those that are missing as such. Raises AccountError."""
    schema = f"{account.stage.database}.LANDING"
    standing = [str(row["name"]) for row in account.rows(f"show pipes in schema {schema}")]
    for table in TABLES:
        names = [name for name in standing if name.startswith(f"{table.name.upper()}_PIPE_V")]
        if not names:
            yield PipeStatus(table.name, "-", "MISSING", 0, "", "", "there is no pipe: make warehouse")
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
            f"from table({account.stage.database}.INFORMATION_SCHEMA.COPY_HISTORY("
            f"table_name => '{account.stage.database}.{landing(table)}', "
            "start_time => dateadd('day', -14, current_timestamp()))) "
            "where lower(STATUS) in ('load failed', 'partially loaded') order by LAST_LOAD_TIME"
        )
        for name, state, error, at in account.query(sql):
            yield RefusedFile(table.name, str(name), str(state), str(error or ""), str(at)[:19])


def current_differences(warehouse: Landing) -> Iterator[str]:
    """Where a current view has a key twice, or lacks one whose newest observation has landed."""
    for table in TABLES:
        keys, units = ", ".join(table.key), ", ".join(table.newest_per or table.key)
        view = f"CORE.{table.name.upper()}"
        [(rows,)] = warehouse.query(f"select count(*) as N from {view}")  # noqa: S608  # our names, as below
        [(single,)] = warehouse.query(f"select count(*) as N from (select distinct {keys} from {view}) as keys")  # noqa: S608
        if rows != single:
            yield f"{table.name}: the current view has {rows} rows and {single} keys: something doubles"
        yield from _lacking(warehouse, table, units, view)


def _lacking(warehouse: Landing, table: Table, units: str, view: str) -> Iterator[str]:
    landed, current = (
        warehouse.query(f"select count(*) as N from (select distinct {units} from {source}) as units")[0][0]  # noqa: S608
        for source in (landing(table), view)
    )
    if landed != current:
        yield f"{table.name}: {landed} different {units} have landed, the current view has {current}"


def as_text(found: Sequence[PipeStatus], refused: Sequence[RefusedFile]) -> str:
    """Pipes and refusals, for people."""
    header = ("table", "pipe", "state", "in hand", "last file taken", "at (UTC)")
    rows = [(one.table, one.name, one.state, one.pending, one.last_file or "-", one.last_at or "-") for one in found]
    lines = [table_text(header, rows)]
    lines += [printable(f"{one.name}: {one.error}") for one in found if one.error]
    lines += [printable(f"{one.table}: {one.file_name}: {one.status} at {one.at}: {one.error}") for one in refused]
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """0 when the pipes run and everything agrees, 1 with the first difference named."""
    parser = parser_of(__doc__)
    parser.add_argument("--first", type=int, default=1, metavar="NUMBER", help="look at batches from this number on")
    parser.add_argument("--json", action="store_true", help="answer in one line of JSON")
    given = parser.parse_args(argv)
    stage = Stage.named(given.stage)
    store = open_store(stack_of(stage, given.outputs).lake_uri)
    with Account.of(stage) as account:
        running = list(pipes(account))
        refused = list(refused_files(account))
        with progress() as report:
            reconciled = status(store, account, given.first, report)
        current = list(current_differences(account))
    stopped = [f"pipe of {one.table}: {one.state} {one.error}".strip() for one in running if one.state != RUNNING]
    differences = stopped + reconciled.differences + current
    if given.json:
        shown = {"pipes": [vars(one) for one in running], "refused": [vars(one) for one in refused]}
        print(json.dumps({"agrees": not differences, "differences": differences, **shown}, ensure_ascii=False))
    else:
        print(as_text(running, refused))
        print(reconciled_text(reconciled))
        for one in current + stopped:
            print(one)
        if not current:
            print("The current views have all that has landed, each key once.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(run_command("warehouse-status", main, sys.argv[1:]))
