"""`make deploy-plan`: shows what a deploy would do and cost. Also has the functions that deploy and destroy share."""

import argparse
import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.aws.build import BuildError, extract_lambda_zip, glue_jobs_zip
from deploy.aws.costs import costs_text
from deploy.commands import CommandError, answers, not_done, table_text
from deploy.stack import ZIPS, Caller, Stack, caller, environment_name, find_terraform
from shared.terminal import printable


def plan(arguments: argparse.Namespace) -> int:
    """Show what a deploy would do; change nothing."""
    stack, who = ready(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        if not planned(stack, who, file):
            print(f"Environment {stack.environment} is up to date: there is nothing to change.")
        described = stack.described(file)
    print(costs_text(variables_of(described), counted(described)))
    return 0


def ready(arguments: argparse.Namespace) -> tuple[Stack, Caller]:
    """The environment, with its zips built and Terraform initialised, and the owner of the AWS credentials.

    Raises CommandError, also if the environment is in another account than the credentials.
    """
    environment = environment_name(arguments.env)
    program = find_terraform(os.environ)
    if not arguments.folder.is_dir():
        raise CommandError(f"there is no folder {arguments.folder}")
    who = caller()
    _must_name_a_region(arguments.folder)
    print(f"Environment {environment}, AWS account {who.account}, as {printable(who.arn)}", flush=True)
    zips = arguments.built.resolve() if arguments.built else ZIPS
    if arguments.built is None:
        print("Building the zips …", flush=True)
        try:
            glue_jobs_zip(zips)
            extract_lambda_zip(zips)
        except BuildError as error:
            raise CommandError(str(error)) from error
    stack = Stack(program, arguments.folder.resolve(), environment, zips)
    print("Initialising Terraform (the first time it downloads its AWS provider, some hundred MB) …", flush=True)
    stack.init()
    account = _account(stack.outputs())
    if account and account != who.account:
        raise CommandError(
            f"environment {environment} is in account {account}, and these credentials are of account {who.account}: "
            "name the right profile in AWS_PROFILE, or another environment"
        )
    return stack, who


def _must_name_a_region(folder: Path) -> None:
    """Raises CommandError if neither the environment nor a tfvars file sets a region: there is no good default."""
    import boto3  # noqa: PLC0415  # only a plan needs it

    settings = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tfvars"))
    if not boto3.Session().region_name and not re.search(r"^\s*region\s*=", settings, re.MULTILINE):
        raise CommandError(
            'no AWS region is named: set AWS_REGION, such as eu-west-1, or write region = "eu-west-1" into '
            f"{folder}/<env>.tfvars"
        )


def planned(stack: Stack, who: Caller, file: Path) -> bool:
    """Show the plan and return whether it changes anything. Raises CommandError if it would change the region."""
    deployed_in = stack.outputs().get("region")
    has_changes = stack.plan(file)
    region = region_of(stack.described(file))
    if deployed_in and region and region != deployed_in:
        raise CommandError(
            f"environment {stack.environment} is in {deployed_in}, and its settings now say {region}: a bucket cannot "
            "move. Set it back, or take another environment."
        )
    print(f"Environment {stack.environment}: account {who.account}, region {region}", flush=True)
    return has_changes


def resources_of(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of a module of a plan or state, and of its child modules."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources_of(child)


def _account(made: Mapping[str, Any]) -> str | None:
    arns = (re.match(r"arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):", str(value)) for value in made.values())
    return next((match[1] for match in arns if match), None)


def region_of(described: Mapping[str, Any]) -> str:
    """The region that a plan is for."""
    planned = described.get("planned_values", {}).get("outputs", {}).get("region", {}).get("value")
    return str(planned or variables_of(described).get("region") or "")


def variables_of(described: Mapping[str, Any]) -> dict[str, Any]:
    """The values of Terraform's variables in a plan."""
    return {name: variable.get("value") for name, variable in described.get("variables", {}).items()}


def counted(described: Mapping[str, Any]) -> Counter[str]:
    """The number of resources of each type in a plan."""
    module = described.get("planned_values", {}).get("root_module", {})
    return Counter(resource["type"] for resource in resources_of(module) if resource["mode"] == "managed")


def stack_text(stack: Stack) -> str:
    """The stack's outputs as text for people."""
    rows = [
        (name, json.dumps(value) if not isinstance(value, str) else value) for name, value in stack.outputs().items()
    ]
    return f"Outputs of environment {stack.environment}:\n{table_text(('output', 'value'), sorted(rows))}"


def ask(question: str, answer: str, option: str = "--yes", variable: str = "APPLY=yes") -> None:
    """Ask for confirmation. Raises CommandError for any other answer, or if there is no terminal.

    The error names the option and the variable that confirm without a question.
    """
    if not sys.stdin.isatty() or not answers(question, answer):
        raise CommandError(not_done("changed", option, variable))
