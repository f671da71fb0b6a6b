"""An account for all clients: schemachange's command deploys the suite's SQL; rows are typed by hand."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.snowflake.connect import Account
from deploy.snowflake.deploy import SCRIPTS, variables_of
from deploy.snowflake.environment import Environment, Stack
from tests.clients.account import ROOT, Client
from tests.deploy.snowflake.bi.landing import Landing
from tests.deploy.snowflake.commands.conftest import key  # noqa: F401  # a fixture
from tests.deploy.snowflake.commands.outputs import OUTPUTS
from tests.deploy.snowflake.commands.snowflake_server import Snowflake, snowflake_server

PROD = Environment.named("prod")
VARIABLES = variables_of(PROD, Stack.of(OUTPUTS))


@pytest.fixture(scope="session")
def server() -> Iterator[Snowflake]:
    """An empty account."""
    with snowflake_server() as running:
        yield running


@pytest.fixture(scope="session")
def client(server: Snowflake, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The settings for each client."""
    lacking = [name for name in ("clients", "snow") if not (ROOT / f".venv/tools/{name}/ready").is_file()]
    if lacking:
        pytest.fail(f"there is no environment for {', '.join(lacking)}: make test-clients makes it", pytrace=False)
    return Client(server.port, key, tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="session")
def schemachange(client: Client) -> list[str | Path]:
    """Schemachange's own command with a configuration file."""
    settings = {
        "config-version": 2,
        "schemachange": {
            "root-folder": str(SCRIPTS),
            "change-history-table": "SPOTIFY.SCHEMACHANGE.CHANGE_HISTORY",
            "create-change-history-table": True,
            "config-vars": VARIABLES,
        },
        "snowflake": {
            "account": "myorg-myaccount",
            "user": "SPOTIFY_DEPLOYER_SVC",
            "role": PROD.deployer,
            "warehouse": PROD.transform_warehouse,
            "database": PROD.database,
            "private-key-file": str(client.key),
            "host": "127.0.0.1",
            "port": client.port,
            "protocol": "http",
        },
    }
    (client.folder / "schemachange-config.yml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    command = Path(sys.executable).with_name("schemachange")
    return [command, "deploy", "--config-folder", client.folder]


@pytest.fixture(scope="session")
def deployed(client: Client, schemachange: list[str | Path]) -> str:
    """The output of schemachange's deployment."""
    done = client.run(*schemachange)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def account(client: Client, deployed: str) -> Iterator[Account]:
    """The account with rows in it, by the connector."""
    assert deployed
    settings = {
        "account": "myorg-myaccount",
        "user": "SPOTIFY_DEPLOYER_SVC",
        "private_key_file": str(client.key),
        "host": "127.0.0.1",
        "port": client.port,
        "protocol": "http",
        "database": "SPOTIFY",
    }
    with Account(PROD, settings) as connected:
        landing = Landing(connected)  # type: ignore[arg-type]  # it uses only `query`
        landing.artists("a1", "a2")
        landing.song("s1", ("a1", "a2"), duration_ms=180_000)
        landing.song("s2", ("a1",), duration_ms=270_000)
        landing.song("s3", ("a1",), duration_ms=60_000)
        landing.read("2026-11-02 09:00", "s1", "s2", "s3")
        landing.read("2026-11-03 09:00", "s1", "s2")
        yield connected
