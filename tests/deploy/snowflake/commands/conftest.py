"""A server in place of the account, and a user whose environment connects to it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.snowflake.environment import Environment
from tests.deploy.snowflake.commands.snowflake_server import Snowflake, snowflake_server

PASSPHRASE = "a passphrase that must not be shown"


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private key without a passphrase."""
    made = rsa.generate_private_key(65537, 2048)
    file = tmp_path_factory.mktemp("key") / "rsa_key.p8"
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(made.private_bytes(pem, form, serialization.NoEncryption()))
    locked = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    file.with_name("locked.p8").write_bytes(made.private_bytes(pem, form, locked))
    return file


@pytest.fixture
def prod() -> Environment:
    """The environment whose database is SPOTIFY."""
    return Environment.named("prod")


@pytest.fixture
def server() -> Iterator[Snowflake]:
    """An empty account."""
    with snowflake_server() as running:
        yield running


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch, server: Snowflake, key: Path) -> Snowflake:
    """The server, with the environment of a person who connects to it and nothing else."""
    for name in [name for name in os.environ if name.startswith("SNOWFLAKE_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment(key).items():
        monkeypatch.setenv(name, value)
    return server
