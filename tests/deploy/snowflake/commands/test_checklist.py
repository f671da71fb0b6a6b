"""The checklist shows what differs. The account's answers are typed here; only a real account can confirm them."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.snowflake import checklist
from deploy.snowflake.checklist import BROKEN, main
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.store import ObjectStore
from shared.tables.songs import SONGS
from tests.deploy.conftest import Publish
from tests.deploy.snowflake.commands.outputs import write_outputs
from tests.deploy.snowflake.commands.snowflake_server import Refused, Snowflake, snowflake_server

# Snowflake's answer if every value was loaded unchanged, and an empty text as null.
EXTREMES = [
    {
        "PLACE": "0",
        "TEXT_VALUE": "\U0001f3b5 e\u0301 'quoted' \"twice\" back\\slash\nline",
        "INT_VALUE": "-2147483648",
        "BIGINT_VALUE": "-9223372036854775808",
        "BOOLEAN_VALUE": "True",
        "DATE_VALUE": "1000-01-01",
        "TIMESTAMP_VALUE": "1970-01-01 00:00:00.000001",
    },
    {
        "PLACE": "1",
        "TEXT_VALUE": "x" * 1_000_000,
        "INT_VALUE": "2147483647",
        "BIGINT_VALUE": "9223372036854775807",
        "BOOLEAN_VALUE": "False",
        "DATE_VALUE": "9999-12-31",
        "TIMESTAMP_VALUE": "9999-12-31 23:59:59.999999",
    },
    {
        "PLACE": "2",
        "TEXT_VALUE": "\\N",
        "INT_VALUE": "0",
        "BIGINT_VALUE": "0",
        "BOOLEAN_VALUE": "True",
        "DATE_VALUE": "1582-10-15",
        "TIMESTAMP_VALUE": "1900-01-01 00:00:00",
    },
    {
        **dict.fromkeys(("TEXT_VALUE", "INT_VALUE", "BIGINT_VALUE", "BOOLEAN_VALUE", "DATE_VALUE", "TIMESTAMP_VALUE")),
        "PLACE": "3",
    },
    {
        **dict.fromkeys(("TEXT_VALUE", "INT_VALUE", "BIGINT_VALUE", "BOOLEAN_VALUE", "DATE_VALUE", "TIMESTAMP_VALUE")),
        "PLACE": "4",
    },
]
FILE = "processed/songs/ingest_date=2026-11-16/00000000000000000001-00000.parquet"


@pytest.fixture
def server(warehouse: EmbeddedSnowflake, publish: Publish, tmp_path: Path) -> Iterator[Snowflake]:
    """An account with two songs that passes every check."""
    publish(SONGS, {"song_id": "s1", "extracted_at": "2026-11-16 10:00:00.123456"}, {"song_id": "s2"})
    assert [load.status for load in warehouse.load_new()] == ["LOADED"]
    warehouse.close()
    with snowflake_server(tmp_path / "warehouse") as running:
        running.answer("validate_storage_integration", [{"ANSWER": json.dumps({"status": "success"})}])
        for name in ("SPOTIFY_TRANSFORM_WH", "SPOTIFY_BI_WH"):
            kept = {"name": name, "size": "X-Small", "auto_suspend": "60", "resource_monitor": "SPOTIFY_CREDITS"}
            running.answer(f"^show warehouses like '{name}'", [kept])
        running.answer("^use (role|warehouse|secondary roles)", [{"status": "Statement executed successfully."}])
        running.answer("^show pipes", [{"name": "SONGS_PIPE_V1"}])
        running.answer("^(create temporary table|drop table)", [{"status": "done"}])
        running.answer("^copy into", [{"file": "extremes.parquet", "status": "LOADED", "first_error": None}])
        running.answer("^select .* from LANDING.CHECKLIST_EXTREMES", EXTREMES)
        yield running


@pytest.fixture
def guarded(person: Snowflake, monkeypatch: pytest.MonkeyPatch) -> Snowflake:
    """An account in which each role has exactly its privileges; fakesnow has no roles."""
    role = ""
    usual = person.to

    def to(path: str, body: dict[str, str]) -> object:
        nonlocal role
        sql = body.get("sqlText", "")
        role = sql.rpartition(" ")[2] if sql.startswith("use role") else role
        below = "LANDING.SONGS" in sql or "CORE.SONGS" in sql
        if (role == "SPOTIFY_BI_READER" and below) or (role == "SPOTIFY_MONITOR" and "BI.TOTALS" in sql):
            words = "Object does not exist or not authorized."
            return 200, {"data": {"sqlState": "02000"}, "code": "002003", "message": words, "success": False}
        return usual(path, body)

    monkeypatch.setattr(person, "to", to)
    return person


def run(lake: ObjectStore, folder: Path, *arguments: str) -> int:
    outputs = write_outputs(folder, lake_uri=lake.uri)
    return run_command("snowflake-checklist", main, ["--env", "prod", "--outputs", str(outputs), *arguments])


def outcomes(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The outcome of each check, by its name."""
    lines = capsys.readouterr().out.splitlines()
    return {line[13:]: line[:11].strip() for line in lines if line.startswith(("as expected", "DIFFERS"))}


def test_everything_is_as_expected_except_what_schemachange_did_not_deploy(
    guarded: Snowflake, lake: ObjectStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded.port
    assert run(lake, tmp_path) == 1

    assert outcomes(capsys) == {
        f"SPOTIFY_S3 lists {lake.uri}/processed/": "as expected",
        "warehouse SPOTIFY_TRANSFORM_WH": "as expected",
        "warehouse SPOTIFY_BI_WH": "as expected",
        # The embedded warehouse records applied scripts in its own table.
        "scripts that a second deploy would apply": "DIFFERS",
        f"songs: the newest file, {FILE}": "as expected",
        f"row 1 of {FILE}": "as expected",
        "LOADED_AT of that row, UTC": "as expected",
        "a file with every extreme value": "as expected",
        **{
            f"{name} of that file": "as expected"
            for name in ("TEXT_VALUE", "INT_VALUE", "BIGINT_VALUE", "BOOLEAN_VALUE", "DATE_VALUE", "TIMESTAMP_VALUE")
        },
        "SPOTIFY_BI_READER: select SONG_COUNT from BI.TOTALS": "as expected",
        "SPOTIFY_BI_READER: select count(*) as N from LANDING.SONGS": "as expected",
        "SPOTIFY_BI_READER: select count(*) as N from CORE.SONGS": "as expected",
        "SPOTIFY_MONITOR: select count(*) as N from LANDING.SONGS": "as expected",
        "SPOTIFY_MONITOR: show pipes in schema LANDING": "as expected",
        "SPOTIFY_MONITOR: select SONG_COUNT from BI.TOTALS": "as expected",
    }


def test_extreme_values_that_differ_or_do_not_load_are_named(
    person: Snowflake, lake: ObjectStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person.answer("^select .* from LANDING.CHECKLIST_EXTREMES", [row | {"TEXT_VALUE": None} for row in EXTREMES])
    run(lake, tmp_path)
    states = outcomes(capsys)
    assert (states["TEXT_VALUE of that file"], states["INT_VALUE of that file"]) == ("DIFFERS", "as expected")
    assert [listed.key for listed in lake.list("processed/checklist/")] == []

    failed = [{"file": "extremes.parquet", "status": "LOAD_FAILED", "first_error": "empty column value"}]
    person.answer("^copy into", failed)
    run(lake, tmp_path)
    printed = capsys.readouterr().out
    assert "DIFFERS      a file with every extreme value\n" in printed
    assert "expected loaded; got extremes.parquet: LOAD_FAILED: empty column value\n" in printed


def test_a_role_is_tried_without_secondary_roles(person: Snowflake, lake: ObjectStore, tmp_path: Path) -> None:
    run(lake, tmp_path)

    first = next(place for place, sql in enumerate(person.asked) if sql == "use role SPOTIFY_BI_READER")
    assert "use secondary roles none" in person.asked[:first]


def test_what_differs_is_named(
    person: Snowflake, lake: ObjectStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person.answer("validate_storage_integration", Refused("003167", "Error assuming AWS_ROLE."))
    person.answer("^show warehouses like 'SPOTIFY_BI_WH'", [{"name": "SPOTIFY_BI_WH", "size": "Large"}])
    person.answer(
        "convert_timezone", [{"SONG_ID": "s1", "SOURCE_POSITION": "0", "EXTRACTED_AT": "x", "LOADED_AT": "2026-01-01"}]
    )
    person.answer("select SONG_COUNT", Refused("002003", "View 'TOTALS' does not exist or not authorized."))

    assert run(lake, tmp_path) == 1

    states = outcomes(capsys)
    assert states["integration"] == "DIFFERS"
    assert states["warehouse SPOTIFY_BI_WH"] == "DIFFERS"
    assert states[f"row 1 of {FILE}"] == "DIFFERS"
    assert states["LOADED_AT of that row, UTC"] == "DIFFERS"
    assert states["SPOTIFY_BI_READER: select SONG_COUNT from BI.TOTALS"] == "DIFFERS"
    # Every role is accepted: fakesnow knows no roles.
    assert states["SPOTIFY_BI_READER: select count(*) as N from LANDING.SONGS"] == "DIFFERS"


@pytest.mark.parametrize(("is_refused", "state"), [(True, "as expected"), (False, "DIFFERS")])
def test_a_broken_file_is_refused_and_removed(  # noqa: PLR0913  # fixtures are arguments
    person: Snowflake,
    lake: ObjectStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_refused: bool,
    state: str,
) -> None:
    monkeypatch.setattr(checklist, "WAIT", timedelta(milliseconds=1) if not is_refused else timedelta(seconds=5))
    monkeypatch.setattr(checklist, "PAUSE", timedelta())
    failed = {"FILE_NAME": BROKEN, "STATUS": "Load failed", "FIRST_ERROR_MESSAGE": "no Parquet", "LAST_LOAD_TIME": "x"}
    person.answer("copy_history", [])
    if is_refused:
        person.answer("copy_history.*LANDING.SONGS'", [failed])

    assert run(lake, tmp_path, "--broken-file") == 1

    assert outcomes(capsys)[f"the pipe of songs and {BROKEN}"] == state
    assert [listed.key for listed in lake.list("processed/songs/ingest_date=2000-01-01/")] == []
