"""Permanent landing tables become transient: plan first, rows compared, load history accounted for."""

from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.snowflake.transient import main
from shared.tables import TABLES
from tests.deploy.snowflake.commands.outputs import write_outputs
from tests.deploy.snowflake.commands.snowflake_server import Rows, Snowflake

NAMES = [table.name.upper() for table in TABLES]


def run(folder: Path, *arguments: str) -> int:
    outputs = write_outputs(folder)
    return run_command("snowflake-transient", main, ["--env", "prod", "--outputs", str(outputs), *arguments])


def shown(**kinds: str) -> Rows:
    return [{"name": name, "kind": kind} for name, kind in (dict.fromkeys(NAMES, "TRANSIENT") | kinds).items()]


@pytest.fixture
def account(person: Snowflake) -> Snowflake:
    """An account with a permanent table of songs; every change succeeds, and both tables have two rows."""
    person.answer(r"^(--[^\n]*\n)*(create|drop|insert|alter)", [{"status": "Statement executed successfully."}])
    person.answer("select count", [{"N": 2}])
    person.answer("INFORMATION_SCHEMA.COLUMNS", [{"COLUMN_NAME": name} for name in ("SONG_ID", "OLD", "FILE_NAME")])
    person.answer("^show pipes", [{"name": "SONGS_PIPE_V1"}, {"name": "ALBUMS_PIPE_V1"}])
    person.answer("^show tables", shown(SONGS="TABLE"))
    return person


def changes(account: Snowflake) -> list[str]:
    words = ("create", "drop", "insert", "alter table")
    plain = ["\n".join(line for line in sql.splitlines() if not line.startswith("--")) for sql in account.asked]
    return [sql.splitlines()[0] for sql in plain if sql.startswith(words)]


def test_a_permanent_table_is_copied_compared_and_replaced_with_its_pipe(
    account: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--yes") == 0

    assert changes(account) == [
        "drop pipe if exists SPOTIFY.LANDING.SONGS_PIPE_V1",
        "create or replace transient table SPOTIFY.LANDING.SONGS_TRANSIENT (",
        (
            "insert into SPOTIFY.LANDING.SONGS_TRANSIENT (SONG_ID, FILE_NAME) "
            "select SONG_ID, FILE_NAME from SPOTIFY.LANDING.SONGS"
        ),
        "alter table SPOTIFY.LANDING.SONGS swap with SPOTIFY.LANDING.SONGS_TRANSIENT",
        "drop table if exists SPOTIFY.LANDING.SONGS_TRANSIENT",
        "create pipe if not exists SPOTIFY.LANDING.SONGS_PIPE_V1",
    ]
    printed = capsys.readouterr().out
    assert "songs: 2 rows, transient.\n" in printed
    assert "The new pipes remember no file." in printed
    assert "make snowflake-pipe TABLE=ALL ENV=prod" in printed


def test_the_plan_alone_changes_nothing(account: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 1

    assert changes(account) == []
    assert "songs:\n  drop pipe if exists SPOTIFY.LANDING.SONGS_PIPE_V1\n" in capsys.readouterr().out


def test_an_incomplete_copy_does_not_replace_the_table(
    account: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account.answer("select count.*SONGS_TRANSIENT", [{"N": 1}])

    assert run(tmp_path, "--yes") == 1

    assert "LANDING.SONGS has 2 rows and its copy 1" in capsys.readouterr().err
    assert [sql for sql in changes(account) if "swap" in sql] == []


def test_a_run_that_was_stopped_after_the_switch_is_continued(account: Snowflake, tmp_path: Path) -> None:
    account.answer("^show tables", shown(SONGS_TRANSIENT="TABLE"))

    assert run(tmp_path, "--yes") == 0

    assert changes(account) == [
        "drop table if exists SPOTIFY.LANDING.SONGS_TRANSIENT",
        "create pipe if not exists SPOTIFY.LANDING.SONGS_PIPE_V1",
    ]


def test_transient_tables_need_nothing(account: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account.answer("^show tables", shown())

    assert run(tmp_path) == 0

    assert changes(account) == []
    assert capsys.readouterr().out == "Every landing table is transient: nothing was changed.\n"
