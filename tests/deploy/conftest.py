"""A lake of hand-typed rows, and the engines that read it."""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from fakesnow import server  # the function; its first call replaces the name by a module
from sqlglot import exp

from deploy.generate.__main__ import GENERATED
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.embedded_pipe import LoadStatus
from glue_jobs.reading.arrow_types import ARROW_TYPES
from shared.contract import Table
from shared.lake import processed_file
from shared.store import ObjectStore, open_store
from shared.tables import TABLES

Row = dict[str, object]
Publish = Callable[..., str]
Current = Callable[[Table, str], list[tuple[object, ...]]]
Serve = Callable[[], AbstractContextManager[dict[str, Any]]]


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Starts fakesnow's HTTP server; returns the connector's connection settings."""
    return server


LINEAGE: Row = {
    "batch_id": "b1",
    "source_object": "raw/a",
    "document_id": "d1",
    "source_position": 0,
    "extracted_at": "2026-11-16",
}


@pytest.fixture
def lake(tmp_path: Path) -> ObjectStore:
    """An empty lake in a folder."""
    return open_store(str(tmp_path / "lake"), create=True)


@pytest.fixture
def publish(lake: ObjectStore) -> Publish:
    """Writes rows into the lake as a published file of the batch with that number; returns its key."""
    return publisher(lake)


def publisher(lake: ObjectStore) -> Publish:
    """As `publish`, into this lake; fills in missing lineage columns."""

    def publish(table: Table, *rows: Row, batch: int = 1) -> str:
        key = processed_file(table.name, date(2026, 11, 16), batch, 0)
        lake.put(key, parquet(table, *rows))
        return key

    return publish


def parquet(table: Table, *rows: Row) -> bytes:
    """Rows as a Parquet file with the contract's schema."""
    lineage = {column.name: LINEAGE[column.name] for column in table.lineage}
    schema = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in table.all_columns])
    whole = [{name: _value(schema, name, value) for name, value in (lineage | row).items()} for row in rows]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(whole, schema=schema), file)
    return file.getvalue()


def _value(schema: pa.Schema, name: str, value: object) -> object:
    is_time = pa.types.is_timestamp(schema.field(name).type)
    return datetime.fromisoformat(str(value)) if is_time and value is not None else value


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty warehouse with everything deployed. Tests copy the folder, which is faster than deploying."""
    folder = tmp_path_factory.mktemp("deployed")
    with EmbeddedSnowflake(folder) as warehouse:
        warehouse.deploy()
    return folder


@pytest.fixture
def warehouse(deployed: Path, tmp_path: Path, lake: ObjectStore) -> Iterator[EmbeddedSnowflake]:
    """An empty warehouse with everything deployed, over the lake."""
    with EmbeddedSnowflake(shutil.copytree(deployed, tmp_path / "warehouse"), lake) as warehouse:
        warehouse.deploy()
        yield warehouse


@pytest.fixture(params=["snowflake", "athena"])
def current(request: pytest.FixtureRequest, tmp_path: Path) -> Current:
    """The sorted rows of a table's current view over everything published, in each engine's own SQL."""
    if request.param == "athena":
        return lambda table, columns: athena_current(tmp_path / "lake", table, columns)
    warehouse: EmbeddedSnowflake = request.getfixturevalue("warehouse")
    return lambda table, columns: snowflake_current(warehouse, table, columns)


def snowflake_current(warehouse: EmbeddedSnowflake, table: Table, columns: str) -> list[tuple[object, ...]]:
    """Loads what was published, then reads the view."""
    assert [load for load in warehouse.load_new() if load.status is not LoadStatus.LOADED] == []
    return warehouse.query(f"select {columns} from SPOTIFY.CORE.{table.name} order by {columns}")


def athena_current(lake: Path, table: Table, columns: str) -> list[tuple[object, ...]]:
    """Athena's DDL and view, transpiled to DuckDB."""
    with duckdb.connect() as connection:
        connection.execute("create schema lake; create schema current_rows")
        ddl = parsed_ddl(table)
        location = ddl.find(exp.LocationProperty)
        assert location is not None
        folder = location.this.name.replace("s3://the-bucket/some/prefix", str(lake))
        connection.execute(f"create table lake.{table.name} ({duckdb_columns(ddl)}, ingest_date date)")
        connection.execute(
            f"insert into lake.{table.name} by name select * from read_parquet('{folder}*/*', hive_partitioning = true)"
        )
        view = sqlglot.parse_one(rendered(f"athena/current/{table.name}.sql"), read="athena")
        connection.execute(view.sql("duckdb"))
        return connection.execute(f"select {columns} from current_rows.{table.name} order by {columns}").fetchall()


def parsed_ddl(table: Table) -> exp.Create:
    """The parsed DDL of a table over the lake."""
    ddl = sqlglot.parse_one(rendered(f"athena/tables/{table.name}.sql"), read="athena")
    assert isinstance(ddl, exp.Create)
    return ddl


def duckdb_columns(ddl: exp.Create) -> str:
    """The table's own columns with DuckDB's types."""
    return ", ".join(f"{column.name} {column.args['kind'].sql('duckdb')}" for column in ddl.this.expressions)


def rendered(name: str) -> str:
    """A generated file with values for all variables."""
    jinja = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  # SQL, not HTML
    text = (GENERATED / name).read_text(encoding="utf-8")
    return jinja.from_string(text).render(
        database="current_rows", lake_database="lake", bucket="the-bucket", prefix="some/prefix/"
    )


@pytest.fixture(params=TABLES, ids=lambda table: table.name)
def table(request: pytest.FixtureRequest) -> Table:
    """Each table in turn."""
    contract = request.param
    assert isinstance(contract, Table)
    return contract


@pytest.fixture
def athena_ddl(table: Table) -> exp.Create:
    """The table's DDL over the lake, parsed."""
    return parsed_ddl(table)


@pytest.fixture
def athena_view(table: Table) -> str:
    """The table's current view with values for all variables."""
    return rendered(f"athena/current/{table.name}.sql")
