"""The administrator's file of an environment: its own names and values, keys on one line, never a private one."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from deploy.commands import run_command
from deploy.snowflake.admin import main
from tests.deploy.snowflake.commands.outputs import write_outputs


@pytest.fixture
def public(key: Path, tmp_path: Path) -> Path:
    """The public half, as `openssl rsa -pubout` writes it."""
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    file = tmp_path / "rsa_key.pub"
    file.write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM, form))
    return file


def admin(folder: Path, *arguments: str | Path) -> int:
    where = ["--env", "dev", "--outputs", str(write_outputs(folder))]
    return run_command("snowflake-admin", main, [*where, *map(str, arguments)])


def test_the_file_has_the_environments_names_and_the_stacks_values(
    public: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identity = "arn:aws:iam::111122223333:role/bi"

    assert admin(tmp_path, "--deployer-key", public, "--bi-identity", identity, "--credits", "3") == 0

    said = capsys.readouterr().out
    assert "create database if not exists SPOTIFY_DEV\n" in said
    assert "storage_aws_role_arn = 'arn:aws:iam::111122223333:role/spotify-dev-snowflake'" in said
    assert "storage_aws_external_id = 'spotify-dev-0001'" in said
    assert "storage_allowed_locations = ('s3://the-lake/processed/')" in said
    assert "aws_sns_role_arn = 'arn:aws:iam::111122223333:role/spotify-dev-snowflake-errors'" in said
    assert "aws_sns_topic_arn = 'arn:aws:sns:eu-west-1:111122223333:spotify-dev-alerts'" in said
    assert "credit_quota = 3" in said
    letters = "".join(public.read_text().splitlines()[1:-1])
    assert f"alter user SPOTIFY_DEV_DEPLOYER_SVC set rsa_public_key = '{letters}';" in said
    assert f"alter user SPOTIFY_DEV_BI_SVC set workload_identity = (type = aws arn = '{identity}');" in said
    assert "SPOTIFY_DEV_MONITOR_SVC" not in said
    assert "{{" not in said
    assert "alter account" not in said


def test_a_private_key_is_refused_and_not_shown(key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert admin(tmp_path, "--deployer-key", key) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (f"snowflake-admin: {key} is a private key, which must stay secret: name the public one\n")


def test_what_is_no_key_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "key.pub"
    file.write_text("ssh-rsa AAAA")

    assert admin(tmp_path, "--deployer-key", file) == 1

    assert "is no public key in PEM" in capsys.readouterr().err
