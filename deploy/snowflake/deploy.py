"""`make snowflake ENV=dev`: applies deploy/snowflake and deploy/generated to a Snowflake account.

schemachange lists the scripts that are new or changed. After your confirmation it applies them in order, as the
deployer, and records each in <database>.SCHEMACHANGE.CHANGE_HISTORY. If a script fails, the command ends. The scripts
before it remain applied, and the same command continues from there. A second run applies nothing. An administrator
creates database, roles, warehouses and integrations with the file of deploy.snowflake.admin. Tables, views and pipes
that no script creates any more are listed and left unchanged.
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
from deploy.snowflake.zone import listening_zone

SCRIPTS = Path(__file__).parents[1]
HISTORY = "SCHEMACHANGE.CHANGE_HISTORY"
DYNAMIC = "dynamic table"
_MADE = re.compile(
    r"create (?:or replace )?(?:transient )?(?:dynamic )?(?:table|view|pipe) (?:if not exists )?"
    r"\{\{ database \}\}\.(\w+\.\w+)"
)


@dataclass(frozen=True)
class Plan:
    """The scripts that would be applied, in order, and the number of unchanged scripts."""

    scripts: tuple[str, ...]
    unchanged: int


def variables_of(environment: Environment, stack: Stack, target_lag: str | None = None) -> dict[str, str]:
    """The scripts' variables. With a target lag, such as `1 hour`, dynamic tables hold the current rows.

    Raises CommandError if the setting LISTENING_ZONE is no time zone.
    """
    variables = {
        "database": environment.database,
        "stage_url": stack.stage_url,
        "storage_integration": environment.storage_integration,
        "error_integration": environment.error_integration,
        "sns_topic_arn": stack.processed_topic_arn,
        "transform_warehouse": environment.transform_warehouse,
        "listening_zone": listening_zone(os.environ),
    }
    return variables | ({"current_as": DYNAMIC, "target_lag": target_lag} if target_lag else {})


def plan(
    environment: Environment, variables: Mapping[str, str], settings: Mapping[str, Any], scripts: Path = SCRIPTS
) -> Plan:
    """The scripts that would be applied. Raises AccountError."""
    names: list[str] = []
    unchanged = _run(environment, variables, settings, scripts, on_script=names.append, dry_run=True)
    return Plan(tuple(names), unchanged)


def apply(
    environment: Environment,
    variables: Mapping[str, str],
    settings: Mapping[str, Any],
    on_script: Callable[[str], None],
    scripts: Path = SCRIPTS,
) -> None:
    """Apply new and changed scripts. Calls `on_script` with the name of each script before it. Raises AccountError."""
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
    """Run schemachange and return the number of unchanged scripts."""
    skipped = 0

    def collect(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Read script names and the number of skipped scripts from schemachange's log events, and drop the events."""
        nonlocal skipped
        message = str(event.get("event", ""))
        if "a_script_name" in event and message.startswith(("Applying", "Running in dry-run mode")):
            name = str(event["a_script_name"])
            if not names or names[-1] != name:
                names.append(name)
                on_script(name)
        skipped = int(event.get("scripts_skipped", skipped))
        raise structlog.DropEvent

    names: list[str] = []
    config = DeployConfig.factory(
        config_file_path=scripts / "schemachange-config.yml",  # the file does not exist, but a name is required
        root_folder=scripts,
        config_vars=dict(variables),
        change_history_table=f"{environment.database}.{HISTORY}",
        create_change_history_table=True,
        dry_run=dry_run,
    )
    before = structlog.get_config()
    structlog.configure(processors=[collect])
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
        f"{error.script_name} failed; the scripts before it are applied, and the same command continues from here. "
        f"{why}"
    )


def not_created(account: Account, scripts: Path = SCRIPTS) -> list[str]:
    """Tables, views and pipes that no script creates any more, such as `BI.OLD_VIEW`. Raises AccountError."""
    made: set[str] = set()
    for file in [*scripts.glob("generated/snowflake/*.sql"), *scripts.glob("snowflake/*/*.sql")]:
        made.update(name.upper() for name in _MADE.findall(file.read_text(encoding="utf-8")))
    present = account.query(
        "select TABLE_SCHEMA, TABLE_NAME from INFORMATION_SCHEMA.TABLES where TABLE_SCHEMA in ('LANDING', 'CORE', 'BI')"
    )
    shown = account.rows(f"show pipes in schema {account.environment.database}.LANDING")
    pipes = {f"LANDING.{row['name']}" for row in shown if row.get("name")}
    return sorted(({f"{schema}.{name}".upper() for schema, name in present} | pipes) - made)


def as_text(planned: Plan, environment: Environment) -> str:
    """The plan as text for people."""
    if not planned.scripts:
        return f"{environment.database} is up to date: {planned.unchanged} scripts, none new or changed."
    lines = [f"{len(planned.scripts)} of {len(planned.scripts) + planned.unchanged} scripts are new or changed:"]
    return "\n".join([*lines, *(f"  {name}" for name in planned.scripts)])


def main(argv: Sequence[str]) -> int:
    """0 when nothing is left to apply, or the plan was shown."""
    parser = parser_of(__doc__, changes=True)
    parser.add_argument("--plan", action="store_true", help="only show what would be applied")
    parser.add_argument(
        "--target-lag",
        metavar="TIME",
        help="hold current rows in dynamic tables that are at most this old, such as '1 hour'",
    )
    arguments = parser.parse_args(argv)
    environment = Environment.named(arguments.env)
    variables = variables_of(environment, stack_of(environment, arguments.outputs), arguments.target_lag)
    settings = connection_settings(environment, os.environ)
    planned = plan(environment, variables, settings)
    print(as_text(planned, environment))
    with Account(environment, settings) as account:
        leftovers = not_created(account)
    if leftovers:
        print(f"Not created by any script, and left unchanged: {', '.join(leftovers)}; drop them if nothing uses them.")
    if arguments.plan or not planned.scripts:
        return 0
    confirm(yes=arguments.yes, place=f"database {environment.database}, as {settings['role']}")
    apply(environment, variables, settings, lambda name: print(f"applying {name}", flush=True))
    again = plan(environment, variables, settings)
    if again.scripts:
        raise CommandError(
            f"applied, but {', '.join(again.scripts)} would be applied again: another deployment runs at the same time"
        )
    print(
        f"{environment.database} is deployed. Files that arrive from now on are loaded automatically; "
        "make snowflake-status shows it."
    )
    print(f"Files that arrived before: make snowflake-pipe TABLE=ALL ENV={environment.name}")
    return 0


if __name__ == "__main__":
    sys.exit(run_command("snowflake", main, sys.argv[1:]))
