"""Runs Terraform's own tests of deploy/aws/terraform. They use a mock provider, without account or network."""

import atexit
import fcntl
import functools
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.aws.conftest import lacking
from tests.waiting import finished

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "deploy" / "aws" / "terraform"


@dataclass(frozen=True)
class Made:
    """What a run of Terraform's tests made: values of resources by address, and outputs by name."""

    resources: dict[str, dict[str, Any]]
    outputs: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a type, by address."""
        return {address: values for address, values in self.resources.items() if f".{kind}." in address}


@dataclass(frozen=True)
class Outcome:
    """The results of `terraform test`: the status of each run, all error messages, and what the applied runs made."""

    statuses: dict[str, str]
    errors: list[str]
    made: dict[str, Made]


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a terraform command in the folder. Without terraform the test is skipped, or fails if CI=true."""
    if shutil.which("terraform") is None:
        lacking("there is no terraform: install 1.10 or later to check deploy/aws/terraform")
    return finished(["terraform", *arguments], cwd=folder, env={**os.environ, "TF_IN_AUTOMATION": "1"})


@functools.cache
def _checkout() -> tempfile.TemporaryDirectory[str]:
    checkout = tempfile.TemporaryDirectory()  # removed when the process ends
    deploy = Path(checkout.name) / "deploy"
    folder = deploy / "aws" / "terraform"
    unwanted = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfplan", "*.tfvars")
    shutil.copytree(TERRAFORM, folder, ignore=unwanted)
    shutil.copy(folder / "root" / "provider.tf", folder)  # as `make deploy` makes a root module of it
    for name in ("generated", "bi"):
        (deploy / name).symlink_to(ROOT / "deploy" / name)
    init = terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
    assert init.returncode == 0, init.stdout + init.stderr
    return checkout


def initialised() -> Path:
    """A writable, initialised copy of the Terraform folder, with links to the files that it reads; made once."""
    return Path(_checkout().name) / "deploy" / "aws" / "terraform"


def _test_output() -> str:
    """The output of `terraform test`. If there are several test processes, the first runs it for all."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if session is None:
        return terraform(initialised(), "test", "-no-color", "-json", "-verbose").stdout
    kept = Path(tempfile.gettempdir()) / f"terraform-test-{session}.jsonl"
    with kept.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if not (output := file.read()):
            atexit.register(kept.unlink, missing_ok=True)
            output = terraform(initialised(), "test", "-no-color", "-json", "-verbose").stdout
            file.write(output)
        return output


@functools.cache
def outcome() -> Outcome:
    """The results of deploy/aws/terraform/tests, which run once per session."""
    output = _test_output()
    statuses: dict[str, str] = {}
    errors: list[str] = []
    made: dict[str, Made] = {}
    for line in output.splitlines():
        event = json.loads(line)
        run = event.get("@testrun", "")
        if event["type"] == "test_run" and event["test_run"]["progress"] == "complete":
            statuses[run] = event["test_run"]["status"]
        elif event["type"] == "test_state":
            made[run] = _made(event["test_state"])
        elif event["type"] == "diagnostic":
            errors.append(f"{run}: {event['diagnostic']['summary']} {event['diagnostic'].get('detail', '')}")
    return Outcome(statuses, errors, made)


def _made(state: dict[str, Any]) -> Made:
    modules = [state["root_module"], *state["root_module"].get("child_modules", [])]
    resources = {
        resource["address"]: resource["values"]
        for module in modules
        for resource in module.get("resources", [])
        if resource["mode"] == "managed"
    }
    return Made(resources, {name: output["value"] for name, output in state.get("outputs", {}).items()})
