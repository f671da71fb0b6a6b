"""The golden corpus through the job in two batches, then the current rows in Snowflake and in Athena."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from deploy.snowflake.embedded import EmbeddedSnowflake
from glue_jobs.explode_playlists import parse_arguments, run
from shared.contract import Table
from shared.store import open_store
from shared.tables.playlist_items import PLAYLIST_ITEMS
from shared.tables.song_artists import SONG_ARTISTS
from shared.tables.songs import SONGS
from tests.corpus import FOLDER, Case, Row, sort_rows
from tests.deploy.conftest import athena_current

CURRENT = json.loads((FOLDER / "current/expected.json").read_text(encoding="utf-8"))
MONDAY_AND_TUESDAY = [
    Case(name, json.loads((FOLDER / name / "expected.json").read_text(encoding="utf-8"))) for name in CURRENT["batches"]
]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def drop(case: Case, lake: Path) -> None:
    for name, document in case.documents.items():
        at = document["extracted_at"].replace("-", "").replace(":", "")
        target = lake / "raw/pending/drop" / f"at={at}" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(case.path(name), target)
        os.utime(target, (0, 0))


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("golden") / "lake"
    root.mkdir()
    for case in MONDAY_AND_TUESDAY:
        drop(case, root)
        arguments = ["--lake", str(root)]
        run(parse_arguments(arguments), arguments, lambda: NOON)
    return root


def typed(table: Table) -> list[Row]:
    documents = {name: document for case in MONDAY_AND_TUESDAY for name, document in case.documents.items()}
    case = Case("current", {"documents": documents, "tables": CURRENT["tables"]})
    return case.rows(table)


def with_document_names(rows: list[tuple[object, ...]]) -> list[Row]:
    return sort_rows([(*row[:-2], str(row[-2]).rpartition("/")[2], row[-1]) for row in rows])


def columns(table: Table) -> str:
    return ", ".join([*(column.name for column in table.columns), "source_object", "source_position"])


@pytest.mark.parametrize("table", [SONGS, SONG_ARTISTS, PLAYLIST_ITEMS], ids=lambda table: table.name)
def test_the_current_rows_are_those_typed_by_hand(lake: Path, table: Table) -> None:
    with EmbeddedSnowflake(None, open_store(str(lake))) as warehouse:
        warehouse.deploy()
        warehouse.load_new()
        in_snowflake = warehouse.query(f"select {columns(table)} from SPOTIFY.CORE.{table.name}")
    in_athena = athena_current(lake, table, columns(table))

    assert with_document_names(in_snowflake) == typed(table)
    assert with_document_names(in_athena) == typed(table)
