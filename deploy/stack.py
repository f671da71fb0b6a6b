"""An environment's stack on AWS as Terraform (or OpenTofu) has it: program, credentials, state and outputs."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from deploy.commands import CommandError

_ROOT = Path(__file__).parents[1]
TERRAFORM = _ROOT / "deploy" / "aws" / "terraform"
ZIPS = _ROOT / "dist"
_LEAST = (1, 10)
_GET_TERRAFORM = (
    "install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install) or OpenTofu 1.10 or newer "
    "(https://opentofu.org/docs/intro/install)"
)
_LOG_IN = (
    "log in, `aws configure sso` once and `aws sso login`, and name the profile in AWS_PROFILE; or set "
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
# What the state is kept in while <env>.tfbackend says where: a partial configuration, whose rest is that file.
_BACKEND = 'terraform {\n  backend "s3" {}\n}\n'
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CHANGES = 2  # of `terraform plan -detailed-exitcode`


class Caller(NamedTuple):
    """Whose credentials these are."""

    account: str
    arn: str


def caller() -> Caller:
    """Who AWS says we are. Raises CommandError with what to do."""
    import boto3  # noqa: PLC0415  # a second that wrong arguments need not wait
    from botocore import exceptions as aws  # noqa: PLC0415  # its import takes a second

    profile = os.environ.get("AWS_PROFILE", "")
    of_profile = f" of the profile {profile}" if profile else ""
    try:
        session = boto3.Session()
        # Any region answers; one must be named.
        answer = session.client("sts", region_name=session.region_name or "us-east-1").get_caller_identity()
    except (aws.NoCredentialsError, aws.PartialCredentialsError) as error:
        raise CommandError(f"there are no AWS credentials here: {_LOG_IN}") from error
    except aws.ProfileNotFound as error:
        raise CommandError(
            f"there is no AWS profile {profile}: `aws configure list-profiles` shows which there are"
        ) from error
    except (aws.SSOError, aws.TokenRetrievalError) as error:
        raise CommandError(
            f"the AWS login{of_profile} has expired: `aws sso login{' --profile ' + profile if profile else ''}`"
        ) from error
    except (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ReadTimeoutError) as error:
        raise CommandError(f"AWS cannot be reached ({error}): check the network") from error
    except aws.ClientError as error:
        code = error.response["Error"]["Code"]
        reason = "have expired" if "Expired" in code else "are not taken by AWS"
        raise CommandError(f"the AWS credentials{of_profile} {reason} ({code}): {_LOG_IN}") from error
    except aws.BotoCoreError as error:
        raise CommandError(f"the AWS credentials{of_profile} are of no use ({error}): {_LOG_IN}") from error
    return Caller(answer["Account"], answer["Arn"])


def find_terraform(environ: Mapping[str, str]) -> str:
    """The program that TERRAFORM names, else terraform or tofu of the PATH. Raises CommandError if it is too old."""
    named = environ.get("TERRAFORM", "").strip()
    names = [named] if named else ["terraform", "tofu"]
    program = next((path for name in names if (path := shutil.which(name, path=environ.get("PATH")))), None)
    if program is None:
        raise CommandError(f"there is no {' and no '.join(names)} here: {_GET_TERRAFORM}")
    answer = _answer([program, "version", "-json"], environ)
    version = str(answer.get("terraform_version", "")) if isinstance(answer, dict) else ""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if not numbers:
        raise CommandError(f"{program} does not say which version it is: {_GET_TERRAFORM}")
    if (int(numbers[1]), int(numbers[2])) < _LEAST:
        raise CommandError(f"{program} is version {version}, which is too old: {_GET_TERRAFORM}")
    return program


@dataclass(frozen=True)
class Stack:
    """One environment: a workspace, so a state, of its own in Terraform's folder; `zips` has what is uploaded."""

    program: str
    folder: Path
    environment: str
    zips: Path

    @property
    def _environ(self) -> dict[str, str]:
        # A data folder for each backend, since Terraform keeps the settings of one backend in it.
        own = (
            {"TF_DATA_DIR": str(self.folder.resolve() / ".terraform" / self.environment)}
            if self.backend.is_file()
            else {}
        )
        fixed = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_WORKSPACE": self.environment}
        return {**own, **os.environ, **fixed}

    @property
    def settings(self) -> Path:
        """The environment's own variables, if the file is there."""
        return self.folder / f"{self.environment}.tfvars"

    @property
    def backend(self) -> Path:
        """A file for `terraform init -backend-config`, if the environment's state is not kept on this machine."""
        return self.folder.resolve() / f"{self.environment}.tfbackend"

    def init(self) -> None:
        """Provider and modules are there afterwards. Raises CommandError."""
        self._make_root()
        options = [f"-backend-config={self.backend}"] if self.backend.is_file() else []
        if options:
            self._begin_backend(options)
        if self._run("init", *options, quiet=True) != 0:
            raise CommandError(
                "Terraform could not get itself ready, see above; the first time it downloads AWS's provider"
            )

    def _begin_backend(self, options: Sequence[str]) -> None:
        """The backend is known in the environment's data folder, and has a state that was on this machine.

        By an empty root module: in the stack's folder Terraform would find the states of all environments, and want to
        move every one. Raises CommandError.
        """
        local = self.folder / "terraform.tfstate.d" / self.environment / "terraform.tfstate"
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(self.folder / "backend.tf", folder)
            command = [self.program, f"-chdir={folder}"]
            if _run([*command, "init", "-input=false", "-reconfigure", *options], self._environ, quiet=True) != 0:
                raise CommandError(f"Terraform cannot keep a state where {self.backend.name} says, see above")
            if not local.is_file():
                return
            print(f"Moving the state of environment {self.environment} to where {self.backend.name} says …", flush=True)
            if _run([*command, "state", "push", str(local)], self._environ, quiet=True) != 0:
                raise CommandError(  # Terraform overwrites no state of another origin
                    f"the state {local} could not be moved, see above; nothing was changed. If the environment's state "
                    "is there already, delete the file"
                )
        local.replace(local.with_suffix(".moved"))

    def _make_root(self) -> None:
        """Adds to the module what makes a root module of it: the provider of its folder root/, and any backend."""
        for file in sorted((self.folder / "root").glob("*.tf")):
            shutil.copyfile(file, self.folder / file.name)
        backend = self.folder / "backend.tf"
        if self.backend.is_file():
            backend.write_text(_BACKEND, encoding="utf-8")
        else:
            backend.unlink(missing_ok=True)

    def plan(self, file: Path, *, is_destroy: bool = False) -> bool:
        """Whether there is anything to do; shows it, and keeps it in the file. Raises CommandError."""
        kind = ["-destroy"] if is_destroy else []
        status = self._run("plan", "-detailed-exitcode", f"-out={file}", *kind, *self._variables)
        if status not in {0, _CHANGES}:
            raise CommandError("Terraform could not plan, see above; nothing was changed")
        return status == _CHANGES

    @property
    def _variables(self) -> list[str]:
        values = {
            "env": self.environment,
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
        os.environ["CODE_LINGER_SECONDS"] = "0"  # no run can be starting that would find anything
        targets = [f"-target={address}" for address in lingering]
        forced = ["-auto-approve", *self._variables, "-var=force_destroy=true", *targets]
        if targets and self._run("apply", *forced, quiet=True) != 0:
            return False
        return self._run("apply", "-destroy", "-auto-approve", *self._variables) == 0

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs by name; empty if there is no stack. Raises CommandError."""
        if self.folder.is_dir():
            self._make_root()
        answer = _answer([self.program, f"-chdir={self.folder}", "output", "-json"], self._environ)
        if not isinstance(answer, dict):
            raise CommandError(
                f"Terraform cannot read the state of environment {self.environment}: `make deploy-plan` shows why"
            )
        return {
            name: output["value"]
            for name, output in answer.items()
            if output["value"] is not None and output["value"] != ""
        }

    def described(self, file: Path | None = None) -> dict[str, Any]:
        """The plan of the file, or the state, in Terraform's own JSON. Raises CommandError."""
        command = [self.program, f"-chdir={self.folder}", "show", "-json", *([str(file)] if file else [])]
        answer = _answer(command, self._environ)
        if not isinstance(answer, dict):
            raise CommandError("Terraform cannot show its own plan or state")
        return answer

    def _run(self, command: str, *arguments: str, quiet: bool = False) -> int:
        plain = [] if sys.stdout.isatty() else ["-no-color"]
        whole = [self.program, f"-chdir={self.folder}", command, "-input=false", *plain, *arguments]
        return _run(whole, self._environ, quiet=quiet)


def outputs(environment: str, folder: Path = TERRAFORM) -> dict[str, Any]:
    """The outputs of an environment's stack by name; empty if it was not deployed. Raises CommandError."""
    return Stack(find_terraform(os.environ), folder, environment_name(environment), ZIPS).outputs()


def environment_name(text: str) -> str:
    """The name itself. Raises CommandError if it is none."""
    if not re.fullmatch("[a-z][a-z0-9]{0,9}", text):
        raise CommandError(
            f"{text!r} is no name of an environment: small letters and digits, at most 10, such as dev or prod"
        )
    return text


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
