"""`make snowflake-status`: shows the pipes of a Snowflake account, and compares the account with the lake's log.

It shows the state of each pipe, its pending files, its last file, and the files that it refused in the last 14 days.
Then it compares the account as `make status` compares a warehouse on this machine: batches, files and rows of the log
with the landed rows. It also checks that the current views have all that has landed, each key once. Pipes take minutes,
so files of the last half hour may count as differences. Dynamic tables are shown with state and last refresh. While a
dynamic table is active and within its target lag, a missing row of its current view is no difference.
"""

import json
import sys
from collections.abc import Collection, Iterator, Sequence

from deploy.commands import now, run_command, table_text
from deploy.operate.status import as_text as reconciled_text
from deploy.operate.status import progress, status
from deploy.snowflake.connect import Account
from deploy.snowflake.dynamic_tables import DynamicTable, dynamic_tables
from deploy.snowflake.environment import Environment, stack_of
from deploy.snowflake.landing import Landing, landing
from deploy.snowflake.pipe_status import RUNNING, PipeStatus, RefusedFile, pipes, refused_files
from deploy.snowflake.prompts import parser_of
from shared.contract import MadeFrom, Table
from shared.store import open_store
from shared.tables import TABLES
from shared.terminal import printable


def current_differences(warehouse: Landing, lagging: Collection[str] = ()) -> Iterator[str]:
    """The current views that have a key twice, or lack a key that has landed.

    Views in `lagging` may lack keys until the next refresh of their dynamic table.
    """
    for table in TABLES:
        keys, units = ", ".join(table.key), ", ".join(table.newest_per or table.key)
        view = f"CORE.{table.name.upper()}"
        [(rows,)] = warehouse.query(f"select count(*) as N from {view}")  # noqa: S608  # our names, as below
        [(single,)] = warehouse.query(f"select count(*) as N from (select distinct {keys} from {view}) as keys")  # noqa: S608  # our names
        if rows != single:
            yield f"{table.name}: the current view has {rows} rows and {single} keys: something doubles"
        if table.name not in lagging and table.made_from is not MadeFrom.PLAY:  # outranked plays are not current
            yield from _lacking(warehouse, table, units, view)


def _lacking(warehouse: Landing, table: Table, units: str, view: str) -> Iterator[str]:
    landed, current = (
        warehouse.query(f"select count(*) as N from (select distinct {units} from {source}) as units")[0][0]  # noqa: S608  # our names
        for source in (landing(table), view)
    )
    if landed != current:
        yield f"{table.name}: {landed} different {units} have landed, the current view has {current}"


def as_text(pipes: Sequence[PipeStatus], refused: Sequence[RefusedFile]) -> str:
    """Pipes and refused files, for people."""
    header = ("table", "pipe", "state", "pending", "last file loaded", "at (UTC)")
    rows = [
        (pipe.table, pipe.name, pipe.state, pipe.pending, pipe.last_file or "-", pipe.last_at or "-") for pipe in pipes
    ]
    lines = [table_text(header, rows)]
    lines += [printable(f"{pipe.name}: {pipe.error}") for pipe in pipes if pipe.error]
    lines += [
        printable(f"{pipe.table}: {pipe.file_name}: {pipe.status} at {pipe.at}: {pipe.error}") for pipe in refused
    ]
    return "\n".join(lines)


def dynamic_text(held: Sequence[DynamicTable]) -> str:
    """Dynamic tables, for people."""
    header = ("dynamic table", "state", "refresh", "target lag", "last refresh (UTC)")
    rows = [
        (table.table, table.state, table.refresh_mode, table.target_lag, str(table.refreshed_at or "-")[:19])
        for table in held
    ]
    return table_text(header, rows)


def main(argv: Sequence[str]) -> int:
    """0 when the pipes run and everything agrees, 1 with the first difference named."""
    parser = parser_of(__doc__)
    parser.add_argument("--first", type=int, default=1, metavar="NUMBER", help="compare batches from this number on")
    parser.add_argument("--json", action="store_true", help="answer in one line of JSON")
    arguments = parser.parse_args(argv)
    environment = Environment.named(arguments.env)
    store = open_store(stack_of(environment, arguments.outputs).lake_uri)
    with Account.of(environment) as account:
        running = list(pipes(account))
        refused = list(refused_files(account))
        with progress() as report:
            reconciled = status(store, account, arguments.first, report)
        held = dynamic_tables(account)
        current = list(current_differences(account, {pipe.table for pipe in held if pipe.may_lag(now())}))
    stopped = [f"pipe of {pipe.table}: {pipe.state} {pipe.error}".strip() for pipe in running if pipe.state != RUNNING]
    stopped += [
        f"dynamic table of {pipe.table}: {pipe.state}; make snowflake with the same --target-lag, or "
        f"alter dynamic table CORE.{pipe.table.upper()}_DYNAMIC resume"
        for pipe in held
        if not pipe.is_active
    ]
    differences = stopped + reconciled.differences + current
    if arguments.json:
        shown = {"pipes": [vars(pipe) for pipe in running], "refused": [vars(pipe) for pipe in refused]}
        shown["dynamic_tables"] = [vars(pipe) for pipe in held]
        content = {"agrees": not differences, "differences": differences, **shown}
        print(json.dumps(content, ensure_ascii=False, default=str))
    else:
        print(as_text(running, refused))
        if held:
            print(dynamic_text(held))
        print(reconciled_text(reconciled))
        for pipe in current + stopped:
            print(pipe)
        if not current:
            print("The current views have all that has landed, each key once.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(run_command("snowflake-status", main, sys.argv[1:]))
