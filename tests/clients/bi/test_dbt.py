"""dbt runs its tests on a small warehouse: `make test-clients`."""

import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from deploy.generate.__main__ import BI
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.clients.bi.test_grammars import tool
from tests.deploy.bi.world import fill
from tests.deploy.snowflake.bi.landing import Landing
from tests.waiting import finished


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a warehouse with the rows of `world`."""
    folder = tmp_path_factory.mktemp("warehouse")
    with EmbeddedSnowflake(folder) as embedded:
        embedded.deploy()
        fill(Landing(embedded))
    return folder


@pytest.fixture
def project(warehouse: Path, tmp_path: Path) -> Path:
    """The project with a profile for the warehouse."""
    folder = tmp_path / "dbt"
    shutil.copytree(BI / "dbt", folder)
    copy = shutil.copytree(warehouse, tmp_path / "warehouse")
    output = {"type": "duckdb", "path": str(copy / "SPOTIFY.db"), "schema": "BI", "threads": 2}
    profile = {"spotify_playlists": {"target": "local", "outputs": {"local": output}}}
    (folder / "profiles.yml").write_text(json.dumps(profile), encoding="utf-8")  # JSON is YAML
    return folder


def run(project: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """The exit code of dbt, and the status of each node."""
    environment = {**os.environ, "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    command = [tool("bi") / "bin/dbt", *arguments, "--profiles-dir", project, "--project-dir", project]
    done = finished(command, env=environment)
    results = project / "target/run_results.json"
    assert results.is_file(), done.stdout + done.stderr
    assert "Deprecat" not in done.stdout, done.stdout
    nodes = json.loads(results.read_text(encoding="utf-8"))["results"]
    return done.returncode, {node["unique_id"].split(".")[2]: node["status"] for node in nodes}


def test_all_data_tests_pass(project: Path) -> None:
    code, endings = run(project, "test")

    assert set(endings.values()) == {"pass"}
    assert len(endings) == 46
    assert code == 0


def test_a_song_without_its_row_fails_the_relationship(project: Path) -> None:
    with duckdb.connect(str(project.parent / "warehouse/SPOTIFY.db")) as connection:
        connection.execute("delete from LANDING.SONGS where song_id = 's2'")

    code, endings = run(project, "test")

    failed = {name for name, ending in endings.items() if ending == "fail"}
    assert code == 1
    assert failed == {
        "source_relationships_spotify_bi_PLAYLIST_MEMBERSHIP_SONG_ID__SONG_ID__source_spotify_bi_SONGS_",
        "source_relationships_spotify_bi_SONG_ARTISTS_SONG_ID__SONG_ID__source_spotify_bi_SONGS_",
    }
