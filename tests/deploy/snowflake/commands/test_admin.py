"""The administrator's file of an environment: its names and values, public keys on one line, never a private key."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from deploy.commands import run_command
from deploy.snowflake.admin import main
from tests.deploy.snowflake.commands.outputs import write_outputs


@pytest.fixture
def public(key: Path, tmp_path: Path) -> Path:
    """The public key in the form of `openssl rsa -pubout`."""
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

    text = capsys.readouterr().out
    assert "create database if not exists SPOTIFY_DEV\n" in text
    assert "storage_aws_role_arn = 'arn:aws:iam::111122223333:role/spotify-dev-snowflake'" in text
    assert "storage_aws_external_id = 'spotify-dev-0001'" in text
    assert "storage_allowed_locations = ('s3://the-lake/processed/')" in text
    assert "aws_sns_role_arn = 'arn:aws:iam::111122223333:role/spotify-dev-snowflake-errors'" in text
    assert "aws_sns_topic_arn = 'arn:aws:sns:eu-west-1:111122223333:spotify-dev-alerts'" in text
    assert "credit_quota = 3" in text
    letters = "".join(public.read_text().splitlines()[1:-1])
    assert f"alter user SPOTIFY_DEV_DEPLOYER_SVC set rsa_public_key = '{letters}';" in text
    assert f"alter user SPOTIFY_DEV_BI_SVC set workload_identity = (type = aws arn = '{identity}');" in text
    assert "SPOTIFY_DEV_MONITOR_SVC" not in text
    assert "{{" not in text
    assert "alter account" not in text


def test_a_private_key_is_refused_and_not_shown(key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert admin(tmp_path, "--deployer-key", key) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        f"snowflake-admin: {key} is a private key, which must not leave this machine: name the public key\n"
    )


def test_a_file_that_is_no_key_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "key.pub"
    file.write_text("ssh-rsa AAAA")

    assert admin(tmp_path, "--deployer-key", file) == 1

    assert "is no public key in PEM" in capsys.readouterr().err


def test_service_users_connect_from_the_named_addresses_only(
    public: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert admin(tmp_path, "--bi-key", public, "--allowed-addresses", "203.0.113.0/24, 198.51.100.7") == 0

    text = capsys.readouterr().out
    addresses = "('203.0.113.0/24', '198.51.100.7')"
    assert f"alter network policy SPOTIFY_DEV_SERVICE_USERS set allowed_ip_list = {addresses};" in text
    assert re.findall(r"alter user (\w+) set network_policy = '(\w+)'", text) == [
        ("SPOTIFY_DEV_BI_SVC", "SPOTIFY_DEV_SERVICE_USERS")
    ]
    assert "authentication policy" not in text


@pytest.mark.parametrize("address", ["300.1.1.1", "203.0.113.7/24", "203.0.113.0/24,", "example.org", "::1", "'; drop"])
def test_an_address_that_is_none_is_named(
    public: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    assert admin(tmp_path, "--bi-key", public, "--allowed-addresses", address) == 2

    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"{address.rpartition(',')[2]!r} is no IPv4 address or range" in shown.err


def test_service_users_sign_in_by_key_pair_or_workload_identity_only_if_asked(
    public: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert admin(tmp_path, "--monitor-key", public, "--authentication-policy") == 0

    text = capsys.readouterr().out
    policy = "SPOTIFY_DEV.LANDING.SERVICE_USERS"
    assert f"alter user SPOTIFY_DEV_MONITOR_SVC set authentication policy {policy} force;" in text
    assert "network policy" not in text


@pytest.mark.parametrize("restriction", [["--allowed-addresses", "198.51.100.7"], ["--authentication-policy"]])
def test_a_restriction_without_a_service_user_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], restriction: list[str]
) -> None:
    assert admin(tmp_path, *restriction) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "apply to the service users of this file, and it has none" in shown.err


@pytest.mark.parametrize(("arguments", "generation"), [([], "1"), (["--generation", "2"], "2")])
def test_both_warehouses_have_the_generation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], generation: str
) -> None:
    assert admin(tmp_path, *arguments) == 0

    # Two warehouses, each created and then set.
    assert re.findall(r"generation = '(\d)'", capsys.readouterr().out) == [generation] * 4


def test_an_unknown_generation_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert admin(tmp_path, "--generation", "3") == 2

    assert "invalid choice: '3'" in capsys.readouterr().err
