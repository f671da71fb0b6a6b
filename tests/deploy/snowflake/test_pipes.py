"""The text of the pipes, and which files they load from a lake."""

import functools
import io
import re
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from deploy.generate import schemas
from deploy.generate.__main__ import generated_files
from deploy.generate.schemas import PIPE_VERSION
from deploy.snowflake.embedded import SCRIPTS, EmbeddedSnowflake, rendered_scripts, variables_for
from deploy.snowflake.embedded_pipe import FileLoad, LoadStatus
from shared.contract import Table, Type
from shared.lake import PROCESSED, processed_file, rejects_file, staging
from shared.store import ObjectStore, open_store
from shared.tables.artists import ARTISTS
from shared.tables.batches import BATCHES
from shared.tables.songs import SONGS
from snowflake.connector.errors import ProgrammingError
from tests.deploy.conftest import LINEAGE, Publish, parquet, publisher
from tests.stores import folder_store, s3_endpoint, s3_store, store  # noqa: F401  # fixtures

FIRST = "processed/songs/ingest_date=2026-11-16/00000000000000000001-00000.parquet"
SECOND = "processed/songs/ingest_date=2026-11-16/00000000000000000002-00000.parquet"

# From the usage notes of CREATE PIPE in Snowflake's documentation, which also forbid ON_ERROR = ABORT_STATEMENT.
FORBIDDEN = {"FILES", "SIZE_LIMIT", "PURGE", "FORCE", "RETURN_FAILED_ONLY", "VALIDATION_MODE"}


# --- text


@pytest.fixture
def pipe(table: Table) -> str:
    """The script of the table's pipe with values for all variables."""
    return scripts_by_name()[f"r__2_pipe_{table.name}.sql"]


@functools.cache
def scripts_by_name() -> dict[str, str]:
    return dict(rendered_scripts(SCRIPTS, variables_for("s3://the-bucket/some/prefix/processed/")))


def options(pipe: str) -> dict[str, exp.Expr]:
    copy = sqlglot.parse_one(pipe[pipe.index("copy into") :], read="snowflake")
    return {option.this.name.upper(): option.expression for option in copy.args["params"]}


# A pipe's text by its version. `create pipe if not exists` would silently keep an old pipe. After a change of the
# text, increase PIPE_VERSION in deploy/generate/schemas.py and add the new text beside the old one.
TEXTS = {
    1: (
        "create pipe if not exists SPOTIFY.LANDING.SONG_ARTISTS_PIPE_V1\n"
        "auto_ingest = true\n"
        "error_integration = SPOTIFY_ERRORS\n"
        "aws_sns_topic = 'arn:aws:sns:eu-west-1:000000000000:spotify-processed'\n"
        "as\n"
        "copy into SPOTIFY.LANDING.SONG_ARTISTS\n"
        "from @SPOTIFY.LANDING.PROCESSED/song_artists/\n"
        "pattern = '(song_artists/)?ingest_date=[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{20}-[0-9]{5}[.]parquet'\n"
        "file_format = (format_name = 'SPOTIFY.LANDING.SPARK_PARQUET')\n"
        "match_by_column_name = case_insensitive\n"
        "include_metadata = (\n"
        "    FILE_NAME = METADATA$FILENAME,\n"
        "    FILE_ROW_NUMBER = METADATA$FILE_ROW_NUMBER,\n"
        "    LOADED_AT = METADATA$START_SCAN_TIME\n"
        ")\n"
        "on_error = skip_file"
    ),
}


def test_a_pipe_has_the_typed_text_of_its_version(pipe: str, table: Table) -> None:
    text = pipe[pipe.index("create pipe") :].partition(";")[0]

    of_song_artists = text.replace(table.name.upper(), "SONG_ARTISTS").replace(table.name, "song_artists")
    assert of_song_artists == TEXTS[PIPE_VERSION]


def test_no_pipe_has_an_option_that_snowflake_forbids(pipe: str) -> None:
    set_options = options(pipe)

    assert set_options.keys() & FORBIDDEN == set()
    assert set_options["ON_ERROR"].name == "skip_file"
    # This function is reported to be hours early in a pipe.
    assert re.findall(r"current_|getdate|localtime|sysdate|systimestamp", pipe, re.IGNORECASE) == []


def test_a_pipe_loads_whole_files_by_column_name(pipe: str) -> None:
    set_options = options(pipe)

    assert set_options["MATCH_BY_COLUMN_NAME"].name == "case_insensitive"
    assert [pair.sql() for pair in set_options["INCLUDE_METADATA"].expressions] == [
        *("FILE_NAME = METADATA$FILENAME", "FILE_ROW_NUMBER = METADATA$FILE_ROW_NUMBER"),
        "LOADED_AT = METADATA$START_SCAN_TIME",
    ]
    # MATCH_BY_COLUMN_NAME excludes a select, and INCLUDE_METADATA requires it.
    assert re.findall(r"\bselect\b|\bvalidate|\boverwrite\b", pipe, re.IGNORECASE) == []


def test_files_are_read_by_the_vectorized_scanner() -> None:
    stage = scripts_by_name()["v1.0.0__schemas_and_stage.sql"]

    assert "type = parquet\nuse_vectorized_scanner = true;" in stage
    assert "file_format = (format_name = 'SPOTIFY.LANDING.SPARK_PARQUET')" in stage


def test_a_changed_pipe_is_made_before_the_old_ones_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "PIPE_VERSION", 3)

    text = generated_files()["snowflake/R__2_pipe_songs.sql"]

    assert re.findall(r"(?:create|drop) pipe .*", text) == [
        "create pipe if not exists {{ database }}.LANDING.SONGS_PIPE_V3",
        "drop pipe if exists {{ database }}.LANDING.SONGS_PIPE_V1;",
        "drop pipe if exists {{ database }}.LANDING.SONGS_PIPE_V2;",
    ]


def test_no_pipe_is_ever_replaced(pipe: str) -> None:
    statements = [line for line in pipe.splitlines() if not line.startswith("--")]

    assert statements[0].startswith("create pipe if not exists SPOTIFY.LANDING.")
    assert "replace" not in " ".join(statements).lower()


def test_the_pattern_matches_published_files(pipe: str, table: Table) -> None:
    pattern = re.compile(options(pipe)["PATTERN"].name)
    file = processed_file(table.name, date(2026, 11, 20), 42, 7).removeprefix(PROCESSED)

    assert pattern.fullmatch(file)
    assert pattern.fullmatch(file.removeprefix(f"{table.name}/"))


@pytest.mark.parametrize(
    "file",
    [
        "songs/ingest_date=2026-11-20/00000000000000000042-00007.parquet",
        "songs/ingest_date=2031-01-01/99999999999999999999-99999.parquet",
        "ingest_date=2026-11-20/00000000000000000042-00007.parquet",  # if the pattern is relative to the pipe's folder
    ],
)
def test_the_pattern_matches_published_names_typed_by_hand(file: str) -> None:
    pattern = re.compile(options(scripts_by_name()["r__2_pipe_songs.sql"])["PATTERN"].name)

    assert pattern.fullmatch(file)


@pytest.mark.parametrize(
    "key",
    [
        processed_file("albums", date(2026, 11, 20), 42, 7),
        processed_file("my_songs", date(2026, 11, 20), 42, 7),
        staging("00000000000000000042-01J", "songs") + "part-00000-1234.c000.snappy.parquet",
        "songs/_temporary/0/_temporary/attempt_1/ingest_date=2026-11-20/00000000000000000042-00007.parquet",
        "songs/ingest_date=2026-11-20/_temporary/00000000000000000042-00007.parquet",
        "songs/ingest_date=2026-11-20/part-00000-1234.c000.snappy.parquet",
        "songs/ingest_date=2026-11-20/00000000000000000042-00007.parquet.crc",
        "songs/ingest_date=2026-11-20/00000000000000000042-00007xparquet",
        "songs/_SUCCESS",
        rejects_file(date(2026, 11, 20), 42, 7),
    ],
)
def test_the_pattern_matches_nothing_else(key: str) -> None:
    pattern = re.compile(options(scripts_by_name()["r__2_pipe_songs.sql"])["PATTERN"].name)

    assert not pattern.fullmatch(key.removeprefix(PROCESSED))


# --- loading


@pytest.fixture
def any_warehouse(deployed: Path, tmp_path: Path, store: ObjectStore) -> Iterator[EmbeddedSnowflake]:
    """A warehouse over a lake in a folder, and over one in a bucket."""
    with EmbeddedSnowflake(shutil.copytree(deployed, tmp_path / "warehouse"), store) as warehouse:
        warehouse.deploy()
        yield warehouse


def outcome(loads: list[FileLoad]) -> list[tuple[str, int]]:
    return [(load.status.value, load.row_count) for load in loads]


def test_a_published_file_is_loaded_once(any_warehouse: EmbeddedSnowflake, store: ObjectStore) -> None:
    publish = publisher(store)
    publish(SONGS, {"song_id": "s1"}, {"song_id": "s2"})
    publish(ARTISTS, {"artist_id": "a1"})

    first, second = any_warehouse.load_new(), any_warehouse.load_new()

    assert [(load.table, load.status.value, load.row_count) for load in first] == [
        ("SONGS", "LOADED", 2),
        ("ARTISTS", "LOADED", 1),
    ]
    assert second == []
    assert any_warehouse.query("select song_id from SPOTIFY.LANDING.SONGS order by song_id") == [("s1",), ("s2",)]
    prefix = "/".join([*store.uri.split("/")[3:], ""]) if store.uri.startswith("s3://") else ""
    assert any_warehouse.query("select distinct file_name from SPOTIFY.LANDING.SONGS") == [(prefix + FIRST,)]


def test_a_file_is_loaded_once_for_any_number_of_events(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    key = publish(SONGS, {"song_id": "s1"}, {"song_id": "s2"})

    loads = warehouse.arrived([key, key])
    warehouse.deploy()
    loads += warehouse.arrived([key])

    assert outcome(loads) == [("LOADED", 2), ("LOAD_SKIPPED", 0), ("LOAD_SKIPPED", 0)]
    assert warehouse.query("select song_id from SPOTIFY.LANDING.SONGS order by song_id") == [("s1",), ("s2",)]


def test_a_row_has_its_file_and_row_number(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    before = datetime.now().astimezone()
    warehouse.arrived(
        [
            publish(SONGS, {"song_id": "s1"}, {"song_id": "s2"}, batch=1),
            publish(SONGS, {"song_id": "s3"}, {"song_id": "s4"}, batch=2),
        ]
    )

    assert warehouse.query(
        "select song_id, file_name, file_row_number, loaded_at >= %s as is_timed from SPOTIFY.LANDING.SONGS order by 1",
        before.isoformat(),
    ) == [("s1", FIRST, 1, True), ("s2", FIRST, 2, True), ("s3", SECOND, 1, True), ("s4", SECOND, 2, True)]


def test_files_are_loaded_in_the_order_of_the_batches_and_batches_comes_last(
    publish: Publish, warehouse: EmbeddedSnowflake
) -> None:
    batch = {"committed_at": "2026-11-16", "object_count": 1, "item_count": 1, "reject_count": 0}
    publish(BATCHES, batch | {"batch_number": 10}, batch=10)
    publish(SONGS, {"song_id": "s1"}, batch=10)
    publish(ARTISTS, {"artist_id": "a1"}, batch=10)
    publish(BATCHES, batch | {"batch_number": 9}, batch=9)
    publish(SONGS, {"song_id": "s1"}, batch=9)

    assert [(load.table, load.file_name[-31:-14]) for load in warehouse.load_new()] == [
        ("SONGS", "00000000000000009"),
        ("BATCHES", "00000000000000009"),
        ("SONGS", "00000000000000010"),
        ("ARTISTS", "00000000000000010"),
        ("BATCHES", "00000000000000010"),
    ]


def test_a_batch_that_arrives_late_does_not_beat_a_newer_one(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    newer = publish(SONGS, {"song_id": "s1", "name": "New", "extracted_at": "2026-11-17"}, batch=2)
    older = publish(SONGS, {"song_id": "s1", "name": "Old", "extracted_at": "2026-11-16"}, batch=1)

    loads = warehouse.arrived([newer]) + warehouse.arrived([older])

    assert outcome(loads) == [("LOADED", 1), ("LOADED", 1)]
    assert warehouse.query("select name from SPOTIFY.CORE.SONGS") == [("New",)]


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"nothing": ["of", "ours"]}, id="no-column-of-ours"),
        pytest.param({"song_id": ["s2", "s3"], "name": ["no", "lineage"]}, id="no-lineage"),
        pytest.param(LINEAGE | {"song_id": "s2", "extracted_at": "the day before"}, id="no-time"),
    ],
)
def test_a_file_that_breaks_the_contract_is_refused_whole_and_the_others_are_loaded(
    publish: Publish, warehouse: EmbeddedSnowflake, lake: ObjectStore, columns: dict[str, object]
) -> None:
    publish(SONGS, {"song_id": "s1"}, batch=2)
    file = io.BytesIO()
    lists = {name: value if isinstance(value, list) else [value] for name, value in columns.items()}
    pq.write_table(pa.table(lists), file)
    lake.put(FIRST, file.getvalue())

    refused, loaded = warehouse.load_new()

    assert (refused.status, refused.row_count, loaded.status) == (LoadStatus.FAILED, 0, LoadStatus.LOADED)
    assert re.search("NOT NULL constraint failed|Conversion Error", str(refused.error))
    assert warehouse.query("select song_id from SPOTIFY.LANDING.SONGS") == [("s1",)]


def test_a_file_with_one_null_key_is_refused_whole(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    loads = warehouse.arrived([publish(SONGS, {"song_id": "s1"}, {"song_id": None})])

    assert outcome(loads) == [("LOAD_FAILED", 0)]
    assert warehouse.query("select song_id from SPOTIFY.LANDING.SONGS") == []


@pytest.mark.parametrize("data", [b"", b"PAR1 and then nothing", None])
def test_a_broken_file_does_not_affect_others(
    publish: Publish, warehouse: EmbeddedSnowflake, lake: ObjectStore, data: bytes | None
) -> None:
    good = [publish(SONGS, {"song_id": f"s{batch}"}, batch=batch) for batch in (1, 3)]
    lake.put(SECOND, parquet(SONGS, {"song_id": "s2"})[:-20] if data is None else data)

    loads = warehouse.arrived([good[0], SECOND, good[1]])

    assert outcome(loads) == [("LOADED", 1), ("LOAD_FAILED", 0), ("LOADED", 1)]
    assert warehouse.query("select song_id from SPOTIFY.LANDING.SONGS order by song_id") == [("s1",), ("s3",)]


def test_a_vanished_file_does_not_affect_others(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    loads = warehouse.arrived([FIRST, publish(SONGS, {"song_id": "s2"}, batch=2)])

    assert outcome(loads) == [("LOAD_FAILED", 0), ("LOADED", 1)]


def test_an_error_that_is_not_the_files_fault_leaves_the_file_unloaded(
    publish: Publish, warehouse: EmbeddedSnowflake
) -> None:
    key = publish(SONGS, {"song_id": "s1"})
    warehouse.query("alter table SPOTIFY.LANDING.SONGS rename to SPOTIFY.LANDING.ELSEWHERE")
    with pytest.raises(ProgrammingError, match="SONGS does not exist"):
        warehouse.arrived([key])
    warehouse.query("alter table SPOTIFY.LANDING.ELSEWHERE rename to SPOTIFY.LANDING.SONGS")

    assert outcome(warehouse.arrived([key])) == [("LOADED", 1)]


def test_a_refused_file_is_never_tried_again(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    loads = warehouse.arrived([publish(SONGS, {"song_id": None})])
    again = publish(SONGS, {"song_id": "s1"})
    loads += warehouse.arrived([again])

    assert outcome(loads) == [("LOAD_FAILED", 0), ("LOAD_SKIPPED", 0)]
    assert warehouse.load_new() == []
    assert warehouse.query("select pipe, file_name, status from SPOTIFY._LOCAL.PIPE_LOADS") == [
        ("SPOTIFY.LANDING.SONGS_PIPE_V1", FIRST, "LOAD_FAILED")
    ]


def test_a_file_whose_rows_and_name_were_removed_loads_again(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    key = publish(SONGS, {"song_id": "s1"})
    warehouse.arrived([key])
    warehouse.query("delete from SPOTIFY.LANDING.SONGS")
    warehouse.query("delete from SPOTIFY._LOCAL.PIPE_LOADS")

    assert outcome(warehouse.arrived([key])) == [("LOADED", 1)]


def test_a_file_that_no_pipe_matches_is_ignored(
    publish: Publish, warehouse: EmbeddedSnowflake, lake: ObjectStore
) -> None:
    publish(SONGS, {"song_id": "s1"})
    others = ["processed/tracks/" + FIRST[16:], "staging/b1/songs/" + FIRST[16:], "processed/songs/part-0.parquet"]
    for key in others:
        lake.put(key, parquet(SONGS, {"song_id": "s2"}))

    assert warehouse.arrived(others) == []
    assert len(warehouse.load_new()) == 1


def test_a_value_in_the_path_alone_is_not_loaded(publish: Publish, warehouse: EmbeddedSnowflake) -> None:
    warehouse.query("alter table SPOTIFY.LANDING.SONGS add column ingest_date varchar")

    warehouse.arrived([publish(SONGS, {"song_id": "s1"})])

    assert warehouse.query("select ingest_date from SPOTIFY.LANDING.SONGS") == [(None,)]


EXTREMES: dict[Type, tuple[object, object]] = {
    Type.STRING: ("", "L'été — ;-- \N{GRINNING FACE}\n"),
    Type.INT: (-2147483648, 2147483647),
    Type.BIGINT: (-9223372036854775808, 9223372036854775807),
    Type.BOOLEAN: (False, True),
    Type.DATE: (date(1, 1, 1), date(9999, 12, 31)),
    Type.TIMESTAMP: ("1677-09-22 00:12:44.000001", "9999-12-31 23:59:59.999999"),
}


def test_a_landing_table_accepts_every_value_that_the_contract_allows(
    publish: Publish, warehouse: EmbeddedSnowflake, table: Table
) -> None:
    least, most = ({c.name: EXTREMES[c.type][end] for c in table.all_columns} for end in (0, 1))
    nothing = least | {column.name: None for column in table.all_columns if column.nullable}

    loads = warehouse.arrived([publish(table, least, most, nothing)])

    names = ", ".join(column.name for column in table.all_columns)
    rows = warehouse.query(f"select {names} from SPOTIFY.LANDING.{table.name} order by file_row_number")
    assert outcome(loads) == [("LOADED", 3)]
    assert rows == [
        tuple(
            datetime.fromisoformat(str(row[column.name]))
            if column.type is Type.TIMESTAMP and row[column.name]
            else row[column.name]
            for column in table.all_columns
        )
        for row in (least, most, nothing)
    ]


def test_a_folder_may_have_any_name(tmp_path: Path, deployed: Path) -> None:
    odd = open_store(str(tmp_path / "Ann's [lake] 100%"), create=True)
    publisher(odd)(SONGS, {"song_id": "s1"})

    with EmbeddedSnowflake(shutil.copytree(deployed, tmp_path / "Ann's warehouse"), odd) as warehouse:
        warehouse.deploy()
        assert outcome(warehouse.load_new()) == [("LOADED", 1)]


def test_without_a_lake_there_is_nothing_to_load() -> None:
    with EmbeddedSnowflake() as warehouse, pytest.raises(ValueError, match="opened without a lake"):
        warehouse.load_new()
