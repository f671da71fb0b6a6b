"""Runs the commands of a runbook against the local AWS: `aws` commands with boto3, our own programs as processes."""

import json
import os
import re
import shlex
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import botocore.session  # type: ignore[import-untyped, unused-ignore]
from botocore import xform_name  # type: ignore[import-untyped, unused-ignore]

from tests.aws.applied import Stack
from tests.aws.stack import ROOT

RUNBOOKS = ROOT / "docs" / "runbooks"
_CLI_ONLY = {"query", "output", "cli-read-timeout"}
_NOT_IN_MOTO = {("lambda", "get_account_settings")}  # test_alarms.py compares the command with AWS's model
_MODELS = botocore.session.get_session()


def shell_blocks(page: Path) -> list[str]:
    """The page's shell blocks."""
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run_page(name: str, stack: Stack) -> list[str]:
    """Run all commands of the page against the stack. Returns the command lines."""
    lines = [line for block in shell_blocks(RUNBOOKS / f"{name}.md") for line in block.splitlines()]
    for line in lines:
        run_line(line, stack)
    return lines


def run_line(line: str, stack: Stack, **more: str) -> Any:
    """Run a command line of a guide with these shell variables. Returns AWS's answer or our program's output."""
    project = stack.outputs["bucket"].rpartition("-")[0]
    words = shlex.split(line.replace("spotify-playlists-dev", project))
    variables = {
        "BUCKET": stack.bucket,
        "MACHINE": stack.outputs["state_machine_arn"],
        "UNDELIVERED": stack.outputs["undelivered_queue_url"],
        "PENDING": stack.outputs["undelivered_queue_url"].replace("-undelivered", "-pending"),
    }
    for variable, value in {**variables, **more}.items():
        words = [word.replace(f"${variable}", value) for word in words]
    if words[0] == "aws":
        return _call_aws(words[1:], stack)
    assert words[0] == ".venv/bin/python", line
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=ROOT,
        env={**os.environ, **stack.aws.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _call_aws(words: list[str], stack: Stack) -> Any:
    service, operation, *options = words
    service = {"s3api": "s3"}.get(service, service)
    if (service, operation) == ("logs", "tail"):  # the CLI's own, over this call
        service, operation, options = "logs", "filter-log-events", ["--log-group-name", options[0]]
    model = _MODELS.get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation]).input_shape
    members = {xform_name(name, "-"): (name, member) for name, member in shape.members.items()}
    arguments: dict[str, Any] = {}
    while options:
        option = options.pop(0).removeprefix("--")
        if option in _CLI_ONLY:
            options.pop(0)
        elif option in members:
            name, member = members[option]
            values = [options.pop(0)]
            while options and not options[0].startswith("--") and member.type_name == "list":
                values.append(options.pop(0))
            arguments[name] = _typed(member, values)
        else:
            assert option == "extract.json", option  # the file into which the CLI writes the answer
    if (service, xform_name(names[operation])) in _NOT_IN_MOTO:
        return None
    if operation == "start-execution":
        arguments.setdefault("name", str(uuid.uuid4()))  # as AWS does; moto calls all unnamed executions "None"
    if operation == "invoke":
        arguments["FunctionName"], _, arguments["Qualifier"] = arguments["FunctionName"].partition(":")
    return getattr(stack.aws.client(service), xform_name(names[operation]))(**arguments)


def _typed(member: Any, values: list[str]) -> Any:
    if member.type_name == "list":
        return values
    if member.type_name in {"integer", "long"}:
        return int(values[0])
    return json.loads(values[0]) if member.type_name in {"structure", "map"} else values[0]
