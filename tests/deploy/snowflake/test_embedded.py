"""The embedded warehouse: deployment, contracts that change, dynamic tables, CORE.PLAYLISTS and schemachange."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import snowflake.connector
from deploy.generate import schemas
from deploy.generate.__main__ import generated_files
from deploy.snowflake.embedded import SCRIPTS, EmbeddedSnowflake, rendered_scripts, variables_for
from deploy.snowflake.embedded_pipe import LoadStatus
from deploy.snowflake.fakesnow_fixes import NOT_EMULATED, bent_fakesnow
from shared.contract import Column, Table, Type
from shared.store import ObjectStore
from shared.tables import TABLES
from shared.tables.artists import ARTISTS
from shared.tables.playlist_checks import PLAYLIST_CHECKS
from shared.tables.songs import SONGS
from tests.deploy.conftest import Publish, Row, Serve

Rows = list[tuple[object, ...]]

SNOWFLAKE_TYPES = {
    Type.STRING: "VARCHAR(16777216)",
    Type.INT: "NUMBER(10,0)",
    Type.BIGINT: "NUMBER(19,0)",
    Type.BOOLEAN: "BOOLEAN",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP_NTZ(9)",  # the only precision of fakesnow; the script says 6
}


def test_landing_and_views_have_the_contracts_columns(warehouse: EmbeddedSnowflake) -> None:
    for table in TABLES:
        landing = warehouse.query(f"describe table SPOTIFY.LANDING.{table.name}")
        view = warehouse.query(f"describe view SPOTIFY.CORE.{table.name}")

        assert [(name, type_, null) for name, type_, _, null, *_ in landing] == [
            *(
                (column.name.upper(), SNOWFLAKE_TYPES[column.type], "Y" if column.nullable else "N")
                for column in table.all_columns
            ),
            ("FILE_NAME", "VARCHAR(16777216)", "Y"),
            ("FILE_ROW_NUMBER", "NUMBER(19,0)", "Y"),
            ("LOADED_AT", "TIMESTAMP_TZ(9)", "Y"),
        ]
        assert [name for name, *_ in view] == [column.name.upper() for column in table.all_columns]


def test_scripts_are_in_the_order_of_their_dependencies() -> None:
    names = [name for name, _ in rendered_scripts(SCRIPTS, variables_for("s3://lake/processed/"))]

    assert names[:3] == ["v1.0.0__schemas_and_stage.sql", "r__0_file_format.sql", "r__0_grants.sql"]
    assert [name[:5] for name in names[3:40]] == 11 * ["r__1_"] + 11 * ["r__2_"] + 12 * ["r__3_"] + 3 * ["r__3b"]
    assert {name[:5] for name in names[40:]} == {"r__4_"}
    assert names.index("r__3_core_playlist_checks.sql") < names.index("r__3_core_playlists.sql")


def test_the_stage_is_over_the_published_files_of_the_lake(warehouse: EmbeddedSnowflake, lake: ObjectStore) -> None:
    [stage] = warehouse.query("show stages in schema SPOTIFY.LANDING")

    assert lake.uri.startswith("file:///")
    assert stage[1:5] == ("PROCESSED", "SPOTIFY", "LANDING", f"{lake.uri}/processed/")


def test_a_script_without_a_value_for_a_variable_is_an_error() -> None:
    variables = variables_for("s3://lake/processed/")
    del variables["sns_topic_arn"]

    with pytest.raises(Exception, match="'sns_topic_arn' is undefined"):
        list(rendered_scripts(SCRIPTS, variables))


def test_deploying_again_changes_nothing(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    warehouse.arrived([publish(SONGS, {"song_id": "s1"})])
    before = everything(warehouse)

    warehouse.deploy()
    warehouse.query("delete from SPOTIFY._LOCAL.SCRIPTS")
    warehouse.deploy()

    assert everything(warehouse) == before
    assert warehouse.query("select song_id from SPOTIFY.CORE.SONGS") == [("s1",)]


def everything(warehouse: EmbeddedSnowflake) -> Rows:
    return warehouse.query(
        "select table_schema, table_name, column_name from SPOTIFY.information_schema.columns order by 1, 2, 3"
    )


def test_a_warehouse_in_a_folder_keeps_rows_and_loaded_files(
    publish: Publish, lake: ObjectStore, deployed: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(deployed, tmp_path / "warehouse")
    publish(SONGS, {"song_id": "s1"})
    bad = publish(ARTISTS, {"artist_id": None})
    statuses = []
    for _ in range(2):
        with EmbeddedSnowflake(folder, lake) as warehouse:
            warehouse.deploy()
            statuses.append([load.status for load in warehouse.load_new()])
            rows = warehouse.query("select song_id from SPOTIFY.CORE.SONGS")
            again = warehouse.arrived([bad])

        assert rows == [("s1",)]
        assert [load.status for load in again] == [LoadStatus.SKIPPED]
    assert statuses == [[LoadStatus.LOADED, LoadStatus.FAILED], []]


def test_a_closed_warehouse_restores_the_connector(tmp_path: Path) -> None:
    real = snowflake.connector.connect
    with EmbeddedSnowflake(tmp_path / "made" / "if needed") as warehouse:
        assert snowflake.connector.connect is not real
        assert warehouse.query("select 1 as n") == [(1,)]
    assert snowflake.connector.connect is real


# --- a contract that grows


@pytest.fixture
def scripts_of(tmp_path: Path) -> Callable[[Table], Path]:
    """Makes the folder of scripts for another contract of songs."""

    def scripts_of(songs: Table) -> Path:
        folder = tmp_path / "deploy"
        if not folder.exists():
            shutil.copytree(SCRIPTS / "snowflake", folder / "snowflake")
        for name, text in generated_files([songs if table is SONGS else table for table in TABLES]).items():
            if name.startswith("snowflake/"):
                file = folder / "generated" / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
        return folder

    return scripts_of


def test_a_column_added_to_a_contract_reaches_the_table_and_its_rows_stay(
    publish: Publish, warehouse: EmbeddedSnowflake, scripts_of: Callable[[Table], Path]
) -> None:
    first = publish(SONGS, {"song_id": "s1", "name": "One"}, batch=1)
    warehouse.arrived([first])
    tempo = Column("tempo", Type.INT, "beats per minute")
    more = replace(SONGS, columns=(SONGS.columns[0], tempo, *SONGS.columns[1:]))

    warehouse.deploy(scripts_of(more))
    loads = warehouse.arrived([first, publish(more, {"song_id": "s2", "name": "Two", "tempo": 120}, batch=2)])

    assert [load.status for load in loads] == [LoadStatus.SKIPPED, LoadStatus.LOADED]
    assert warehouse.query("select song_id, name, tempo from SPOTIFY.CORE.SONGS order by song_id") == [
        ("s1", "One", None),
        ("s2", "Two", 120),
    ]
    assert [row[1] for row in warehouse.query("describe table SPOTIFY.LANDING.SONGS") if row[0] == "TEMPO"] == [
        "NUMBER(10,0)"
    ]


def test_a_column_removed_from_a_contract_stays_in_the_table(
    publish: Publish, warehouse: EmbeddedSnowflake, scripts_of: Callable[[Table], Path]
) -> None:
    warehouse.arrived([publish(SONGS, {"song_id": "s1", "isrc": "DE1"})])
    less = replace(SONGS, columns=tuple(column for column in SONGS.columns if column.name != "isrc"))

    warehouse.deploy(scripts_of(less))

    assert warehouse.query("select isrc from SPOTIFY.LANDING.SONGS") == [("DE1",)]
    assert "ISRC" not in [name for name, *_ in warehouse.query("describe view SPOTIFY.CORE.SONGS")]


def test_a_changed_pipe_replaces_the_old_one_and_loads_later_files(
    publish: Publish, warehouse: EmbeddedSnowflake, scripts_of: Callable[[Table], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(SONGS, {"song_id": "s1"}, batch=1)
    warehouse.load_new()
    monkeypatch.setattr(schemas, "PIPE_VERSION", 2)

    warehouse.deploy(scripts_of(SONGS))
    publish(SONGS, {"song_id": "s2"}, batch=2)
    warehouse.load_new()

    assert warehouse.query("select pipe, right(file_name, 16) as file from SPOTIFY._LOCAL.PIPE_LOADS order by 1") == [
        ("SPOTIFY.LANDING.SONGS_PIPE_V1", "01-00000.parquet"),
        ("SPOTIFY.LANDING.SONGS_PIPE_V2", "02-00000.parquet"),
    ]


# --- dynamic tables


def test_one_variable_makes_dynamic_tables_of_the_same_rows_and_back(
    publish: Publish, warehouse: EmbeddedSnowflake
) -> None:
    warehouse.arrived([publish(SONGS, {"song_id": "s1", "name": "Old"}, batch=1)])
    warehouse.arrived([publish(SONGS, {"song_id": "s1", "name": "New", "extracted_at": "2026-11-17"}, batch=2)])
    columns = everything(warehouse)

    warehouse.deploy(current_as="dynamic table", target_lag="1 hour", transform_warehouse="SPOTIFY_TRANSFORM_WH")
    in_dynamic_table = warehouse.query("select name from SPOTIFY.CORE.SONGS_DYNAMIC")
    shown = warehouse.query("select name from SPOTIFY.CORE.SONGS")
    warehouse.query("delete from SPOTIFY.CORE.SONGS_DYNAMIC")
    shown_of_dynamic_table = warehouse.query("select name from SPOTIFY.CORE.SONGS")
    warehouse.deploy()

    assert (in_dynamic_table, shown, shown_of_dynamic_table) == ([("New",)], [("New",)], [])
    assert warehouse.query("select name from SPOTIFY.CORE.SONGS") == [("New",)]
    assert [row for row in everything(warehouse) if not str(row[1]).endswith("_DYNAMIC")] == columns


def test_every_dynamic_table_has_a_refresh_mode_and_is_transient() -> None:
    variables = {"current_as": "dynamic table", "target_lag": "1 hour", "transform_warehouse": "SPOTIFY_TRANSFORM_WH"}
    scripts = rendered_scripts(SCRIPTS, variables_for("s3://lake/processed/") | variables)
    texts = [text for _, text in scripts if "dynamic table SPOTIFY" in text]
    made = [
        re.findall(
            r"create or replace (transient) dynamic table SPOTIFY\.CORE\.(\w+)_DYNAMIC\ntarget_lag = '1 hour'\n"
            r"warehouse = SPOTIFY_TRANSFORM_WH\nrefresh_mode = (incremental|full)\nas\n",
            text,
        )
        for text in texts
    ]

    assert {name: mode for [(_, name, mode)] in made} == {
        **{table.name.upper(): "incremental" for table in TABLES},
        "PLAYS": "full",
        "PLAYLIST_VERSIONS": "full",
        "PLAYLIST_STAYS": "full",
    }


def test_bi_reads_the_dynamic_table_of_stays(warehouse: EmbeddedSnowflake) -> None:
    warehouse.deploy(current_as="dynamic table", target_lag="1 hour", transform_warehouse="SPOTIFY_TRANSFORM_WH")
    warehouse.query(
        "insert into SPOTIFY.CORE.PLAYLIST_STAYS_DYNAMIC (PLAYLIST_ID, ITEM_URI, SONG_ID) values ('p', 'u', 's')"
    )

    assert warehouse.query("select held_song_count from SPOTIFY.BI.TOTALS") == [(1,)]
    assert warehouse.query("select song_id from SPOTIFY.BI.PLAYLIST_MEMBERSHIP") == [("s",)]


def test_the_dynamic_table_is_dropped_when_no_view_reads_it() -> None:
    scripts = dict(rendered_scripts(SCRIPTS, variables_for("s3://lake/processed/")))

    assert scripts["r__3_core_songs.sql"].endswith(";\ndrop dynamic table if exists SPOTIFY.CORE.SONGS_DYNAMIC")


# --- CORE.PLAYLISTS


CHECK: Row = {"playlist_id": "p1", "status": "read", "is_complete": True}
DESCRIBED: Row = {
    "name": "Mine",
    "description": "of old",
    "owner_id": "ann",
    "is_public": False,
    "is_collaborative": True,
    "follower_count": 3,
    "image_url": "https://image",
    "url": "https://page",
    "snapshot_id": "v1",
    "total": 7,
}


def check(day: int, **more: object) -> Row:
    at = f"2026-11-{day} 10:00:00"
    run = {"run_id": f"r{day}", "extracted_at": at, "read_at": at, "source_object": f"raw/{day}"}
    return CHECK | run | more


@pytest.fixture
def playlists(publish: Publish, warehouse: EmbeddedSnowflake) -> Callable[..., Rows]:
    """Rows of CORE.PLAYLISTS after these checks, by columns."""

    def playlists(columns: str, *checks: Mapping[str, object]) -> Rows:
        assert [load.error for load in warehouse.arrived([publish(PLAYLIST_CHECKS, *checks)])] == [None]
        return warehouse.query(f"select {columns} from SPOTIFY.CORE.PLAYLISTS order by playlist_id")  # typed below

    return playlists


def test_a_playlist_described_once_stays_described_while_checks_fail(playlists: Callable[..., Rows]) -> None:
    [row] = playlists(
        "playlist_id, name, description, owner_id, is_public, is_collaborative, follower_count, image_url, url, "
        "snapshot_id, total, described_at::varchar, last_checked_at::varchar, last_status, last_failure_class",
        check(18, status="failed", failure_class="quota"),
        check(16, **DESCRIBED),
        check(17, status="failed", failure_class="server", name="Shown and not read"),
    )

    assert row == (
        *("p1", "Mine", "of old", "ann", False, True, 3, "https://image", "https://page", "v1", 7),
        *("2026-11-16 10:00:00", "2026-11-18 10:00:00", "failed", "quota"),
    )


def test_a_gone_playlist_keeps_its_row_with_its_status(playlists: Callable[..., Rows]) -> None:
    assert playlists(
        "name, last_status, last_failure_class",
        check(16, **DESCRIBED),
        check(17, status="gone", failure_class="not_found"),
    ) == [("Mine", "gone", "not_found")]


def test_an_unchanged_check_describes_as_a_read_does(playlists: Callable[..., Rows]) -> None:
    assert playlists(
        "name, description, total, described_at::date::varchar, last_status",
        check(16, **DESCRIBED),
        check(17, status="unchanged", name="Ours", total=7),
    ) == [("Ours", None, 7, "2026-11-17", "unchanged")]


def test_a_check_without_a_name_describes_nothing_that_has_one(playlists: Callable[..., Rows]) -> None:
    assert playlists(
        "name, total, described_at::date::varchar, last_checked_at::date::varchar, last_status",
        check(16, **DESCRIBED),
        check(17, status="unchanged"),
        check(18, total=2, is_complete=False),
    ) == [("Mine", 7, "2026-11-16", "2026-11-18", "read")]


def test_liked_songs_have_no_name_and_are_described_by_their_newest_read(playlists: Callable[..., Rows]) -> None:
    liked = {"playlist_id": "liked:me"}
    assert playlists(
        "playlist_id, name, snapshot_id, total, described_at::date::varchar, last_status",
        check(16, **liked, snapshot_id="liked-1", total=1),
        check(17, **liked, snapshot_id="liked-2", total=2),
        check(18, **liked, status="failed", failure_class="quota"),
    ) == [("liked:me", None, "liked-2", 2, "2026-11-17", "failed")]


def test_a_playlist_that_was_never_described_has_a_row(playlists: Callable[..., Rows]) -> None:
    assert playlists(
        "playlist_id, name, total, snapshot_id, described_at::date::varchar, last_checked_at::date::varchar, "
        "last_failure_class",
        check(16, status="failed", failure_class="forbidden"),
        check(17, playlist_id="p2", **DESCRIBED),
    ) == [
        ("p1", None, None, None, None, "2026-11-16", "forbidden"),
        ("p2", "Mine", 7, "v1", "2026-11-17", "2026-11-17", None),
    ]


# --- the real schemachange


@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result")
def test_schemachange_applies_these_files_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    shared = importlib.import_module("fakesnow.server").shared_fs
    monkeypatch.setattr(shared, "nop_regexes", list(NOT_EMULATED))
    expected = [name for name, _ in rendered_scripts(SCRIPTS, variables_for("s3://lake/processed/"))]

    with bent_fakesnow(), serve() as server:
        first, second = schemachange(tmp_path, server), schemachange(tmp_path, server)
        with snowflake.connector.connect(**server, database="SPOTIFY") as connection:
            cursor = connection.cursor()
            cursor.execute("select lower(script) from SPOTIFY.SCHEMACHANGE.CHANGE_HISTORY order by installed_on")
            applied = [row[0] for row in cursor.fetchall()]

    assert (first, second) == ((len(expected), 0), (0, len(expected)))
    assert applied == expected


def schemachange(folder: Path, server: Mapping[str, object]) -> tuple[int, int]:
    """Runs the real command; the numbers of applied and skipped scripts."""
    keys = ("user", "password", "account", "host", "port", "protocol")
    config = {"config-version": 2, "snowflake": {key: server[key] for key in keys} | {"database": "SPOTIFY"}}
    (folder / "schemachange-config.yml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    arguments = [
        *("--config-folder", str(folder), "--schemachange-root-folder", str(SCRIPTS)),
        *("--schemachange-vars", json.dumps(variables_for("s3://lake/processed/"))),
        *("-c", "SPOTIFY.SCHEMACHANGE.CHANGE_HISTORY", "--schemachange-create-change-history-table"),
    ]
    run = subprocess.run(
        [sys.executable, "-m", "schemachange.cli", "deploy", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert run.returncode == 0, run.stdout + run.stderr
    last = run.stdout[run.stdout.index("Completed successfully") :]
    applied, skipped = (int(last.split(f"{word}=")[1].split()[0]) for word in ("scripts_applied", "scripts_skipped"))
    return applied, skipped
