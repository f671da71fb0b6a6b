"""`make destroy`: removes an environment from AWS."""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.aws.bucket import Contents, contents
from deploy.aws.plan import (
    ask,
    ready,
    resources_of,
)
from deploy.commands import CommandError

# AWS keeps the secret for a while and refuses to delete a workgroup that is not empty, unless both are forced first.
# The bucket is forced only with both confirmations.
_LINGERING = ("aws_secretsmanager_secret", "aws_athena_workgroup")
_GONE = (
    "Environment {} is destroyed. AWS deletes the key after 30 days. What Snowflake has loaded remains there "
    "(docs/deploy.md)."
)


def destroy(arguments: argparse.Namespace) -> int:
    """Remove the environment; remove its data only with both confirmations."""
    stack, who = ready(arguments)
    made = stack.outputs()
    resources = list(resources_of(stack.described().get("values", {}).get("root_module", {})))
    if not resources:
        print(f"Environment {stack.environment} does not exist.")
        return 0
    bucket, region = _bucket(made, resources)
    ours = frozenset(resource["values"]["key"] for resource in resources if resource["type"] == "aws_s3_object")
    held = contents(bucket, region, ours) if bucket else None
    has_data = held is not None and held.versions > 0
    if held and has_data:
        _confirm_loss_of_data(arguments, bucket, held)
    kinds = (*_LINGERING, "aws_s3_bucket") if has_data else _LINGERING
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        stack.plan(file, is_destroy=True)
        print(f"This destroys environment {stack.environment} in account {who.account}, region {region}.")
        undo = f"To undo it afterwards: make deploy ENV={stack.environment}"
        print(f"{undo}; the data cannot be restored." if has_data else undo, flush=True)
        _confirm(arguments, bucket if has_data else "")
    if not stack.destroy([resource["address"] for resource in resources if resource["type"] in kinds]):
        raise CommandError(
            "Terraform stopped half-way, see above. What is left is in its state: fix the cause and run the same "
            "command again."
        )
    print(_GONE.format(stack.environment))
    return 0


def _confirm_loss_of_data(arguments: argparse.Namespace, bucket: str, held: Contents) -> None:
    """Print which data would be lost. Raises CommandError unless the options confirm the loss."""
    print(f"The bucket {bucket} holds {held.as_text()}")
    print("Spotify does not return the past: without raw/ these tables cannot be made again.")
    print(f"To keep a copy first: aws s3 sync s3://{bucket} FOLDER")
    if not arguments.with_data:
        raise CommandError(
            f"nothing was touched. To destroy the data as well: make destroy ENV={arguments.env} DATA=yes"
        )
    if arguments.yes_delete and arguments.yes_delete != bucket:
        raise CommandError(f"--yes-delete names {arguments.yes_delete}, the bucket is {bucket}: nothing was touched")


def _confirm(arguments: argparse.Namespace, bucket: str) -> None:
    if bucket and not arguments.yes_delete:
        ask(
            "Type the bucket's name to destroy it with all data: ",
            bucket,
            f"--with-data --yes-delete {bucket}",
            "DATA=yes at a terminal",
        )
    elif not bucket and not arguments.yes and not arguments.yes_delete:
        ask("Type yes to destroy it: ", "yes")


def _bucket(made: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The bucket and its region, from the outputs or the state: an interrupted destroy may have removed the outputs."""
    values: Mapping[str, Any] = next(
        (resource["values"] for resource in resources if resource["type"] == "aws_s3_bucket"), {}
    )
    return str(made.get("bucket") or values.get("bucket", "")), str(made.get("region") or values.get("region", ""))
