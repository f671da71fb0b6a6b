"""`make deploy` and `make destroy` with the real AWS provider."""

import re
import shutil
from pathlib import Path

import pytest

from deploy import stack
from deploy.aws.__main__ import main
from deploy.aws.deploy import _is_empty
from deploy.commands import run_command
from deploy.local.aws.server import ACCOUNT, REGION, LocalAws
from tests.aws.conftest import lacking

ROOT = Path(__file__).parents[2]
BUCKET = "stack-test-data"
# The parts of the stack that make a destroy hard: data in old versions, a secret kept for recovery, a used workgroup.
MAIN = f"""
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}
variable "env" {{ type = string }}
variable "extract_zip" {{ type = string }}
variable "glue_zip" {{ type = string }}
variable "force_destroy" {{ default = false }}
variable "region" {{ default = null }}
data "aws_region" "current" {{}}
provider "aws" {{
  region = var.region
}}
resource "aws_s3_bucket" "lake" {{
  bucket        = "{BUCKET}"
  force_destroy = var.force_destroy
}}
resource "aws_s3_bucket_versioning" "lake" {{
  bucket = aws_s3_bucket.lake.id
  versioning_configuration {{
    status = "Enabled"
  }}
}}
resource "aws_s3_object" "zip" {{
  bucket     = aws_s3_bucket.lake.id
  key        = "code/glue_jobs.zip"
  source     = var.glue_zip
  depends_on = [aws_s3_bucket_versioning.lake]
}}
resource "aws_secretsmanager_secret" "spotify" {{
  name                    = "stack-test/${{var.env}}"
  recovery_window_in_days = var.force_destroy ? 0 : 30
}}
output "bucket" {{ value = aws_s3_bucket.lake.id }}
output "region" {{ value = data.aws_region.current.id }}
output "secret_arn" {{ value = aws_secretsmanager_secret.spotify.arn }}
"""


@pytest.fixture
def here(local_aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The local AWS, which Terraform and boto3 use. The folder `built` has two zips."""
    if shutil.which("terraform") is None:
        lacking("there is no terraform: install 1.10 or later to deploy to a local AWS")
    for name, value in local_aws.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "TF_WORKSPACE", "TF_DATA_DIR", "TERRAFORM"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "built").mkdir()
    for name in ("extract_lambda.zip", "glue_jobs.zip"):
        (tmp_path / "built" / name).write_bytes(name.encode())
    return local_aws


def run(folder: Path, command: str, *arguments: str) -> int:
    return run_command("stack", main, [command, f"--folder={folder}", f"--built={folder.parent / 'built'}", *arguments])


def test_a_destroy_with_data_deletes_every_version_and_frees_the_secrets_name(
    here: LocalAws, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "terraform"
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN)
    s3, secrets = here.client("s3"), here.client("secretsmanager")
    assert run(folder, "deploy", "--yes") == 0
    output = capfd.readouterr().out
    assert "Put your Spotify login into the secret, which is still empty" in output
    secret = stack.outputs("dev", folder)["secret_arn"]
    assert f"AWS_REGION={REGION} .venv/bin/python -m extract_lambda.login --secret-arn {secret}" in output
    secrets.put_secret_value(SecretId=secret, SecretString="{}")
    for body in (b"1", b"2"):  # no delete marker, because moto cannot remove one
        s3.put_object(Bucket=BUCKET, Key="raw/a", Body=body)
    assert not _is_empty(secret, REGION)

    assert run(folder, "destroy", "--with-data", f"--yes-delete={BUCKET}") == 0

    assert f"The bucket {BUCKET} holds 1 objects, 2 with their older versions" in capfd.readouterr().out
    assert BUCKET not in {entry["Name"] for entry in s3.list_buckets()["Buckets"]}
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):  # so another deploy can use its name
        secrets.describe_secret(SecretId=secret)


def test_the_stack_s_plan_says_where_it_goes_and_what_it_costs(
    here: LocalAws, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert here
    folder = tmp_path / "checkout" / "deploy" / "aws" / "terraform"
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars")
    shutil.copytree(ROOT / "deploy" / "aws" / "terraform", folder, ignore=ignored)
    (folder.parents[1] / "generated").symlink_to(ROOT / "deploy" / "generated")
    (folder.parents[2] / "glue_jobs").symlink_to(ROOT / "glue_jobs")
    (folder.parent / "built").symlink_to(tmp_path / "built")

    assert run(folder, "plan") == 0

    output = capfd.readouterr().out
    assert f"Environment dev: account {ACCOUNT}, region {REGION}" in output
    assert re.search(r"Plan: \d+ to add, 0 to change, 0 to destroy\.", output)
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    [costs] = re.findall(r"^(Estimated cost of a month: .*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert costs in output
