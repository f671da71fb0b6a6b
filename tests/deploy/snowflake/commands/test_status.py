"""make snowflake-status over a warehouse that the pipes filled: pipes, refused files, and equal counts everywhere."""

# Fixtures shadow their imports.

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.operate.snowflake_status import main
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.store import ObjectStore
from shared.tables import TABLES
from tests.deploy.operate.conftest import lake, made_lake, warehouse  # noqa: F401  # fixtures
from tests.deploy.snowflake.commands.outputs import write_outputs
from tests.deploy.snowflake.commands.snowflake_server import Snowflake, snowflake_server

FINE = {
    "executionState": "RUNNING",
    "pendingFileCount": 0,
    "lastIngestedTimestamp": "2026-11-17T10:06:30.123Z",
    "lastIngestedFilePath": "ingest_date=2026-11-17/00000000000000000002-00000.parquet",
}


@pytest.fixture
def server(warehouse: EmbeddedSnowflake, tmp_path: Path) -> Iterator[Snowflake]:
    """The account that the pipes filled, with typed answers about its pipes."""
    warehouse.close()
    with snowflake_server(tmp_path / "warehouse") as running:
        running.answer("^show pipes", [{"name": f"{table.name.upper()}_PIPE_V1"} for table in TABLES])
        running.answer(r"system\$pipe_status", [{"STATUS": json.dumps(FINE)}])
        running.answer("copy_history", [])
        yield running


def exit_status(lake: ObjectStore, folder: Path, *arguments: str) -> int:
    outputs = write_outputs(folder, lake_uri=lake.uri)
    return run_command("snowflake-status", main, ["--env", "prod", "--outputs", str(outputs), *arguments])


def test_lake_landed_and_current_agree(
    person: Snowflake,
    lake: ObjectStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_status(lake, tmp_path) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:4] for line in lines[1:11]][:2] == [
        ["songs", "SONGS_PIPE_V1", "RUNNING", "0"],
        ["albums", "ALBUMS_PIPE_V1", "RUNNING", "0"],
    ]
    assert lines[1].endswith("ingest_date=2026-11-17/00000000000000000002-00000.parquet  2026-11-17T10:06:30")
    # Monday 9 rows, Tuesday 8: in the log, in the lake, in the account.
    assert [line.split()[5:] for line in lines if line.split()[0] in {"1", "2"}] == [
        ["9", "9", "9", "agrees"],
        ["8", "8", "8", "agrees"],
    ]
    assert lines[-1] == "The current views have all that has landed, each key once."
    assert person.logins


def test_a_stopped_pipe_a_refused_file_and_a_missing_row_are_named(
    person: Snowflake,
    lake: ObjectStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stopped = FINE | {"executionState": "PAUSED", "pendingFileCount": 3}
    person.answer(r"pipe_status\('SPOTIFY.LANDING.SONGS_PIPE_V1'\)", [{"STATUS": json.dumps(stopped)}])
    broken = "processed/songs/ingest_date=2026-11-17/00000000000000000009-00000.parquet"
    person.answer(
        "copy_history.*LANDING.SONGS'",
        [
            {
                "FILE_NAME": broken,
                "STATUS": "Load failed",
                "FIRST_ERROR_MESSAGE": "Error parsing the parquet file",
                "LAST_LOAD_TIME": "2026-11-17 10:07:00.000",
            }
        ],
    )
    person.answer(r"select count\(\*\) as N from CORE.ALBUMS$", [{"N": 7}])

    assert exit_status(lake, tmp_path, "--json") == 1

    printed = json.loads(capsys.readouterr().out)
    assert printed["differences"] == [
        "pipe of songs: PAUSED",
        "albums: the current view has 7 rows and 0 keys: something doubles",
    ]
    assert printed["refused"] == [
        {
            "table": "songs",
            "file_name": broken,
            "status": "Load failed",
            "error": "Error parsing the parquet file",
            "at": "2026-11-17 10:07:00",
        }
    ]


def test_a_missing_pipe_is_named(
    person: Snowflake,
    lake: ObjectStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    others = [table.name.upper() for table in TABLES if table.name != "songs"]
    person.answer("^show pipes", [{"name": f"{name}_PIPE_V1"} for name in others])

    assert exit_status(lake, tmp_path) == 1

    assert "pipe of songs: MISSING the pipe does not exist: make snowflake" in capsys.readouterr().out


def dynamic(table: str, at: datetime, state: str = "ACTIVE") -> dict[str, object]:
    return {
        "name": f"{table.upper()}_DYNAMIC",
        "scheduling_state": state,
        "refresh_mode": "INCREMENTAL",
        "target_lag": "1 hour",
        "data_timestamp": f"{at:%Y-%m-%d %H:%M:%S.%f%z}",
    }


def test_a_difference_within_the_lag_of_a_dynamic_table_does_not_count(
    person: Snowflake,
    lake: ObjectStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refreshed = datetime.now(UTC) - timedelta(minutes=5)
    person.answer("^show dynamic tables", [dynamic("songs", refreshed), dynamic("playlist_stays", refreshed)])
    person.answer(r"from \(select distinct song_id from CORE.SONGS\)", [{"N": 0}])
    person.answer(r"select count\(\*\) as N from CORE.SONGS$", [{"N": 0}])

    assert exit_status(lake, tmp_path) == 0

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["songs", "ACTIVE", "INCREMENTAL", "1", "hour", *f"{refreshed:%Y-%m-%d %H:%M:%S}".split()] in lines


def test_a_late_or_suspended_dynamic_table_is_a_difference(
    person: Snowflake,
    lake: ObjectStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    person.answer(r"from \(select distinct song_id from CORE.SONGS\)", [{"N": 0}])
    person.answer(r"select count\(\*\) as N from CORE.SONGS$", [{"N": 0}])
    late = dynamic("songs", datetime.now(UTC) - timedelta(hours=2))
    suspended = dynamic("songs", datetime.now(UTC), "SUSPENDED")
    differences = []
    for shown in (late, suspended):
        person.answer("^show dynamic tables", [shown])
        assert exit_status(lake, tmp_path, "--json") == 1
        differences.append(json.loads(capsys.readouterr().out)["differences"])

    lacking = "songs: 2 different song_id have landed, the current view has 0"
    advice = "make snowflake with the same --target-lag, or alter dynamic table CORE.SONGS_DYNAMIC resume"
    assert differences == [[lacking], [f"dynamic table of songs: SUSPENDED; {advice}", lacking]]
