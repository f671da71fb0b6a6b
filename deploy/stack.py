"""Puts the suite on AWS, one stage at a time: `make deploy STAGE=dev`, `make deploy-plan`, `make destroy`.

    python -m deploy.stack plan|deploy|destroy|show --stage dev

Terraform (or OpenTofu) does the work in deploy/terraform; here is what stands around it: the zips are built, who is
asked and where is said before anything is touched, the plan that was shown is the plan that is applied, and afterwards
stands what was made, what it costs a month and what comes next. Each stage has a workspace, so a state, of its own;
its settings are in deploy/terraform/<stage>.tfvars, if there is such a file. Stopping it at any time is safe: Terraform
ends what it has begun, and the same command goes on from there.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from deploy.bucket import Contents, contents
from deploy.build import BuildError, extract_lambda_zip, glue_jobs_zip
from deploy.commands import CommandError, answers, run_command, table_text
from deploy.costs import costs_text
from shared.terminal import printable

_ROOT = Path(__file__).parents[1]
TERRAFORM = _ROOT / "deploy" / "terraform"
_LEAST = (1, 10)
_GET_TERRAFORM = (
    "install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.10 or newer "
    "(https://opentofu.org/docs/intro/install)"
)
_LOG_IN = (
    "log in, `aws configure sso` once and `aws sso login`, and name the profile in AWS_PROFILE; or set "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
# Without these everything else is worthless: a bucket's data, the key they are encrypted with, the login.
_IRREPLACEABLE = ("aws_s3_bucket", "aws_kms_key", "aws_secretsmanager_secret")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CHANGES = 2  # of `terraform plan -detailed-exitcode`
# What AWS would keep for a while, or refuses to delete while something is in it; the bucket too, if told twice.
_LINGERING = ("aws_secretsmanager_secret", "aws_athena_workgroup")
_GONE = (
    "Stage {} is gone. AWS keeps the key for 30 days before it deletes it; what Snowflake has loaded stays there "
    "(docs/deploy.md)."
)


# --- who is asked


class Caller(NamedTuple):
    """Whose credentials these are."""

    account: str
    arn: str


def caller() -> Caller:
    """Who AWS says we are. Raises CommandError with what to do."""
    import boto3  # noqa: PLC0415  # a second that wrong arguments need not wait
    from botocore import exceptions as aws  # noqa: PLC0415

    profile = os.environ.get("AWS_PROFILE", "")
    of_profile = f" of the profile {profile}" if profile else ""
    try:
        session = boto3.Session()
        # Any region answers; one must be named.
        answer = session.client("sts", region_name=session.region_name or "us-east-1").get_caller_identity()
    except (aws.NoCredentialsError, aws.PartialCredentialsError) as error:
        message = f"there are no AWS credentials here: {_LOG_IN}"
        raise CommandError(message) from error
    except aws.ProfileNotFound as error:
        message = f"there is no AWS profile {profile}: `aws configure list-profiles` shows which there are"
        raise CommandError(message) from error
    except (aws.SSOError, aws.TokenRetrievalError) as error:
        message = f"the AWS login{of_profile} has expired: `aws sso login{' --profile ' + profile if profile else ''}`"
        raise CommandError(message) from error
    except (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ReadTimeoutError) as error:
        message = f"AWS cannot be reached ({error}): check the network"
        raise CommandError(message) from error
    except aws.ClientError as error:
        code = error.response["Error"]["Code"]
        reason = "have expired" if "Expired" in code else "are not taken by AWS"
        message = f"the AWS credentials{of_profile} {reason} ({code}): {_LOG_IN}"
        raise CommandError(message) from error
    except aws.BotoCoreError as error:
        message = f"the AWS credentials{of_profile} are of no use ({error}): {_LOG_IN}"
        raise CommandError(message) from error
    return Caller(answer["Account"], answer["Arn"])


# --- Terraform


def find_terraform(environ: Mapping[str, str]) -> str:
    """The program that TERRAFORM names, else terraform or tofu of the PATH. Raises CommandError if it is too old."""
    named = environ.get("TERRAFORM", "").strip()
    names = [named] if named else ["terraform", "tofu"]
    program = next((found for name in names if (found := shutil.which(name, path=environ.get("PATH")))), None)
    if program is None:
        message = f"there is no {' and no '.join(names)} here: {_GET_TERRAFORM}"
        raise CommandError(message)
    said = _answer([program, "version", "-json"], environ)
    version = str(said.get("terraform_version", "")) if isinstance(said, dict) else ""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if not numbers:
        message = f"{program} does not say which version it is: {_GET_TERRAFORM}"
        raise CommandError(message)
    if (int(numbers[1]), int(numbers[2])) < _LEAST:
        message = f"{program} is version {version}, which is too old: {_GET_TERRAFORM}"
        raise CommandError(message)
    return program


@dataclass(frozen=True)
class Stack:
    """One stage: a workspace, so a state, of its own in Terraform's folder; `zips` has what is uploaded."""

    program: str
    folder: Path
    stage: str
    zips: Path

    @property
    def _environ(self) -> dict[str, str]:
        return {**os.environ, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_WORKSPACE": self.stage}

    @property
    def settings(self) -> Path:
        """The stage's own variables, if the file is there."""
        return self.folder / f"{self.stage}.tfvars"

    def init(self) -> None:
        """Provider and modules are there afterwards. Raises CommandError."""
        if self._run("init", quiet=True) != 0:
            message = "Terraform could not get itself ready, see above; the first time it downloads AWS's provider"
            raise CommandError(message)

    def plan(self, file: Path, *, is_destroy: bool = False) -> bool:
        """Whether there is anything to do; shows it, and keeps it in the file. Raises CommandError."""
        kind = ["-destroy"] if is_destroy else []
        status = self._run("plan", "-detailed-exitcode", f"-out={file}", *kind, *self._variables)
        if status not in {0, _CHANGES}:
            message = "Terraform could not plan, see above; nothing was changed"
            raise CommandError(message)
        return status == _CHANGES

    @property
    def _variables(self) -> list[str]:
        values = {
            "stage": self.stage,
            "extract_zip": self.zips / "extract_lambda.zip",
            "glue_zip": self.zips / "glue_jobs.zip",
        }
        own = [f"-var-file={self.settings}"] if self.settings.is_file() else []
        return [*own, *(f"-var={name}={value}" for name, value in values.items())]

    def apply(self, file: Path) -> bool:
        """Whether the plan of the file was done to its end."""
        return self._run("apply", str(file)) == 0

    def destroy(self, lingering: Sequence[str]) -> bool:
        """Whether everything is gone; `lingering` are the resources that go at once and with what is in them."""
        targets = [f"-target={address}" for address in lingering]
        forced = ["-auto-approve", *self._variables, "-var=force_destroy=true", *targets]
        if targets and self._run("apply", *forced, quiet=True) != 0:
            return False
        return self._run("apply", "-destroy", "-auto-approve", *self._variables) == 0

    def outputs(self) -> dict[str, Any]:
        """What stands, by name; empty if nothing does. Raises CommandError."""
        said = _answer([self.program, f"-chdir={self.folder}", "output", "-json"], self._environ)
        if not isinstance(said, dict):
            message = f"Terraform cannot read the state of stage {self.stage}: `make deploy-plan` shows why"
            raise CommandError(message)
        return {name: one["value"] for name, one in said.items() if one["value"] is not None and one["value"] != ""}

    def described(self, file: Path | None = None) -> dict[str, Any]:
        """The plan of the file, or the state, in Terraform's own JSON. Raises CommandError."""
        command = [self.program, f"-chdir={self.folder}", "show", "-json", *([str(file)] if file else [])]
        said = _answer(command, self._environ)
        if not isinstance(said, dict):
            message = "Terraform cannot show its own plan or state"
            raise CommandError(message)
        return said

    def _run(self, command: str, *arguments: str, quiet: bool = False) -> int:
        plain = [] if sys.stdout.isatty() else ["-no-color"]
        whole = [self.program, f"-chdir={self.folder}", command, "-input=false", *plain, *arguments]
        return _run(whole, self._environ, quiet=quiet)


def outputs(stage: str, folder: Path = TERRAFORM) -> dict[str, Any]:
    """What stands of a stage, by the names of Terraform's outputs; empty if nothing does. Raises CommandError."""
    return Stack(find_terraform(os.environ), folder, _stage(stage), _ROOT / "dist").outputs()


def _answer(command: Sequence[str], environ: Mapping[str, str]) -> object:
    """The JSON that a short question is answered with, None if it is none."""
    try:
        done = subprocess.run(command, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603  # arguments of our own
        return json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError):
        return None


def _run(command: Sequence[str], environ: Mapping[str, str], *, quiet: bool = False) -> int:
    """The exit status of Terraform, which writes where we write. Raises KeyboardInterrupt once it has ended in order.

    It runs in a session of its own, so that a Ctrl-C reaches it through us alone, once: a second would make it drop
    everything and lose what it has just made from its state.
    """
    stopped: list[int] = []
    running: list[subprocess.Popen[bytes]] = []

    def stop(number: int, _: FrameType | None) -> None:
        if not stopped and running:
            running[0].send_signal(signal.SIGINT)
        stopped.append(number)
        print("\nStopping: Terraform ends what it has begun, some minutes at most; please wait.", file=sys.stderr)

    with _handling(stop):
        running.append(
            subprocess.Popen(  # noqa: S603  # arguments of our own
                command,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if quiet else None,
                start_new_session=True,
            )
        )
        if stopped:  # before it had begun
            running[0].send_signal(signal.SIGINT)
        status = running[0].wait()
        if stopped:
            for number in _SIGNALS:  # we are on our way out: an impatient second one must not cut the last words
                signal.signal(number, signal.SIG_IGN)
            raise KeyboardInterrupt
    return status


@contextlib.contextmanager
def _handling(stop: Any) -> Iterator[None]:  # noqa: ANN401  # what signal.signal takes
    before = [signal.signal(number, stop) for number in _SIGNALS]
    yield
    for number, handler in zip(_SIGNALS, before, strict=True):
        signal.signal(number, handler)


# --- the commands


def plan(given: argparse.Namespace) -> int:
    """Shows what a deploy would do; nothing is changed."""
    stack, who = _ready(given)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        if not _planned(stack, who, file):
            print(f"Stage {stack.stage} stands as it should: there is nothing to change.")
        described = stack.described(file)
    print(costs_text(_variables(described), _counted(described)))
    return 0


def deploy(given: argparse.Namespace) -> int:
    """Makes or changes the stage, then says what stands."""
    _somebody_to_ask(given, "make deploy YES=yes")
    stack, who = _ready(given)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        has_changes = _planned(stack, who, file)
        described = stack.described(file)
        variables = _variables(described)
        if has_changes:
            _mind_the_data(described, given)
            place = f"account {who.account}, region {_region(described)}"
            if not given.yes:
                _ask(f"Type yes to do this in {place}: ", "yes")
            if not stack.apply(file):
                message = (
                    "Terraform stopped half-way, see above. What it made is in its state: mend the cause and run the "
                    "same command again, it goes on from there."
                )
                raise CommandError(message)
        else:
            print(f"Stage {stack.stage} stands as it should: nothing was changed.")
        print(_stands(stack))
        print(costs_text(variables, _counted(described)))
    print(_next_steps(stack.outputs(), variables))
    return 0


def destroy(given: argparse.Namespace) -> int:
    """Removes the stage; its data only if told twice."""
    if not given.yes_delete:
        _somebody_to_ask(given, "--yes, and where there are data --with-data --yes-delete BUCKET")
    stack, who = _ready(given)
    made = stack.outputs()
    resources = list(_resources(stack.described().get("values", {}).get("root_module", {})))
    if not resources:
        print(f"There is nothing of stage {stack.stage}.")
        return 0
    bucket, region = _bucket(made, resources)
    ours = frozenset(one["values"]["key"] for one in resources if one["type"] == "aws_s3_object")
    found = contents(bucket, region, ours) if bucket else None
    has_data = found is not None and found.versions > 0
    if found and has_data:
        _told_twice(given, bucket, found)
    kinds = (*_LINGERING, "aws_s3_bucket") if has_data else _LINGERING
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        stack.plan(file, is_destroy=True)
        print(f"This destroys stage {stack.stage} in account {who.account}, region {region}.", flush=True)
        _confirmed(given, bucket if has_data else "")
    if not stack.destroy([one["address"] for one in resources if one["type"] in kinds]):
        message = (
            "Terraform stopped half-way, see above. What is left is in its state: mend the cause and run the same "
            "command again."
        )
        raise CommandError(message)
    print(_GONE.format(stack.stage))
    return 0


def show(given: argparse.Namespace) -> int:
    """Says what stands of the stage, asking Terraform's state alone."""
    stack = Stack(find_terraform(os.environ), given.folder, _stage(given.stage), given.built or _ROOT / "dist")
    made = stack.outputs()
    if given.json:
        print(json.dumps(made))
    elif made:
        print(_stands(stack))
    else:
        print(f"There is nothing of stage {stack.stage}: make deploy STAGE={stack.stage}")
    return 0


def _ready(given: argparse.Namespace) -> tuple[Stack, Caller]:
    """The stage with its zips built and Terraform initialised, and who we are, if the stage is of that account.

    Raises CommandError.
    """
    stage = _stage(given.stage)
    program = find_terraform(os.environ)
    if not given.folder.is_dir():
        message = f"there is no folder {given.folder}"
        raise CommandError(message)
    who = caller()
    _must_name_a_region(given.folder)
    print(f"Stage {stage}, AWS account {who.account}, as {printable(who.arn)}", flush=True)
    zips = given.built.resolve() if given.built else _ROOT / "dist"
    if given.built is None:
        print("Building the zips …", flush=True)
        try:
            glue_jobs_zip(zips)
            extract_lambda_zip(zips)
        except BuildError as error:
            raise CommandError(str(error)) from error
    stack = Stack(program, given.folder.resolve(), stage, zips)
    print("Getting Terraform ready (the first time it downloads AWS's provider, some hundred MB) …", flush=True)
    stack.init()
    account = _account(stack.outputs())
    if account and account != who.account:
        message = (
            f"stage {stage} stands in account {account}, and these credentials are of account {who.account}: name the "
            "right profile in AWS_PROFILE, or another stage"
        )
        raise CommandError(message)
    return stack, who


def _must_name_a_region(folder: Path) -> None:
    """Raises CommandError if neither the environment nor a file of settings does: there is no good default."""
    import boto3  # noqa: PLC0415  # as above

    settings = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tfvars"))
    if not boto3.Session().region_name and not re.search(r"^\s*region\s*=", settings, re.MULTILINE):
        message = (
            'no AWS region is named: set AWS_REGION, such as eu-west-1, or write region = "eu-west-1" into '
            f"{folder}/<stage>.tfvars"
        )
        raise CommandError(message)


def _planned(stack: Stack, who: Caller, file: Path) -> bool:
    """Whether there is anything to do, shown. Raises CommandError if the stage would move to another region."""
    stands_in = stack.outputs().get("region")
    has_changes = stack.plan(file)
    region = _region(stack.described(file))
    if stands_in and region and region != stands_in:
        message = (
            f"stage {stack.stage} stands in {stands_in}, and its settings now say {region}: a bucket cannot move. Set "
            "it back, or take another stage."
        )
        raise CommandError(message)
    print(f"Stage {stack.stage}: account {who.account}, region {region}", flush=True)
    return has_changes


def _mind_the_data(described: Mapping[str, Any], given: argparse.Namespace) -> None:
    """Says loudly what cannot be had again. Raises CommandError where nobody looks."""
    lost = [
        change["address"]
        for change in described.get("resource_changes", [])
        if change["type"] in _IRREPLACEABLE and "delete" in change["change"]["actions"]
    ]
    if not lost:
        return
    print(f"CAREFUL: this deletes {', '.join(lost)}, and with it what nobody can bring back.")
    if given.yes:
        message = (
            f"--yes does not cover deleting {', '.join(lost)}: look at the plan, and run `make deploy` without YES=yes"
        )
        raise CommandError(message)


def _told_twice(given: argparse.Namespace, bucket: str, found: Contents) -> None:
    """Says what would be lost. Raises CommandError unless told."""
    print(f"The bucket {bucket} holds {found.as_text()}")
    print("Spotify does not give the past again: without raw/ nobody can make these tables anew.")
    print(f"To keep a copy: aws s3 sync s3://{bucket} FOLDER")
    if not given.with_data:
        message = f"nothing was touched. To destroy the data as well: make destroy STAGE={given.stage} DATA=yes"
        raise CommandError(message)
    if given.yes_delete and given.yes_delete != bucket:
        message = f"--yes-delete names {given.yes_delete}, the bucket is {bucket}: nothing was touched"
        raise CommandError(message)


def _confirmed(given: argparse.Namespace, bucket: str) -> None:
    if bucket and not given.yes_delete:
        _ask("Type the bucket's name to destroy it with all data: ", bucket)
    elif not bucket and not given.yes and not given.yes_delete:
        _ask("Type yes to destroy it: ", "yes")


def _ask(question: str, answer: str) -> None:
    """Raises CommandError for any other answer."""
    if not answers(question, answer):
        message = "nothing was changed"
        raise CommandError(message)


def _somebody_to_ask(given: argparse.Namespace, instead: str) -> None:
    if not given.yes and not sys.stdin.isatty():
        message = f"this changes AWS and nobody is at the terminal to be asked: {instead}"
        raise CommandError(message)


def _stage(text: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9]{0,9}", text):
        message = f"{text!r} is no name of a stage: small letters and digits, at most 10, such as dev or prod"
        raise CommandError(message)
    return text


def _resources(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of a module of a plan or state, and of those under it."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _bucket(made: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """The bucket and its region; a destroy that stopped half-way may have left the bucket without the outputs."""
    values: Mapping[str, Any] = next((one["values"] for one in resources if one["type"] == "aws_s3_bucket"), {})
    return str(made.get("bucket") or values.get("bucket", "")), str(made.get("region") or values.get("region", ""))


def _account(made: Mapping[str, Any]) -> str | None:
    arns = (re.match(r"arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):", str(value)) for value in made.values())
    return next((found[1] for found in arns if found), None)


def _region(described: Mapping[str, Any]) -> str:
    """The region that a plan is for."""
    planned = described.get("planned_values", {}).get("outputs", {}).get("region", {}).get("value")
    return str(planned or _variables(described).get("region") or "")


def _variables(described: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one.get("value") for name, one in described.get("variables", {}).items()}


def _counted(described: Mapping[str, Any]) -> Counter[str]:
    module = described.get("planned_values", {}).get("root_module", {})
    return Counter(one["type"] for one in _resources(module) if one["mode"] == "managed")


def _stands(stack: Stack) -> str:
    rows = [
        (name, json.dumps(value) if not isinstance(value, str) else value) for name, value in stack.outputs().items()
    ]
    return f"Stage {stack.stage} stands:\n{table_text(('output', 'value'), sorted(rows))}"


def _next_steps(made: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    """What a person does now; docs/deploy.md says more."""
    region, stage = made.get("region", ""), variables.get("stage", "")
    steps = []
    if _is_empty(str(made.get("secret_arn", "")), str(region)):
        command = f".venv/bin/python -m extract_lambda.login --secret-arn {made['secret_arn']}"
        steps.append(
            f"Put your Spotify login into the secret, which is still empty:\n     AWS_REGION={region} {command}"
        )
    if variables.get("alert_email"):
        steps.append(f"AWS has mailed {variables['alert_email']} once: only its link lets alarms reach you.")
    steps += [
        f"It starts by itself, {variables.get('schedule')}; docs/deploy.md says how to start it now.",
        f"Snowflake, if you want it: make warehouse STAGE={stage} (docs/snowflake.md).",
    ]
    return "\n".join(["Next:", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))])


def _is_empty(secret: str, region: str) -> bool:
    """Whether the secret has no content yet; False too if AWS does not say."""
    if not secret:
        return False
    import boto3  # noqa: PLC0415  # as above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        client = boto3.client("secretsmanager", region_name=region)
        return not client.describe_secret(SecretId=secret).get("VersionIdsToStages")
    except (BotoCoreError, ClientError):
        return False


def main(argv: Sequence[str]) -> int:
    """0 when what was asked is done."""
    parser = argparse.ArgumentParser(prog="python -m deploy.stack", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    commands = parser.add_subparsers(dest="command", required=True)
    bodies = {"plan": plan, "deploy": deploy, "destroy": destroy, "show": show}
    for name, body in bodies.items():
        one = commands.add_parser(name, help=body.__doc__, allow_abbrev=False)
        one.add_argument("--stage", default="dev", help="dev, prod, … (default: %(default)s)")
        one.add_argument("--folder", type=Path, default=TERRAFORM, help="of the Terraform files (default: ours)")
        one.add_argument("--built", type=Path, help="take the zips from this folder instead of building them")
        if name in {"deploy", "destroy"}:
            one.add_argument("--yes", action="store_true", help="do not ask")
        if name == "destroy":
            one.add_argument("--with-data", action="store_true", help="even if the bucket holds data")
            one.add_argument("--yes-delete", metavar="BUCKET", help="with --with-data: do not ask for its name")
        if name == "show":
            one.add_argument("--json", action="store_true", help="answer in one line of JSON")
    given = parser.parse_args(argv)
    return bodies[given.command](given)


if __name__ == "__main__":
    sys.exit(run_command("stack", main, sys.argv[1:]))
