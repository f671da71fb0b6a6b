"""`make deploy` with a small Terraform folder, the real terraform, and moto's STS, S3 and Secrets Manager."""

import argparse
import contextlib
import json
import os
import pty
import re
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import uuid4

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest

from deploy import stack
from deploy.aws.__main__ import main
from deploy.aws.costs import checks_per_month, costs_text, monthly_costs
from deploy.aws.deploy import _warn_of_data_loss
from deploy.commands import CommandError, run_command
from tests.stores import BUCKET
from tests.waiting import PATIENCE, started, wait_for

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"  # moto's
MAIN = """
variable "env" { type = string }
variable "extract_zip" { type = string }
variable "glue_zip" { type = string }
variable "schedule" { default = "rate(1 hour)" }
variable "region" { default = "us-east-1" }
variable "bucket" { default = "" }
variable "account" { default = "123456789012" }
variable "monthly_budget_usd" { default = 5 }
resource "terraform_data" "job" { input = "${var.env} ${filesha256(var.glue_zip)} ${filesha256(var.extract_zip)}" }
output "region" { value = var.region }
output "bucket" { value = var.bucket }
output "secret_arn" { value = "arn:aws:secretsmanager:${var.region}:${var.account}:secret:login" }
output "snowflake_role_arn" { value = "" }
"""
SLOW = """
resource "terraform_data" "first" {
  provisioner "local-exec" { command = "touch begun; until test -e go; do sleep 0.1; done" }
}
resource "terraform_data" "second" { depends_on = [terraform_data.first] }
"""
WAITS = "touch begun; until test -e go; do sleep 0.1; done"


@pytest.fixture(scope="module", autouse=True)
def terraform() -> str:
    """The terraform program; without it tests are skipped, or fail in CI."""
    if program := shutil.which("terraform"):
        return program
    reason = "terraform is not installed: `make deploy` is not tested"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def folder(tmp_path: Path, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small Terraform folder with two zips beside it. The local AWS accepts our credentials."""
    assert s3_endpoint
    made = tmp_path / "terraform"
    made.mkdir()
    (made / "main.tf").write_text(MAIN)
    (tmp_path / "built").mkdir()
    for name in ("extract_lambda.zip", "glue_jobs.zip"):
        (tmp_path / "built" / name).write_bytes(name.encode())
    (tmp_path / "tfrc").write_text("disable_checkpoint = true\n")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "tfrc"))
    for name in ("TERRAFORM", "AWS_PROFILE", "TF_DATA_DIR", "TF_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    return made


def run(folder: Path, command: str, *arguments: str) -> int:
    """Run the command and return its exit status."""
    return run_command("stack", main, arguments_of(folder, command, *arguments))


def arguments_of(folder: Path, command: str, *arguments: str) -> list[str]:
    return [command, f"--folder={folder}", f"--built={folder.parent / 'built'}", *arguments]


def test_a_deploy_applies_its_plan_and_shows_the_outputs(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "deploy", "--yes") == 0

    output = capfd.readouterr().out
    assert f"Environment dev, AWS account {ACCOUNT}" in output
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in output
    assert f"Environment dev: account {ACCOUNT}, region us-east-1" in output
    assert re.search(r"^secret_arn +arn:aws:secretsmanager:us-east-1:123456789012:secret:login$", output, re.MULTILINE)
    assert "snowflake_role_arn" not in output.partition("Outputs of environment dev:")[2]
    assert re.search(r"^  Glue +\$10\.56  720 runs, rate\(1 hour\)", output, re.MULTILINE)
    assert "more than monthly_budget_usd, $5.00" in output
    assert "make snowflake ENV=dev" in output
    assert stack.outputs("dev", folder)["region"] == "us-east-1"


def test_a_second_deploy_changes_nothing_until_a_zip_does(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(folder, "deploy", "--yes")
    capfd.readouterr()

    assert run(folder, "deploy", "--yes") == 0
    assert "Environment dev is up to date: nothing was changed." in capfd.readouterr().out

    (folder.parent / "built" / "glue_jobs.zip").write_bytes(b"changed")
    assert run(folder, "plan") == 0
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in capfd.readouterr().out


def test_a_plan_changes_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "plan") == 0

    assert "Plan: 1 to add" in capfd.readouterr().out
    assert stack.outputs("dev", folder) == {}


def test_environments_are_separate_and_have_settings_of_their_own(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "prod.tfvars").write_text('bucket = "of-prod"\n')
    run(folder, "deploy", "--yes")
    run(folder, "deploy", "--yes", "--env=prod")

    assert stack.outputs("prod", folder)["bucket"] == "of-prod"
    assert "bucket" not in stack.outputs("dev", folder)
    assert run(folder, "destroy", "--yes") == 0
    assert "Environment dev is destroyed." in capfd.readouterr().out
    assert stack.outputs("dev", folder) == {}
    assert stack.outputs("prod", folder)["bucket"] == "of-prod"


@pytest.fixture
def states(folder: Path, s3_endpoint: str) -> str:
    """A bucket for states, and the settings that keep dev's state in it."""
    name = f"states-{uuid4()}"
    boto3.client("s3").create_bucket(Bucket=name)
    (folder.parent / "dev.tfbackend").write_text(
        f'bucket = "{name}"\nkey = "suite.tfstate"\nregion = "us-east-1"\nuse_lockfile = true\nuse_path_style = true\n'
        f'endpoints = {{ s3 = "{s3_endpoint}", iam = "{s3_endpoint}", sts = "{s3_endpoint}" }}\n'
    )
    return name


def keys(bucket: str) -> list[str]:
    return [entry["Key"] for entry in boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_an_environments_state_may_be_kept_in_s3(folder: Path, states: str, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copy(folder.parent / "dev.tfbackend", folder)

    assert run(folder, "deploy", "--yes") == 0, capfd.readouterr().err
    assert run(folder, "deploy", "--yes", "--env=prod") == 0, capfd.readouterr().err  # has no such file

    assert keys(states) == ["env:/dev/suite.tfstate"]
    on_this_machine = [path.parent.name for path in folder.glob("terraform.tfstate.d/*/terraform.tfstate")]
    assert on_this_machine == ["prod"]
    assert [stack.outputs(name, folder)["region"] for name in ("dev", "prod")] == ["us-east-1", "us-east-1"]


def test_a_state_on_this_machine_moves_to_s3_once(folder: Path, states: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "deploy", "--yes") == 0
    assert run(folder, "deploy", "--yes", "--env=prod") == 0
    shutil.copy(folder.parent / "dev.tfbackend", folder)

    assert run(folder, "plan") == 0
    output = capfd.readouterr().out
    assert "Moving the state of environment dev to where dev.tfbackend says" in output
    assert "Environment dev is up to date" in output  # else Terraform would make everything a second time
    assert keys(states) == ["env:/dev/suite.tfstate"]  # and not prod's

    assert run(folder, "plan") == 0
    assert "Moving" not in capfd.readouterr().out
    assert stack.outputs("prod", folder)["region"] == "us-east-1"


def test_the_outputs_can_be_shown(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "show") == 0
    assert "Environment dev does not exist: make deploy ENV=dev" in capfd.readouterr().out

    run(folder, "deploy", "--yes")
    capfd.readouterr()
    assert run(folder, "show", "--json") == 0
    assert json.loads(capfd.readouterr().out) == {
        "region": "us-east-1",
        "secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:login",
    }


def test_without_a_terminal_nothing_is_applied(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with Path(os.devnull).open(encoding="utf-8") as closed:
        monkeypatch.setattr(sys, "stdin", closed)

        assert run(folder, "deploy") == 1
        printed = capfd.readouterr()
        assert "Plan: 1 to add" in printed.out
        assert "To undo it afterwards: make destroy ENV=dev\n" in printed.out
        assert printed.err == "stack: Nothing was changed. To do this, add APPLY=yes (without make: --yes).\n"
        assert stack.outputs("dev", folder) == {}
        assert run(folder, "deploy", "--yes") == 0
        capfd.readouterr()
        assert run(folder, "destroy") == 1
        printed = capfd.readouterr()
        assert "Plan: 0 to add, 0 to change, 1 to destroy." in printed.out
        assert "To undo it afterwards: make deploy ENV=dev\n" in printed.out
        assert printed.err == "stack: Nothing was changed. To do this, add APPLY=yes (without make: --yes).\n"
        assert stack.outputs("dev", folder) != {}


@pytest.mark.parametrize(
    ("answer", "status", "output"),
    [("no", 1, "deploy: Nothing was changed. To do this, add APPLY=yes"), ("yes", 0, "Outputs of environment dev:")],
)
def test_at_a_terminal_only_the_answer_yes_applies(folder: Path, answer: str, status: int, output: str) -> None:
    done = at_a_terminal(arguments_of(folder, "deploy"), answer)

    assert done.returncode == status
    assert f"Type yes to do this in account {ACCOUNT}, region us-east-1: " in done.stdout
    assert output in done.stdout


def at_a_terminal(arguments: list[str], answer: str) -> subprocess.CompletedProcess[str]:
    """Run the command at a terminal with this input. stdout includes stderr."""
    keyboard, terminal = pty.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    try:
        return subprocess.run(
            [sys.executable, "-m", "deploy.aws", *arguments],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    finally:
        os.close(keyboard)
        os.close(terminal)


@pytest.mark.parametrize("environment", ["../prod", "Dev", "-var=x", "dev prod", "a" * 11, ""])
def test_an_invalid_environment_name_is_refused(
    folder: Path, environment: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "deploy", "--yes", f"--env={environment}") == 1

    assert "is no name of an environment" in capfd.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["main.tf"]


# --- tools and credentials


def test_without_terraform_the_error_says_where_to_get_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert run(folder, "plan") == 1

    output = capfd.readouterr().err
    assert "there is no terraform and no tofu here: install Terraform 1.10 or newer (https://" in output
    assert "OpenTofu" in output


def test_an_old_terraform_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path / "old", 'echo \'{"terraform_version": "1.9.8"}\'')
    monkeypatch.setenv("TERRAFORM", str(tmp_path / "old"))

    assert run(folder, "plan") == 1

    assert "is version 1.9.8, which is too old" in capfd.readouterr().err


def test_opentofu_works_as_well(folder: Path, tmp_path: Path, terraform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin" / "tofu", f'exec {terraform} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    assert run(folder, "deploy", "--yes") == 0


def program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def test_without_credentials_the_error_says_how_to_get_them(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    no_credentials(tmp_path, monkeypatch)

    assert run(folder, "deploy", "--yes") == 1

    assert "there are no AWS credentials here: log in, `aws configure sso` once" in capfd.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["main.tf"]


def test_a_region_must_be_named_by_environment_or_settings(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no config"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)

    assert run(folder, "plan") == 1
    assert "no AWS region is named: set AWS_REGION, such as eu-west-1" in capfd.readouterr().err

    (folder / "dev.tfvars").write_text('region = "eu-west-1"\n')
    assert run(folder, "plan") == 0
    assert "region eu-west-1" in capfd.readouterr().out


def test_a_missing_profile_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    no_credentials(tmp_path, monkeypatch)
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    assert run(folder, "plan") == 1

    assert "there is no AWS profile nobody" in capfd.readouterr().err


def test_an_expired_sso_login_says_how_to_renew_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    no_credentials(tmp_path, monkeypatch)
    (tmp_path / "config").write_text(
        "[profile work]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n"
        f"sso_account_id = {ACCOUNT}\nsso_role_name = Admin\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "work")

    assert run(folder, "plan") == 1

    output = capfd.readouterr().err
    assert "the AWS login of the profile work has expired: `aws sso login --profile work`" in output


def no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # a login's token is cached there
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no credentials"))


@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("ExpiredToken", "the AWS credentials have expired (ExpiredToken): log in"),
        ("InvalidClientTokenId", "the AWS credentials are not taken by AWS (InvalidClientTokenId): log in"),
    ],
)
def test_credentials_that_aws_refuses(
    folder: Path, code: str, output: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with refusing(code) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert run(folder, "plan") == 1

    assert output in capfd.readouterr().err


@contextlib.contextmanager
def refusing(code: str) -> Iterator[str]:
    """An STS that answers every request with this error."""

    class Refusal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>".encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Discard the text."""

    server: socketserver.TCPServer = HTTPServer(("127.0.0.1", 0), Refusal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_an_environment_of_another_account_is_refused(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "dev.tfvars").write_text('account = "210987654321"\n')
    run(folder, "deploy", "--yes")
    capfd.readouterr()

    assert run(folder, "deploy", "--yes") == 1
    output = capfd.readouterr().err
    assert f"environment dev is in account 210987654321, and these credentials are of account {ACCOUNT}" in output


def test_an_environment_does_not_move_to_another_region(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(folder, "deploy", "--yes")
    (folder / "dev.tfvars").write_text('region = "eu-central-1"\n')

    assert run(folder, "deploy", "--yes") == 1

    assert "environment dev is in us-east-1, and its settings now say eu-central-1" in capfd.readouterr().err
    assert stack.outputs("dev", folder)["region"] == "us-east-1"


# --- failures during a deploy


def test_an_error_in_the_plan_changes_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "dev.tfvars").write_text("bucket = [\n")

    assert run(folder, "deploy", "--yes") == 1
    assert "Terraform could not plan, see above; nothing was changed" in capfd.readouterr().err


def test_a_deploy_that_failed_half_way_can_be_continued(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.tf").write_text(SLOW.replace(WAITS, "test -e cause"))

    assert run(folder, "deploy", "--yes") == 1
    assert "run the same command again, it goes on from there" in capfd.readouterr().err

    (folder / "cause").touch()
    assert run(folder, "deploy", "--yes") == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_reaches_terraform_once_and_another_deploy_can_follow(folder: Path, number: int) -> None:
    (folder / "slow.tf").write_text(SLOW)
    log = folder.parent / "log.txt"
    command = [sys.executable, "-m", "deploy.aws", *arguments_of(folder, "deploy", "--yes")]
    with log.open("wb") as file, started(command, stdout=file, stderr=file) as process:
        try:
            wait_for((folder / "begun").exists, "Terraform to be at work")
            os.killpg(process.pid, number)  # to the whole group, as Ctrl-C does
            wait_for(lambda: "Stopping: Terraform ends" in log.read_text(), "the command to say that it stops")
            os.killpg(process.pid, number)  # a second signal, as impatient users send
        finally:
            (folder / "go").touch()
        process.wait(PATIENCE)
    output = log.read_text()

    assert process.returncode == 130
    assert output.count("Interrupt received.") == 1
    assert "Two interrupts received" not in output
    assert "it may be run again at any time" in output
    assert "Outputs of environment dev" not in output
    (folder / "slow.tf").write_text(SLOW.replace(WAITS, "true"))
    assert run(folder, "deploy", "--yes") == 0


def arguments(**values: object) -> argparse.Namespace:
    return argparse.Namespace(**{"yes": False, "env": "dev", **values})


def test_yes_does_not_confirm_the_deletion_of_data(capfd: pytest.CaptureFixture[str]) -> None:
    replaced = {
        "address": "module.storage.aws_kms_key.lake",
        "type": "aws_kms_key",
        "change": {"actions": ["delete", "create"]},
    }
    changed = {"address": "aws_s3_bucket.lake", "type": "aws_s3_bucket", "change": {"actions": ["update"]}}

    _warn_of_data_loss({"resource_changes": [changed]}, arguments(yes=True))
    _warn_of_data_loss({"resource_changes": [replaced]}, arguments(yes=False))
    assert "CAREFUL: this deletes module.storage.aws_kms_key.lake" in capfd.readouterr().out
    with pytest.raises(CommandError, match="--yes does not cover deleting module"):
        _warn_of_data_loss({"resource_changes": [replaced]}, arguments(yes=True))


# --- destroying


@pytest.fixture
def bucket(folder: Path, capfd: pytest.CaptureFixture[str]) -> str:
    """A deployed environment's bucket: 3 objects, one of them overwritten and one deleted, so 5 versions."""
    name = f"data-{uuid4()}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("raw/a", "raw/a", "processed/songs/1.parquet", "raw/gone"):
        client.put_object(Bucket=name, Key=key, Body=b"12345")
    client.delete_object(Bucket=name, Key="raw/gone")
    (folder / "dev.tfvars").write_text(f'bucket = "{name}"\n')
    assert run(folder, "deploy", "--yes") == 0
    capfd.readouterr()
    return name


def versions(bucket: str) -> int:
    listed = boto3.client("s3").list_object_versions(Bucket=bucket)
    return len(listed.get("Versions", [])) + len(listed.get("DeleteMarkers", []))


def test_data_are_not_destroyed_without_confirmation(
    folder: Path, bucket: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "destroy", "--yes") == 1

    output = capfd.readouterr()
    assert f"The bucket {bucket} holds 2 objects, 5 with their older versions, 0.0 MB:" in output.out
    assert re.search(r"^  processed/ +1\n  raw/ +1$", output.out, re.MULTILINE)
    assert "nothing was touched. To destroy the data as well: make destroy ENV=dev DATA=yes" in output.err
    assert versions(bucket) == 5
    assert stack.outputs("dev", folder)["bucket"] == bucket


def test_a_wrong_bucket_name_keeps_the_data(folder: Path, bucket: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "destroy", "--with-data", f"--yes-delete={BUCKET}") == 1
    assert f"--yes-delete names {BUCKET}, the bucket is {bucket}: nothing was touched" in capfd.readouterr().err

    done = at_a_terminal(arguments_of(folder, "destroy", "--with-data"), "yes")
    assert "Type the bucket's name to destroy it with all data: " in done.stdout
    assert done.returncode == 1
    assert versions(bucket) == 5


def test_typing_the_buckets_name_at_a_terminal_destroys_the_environment(folder: Path, bucket: str) -> None:
    done = at_a_terminal(arguments_of(folder, "destroy", "--with-data"), bucket)

    assert done.returncode == 0, done.stdout
    assert stack.outputs("dev", folder) == {}


def test_an_environment_that_was_never_made_is_not_destroyed(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "destroy", "--yes") == 0

    assert "Environment dev does not exist." in capfd.readouterr().out


# --- costs


@pytest.mark.parametrize(
    ("schedule", "times"),
    [
        ("rate(1 hour)", 720),
        ("rate(15 minutes)", 2880),
        ("rate(1 minute)", 43200),
        ("rate(2 days)", 15),
        ("cron(0 6 * * ? *)", 30),
        ("cron(0/15 * * * ? *)", 2880),
        ("cron(30 6,18 ? * MON-FRI *)", 300 / 7),
        ("cron(0 0-11/2 * * ? *)", 180),
        ("cron(0 6 L * ? *)", None),
        ("cron(0 6 ? * 2#1 *)", None),
        ("cron(61 6 * * ? *)", None),
        ("at(2026-11-20T10:00:00)", None),
        ("rate(0 minutes)", None),
    ],
)
def test_how_often_a_schedule_fires_in_30_days(schedule: str, times: float | None) -> None:
    assert checks_per_month(schedule) == (None if times is None else pytest.approx(times))


@pytest.mark.parametrize(
    ("schedule", "version", "glue", "function", "machine", "metrics"),
    [
        (
            "rate(1 hour)",
            "5.1",
            10.56,
            0.288,
            0.216,
            4.8,
        ),  # 720 x 2/60 DPU hours x $0.44; x 30 GB seconds; x 12 transitions
        ("rate(15 minutes)", "5.1", 42.24, 1.152, 0.864, 4.8),
        ("rate(1 day)", "5.1", 0.44, 0.012, 0.009, 0.2),  # a metric is billed for the hours in which it has a value
        ("rate(1 minute)", "5.1", 633.6, 17.28, 12.96, 4.8),
        ("rate(1 hour)", "6.0", 7.392, 0.288, 0.216, 4.8),
    ],
)
def test_the_price_of_a_month_follows_from_its_runs(
    schedule: str, version: str, glue: float, function: float, machine: float, metrics: float
) -> None:
    costs = monthly_costs({"schedule": schedule, "glue_version": version}, {"aws_kms_key": 1, "aws_sns_topic": 2})

    assert {cost.what: round(cost.dollars, 3) for cost in costs} == {
        "Glue": glue,
        "Lambda": function,
        "Step Functions": machine,
        "metrics": metrics,
        "keys": 1.0,
    }


def test_the_priced_metrics_are_those_that_lambda_and_job_send() -> None:
    source = (ROOT / "extract_lambda" / "metrics.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"([A-Z]\w+)"[:,\]]', source)) - {"PlaylistsFailedByClass", "FailureClass"}
    names -= {"SpotifyPlaylistSuite"}  # the namespace
    filters = (ROOT / "deploy" / "aws" / "terraform" / "modules" / "monitoring" / "main.tf").read_text(encoding="utf-8")
    names |= set(re.findall(r"^ +(\w+) += \{ pattern", filters, re.MULTILINE))

    [metrics] = [entry for entry in monthly_costs({"schedule": "rate(1 hour)"}, {}) if entry.what == "metrics"]
    assert metrics.why == f"{len(names)} x $0.30"


def test_a_schedule_of_unknown_frequency_is_priced_per_run() -> None:
    output = costs_text({"schedule": "cron(0 6 L * ? *)"}, {"aws_cloudwatch_metric_alarm": 7})

    assert "Estimated cost of a month: about $0.70" in output
    assert "Glue is not included, $0.0147 a run: how often cron(0 6 L * ? *) fires is unknown." in output
