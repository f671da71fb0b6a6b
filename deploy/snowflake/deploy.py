"""`make snowflake ENV=dev`: applies deploy/snowflake and deploy/generated to a Snowflake account.

schemachange says which scripts are new or changed, somebody agrees, and schemachange applies them as the deployer, in
order, each whole and noted in <database>.SCHEMACHANGE.CHANGE_HISTORY. A failing script stops it; earlier scripts are
applied completely, and the same command goes on. Run again, it applies nothing. Account objects (database, roles,
warehouses, integrations) are the administrator's: deploy.snowflake.admin makes their file. Tables and views that no
script makes any more are listed and left.
"""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from schemachange.config.DeployConfig import DeployConfig
from schemachange.deploy import deploy as schemachange_deploy
from schemachange.ScriptExecutionError import ScriptExecutionError
from schemachange.session.SnowflakeSession import SnowflakeSession
from snowflake.connector.errors import Error

from deploy.commands import CommandError, run_command
from deploy.snowflake.connect import Account, AccountError, connection_settings, errors_explained, explained
from deploy.snowflake.environment import Environment, Stack, stack_of
from deploy.snowflake.prompts import confirm, parser_of

SCRIPTS = Path(__file__).parents[1]
HISTORY = "SCHEMACHANGE.CHANGE_HISTORY"
DYNAMIC = "dynamic table"
_MADE = re.compile(
    r"create (?:or replace )?(?:transient )?(?:dynamic )?(?:table|view) (?:if not exists )?"
    r"\{\{ database \}\}\.(\w+\.\w+)"
)


@dataclass(frozen=True)
class Plan:
    """The scripts that would be applied, in order, and how many are as they were."""

    scripts: tuple[str, ...]
    unchanged: int


def variables_of(environment: Environment, stack: Stack, target_lag: str | None = None) -> dict[str, str]:
    """What the scripts are given; with a target lag, such as `1 hour`, the current rows are dynamic tables."""
    given = {
        "database": environment.database,
        "stage_url": stack.stage_url,
        "storage_integration": environment.storage_integration,
        "error_integration": environment.error_integration,
        "sns_topic_arn": stack.processed_topic_arn,
        "transform_warehouse": environment.transform_warehouse,
    }
    return given | ({"current_as": DYNAMIC, "target_lag": target_lag} if target_lag else {})


def plan(
    environment: Environment, variables: Mapping[str, str], settings: Mapping[str, Any], scripts: Path = SCRIPTS
) -> Plan:
    """What would be applied. Raises AccountError."""
    found: list[str] = []
    unchanged = _run(environment, variables, settings, scripts, on_script=found.append, dry_run=True)
    return Plan(tuple(found), unchanged)


def apply(
    environment: Environment,
    variables: Mapping[str, str],
    settings: Mapping[str, Any],
    on_script: Callable[[str], None],
    scripts: Path = SCRIPTS,
) -> None:
    """Apply new and changed scripts; calls `on_script` with each name as it begins. Raises AccountError."""
    _run(environment, variables, settings, scripts, on_script=on_script, dry_run=False)


def _run(
    environment: Environment,
    variables: Mapping[str, str],
    settings: Mapping[str, Any],
    scripts: Path,
    *,
    on_script: Callable[[str], None],
    dry_run: bool,
) -> int:
    """The number of scripts that need nothing."""
    skipped = 0

    def hear(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Takes what is of use out of schemachange's log, which is long, and drops the log."""
        nonlocal skipped
        said = str(event.get("event", ""))
        if "a_script_name" in event and said.startswith(("Applying", "Running in dry-run mode")):
            name = str(event["a_script_name"])
            if not heard or heard[-1] != name:
                heard.append(name)
                on_script(name)
        skipped = int(event.get("scripts_skipped", skipped))
        raise structlog.DropEvent

    heard: list[str] = []
    config = DeployConfig.factory(
        config_file_path=scripts / "schemachange-config.yml",  # none is read; it wants a name
        root_folder=scripts,
        config_vars=dict(variables),
        change_history_table=f"{environment.database}.{HISTORY}",
        create_change_history_table=True,
        dry_run=dry_run,
    )
    before = structlog.get_config()
    structlog.configure(processors=[hear])
    try:
        with errors_explained(environment, settings):
            session = SnowflakeSession(
                schemachange_version="4",
                application=str(settings["application"]),
                logger=structlog.get_logger(),
                change_history_table=config.change_history_table,
                additional_snowflake_params={
                    name: value for name, value in settings.items() if name not in {"role", "warehouse", "database"}
                },
                role=settings["role"],
                warehouse=settings["warehouse"],
                database=settings["database"],
            )
            with contextlib.closing(session.con):
                schemachange_deploy(config, session)
    except ScriptExecutionError as error:
        raise AccountError(_script_failed(error, environment, settings)) from None
    finally:
        structlog.configure(**before)
    return skipped


def _script_failed(error: ScriptExecutionError, environment: Environment, settings: Mapping[str, Any]) -> str:
    cause = error.original_exception
    why = explained(cause, environment, settings) if isinstance(cause, Error) else error.error_message
    return (
        f"{error.script_name} failed; the scripts before it remain applied, and the same command goes on from here. "
        f"{why}"
    )


def unmade(account: Account, scripts: Path = SCRIPTS) -> list[str]:
    """Tables and views of our schemas that no script makes any more, as `BI.OLD_VIEW`. Raises AccountError."""
    made: set[str] = set()
    for file in [*scripts.glob("generated/snowflake/*.sql"), *scripts.glob("snowflake/*/*.sql")]:
        made.update(name.upper() for name in _MADE.findall(file.read_text(encoding="utf-8")))
    there = account.query(
        "select TABLE_SCHEMA, TABLE_NAME from INFORMATION_SCHEMA.TABLES where TABLE_SCHEMA in ('LANDING', 'CORE', 'BI')"
    )
    return sorted({f"{schema}.{name}".upper() for schema, name in there} - made)


def as_text(found: Plan, environment: Environment) -> str:
    """The plan for people."""
    if not found.scripts:
        return f"{environment.database} is up to date: {found.unchanged} scripts, none new or changed."
    lines = [f"{len(found.scripts)} of {len(found.scripts) + found.unchanged} scripts are new or changed:"]
    return "\n".join([*lines, *(f"  {name}" for name in found.scripts)])


def main(argv: Sequence[str]) -> int:
    """0 when the account is as it should be."""
    parser = parser_of(__doc__, changes=True)
    parser.add_argument("--plan", action="store_true", help="only show what would be applied")
    parser.add_argument(
        "--target-lag", metavar="TIME", help="current rows as dynamic tables, refreshed so often, such as '1 hour'"
    )
    given = parser.parse_args(argv)
    environment = Environment.named(given.env)
    variables = variables_of(environment, stack_of(environment, given.outputs), given.target_lag)
    settings = connection_settings(environment, os.environ)
    found = plan(environment, variables, settings)
    print(as_text(found, environment))
    with Account(environment, settings) as account:
        leftovers = unmade(account)
    if leftovers:
        print(f"Not made by any script, and left as they are: {', '.join(leftovers)}; drop what is of no use.")
    if given.plan or not found.scripts:
        return 0
    confirm(yes=given.yes, place=f"database {environment.database}, as {settings['role']}")
    apply(environment, variables, settings, lambda name: print(f"applying {name}", flush=True))
    again = plan(environment, variables, settings)
    if again.scripts:
        raise CommandError(
            f"applied, and yet {', '.join(again.scripts)} would be applied again: somebody else deploys too"
        )
    print(
        f"{environment.database} is deployed. What arrives from now on is loaded by itself; make snowflake-status "
        "shows it."
    )
    print(f"What arrived before: make snowflake-pipe TABLE=ALL ENV={environment.name}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command("snowflake", main, sys.argv[1:]))
