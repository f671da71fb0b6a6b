"""Snowflake on one machine: the suite's own SQL and the connector's API over an embedded database (fakesnow)."""

# Values are always bound; what is put into SQL text is our own names.
# ruff: noqa: S608

import contextlib
import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest import mock

import duckdb
import fakesnow
import snowflake.connector
from fakesnow import copy_into
from jinja2 import Environment, StrictUndefined
from snowflake.connector.errors import Error as SnowflakeError
from sqlglot import exp

from deploy.generate import GENERATED
from shared.lake import PROCESSED, PROCESSED_NAME
from shared.tables import TABLES

DATABASE = "SPOTIFY"
SCHEMAS = ("LANDING", "CORE")


class LoadStatus(StrEnum):
    """What became of a file, in Snowflake's words."""

    LOADED = "LOADED"
    SKIPPED = "LOAD_SKIPPED"
    FAILED = "LOAD_FAILED"


@dataclass(frozen=True)
class FileLoad:
    """One file offered to a table: skipped if its name was loaded before, failed as a whole or not at all."""

    table: str
    file_name: str
    status: LoadStatus
    row_count: int = 0
    error: str | None = None


class Warehouse:
    """An embedded Snowflake with the suite's tables and views; one at a time, since it stands in for the connector.

    `path` is a folder that keeps the data; without it everything is gone when the warehouse is closed.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path:
            path.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            stack.enter_context(_bent_fakesnow(path))
            connection = snowflake.connector.connect(user="local", password="local", account="local", database=DATABASE)  # noqa: S106 - nobody checks it
            self._connection = stack.enter_context(contextlib.closing(connection))
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        """The warehouse itself, open since it was made."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, whatever happened."""
        self.close()

    def close(self) -> None:
        """Let go of the files and give the connector back to the real Snowflake."""
        self._open.close()

    def deploy(self) -> None:
        """Create what is missing and renew the views, from the same generated SQL that a real account gets."""
        for schema in SCHEMAS:
            self.query(f"create schema if not exists {DATABASE}.{schema}")
        jinja = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - SQL, not HTML
        for folder in ("landing", "current"):
            for table in TABLES:
                text = (GENERATED / "snowflake" / folder / f"{table.name}.sql").read_text(encoding="utf-8")
                self.query(_bent_comments(jinja.from_string(text).render(database=DATABASE)))
        self._remember_loads()

    def load(self, table: str, files: Iterable[Path]) -> list[FileLoad]:
        """Offer published Parquet files to a landing table, as its pipe would; one result a file.

        A file's name is its key in the lake; what is no published file of the table raises ValueError.
        """
        if table not in {contract.name for contract in TABLES}:
            msg = f"There is no table {table!r}."
            raise ValueError(msg)
        return [self._load_file(table, _key(table, file), file.resolve()) for file in files]

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that one statement answers with; `%s` in it stands for the values."""
        with warnings.catch_warnings():
            # fakesnow 0.12.1 asks DuckDB 2 for Arrow in a way that DuckDB finds slow; at our size it is not.
            warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
            cursor = self._connection.cursor()
            cursor.execute(sql, values or None)
            return [tuple(row) for row in cursor.fetchall()]

    def _remember_loads(self) -> None:
        # fakesnow forgets a table's load history at every `create table if not exists`; Snowpipe knows files by name.
        self.query(f"create schema if not exists {DATABASE}._LOCAL")
        self.query(f"create table if not exists {DATABASE}._LOCAL.LOADED_FILES (FILE_NAME varchar not null)")

    def _load_file(self, table: str, name: str, file: Path) -> FileLoad:
        loaded_files = f"{DATABASE}._LOCAL.LOADED_FILES"
        if self.query(f"select file_name from {loaded_files} where file_name = %s", name):
            return FileLoad(table, name, LoadStatus.SKIPPED)
        self.query("begin")
        try:
            row_count = self._copy(f"{DATABASE}.LANDING.{table.upper()}", name, file)
            self.query(f"insert into {loaded_files} (file_name) values (%s)", name)
        except (SnowflakeError, duckdb.Error) as error:
            # fakesnow refuses ON_ERROR = SKIP_FILE; this is what it does.
            self.query("rollback")
            return FileLoad(table, name, LoadStatus.FAILED, error=str(error))
        except BaseException:
            self.query("rollback")
            raise
        self.query("commit")
        return FileLoad(table, name, LoadStatus.LOADED, row_count)

    def _copy(self, landing: str, name: str, file: Path) -> int:
        """Copy one file, and say how many rows it had.

        FORCE, since we keep the history ourselves. fakesnow refuses INCLUDE_METADATA; as in Snowflake, columns that the
        file does not have are null then, so what is null is new.
        """
        self.query(
            f"copy into {landing} from %s files = (%s) file_format = (type = parquet) "
            "match_by_column_name = case_insensitive force = true",
            f"file://{file.parent}/",
            file.name,
        )
        self.query(
            f"update {landing} set file_name = %s, loaded_at = current_timestamp(), file_row_number = "
            f"rowid - (select min(rowid) from {landing} where file_name is null) + 1 where file_name is null",
            name,
        )
        [(row_count,)] = self.query(f"select count(*) as row_count from {landing} where file_name = %s", name)
        return int(str(row_count))


def _key(table: str, file: Path) -> str:
    found = re.search(rf"(?:^|/)({PROCESSED}{table}/{PROCESSED_NAME})$", file.resolve().as_posix())
    if not found:
        msg = f"{file} is no published file of {table}: its path does not end like {PROCESSED}{table}/{PROCESSED_NAME}"
        raise ValueError(msg)
    return found[1]


@contextlib.contextmanager
def _bent_fakesnow(path: Path | None) -> Iterator[None]:
    """Put fakesnow in the connector's place, and straighten where it would quietly differ from Snowflake."""

    def read_parquet(reader: copy_into.ReadParquet, url: str) -> exp.Func:
        # DuckDB makes a column of ingest_date=… in a path, Snowflake reads a file's content alone.
        no_hive = reader.make_eq("hive_partitioning", False)  # noqa: FBT003 - fakesnow's signature
        return exp.func("read_parquet", reader.file_literal(url), no_hive)

    def is_news(record: logging.LogRecord) -> bool:
        # DuckDB's tables take no column comments; one line for each column of each table says nothing more.
        return "CommentColumnConstraint unsupported" not in record.getMessage()

    parser_log = logging.getLogger("sqlglot")
    parser_log.addFilter(is_news)
    try:
        with (
            fakesnow.patch(db_path=path),
            mock.patch.object(copy_into.ReadParquet, "read_expression", read_parquet),
        ):
            yield
    finally:
        parser_log.removeFilter(is_news)


def _bent_comments(sql: str) -> str:
    # fakesnow fails on an apostrophe in a table's comment.
    return re.sub(r"(?<=\w)''(?=\w)", "\N{RIGHT SINGLE QUOTATION MARK}", sql)
