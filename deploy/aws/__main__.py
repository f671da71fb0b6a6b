"""Puts the suite on AWS, one environment at a time: `make deploy ENV=dev`, `make deploy-plan`, `make destroy`.

    python -m deploy.aws plan|deploy|destroy|show|check --env dev

Terraform (or OpenTofu) does the work in deploy/aws/terraform. These commands build the zips, show account and region
before they change anything, apply the plan that they have shown, and print the outputs, the monthly costs and the next
steps. Each environment has its own Terraform workspace and state. Its settings are in
deploy/aws/terraform/<env>.tfvars, if that file exists. You may interrupt a command at any time: Terraform completes the
step that it has begun, and the same command continues from there.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.aws.checklist import check
from deploy.aws.deploy import deploy
from deploy.aws.destroy import destroy
from deploy.aws.plan import (
    plan,
    stack_text,
)
from deploy.commands import Parser, run_command
from deploy.stack import TERRAFORM, ZIPS, Stack, environment_name, find_terraform


def show(arguments: argparse.Namespace) -> int:
    """Print the outputs of the environment's stack, from Terraform's state."""
    stack = Stack(
        find_terraform(os.environ), arguments.folder, environment_name(arguments.env), arguments.built or ZIPS
    )
    made = stack.outputs()
    if arguments.json:
        print(json.dumps(made))
    elif made:
        print(stack_text(stack))
    else:
        print(f"Environment {stack.environment} does not exist: make deploy ENV={stack.environment}")
    return 0


_COMMANDS = {"plan": plan, "deploy": deploy, "destroy": destroy, "show": show, "check": check}


def main(argv: Sequence[str]) -> int:
    """Run the command and return the exit code: 0 if it succeeded."""
    parser = Parser(prog="python -m deploy.aws", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    for name, body in _COMMANDS.items():
        command = commands.add_parser(name, help=body.__doc__, allow_abbrev=False)
        command.add_argument("--env", default="dev", help="dev, prod, … (default: %(default)s)")
        command.add_argument(
            "--folder",
            type=Path,
            default=TERRAFORM,
            help="folder of the Terraform files (default: deploy/aws/terraform)",
        )
        command.add_argument("--built", type=Path, help="use the zips of this folder instead of building them")
        if name in {"deploy", "destroy"}:
            command.add_argument("--yes", action="store_true", help="do not ask for confirmation")
        if name == "destroy":
            command.add_argument("--with-data", action="store_true", help="destroy it even if the bucket holds data")
            command.add_argument(
                "--yes-delete", metavar="BUCKET", help="with --with-data: name of the bucket, instead of asking for it"
            )
        if name == "show":
            command.add_argument("--json", action="store_true", help="print one line of JSON")
    arguments = parser.parse_args(argv)
    return _COMMANDS[arguments.command](arguments)


if __name__ == "__main__":
    sys.exit(run_command(sys.argv[1] if set(sys.argv[1:2]) & _COMMANDS.keys() else "stack", main, sys.argv[1:]))
