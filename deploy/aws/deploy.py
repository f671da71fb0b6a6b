"""`make deploy`: creates or changes an environment on AWS."""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.aws.costs import costs_text
from deploy.aws.plan import (
    ask,
    counted,
    planned,
    ready,
    region_of,
    stack_text,
    variables_of,
)
from deploy.commands import CommandError

# The data, the key that encrypts it, and the login: Terraform could not restore them.
_IRREPLACEABLE = ("aws_s3_bucket", "aws_kms_key", "aws_secretsmanager_secret")


def deploy(arguments: argparse.Namespace) -> int:
    """Create or change the environment, then print its outputs."""
    stack, who = ready(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        has_changes = planned(stack, who, file)
        described = stack.described(file)
        variables = variables_of(described)
        if has_changes:
            _warn_of_data_loss(described, arguments)
            place = f"account {who.account}, region {region_of(described)}"
            print(f"To undo it afterwards: make destroy ENV={stack.environment}", flush=True)
            if not arguments.yes:
                ask(f"Type yes to do this in {place}: ", "yes")
            if not stack.apply(file):
                raise CommandError(
                    "Terraform stopped half-way, see above. What it made is in its state: fix the cause and run the "
                    "same command again, it goes on from there."
                )
        else:
            print(f"Environment {stack.environment} is up to date: nothing was changed.")
        print(stack_text(stack))
        print(costs_text(variables, counted(described)))
    print(_next_steps(stack.outputs(), variables))
    return 0


def _warn_of_data_loss(described: Mapping[str, Any], arguments: argparse.Namespace) -> None:
    """Warn if the plan deletes data that cannot be restored. Raises CommandError if --yes is set."""
    lost = [
        change["address"]
        for change in described.get("resource_changes", [])
        if change["type"] in _IRREPLACEABLE and "delete" in change["change"]["actions"]
    ]
    if not lost:
        return
    print(f"CAREFUL: this deletes {', '.join(lost)} with its content, which cannot be restored.")
    if arguments.yes:
        raise CommandError(
            f"--yes does not cover deleting {', '.join(lost)}: read the plan, and run `make deploy` without APPLY=yes"
        )


def _next_steps(made: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    """The next steps for a person; docs/deploy.md has the details."""
    region, environment = made.get("region", ""), variables.get("env", "")
    steps = []
    if _is_empty(str(made.get("secret_arn", "")), str(region)):
        command = f".venv/bin/python -m extract_lambda.login --secret-arn {made['secret_arn']}"
        steps.append(
            f"Put your Spotify login into the secret, which is still empty:\n     AWS_REGION={region} {command}"
        )
    if variables.get("alert_email"):
        steps.append(f"AWS has sent a mail to {variables['alert_email']}: click its link to receive alarms.")
    steps += [
        f"The schedule starts the extraction: {variables.get('schedule')}. docs/deploy.md says how to start it now.",
        f"Snowflake, if you want it: make snowflake ENV={environment} (docs/snowflake.md).",
    ]
    return "\n".join(["Next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))])


def _is_empty(secret: str, region: str) -> bool:
    """Whether the secret has no value yet; False also if AWS cannot be asked."""
    if not secret:
        return False
    import boto3  # noqa: PLC0415  # as above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # only a deploy needs it

    try:
        client = boto3.client("secretsmanager", region_name=region)
        return not client.describe_secret(SecretId=secret).get("VersionIdsToStages")
    except (BotoCoreError, ClientError):
        return False
