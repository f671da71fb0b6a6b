"""make snowflake-pipe creates the new pipe before dropping the old one, and loads exactly the missing files."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.snowflake.connect import Account
from deploy.snowflake.deploy import variables_of
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.environment import Environment, Stack
from deploy.snowflake.pipe import Change, Missing, change, loads, main, not_loaded, pipe_of
from shared.lake import processed_file
from shared.store import ObjectStore
from shared.tables.songs import SONGS
from tests.deploy.conftest import parquet
from tests.deploy.snowflake.commands.outputs import OUTPUTS, write_outputs
from tests.deploy.snowflake.commands.snowflake_server import Snowflake, snowflake_server

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def server(loaded: Path) -> Iterator[Snowflake]:
    """An account into which batch 1 was loaded."""
    with snowflake_server(loaded) as running:
        yield running


def publish(lake: ObjectStore, batch: int, at: datetime) -> str:
    """Publishes a song at that time."""
    key = processed_file("songs", at.date(), batch, 0)
    lake.put(key, parquet(SONGS, {"song_id": f"s{batch}"}))
    os.utime(lake.uri.removeprefix("file://") + "/" + key, (at.timestamp(), at.timestamp()))
    return key


@pytest.fixture
def loaded(deployed: Path, tmp_path: Path, lake: ObjectStore) -> Path:
    """A warehouse into which a pipe has loaded batch 1, closed."""
    publish(lake, 1, NOW - timedelta(hours=2))
    folder = shutil.copytree(deployed, tmp_path / "warehouse")
    with EmbeddedSnowflake(folder, lake) as warehouse:
        warehouse.deploy()
        assert [load.status for load in warehouse.load_new()] == ["LOADED"]
    return folder


def existing(person: Snowflake, *names: str, **definitions: str) -> None:
    """Types the answer of SHOW PIPES."""
    shown = dict.fromkeys(names, "copy into elsewhere") | definitions
    person.answer("^show pipes", [{"name": name, "definition": text} for name, text in shown.items()])


def songs_change(environment: Environment, lake: ObjectStore) -> Change:
    with Account.of(environment) as account:
        pipe = pipe_of(SONGS, variables_of(environment, Stack.of(OUTPUTS)))
        return change(account, lake, SONGS, pipe, NOW)


def the_copy(environment: Environment) -> str:
    return pipe_of(SONGS, variables_of(environment, Stack.of(OUTPUTS))).copy


def test_a_pipe_that_exists_and_has_loaded_all_needs_nothing(
    person: Snowflake, prod: Environment, lake: ObjectStore
) -> None:
    existing(person, SONGS_PIPE_V1=the_copy(prod).upper() + ";")

    planned = songs_change(prod, lake)

    assert (planned.switch, planned.missing, planned.loads, planned.note) == ((), (), (), "")


def test_a_new_pipe_is_made_before_the_old_one_is_dropped(
    person: Snowflake, prod: Environment, lake: ObjectStore
) -> None:
    existing(person, "SONGS_PIPE_V0")

    planned = songs_change(prod, lake)

    assert [" ".join(statement.split())[:66] for statement in planned.switch if "pipe" in statement][-1] == (
        "drop pipe if exists SPOTIFY.LANDING.SONGS_PIPE_V0"
    )
    assert "create pipe if not exists SPOTIFY.LANDING.SONGS_PIPE_V1" in planned.switch[0]
    assert planned.loads == ()


def test_while_a_pipe_changes_the_youngest_files_are_missing_too(
    person: Snowflake, prod: Environment, lake: ObjectStore
) -> None:
    key = publish(lake, 2, NOW - timedelta(minutes=5))

    existing(person, "SONGS_PIPE_V0")
    assert [file.key for file in songs_change(prod, lake).missing] == [key]

    existing(person, SONGS_PIPE_V1=the_copy(prod))
    assert songs_change(prod, lake).missing == ()  # that pipe may be loading it


def test_recent_missing_files_are_refreshed_and_older_ones_copied_by_name(
    person: Snowflake, prod: Environment, lake: ObjectStore
) -> None:
    existing(person, SONGS_PIPE_V1=the_copy(prod))
    publish(lake, 2, datetime(2026, 11, 18, 9, 0, 30, tzinfo=UTC))
    publish(lake, 3, datetime(2026, 11, 18, 17, 0, tzinfo=UTC))
    publish(lake, 4, datetime(2026, 11, 20, 11, 29, tzinfo=UTC))
    publish(lake, 5, datetime(2026, 11, 20, 11, 45, tzinfo=UTC))  # too recent to be missing
    publish(lake, 6, datetime(2026, 11, 2, 8, 0, tzinfo=UTC))

    planned = songs_change(prod, lake)

    assert len(planned.missing) == 4
    assert "pattern" not in planned.loads[0]
    assert planned.loads[0].startswith("copy into SPOTIFY.LANDING.SONGS\nfrom @SPOTIFY.LANDING.PROCESSED/songs/\n")
    assert "\nload_uncertain_files = true\n" in planned.loads[0]
    assert planned.loads[0].endswith("files = ('ingest_date=2026-11-02/00000000000000000006-00000.parquet')")
    assert planned.loads[1:] == (
        (
            "alter pipe SPOTIFY.LANDING.SONGS_PIPE_V1 refresh prefix = 'ingest_date=2026-11-18/' "
            "modified_after = '2026-11-18T08:59:30Z'"
        ),
        (
            "alter pipe SPOTIFY.LANDING.SONGS_PIPE_V1 refresh prefix = 'ingest_date=2026-11-20/' "
            "modified_after = '2026-11-20T11:28:00Z'"
        ),
    )


def test_a_changed_text_under_the_old_name_is_reported(person: Snowflake, prod: Environment, lake: ObjectStore) -> None:
    existing(person, "SONGS_PIPE_V1")

    assert songs_change(prod, lake).note.startswith("SONGS_PIPE_V1 differs from the script: a changed pipe needs")


def test_the_command_shows_its_plan_then_does_it(
    person: Snowflake, lake: ObjectStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    existing(person)
    publish(lake, 2, datetime.now(UTC) - timedelta(hours=3))
    arguments = ["--env", "prod", "--table", "songs", "--outputs", str(write_outputs(tmp_path, lake_uri=lake.uri))]

    assert run_command("snowflake-pipe", main, arguments) == 1
    printed = capsys.readouterr()
    assert "songs: the pipe changes:\n  create pipe if not exists SPOTIFY.LANDING.SONGS_PIPE_V1" in printed.out
    assert "Nothing was changed. To do this, add APPLY=yes (without make: --yes)." in printed.err
    assert not [sql for sql in person.asked if sql.startswith(("create", "alter"))]

    assert run_command("snowflake-pipe", main, [*arguments, "--yes"]) == 0
    done = [sql for sql in person.asked if "create pipe" in sql or sql.startswith("alter pipe")]
    assert "create pipe if not exists SPOTIFY.LANDING.SONGS_PIPE_V1" in done[0]
    assert done[1].startswith("alter pipe SPOTIFY.LANDING.SONGS_PIPE_V1 refresh prefix = 'ingest_date=")
    assert len(done) == 2
    assert str(date.today()) in done[1] or str(date.today() - timedelta(days=1)) in done[1]  # noqa: DTZ011  # as the command


def test_a_copy_names_at_most_a_thousand_files(prod: Environment) -> None:
    pipe = pipe_of(SONGS, variables_of(prod, Stack.of(OUTPUTS)))
    old = [
        Missing(processed_file("songs", date(2026, 10, 1), batch, 0), NOW - timedelta(days=50)) for batch in range(1001)
    ]

    assert [statement.count(".parquet'") for statement in loads(pipe, SONGS, old, NOW)] == [1000, 1]


def test_a_file_that_arrives_while_the_pipe_changes_is_loaded(
    person: Snowflake, lake: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    existing(person)
    publish(lake, 2, datetime.now(UTC) - timedelta(hours=3))
    usual = person.to

    def to(path: str, body: dict[str, str]) -> object:
        if "create pipe" in body.get("sqlText", ""):
            publish(lake, 3, datetime.now(UTC) - timedelta(days=30))
        return usual(path, body)

    monkeypatch.setattr(person, "to", to)
    person.answer("^copy into", [{"file": "songs/3.parquet", "status": "LOADED"}])
    arguments = ["--env", "prod", "--table", "songs", "--outputs", str(write_outputs(tmp_path, lake_uri=lake.uri))]

    assert run_command("snowflake-pipe", main, [*arguments, "--yes"]) == 0

    [copied] = [sql for sql in person.asked if sql.startswith("copy into")]
    assert "00000000000000000003-00000.parquet" in copied


def test_every_state_of_a_file_but_loaded_and_sent_is_named() -> None:
    states = ("LOADED", "Loaded", "SENT", "LOAD_FAILED", "LOAD_SKIPPED", "PARTIALLY_LOADED", "ALREADY LOADED")

    assert list(not_loaded([{"file": state, "status": state} for state in states])) == [
        f"{state}: {state}: no reason given" for state in states[3:]
    ]
    assert list(not_loaded([{"status": "Copy executed with 0 files processed."}])) != []
    assert list(not_loaded([{"status": "Pipe refreshed."}])) == []


def test_files_that_a_copy_or_refresh_did_not_load_are_named(
    person: Snowflake,
    prod: Environment,
    lake: ObjectStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    existing(person, SONGS_PIPE_V1=the_copy(prod))
    publish(lake, 2, datetime.now(UTC) - timedelta(days=30))
    publish(lake, 3, datetime.now(UTC) - timedelta(days=1))
    arguments = ["--env", "prod", "--table", "songs", "--outputs", str(write_outputs(tmp_path, lake_uri=lake.uri))]
    person.answer(
        "^copy into",
        [
            {"file": "songs/2.parquet", "status": "LOADED", "first_error": None},
            {"file": "songs/4.parquet", "status": "LOAD_FAILED", "first_error": "NULL result in a non-nullable column"},
        ],
    )
    person.answer("^alter pipe", [{"File": "songs/3.parquet", "Status": "SENT"}])

    assert run_command("snowflake-pipe", main, [*arguments, "--yes"]) == 1
    printed = capsys.readouterr().out
    assert "songs: not loaded: songs/4.parquet: LOAD_FAILED: NULL result in a non-nullable column\n" in printed
    assert "songs/2.parquet" not in printed
    assert "songs/3.parquet" not in printed

    person.answer("^copy into", [{"status": "Copy executed with 0 files processed."}])
    assert run_command("snowflake-pipe", main, [*arguments, "--yes"]) == 1
    assert "songs: not loaded: Copy executed with 0 files processed.\n" in capsys.readouterr().out
