"""make snowflake shows a plan, applies new scripts in order, names a failed script, and repeats none."""

from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.snowflake.deploy import main
from shared.tables import TABLES
from tests.deploy.snowflake.commands.outputs import write_outputs
from tests.deploy.snowflake.commands.snowflake_server import Refused, Snowflake


def deploy(folder: Path, *arguments: str) -> int:
    return run_command("snowflake", main, ["--env", "prod", "--outputs", str(write_outputs(folder)), *arguments])


def test_it_deploys_what_it_planned_and_then_nothing(
    person: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(tmp_path, "--yes") == 0

    lines = capsys.readouterr().out.splitlines()
    planned = [line.strip() for line in lines if line.startswith("  ")]
    applied = [line.removeprefix("applying ") for line in lines if line.startswith("applying ")]
    assert planned == applied
    assert planned[0] == "V1.0.0__schemas_and_stage.sql"
    assert planned.index("R__1_landing_songs.sql") < planned.index("R__2_pipe_songs.sql")
    assert planned.index("R__3_core_songs.sql") < planned.index("R__4_bi_03_songs.sql")
    pipes = [sql for sql in person.asked if "create pipe" in sql]
    assert len(pipes) == len(TABLES)
    assert "aws_sns_topic = 'arn:aws:sns:eu-west-1:111122223333:spotify-dev-processed'" in pipes[0]
    assert any("url = 's3://the-lake/processed/'" in sql for sql in person.asked)

    person.asked.clear()
    assert deploy(tmp_path) == 0
    assert "is up to date" in capsys.readouterr().out
    assert not [sql for sql in person.asked if sql.lower().lstrip().startswith(("create", "insert"))]


def test_without_a_terminal_nothing_is_changed(
    person: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy(tmp_path) == 1

    printed = capsys.readouterr()
    assert "V1.0.0__schemas_and_stage.sql" in printed.out
    assert printed.err.startswith("snowflake: Nothing was changed. To do this, add APPLY=yes (without make: --yes).")
    assert not [sql for sql in person.asked if sql.lower().lstrip().startswith(("create", "insert"))]


def test_a_failed_script_is_named_and_the_next_run_continues_there(
    person: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "Insufficient privileges to operate on integration 'SPOTIFY_ERRORS'"
    person.answer("create pipe .*ALBUMS_PIPE", Refused("003001", f"SQL access control error:\n{words}"))

    assert deploy(tmp_path, "--yes") == 1

    printed = capsys.readouterr()
    assert printed.err.startswith(
        "snowflake: R__2_pipe_albums.sql failed; the scripts before it are applied, and the same command continues "
        "from here. SPOTIFY_DEPLOYER may not do this: run the admin file again (docs/snowflake.md)"
    )
    assert "R__2_pipe_album_artists.sql" in printed.out
    person.answers.clear()
    assert deploy(tmp_path, "--yes") == 0
    applied = [line for line in capsys.readouterr().out.splitlines() if line.startswith("applying ")]
    assert applied[0] == "applying R__2_pipe_albums.sql"


def test_without_the_admins_database_it_says_so(
    person: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "SQL compilation error:\nObject does not exist, or operation cannot be performed."
    person.answer("use database", Refused("002043", words))

    assert deploy(tmp_path, "--yes") == 1

    assert capsys.readouterr().err.startswith("snowflake: this does not exist or SPOTIFY_DEPLOYER may not see it")


def test_a_stack_without_its_outputs_is_named(
    person: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_outputs(tmp_path, snowflake_role_arn="")

    assert run_command("snowflake", main, ["--env", "prod", "--outputs", str(file)]) == 1

    assert "the stack has no output snowflake_role_arn: run `make deploy`" in capsys.readouterr().err
    assert person.logins == []


def test_objects_without_a_script_are_listed_and_left(
    person: Snowflake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = [
        ("BI", "OLD_VIEW"),
        ("BI", "SONGS"),
        ("CORE", "SONGS_DYNAMIC"),
        ("LANDING", "OLD_TABLE"),
        ("CORE", "PLAYLIST_STAYS"),
    ]
    shown = [{"TABLE_SCHEMA": schema, "TABLE_NAME": name} for schema, name in there]
    person.answer("INFORMATION_SCHEMA.TABLES where TABLE_SCHEMA in", shown)
    person.answer("^show pipes", [{"name": "SONGS_PIPE_V1"}, {"name": "OLD_TABLE_PIPE_V1"}])

    assert deploy(tmp_path, "--plan") == 0

    assert capsys.readouterr().out.endswith(
        "Not created by any script, and left unchanged: BI.OLD_VIEW, LANDING.OLD_TABLE, "
        "LANDING.OLD_TABLE_PIPE_V1; "
        "drop them if nothing uses them.\n"
    )
    assert not [sql for sql in person.asked if "drop" in sql.lower()]
