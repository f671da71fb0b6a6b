"""The files of the real job match the landing tables and pipes."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlglot
from pyspark.sql import SparkSession
from sqlglot import exp

from deploy.snowflake.embedded import SCRIPTS, EmbeddedSnowflake, rendered_scripts, variables_for
from glue_jobs.explode_playlists import parse_arguments, run
from shared.contract import Table
from shared.plays import Package, write_plays
from shared.store import open_store
from shared.tables import TABLES
from tests.corpus import FOLDER

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

# Physical and logical type of a Parquet column, as Spark writes it, and the Snowflake type that it must load into:
# signed integers by their size, strings as UTF-8, timestamps in microseconds without a zone and never INT96.
LANDS_IN = {
    ("BYTE_ARRAY", "String"): "VARCHAR",
    ("INT32", "None"): "DECIMAL(10, 0)",
    ("INT64", "None"): "DECIMAL(19, 0)",
    ("BOOLEAN", "None"): "BOOLEAN",
    ("INT32", "Date"): "DATE",
    ("INT64", "Timestamp(isAdjustedToUTC=false, timeUnit=microseconds)"): "TIMESTAMPNTZ(6)",
}
LOADED_BY_THE_PIPE = [("FILE_NAME", "VARCHAR"), ("FILE_ROW_NUMBER", "DECIMAL(19, 0)"), ("LOADED_AT", "TIMESTAMPLTZ")]


def emptied(document: str) -> str:
    """The document with every text empty, except ids, URLs, types and times, which decide what a row is."""

    def without(value: object, name: str = "") -> object:
        if isinstance(value, dict):
            return {key: without(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [without(inner, name) for inner in value]
        is_kept = name in {"id", "uri", "type", "href", "added_at", "snapshot_id"}
        return "" if isinstance(value, str) and not is_kept else value

    return json.dumps(without(json.loads(document)))


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:  # the job uses it
    """A lake with one batch that has rows for every table."""
    root = tmp_path_factory.mktemp("landing") / "lake"
    for document in ("dual_shape_playlist/playlist.json", "episodes/page.json"):
        target = root / "raw/pending/drop/at=20261120T100000Z" / document.replace("/", "-")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FOLDER / document, target)
        os.utime(target, (0, 0))
    empty = root / "raw/pending/drop/at=20261120T100000Z/empty.json"
    empty.write_text(emptied((FOLDER / "dual_shape_playlist/playlist.json").read_text("utf-8")), "utf-8")
    os.utime(empty, (0, 0))
    package = Package(account="me", source="extended", package_id="k1", packaged_at="2026-11-20T10:00:00Z")
    play = {"play_id": "y1", "played_at": "2026-01-01T10:00:00Z", "played_at_precision": "second", "ms_played": 1}
    plays = root / "raw/pending/plays/me/20261120T100000Z-000.ndjson.gz"
    plays.parent.mkdir(parents=True)
    plays.write_bytes(write_plays(package, [play]))
    arguments = ["--lake", str(root)]
    run(parse_arguments(arguments), arguments, lambda: NOON)
    return root


@pytest.fixture
def written(lake: Path, table: Table) -> pq.ParquetFile:
    """The table's only file."""
    [path] = (lake / "processed" / table.name).rglob("*.parquet")
    return pq.ParquetFile(path)


def landing(table: Table) -> list[exp.ColumnDef]:
    """The columns in the script of the landing table."""
    scripts = dict(rendered_scripts(SCRIPTS, variables_for("s3://the-bucket/processed/")))
    create = sqlglot.parse(scripts[f"r__1_landing_{table.name}.sql"], read="snowflake")[0]
    assert isinstance(create, exp.Create)
    return list(create.this.expressions)


def columns_of(file: pq.ParquetFile) -> list[tuple[str, tuple[str, str]]]:
    """Name, physical and logical type of each column in the file."""
    columns = [file.schema.column(number) for number in range(len(file.schema.names))]
    return [(c.name, (c.physical_type, _meaning(str(c.logical_type)))) for c in columns]


def _meaning(logical: str) -> str:
    return logical.partition(", is_from_converted_type")[0] + (")" if ", is_from" in logical else "")


def test_a_landing_table_has_the_columns_and_types_of_the_jobs_files(written: pq.ParquetFile, table: Table) -> None:
    landed = [(column.name, column.args["kind"].sql()) for column in landing(table)]

    assert landed == [(name.upper(), LANDS_IN[type_]) for name, type_ in columns_of(written)] + LOADED_BY_THE_PIPE


def test_the_types_are_those_typed_here(lake: Path) -> None:
    [path] = (lake / "processed/song_popularity").rglob("*.parquet")

    assert columns_of(pq.ParquetFile(path)) == [
        ("song_id", ("BYTE_ARRAY", "String")),
        ("popularity", ("INT32", "None")),
        ("batch_id", ("BYTE_ARRAY", "String")),
        ("source_object", ("BYTE_ARRAY", "String")),
        ("document_id", ("BYTE_ARRAY", "String")),
        ("source_position", ("INT32", "None")),
        ("extracted_at", ("INT64", "Timestamp(isAdjustedToUTC=false, timeUnit=microseconds)")),
    ]


def test_every_file_has_the_landing_tables_required_columns(written: pq.ParquetFile, table: Table) -> None:
    required = [
        column.name.lower()
        for column in landing(table)
        if any(isinstance(constraint.kind, exp.NotNullColumnConstraint) for constraint in column.constraints)
    ]
    rows = written.read()

    assert {*table.key, "batch_id"} <= set(required)
    assert {name: rows[name].null_count for name in required} == dict.fromkeys(required, 0)


def test_each_file_is_loaded_by_its_tables_pipe_with_every_row(lake: Path) -> None:
    number = "00000000000000000001-00000.parquet"
    with EmbeddedSnowflake(None, open_store(str(lake))) as warehouse:
        warehouse.deploy()
        loads = warehouse.load_new()
        songs = warehouse.query("select song_id from SPOTIFY.BI.SONGS order by song_id")

    assert [(load.table, load.file_name, load.status.value, load.row_count) for load in loads] == [
        ("SONGS", f"processed/songs/ingest_date=2026-11-20/{number}", "LOADED", 2),
        ("ALBUMS", f"processed/albums/ingest_date=2026-11-20/{number}", "LOADED", 2),
        ("ARTISTS", f"processed/artists/ingest_date=2026-11-20/{number}", "LOADED", 2),
        ("EPISODES", f"processed/episodes/ingest_date=2026-11-20/{number}", "LOADED", 3),
        ("SONG_ARTISTS", f"processed/song_artists/ingest_date=2026-11-20/{number}", "LOADED", 2),
        ("ALBUM_ARTISTS", f"processed/album_artists/ingest_date=2026-11-20/{number}", "LOADED", 2),
        ("SONG_POPULARITY", f"processed/song_popularity/ingest_date=2026-11-20/{number}", "LOADED", 4),
        ("PLAYLIST_ITEMS", f"processed/playlist_items/ingest_date=2026-11-20/{number}", "LOADED", 6),
        ("PLAYLIST_CHECKS", f"processed/playlist_checks/ingest_date=2026-11-20/{number}", "LOADED", 3),
        ("PLAYS", f"processed/plays/ingest_date=2026-11-20/{number}", "LOADED", 1),
        ("BATCHES", f"processed/batches/ingest_date=2026-11-20/{number}", "LOADED", 1),
    ]
    assert songs == [("0Song000000000000000A1",), ("0Song000000000000000A3",)]


def test_no_published_file_holds_an_empty_text(lake: Path) -> None:
    """A COPY that matches columns by name may refuse one, and SKIP_FILE would drop the file."""
    files = list((lake / "processed").rglob("*.parquet"))
    empty = [
        f"{file.relative_to(lake)}: {name}"
        for file in files
        for name, values in pq.ParquetFile(file).read().to_pydict().items()
        if "" in values
    ]

    assert len(files) == len(TABLES)
    assert empty == []


def test_an_empty_text_and_nothing_else_is_loaded_as_null() -> None:
    scripts = dict(rendered_scripts(SCRIPTS, variables_for("s3://the-bucket/processed/")))

    assert scripts["r__0_file_format.sql"].endswith(
        "\nalter file format SPOTIFY.LANDING.SPARK_PARQUET set null_if = ('')"
    )


def test_only_table_folders_are_under_the_pipes_prefix(lake: Path) -> None:
    folders = {path.relative_to(lake / "processed").parts[0] for path in (lake / "processed").rglob("*.*")}

    assert folders == {table.name for table in TABLES}
