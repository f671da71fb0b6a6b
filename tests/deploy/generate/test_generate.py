"""The generated files, and the check for stale ones."""

import json
import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from deploy.generate.__main__ import GENERATED, generated_files, main, stale_files, write_files
from deploy.generate.bi_dictionary import NOT_SHOWN, misplaced_columns
from deploy.generate.schemas import current_select, snowflake_select
from shared.contract import Column, MadeFrom, Table, Type
from shared.tables import TABLES
from shared.tables.songs import SONGS


def write(folder: Path) -> int:
    """Runs `python -m deploy.generate` into the folder, with BI dictionary and BI files beside it; the exit code."""
    return main([], folder, folder.with_name("bi-dictionary.md"), folder.with_name("bi"))


def test_the_committed_files_are_those_made_from_the_contracts() -> None:
    assert list(stale_files(GENERATED, generated_files())) == []


def test_generating_again_changes_nothing(tmp_path: Path) -> None:
    assert write(tmp_path) == 0
    first = read_all(tmp_path)

    assert write(tmp_path) == 0
    assert read_all(tmp_path) == first
    assert main(["--check"], tmp_path) == 0


def test_the_check_names_what_is_stale_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path)
    (tmp_path / "spark/songs.ddl").write_text("song_id int\n", encoding="utf-8")
    (tmp_path / "spark/tracks.ddl").write_text("track_id string\n", encoding="utf-8")
    (tmp_path / "data_dictionary.md").unlink()
    before = read_all(tmp_path)

    assert main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err == (
        f"3 of the generated files in {tmp_path} do not match the contracts, run `python -m deploy.generate`: "
        "data_dictionary.md (missing), spark/songs.ddl (differs), spark/tracks.ddl (not generated any more).\n"
    )
    assert read_all(tmp_path) == before


def test_generating_removes_files_without_a_contract(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "spark/tracks.ddl").write_text("track_id string\n", encoding="utf-8")

    write_files(tmp_path, generated_files())

    assert not (tmp_path / "spark/tracks.ddl").exists()


def test_a_changed_contract_makes_every_file_of_its_table_stale_except_the_pipe(tmp_path: Path) -> None:
    write_files(tmp_path, generated_files())
    more = replace(SONGS, columns=(*SONGS.columns, Column("tempo", Type.INT, "beats per minute")))

    stale = stale_files(tmp_path, generated_files([more if table is SONGS else table for table in TABLES]))

    assert list(stale) == [
        "athena/current/songs.sql (differs)",
        "athena/tables/songs.sql (differs)",
        "data_dictionary.md (differs)",
        "glue_catalog.json (differs)",
        "snowflake/R__1_landing_songs.sql (differs)",
        "snowflake/R__3_core_songs.sql (differs)",
        "spark/songs.ddl (differs)",
    ]


def test_every_file_names_its_generator() -> None:
    unnamed = [name for name, text in generated_files().items() if "python -m deploy.generate" not in text]

    assert unnamed == []


def test_spark_ddl_has_the_contracts_columns(table: Table) -> None:
    ddl = generated_files()[f"spark/{table.name}.ddl"]
    parsed = sqlglot.parse_one(f"create table t (\n{ddl})", read="spark")

    assert [(column.name, column.args["kind"].this) for column in parsed.find_all(exp.ColumnDef)] == [
        (column.name, SPARK_PARSES_AS[column.type]) for column in table.all_columns
    ]


SPARK_PARSES_AS = {
    Type.STRING: exp.DType.TEXT,
    Type.INT: exp.DType.INT,
    Type.BIGINT: exp.DType.BIGINT,
    Type.BOOLEAN: exp.DType.BOOLEAN,
    Type.DATE: exp.DType.DATE,
    Type.TIMESTAMP: exp.DType.TIMESTAMPNTZ,
}


def test_a_landing_table_has_types_and_comments() -> None:
    text = generated_files()["snowflake/R__1_landing_playlist_items.sql"]

    assert (
        "    POSITION number(10,0) not null comment '0-based place in the playlist: page offset plus index',\n" in text
    )
    assert "    ADDED_AT timestamp_ntz(6) comment 'when it was added, UTC; null in very old playlists',\n" in text
    assert "sha256 of the raw object''s uncompressed bytes" in text


def test_an_existing_landing_table_gets_new_columns_and_comments() -> None:
    tempo = Column("tempo", Type.INT, "the song's beats per minute")
    changed = replace(SONGS, columns=(*SONGS.columns, tempo), doc="Songs, in other words.")
    text = generated_files([changed])["snowflake/R__1_landing_songs.sql"]
    _, _, later = text.partition(";\n")

    assert "create transient table if not exists {{ database }}.LANDING.SONGS (\n" in text
    assert "alter table {{ database }}.LANDING.SONGS add column if not exists TEMPO number(10,0);\n" in later
    assert "    column TEMPO comment 'the song''s beats per minute',\n" in later
    assert later.endswith("\ncomment on table {{ database }}.LANDING.SONGS is 'Songs, in other words.';\n")


def test_the_glue_catalog_matches_athenas_statements(table: Table) -> None:
    files = generated_files()
    [entry] = [
        candidate for candidate in json.loads(files["glue_catalog.json"])["tables"] if candidate["name"] == table.name
    ]
    ddl, view = files[f"athena/tables/{table.name}.sql"], files[f"athena/current/{table.name}.sql"]

    columns = re.findall(r"^    (\w+) (\w+) comment '", ddl, re.MULTILINE)
    assert [(column["name"], column["type"]) for column in entry["columns"]] == columns
    assert f"location '{entry['location']}'\n" in ddl
    properties = dict(re.findall(r"^    '([a-z_.]+)' = '(.*)',?$", ddl, re.MULTILINE))
    assert entry["parameters"] == {"EXTERNAL": "TRUE", "classification": "parquet", **properties}
    assert len(properties) == 7
    assert view.endswith(f" as\n{entry['view']['sql']}")
    shown = [column["name"] for column in entry["columns"]]
    assert [column["name"] for column in entry["view"]["columns"] if column["name"] != "ingest_date"] == shown


def test_a_view_in_the_glue_catalog_has_athenas_types() -> None:
    tables = {entry["name"]: entry for entry in json.loads(generated_files()["glue_catalog.json"])["tables"]}
    types = {
        column["name"]: column["type"]
        for name in ("albums", "batches", "songs")
        for column in tables[name]["view"]["columns"]
    }

    assert (types["name"], types["duration_ms"], types["batch_number"]) == ("varchar", "integer", "bigint")
    assert (types["explicit"], types["released_on"], types["extracted_at"]) == ("boolean", "date", "timestamp(3)")


def test_the_data_dictionary_explains_every_column(table: Table) -> None:
    entry = generated_files()["data_dictionary.md"].split(f"\n## {table.name}\n")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in entry.splitlines() if line.startswith("| `")]

    assert [row[0] for row in rows] == [f"| `{column.name}`" for column in table.all_columns]
    assert all(row[-1] != " |" for row in rows)


def test_the_data_dictionary_spells_paths_for_a_reader() -> None:
    text = generated_files()["data_dictionary.md"]

    assert "| number of `items[].item.available_markets` |" in text
    assert "| `song_id` | string | no | `items[].item.id` | Spotify id; relinking" in text
    assert "| `added_at` | timestamp | yes | `items[].added_at` |" in text
    assert "| `owner_id` | string | yes | `owner.id` of the playlist |" in text
    assert (
        "| `run_id` | string | no | - | extraction run such as 20261120T100000Z; document:&lt;document_id&gt; for"
        in text
    )


@pytest.mark.parametrize(
    "table",
    # test_current_plays.py asks both for plays.
    [table for table in TABLES if table.made_from is not MadeFrom.PLAY],
    ids=lambda table: table.name,
)
def test_snowflakes_and_athenas_current_rows_are_the_same(table: Table) -> None:
    """In one engine, over rows with every combination of equal and different keys and ordering columns."""
    deciding = dict.fromkeys([*table.key, *table.newest_per, *table.row_order])
    others = [column.name for column in table.all_columns if column.name not in deciding]
    choices = ", ".join(f"(values ('1'), ('2')) as _{name}({name})" for name in deciding)
    place = " || ".join(deciding)
    with duckdb.connect() as engine:
        engine.execute(
            f"create table landed as select {', '.join(deciding)}, "
            f"{', '.join(f'{place} as {name}' for name in others)} from {choices} where hash({place}) % 3 > 0"
        )
        athena = sqlglot.transpile(current_select(table, "landed"), read="athena", write="duckdb")[0]
        snowflake = sqlglot.transpile(snowflake_select(table, "landed"), read="snowflake", write="duckdb")[0]
        rows = sorted(engine.sql(snowflake).fetchall())
        [(keys,)] = engine.sql(f"select count(distinct ({', '.join(table.key)})) from landed").fetchall()

        assert rows == sorted(engine.sql(athena).fetchall())
        assert 0 < len(rows) <= keys


def test_snowflake_ranks_once_if_an_observation_is_a_single_row() -> None:
    ranks = {table.name: snowflake_select(table, "LANDED").count("qualify") for table in TABLES}

    assert ranks == {table.name: 2 if table.newest_per not in {(), table.key} else 1 for table in TABLES}
    assert (ranks["songs"], ranks["song_artists"], ranks["batches"]) == (1, 2, 1)
    assert [table.name for table in TABLES if "qualify" in current_select(table, "LANDED")] == []


def test_columns_that_decide_what_is_current_are_never_null(table: Table) -> None:
    deciding = {*table.key, *table.newest_per, *table.observation_order, *table.row_order}
    columns = {column.name: column for column in table.all_columns}

    assert {name for name in deciding if columns[name].nullable} == set()


def read_all(folder: Path) -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


def test_a_column_in_no_view_is_reported_unless_a_reason_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(misplaced_columns()) == []
    reasons = {"songs.name": "", "songs.title": "", **NOT_SHOWN}
    del reasons["songs.preview_url"]
    monkeypatch.setattr("deploy.generate.bi_dictionary.NOT_SHOWN", reasons)

    assert list(misplaced_columns()) == [
        "songs.preview_url: no view of deploy/snowflake/bi/ shows it; add it to one, or to NOT_SHOWN with the reason",
        "songs.name: a BI view shows it; take it out of NOT_SHOWN",
        "songs.title: no contract has it; take it out of NOT_SHOWN",
    ]
