"""Forgetting and retention in an account: the same commands, with an environment instead of a folder."""

# Fixtures shadow their imports.

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.operate.forget import main as forget
from deploy.operate.retention import retain
from deploy.snowflake.connect import Account
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.environment import Environment
from shared.store import ObjectStore
from tests.deploy.operate.conftest import lake, made_lake, warehouse  # noqa: F401  # fixtures
from tests.deploy.snowflake.commands.snowflake_server import Snowflake, snowflake_server


@pytest.fixture
def server(warehouse: EmbeddedSnowflake, tmp_path: Path) -> Iterator[Snowflake]:
    """The account that the pipes filled with Ann's playlist."""
    warehouse.close()
    with snowflake_server(tmp_path / "warehouse") as running:
        yield running


def count(environment: Environment, table: str, where: str = "true") -> object:
    with Account.of(environment) as account:
        return account.query(f"select count(*) as N from LANDING.{table} where {where}")[0][0]  # typed here


def test_a_person_is_forgotten_in_the_account(
    person: Snowflake, prod: Environment, lake: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert person.port
    assert count(prod, "PLAYLIST_CHECKS", "OWNER_ID = 'ann'") == 3

    assert run_command("forget", forget, ["--lake", lake.uri, "--env", "prod", "--user", "ann", "--apply"]) == 0

    assert "owner_id in playlist_checks of the warehouse" in capsys.readouterr().out
    assert count(prod, "PLAYLIST_CHECKS", "OWNER_ID = 'ann'") == 0
    assert count(prod, "PLAYLIST_CHECKS") == 4
    assert count(prod, "PLAYLIST_ITEMS", "ADDED_BY_ID = 'bob'") == 1


def test_old_batches_are_removed_from_the_account(person: Snowflake, prod: Environment, lake: ObjectStore) -> None:
    assert person.port
    assert count(prod, "BATCHES") == 2

    with Account.of(prod) as account:
        result = retain(lake, account, 1, apply=True)

    assert result.rows["songs"] == 2
    assert (count(prod, "BATCHES"), count(prod, "SONGS")) == (1, 1)


DYNAMIC_TABLES = [
    {"TABLE_NAME": f"{name}_DYNAMIC"} for name in ("PLAYLIST_VERSIONS", "PLAYLIST_STAYS", "SONGS", "ALBUMS")
]


def refreshed(person: Snowflake) -> list[str]:
    return [sql for sql in person.asked if sql.startswith("alter dynamic table")]


def test_forgetting_refreshes_the_dynamic_tables_and_names_what_remains(
    person: Snowflake, lake: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    person.answer("INFORMATION_SCHEMA.TABLES where TABLE_SCHEMA = 'CORE'", DYNAMIC_TABLES)
    arguments = ["--lake", lake.uri, "--env", "prod", "--user", "ann"]

    assert run_command("forget", forget, arguments) == 0
    assert refreshed(person) == []
    capsys.readouterr()

    assert run_command("forget", forget, [*arguments, "--apply"]) == 0
    assert refreshed(person) == [
        "alter dynamic table CORE.ALBUMS_DYNAMIC refresh",
        "alter dynamic table CORE.SONGS_DYNAMIC refresh",
        "alter dynamic table CORE.PLAYLIST_VERSIONS_DYNAMIC refresh",
        "alter dynamic table CORE.PLAYLIST_STAYS_DYNAMIC refresh",
    ]
    printed = capsys.readouterr().out
    assert "Refreshed: dynamic tables of ALBUMS, SONGS, PLAYLIST_VERSIONS, PLAYLIST_STAYS." in printed
    assert "Snowflake's Time Travel keeps removed rows for a day." in printed


def test_retention_refreshes_the_dynamic_tables(person: Snowflake, prod: Environment, lake: ObjectStore) -> None:
    person.answer("INFORMATION_SCHEMA.TABLES where TABLE_SCHEMA = 'CORE'", DYNAMIC_TABLES[2:3])

    with Account.of(prod) as account:
        retain(lake, account, 1, apply=True)

    assert refreshed(person) == ["alter dynamic table CORE.SONGS_DYNAMIC refresh"]


def test_a_folder_and_an_account_at_once_are_refused(
    person: Snowflake, lake: ObjectStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["--lake", lake.uri, "--warehouse", str(tmp_path), "--env", "prod", "--user", "ann"]

    assert run_command("forget", forget, both) == 1

    assert "--warehouse is a folder on this machine, --env a Snowflake account" in capsys.readouterr().err
    assert person.logins == []
