"""`make deploy-plan`: what a deploy would do and cost; and what deploy and destroy have in common with it."""

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
    """Shows what a deploy would do; nothing is changed."""
    stack, who = ready(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        if not planned(stack, who, file):
            print(f"Environment {stack.environment} is up to date: there is nothing to change.")
        described = stack.described(file)
    print(costs_text(variables_of(described), counted(described)))
    return 0


def ready(arguments: argparse.Namespace) -> tuple[Stack, Caller]:
    """The environment with its zips built and Terraform initialised, and who we are, if the account is the same.

    Raises CommandError.
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
    print("Getting Terraform ready (the first time it downloads AWS's provider, some hundred MB) …", flush=True)
    stack.init()
    account = _account(stack.outputs())
    if account and account != who.account:
        raise CommandError(
            f"environment {environment} is in account {account}, and these credentials are of account {who.account}: "
            "name the right profile in AWS_PROFILE, or another environment"
        )
    return stack, who


def _must_name_a_region(folder: Path) -> None:
    """Raises CommandError if no region is set in the environment or a file of settings: there is no good default."""
    import boto3  # noqa: PLC0415  # only a plan needs it

    settings = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tfvars"))
    if not boto3.Session().region_name and not re.search(r"^\s*region\s*=", settings, re.MULTILINE):
        raise CommandError(
            'no AWS region is named: set AWS_REGION, such as eu-west-1, or write region = "eu-west-1" into '
            f"{folder}/<env>.tfvars"
        )


def planned(stack: Stack, who: Caller, file: Path) -> bool:
    """Whether there is anything to do, shown. Raises CommandError if the environment would move to another region."""
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
    """The resources of a module of a plan or state, and of those under it."""
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
    """How many resources of each type a plan has."""
    module = described.get("planned_values", {}).get("root_module", {})
    return Counter(resource["type"] for resource in resources_of(module) if resource["mode"] == "managed")


def stack_text(stack: Stack) -> str:
    """The stack's outputs for people."""
    rows = [
        (name, json.dumps(value) if not isinstance(value, str) else value) for name, value in stack.outputs().items()
    ]
    return f"Outputs of environment {stack.environment}:\n{table_text(('output', 'value'), sorted(rows))}"


def ask(question: str, answer: str, option: str = "--yes", variable: str = "APPLY=yes") -> None:
    """Raises CommandError, which names the way without a question, for any other answer and without a terminal."""
    if not sys.stdin.isatty() or not answers(question, answer):
        raise CommandError(not_done("changed", option, variable))
