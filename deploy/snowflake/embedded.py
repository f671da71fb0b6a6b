"""An embedded Snowflake: a local database (fakesnow) that runs the suite's SQL through the connector's API."""

# ruff: noqa: S608  # only our own names are formatted into SQL; values are bound

import contextlib
import functools
import hashlib
import io
import os
import re
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

import duckdb
import fakesnow
import pyarrow as pa
import pyarrow.parquet as pq
import snowflake.connector
from schemachange.JinjaTemplateProcessor import JinjaTemplateProcessor
from schemachange.session.Script import get_all_scripts_recursively
from schemachange.sql_splitter import split_sql_statements
from schemachange.version import sorted_alphanumeric
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from deploy.snowflake.embedded_pipe import FileLoad, LoadStatus, Pipe
from deploy.snowflake.fakesnow_fixes import COMMENTS, NOT_EMULATED, bent_fakesnow
from deploy.snowflake.landing import DATABASE
from deploy.snowflake.zone import listening_zone
from shared.lake import PROCESSED
from shared.store import ObjectStore
from shared.tables import TABLES

SCRIPTS = Path(__file__).parents[1]

_CREATE_PIPE = re.compile(
    COMMENTS + r"create\s+pipe\s+if\s+not\s+exists\s+(?P<name>[\w.]+)\s.*?\bas\s+(?P<copy>copy\s+into\s.*)",
    re.IGNORECASE | re.DOTALL,
)
_DROP_PIPE = re.compile(COMMENTS + r"drop\s+pipe\s+(?:if\s+exists\s+)?(?P<name>[\w.]+)", re.IGNORECASE)
# fakesnow keeps these objects in memory only, even if the database is a file.
_FORGOTTEN = re.compile(COMMENTS + r"create\s+(?:stage|file\s+format)\s", re.IGNORECASE)
_NO_SUCH_OBJECT = 2003
_FILES_AT_ONCE = 100
_METADATA = {
    "METADATA$FILENAME": "{name}",
    "METADATA$FILE_ROW_NUMBER": "file_row_number + 1",
    "METADATA$START_SCAN_TIME": "current_timestamp",
}


class _BadFileError(Exception):
    """The file cannot be loaded; another attempt would fail too."""


class EmbeddedSnowflake:
    """An embedded Snowflake with the suite's tables, pipes and views over one lake.

    `path` is a folder that keeps the data; without it, closing deletes all data. Without a lake nothing can be loaded.
    A process can have only one open at a time, because it replaces the connector.
    """

    def __init__(self, path: Path | None = None, lake: ObjectStore | None = None) -> None:
        self._lake = lake
        self._stage_url = quote(lake.uri if lake else "file:///no-lake", safe=":/") + f"/{PROCESSED}"
        self._pipes: dict[str, Pipe] = {}
        self._reading: dict[str, str] = {}
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(_folder(path)) if path else None
            stack.enter_context(bent_fakesnow(self._reading))
            stack.enter_context(fakesnow.patch(db_path=folder, nop_regexes=list(NOT_EMULATED)))
            connection = snowflake.connector.connect(user="local", password="local", account="local", database=DATABASE)  # noqa: S106  # it is not checked
            self._connection = stack.enter_context(contextlib.closing(connection))
            # For our own tables: fakesnow takes 5 ms for a statement, most of it walking its tree 76 times.
            self._notes: duckdb.DuckDBPyConnection = connection._duck_conn  # type: ignore[attr-defined]  # noqa: SLF001  # fakesnow has no public access
            self._open = stack.pop_all()

    def __enter__(self) -> Self:
        """The object itself, which is already open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it, also after an error."""
        self.close()

    def close(self) -> None:
        """Close the files and restore the connector."""
        self._open.close()

    def deploy(self, scripts: Path = SCRIPTS, **variables: str) -> None:
        """Apply the new and changed scripts under the folder like schemachange: V scripts first, then R scripts.

        `variables` extend or replace the scripts' default variables. LISTENING_ZONE of the environment sets one of
        these. Raises CommandError if it is not a time zone.
        """
        self.query(f"create schema if not exists {DATABASE}._LOCAL")
        self.query(f"create table if not exists {DATABASE}._LOCAL.SCRIPTS (SCRIPT varchar, CHECKSUM varchar)")
        self.query(
            f"create table if not exists {DATABASE}._LOCAL.PIPE_LOADS (PIPE varchar, FILE_NAME varchar, "
            "STATUS varchar, ROW_COUNT number(19,0), ERROR varchar, LOADED_AT timestamp_ltz)"
        )
        rows = self.query(f"select SCRIPT, CHECKSUM from {DATABASE}._LOCAL.SCRIPTS")
        applied = {str(name): checksum for name, checksum in rows}
        values = variables_for(self._stage_url) | {"listening_zone": listening_zone(os.environ)} | variables
        for name, text in rendered_scripts(scripts, values):
            checksum = hashlib.sha256(text.encode()).hexdigest()
            is_applied = name in applied and (name.startswith("v") or applied[name] == checksum)
            for statement in split_sql_statements(text):
                self._apply(statement, is_applied=is_applied)
            if not is_applied:
                self.query(f"delete from {DATABASE}._LOCAL.SCRIPTS where SCRIPT = %s", name)
                self.query(f"insert into {DATABASE}._LOCAL.SCRIPTS values (%s, %s)", name, checksum)

    def _apply(self, statement: str, *, is_applied: bool) -> None:
        if match := _CREATE_PIPE.match(statement):
            self._pipes.setdefault(match["name"].upper(), Pipe.parse(match["name"], match["copy"]))
        elif match := _DROP_PIPE.match(statement):
            self._pipes.pop(match["name"].upper(), None)
        elif not is_applied or _FORGOTTEN.match(statement):
            self.query(statement)

    def arrived(self, keys: Iterable[str]) -> list[FileLoad]:
        """Notify the pipes of new objects in the lake. Returns a result for each file that a pipe accepts.

        A pipe loads each file name only once, even if the load failed. Objects that no pipe accepts are ignored.
        """
        known = self._known()
        offers = [(pipe, key) for key in keys for pipe in self._takers(key)]
        loads: list[FileLoad] = []
        for _, same_pipe in groupby(offers, key=lambda offer: offer[0].name):
            offered = list(same_pipe)
            for start in range(0, len(offered), _FILES_AT_ONCE):
                some = offered[start : start + _FILES_AT_ONCE]
                loads += self._offer(some[0][0], [key for _, key in some], known)
        return loads

    def load_new(self) -> list[FileLoad]:
        """Offer the pipes every published file that none has seen, in the order in which the files were published."""
        keys = [listed.key for listed in self._store().list(PROCESSED)]
        known = {name for _, name in self._known()}
        new = [key for key in keys if self._takers(key) and self._name(key) not in known]
        return self.arrived(sorted(new, key=_arrival))

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that a statement returns; `%s` are placeholders for the values."""
        with warnings.catch_warnings():
            # DuckDB 2 warns that fakesnow 0.12.1 requests Arrow in a slow way, which is harmless for small results.
            warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
            cursor = self._connection.cursor()
            cursor.execute(sql, values or None)
            return [tuple(row) for row in cursor.fetchall()]

    def _takers(self, key: str) -> list[Pipe]:
        if not key.startswith(PROCESSED):
            return []
        return [pipe for pipe in self._pipes.values() if pipe.takes(key.removeprefix(PROCESSED))]

    def _store(self) -> ObjectStore:
        if self._lake is None:
            raise ValueError("This warehouse was opened without a lake: there is nothing to load from.")
        return self._lake

    def _name(self, key: str) -> str:
        """The file name in METADATA$FILENAME: the path in the bucket, or the key if the lake is a folder."""
        url = urlsplit(self._store().uri)
        prefix = url.path.strip("/") + "/" if url.scheme == "s3" else ""
        return prefix.removeprefix("/") + key

    def _known(self) -> set[tuple[str, str]]:
        rows = self.query(f"select PIPE, FILE_NAME from {DATABASE}._LOCAL.PIPE_LOADS")
        return {(str(pipe), str(name)) for pipe, name in rows}

    def _offer(self, pipe: Pipe, keys: list[str], known: set[tuple[str, str]]) -> list[FileLoad]:
        names = [self._name(key) for key in keys]
        new = {name: key for name, key in zip(names, keys, strict=True) if (pipe.name, name) not in known}
        loads = {load.file_name: load for load in self._load(pipe, new)}
        known.update((pipe.name, name) for name in loads)
        return [loads.pop(name, FileLoad(pipe.table, name, LoadStatus.SKIPPED)) for name in names]

    def _load(self, pipe: Pipe, new: dict[str, str]) -> list[FileLoad]:
        """Load new files with one COPY and return a result for each. If the COPY fails, each half is tried alone."""
        if not new:
            return []
        try:
            with self._transaction():
                loads = self._copy(pipe, new)
                self._remember(pipe, loads)
        except _BadFileError as error:
            if len(new) > 1:
                files, middle = list(new.items()), len(new) // 2
                return self._load(pipe, dict(files[:middle])) + self._load(pipe, dict(files[middle:]))
            # fakesnow does not support ON_ERROR = SKIP_FILE, so it is emulated here.
            loads = [FileLoad(pipe.table, name, LoadStatus.FAILED, error=str(error)) for name in new]
            self._remember(pipe, loads)
        return loads

    def _copy(self, pipe: Pipe, new: dict[str, str]) -> list[FileLoad]:
        """Run the pipe's COPY and return a result for each file. Raises _BadFileError if a file cannot be loaded."""
        files = [key.removeprefix(PROCESSED) for key in new.values()]
        with tempfile.TemporaryDirectory() as folder:
            try:
                for number, (name, key) in enumerate(new.items()):
                    local = Path(folder) / f"{number}.parquet"
                    local.write_bytes(self._whole_file(key))
                    self._reading[self._stage_url + files[number]] = _select(local, name, pipe.metadata)
                rows = self.query(pipe.copy_of(files))
            except (duckdb.DataError, duckdb.IntegrityError, ProgrammingError) as error:
                if isinstance(error, ProgrammingError) and error.errno == _NO_SUCH_OBJECT:
                    raise
                raise _BadFileError(str(error)) from error
            finally:
                self._reading.clear()
        counts = [int(str(row_count)) for _, _, row_count, *_ in rows]
        return [
            FileLoad(pipe.table, name, LoadStatus.LOADED, row_count)
            for name, row_count in zip(new, counts, strict=True)
        ]

    def _whole_file(self, key: str) -> bytes:
        """The bytes of a whole Parquet file.

        Some broken files cause an internal error in DuckDB 2.0, after which the whole database refuses to work.
        """
        fetched = self._store().get(key)
        if fetched is None:
            raise _BadFileError(f"{key} is not in the lake any more.")
        try:
            pq.ParquetFile(io.BytesIO(fetched.data)).read()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _BadFileError(str(error)) from error
        return fetched.data

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._notes.begin()
        try:
            yield
        except BaseException:
            self._notes.rollback()
            raise
        self._notes.commit()

    def _remember(self, pipe: Pipe, loads: list[FileLoad]) -> None:
        columns = zip(*((load.file_name, load.status.value, load.row_count, load.error) for load in loads), strict=True)
        self._notes.execute(
            f"insert into {DATABASE}._LOCAL.PIPE_LOADS "
            "select ?, unnest(?), unnest(?), unnest(?), unnest(?), current_timestamp",
            [pipe.name, *(list(column) for column in columns)],
        )


def rewrite(folder: Path) -> None:
    """Rewrite the database files of a closed warehouse, because free blocks still hold deleted and overwritten rows."""
    for database in sorted(folder.glob("*.db")):
        target = database.with_name(f".{database.name}.part")
        target.unlink(missing_ok=True)
        with duckdb.connect() as copier:
            copier.execute(f"attach '{_quoted(database)}' as old (read_only)")
            copier.execute(f"attach '{_quoted(target)}' as rewritten")
            copier.execute("copy from database old to rewritten")
        target.replace(database)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def variables_for(stage_url: str) -> dict[str, str]:
    """The scripts' variables for the embedded database. All except `stage_url` and `database` are placeholders."""
    return {
        "database": DATABASE,
        "stage_url": stage_url,
        "storage_integration": "SPOTIFY_S3",
        "error_integration": "SPOTIFY_ERRORS",
        "sns_topic_arn": "arn:aws:sns:eu-west-1:000000000000:spotify-processed",
    }


@functools.cache  # Jinja compiles a script once, and again if the file has changed
def _jinja(root: Path) -> JinjaTemplateProcessor:
    return JinjaTemplateProcessor(project_root=root)


def rendered_scripts(root: Path, variables: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Name and rendered text of every script under the folder, in schemachange's order."""
    scripts = get_all_scripts_recursively(root_directory=root)
    names = sorted_alphanumeric(scripts)  # type: ignore[no-untyped-call]
    jinja = _jinja(root)
    for kind in ("v", "r"):
        for name in names:
            if name.startswith(kind):
                yield name, jinja.render(str(scripts[name].file_path.relative_to(root)), variables)


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """The folder, created if needed. If its path has a quote, which fakesnow does not escape, a symbolic link to it."""
    path.mkdir(parents=True, exist_ok=True)
    if "'" not in str(path.resolve()):
        yield path
        return
    with tempfile.TemporaryDirectory() as elsewhere:
        alias = Path(elsewhere) / "warehouse"
        alias.symlink_to(path.resolve(), target_is_directory=True)
        yield alias


def _arrival(key: str) -> tuple[str, int, str]:
    """Sort key of a published file: log number, then the order in which a batch publishes its tables."""
    table, _, file = key.removeprefix(PROCESSED).split("/", 2)
    order = [contract.name for contract in TABLES]
    return file[:20], order.index(table), file


def _select(local: Path, name: str, metadata: dict[str, str]) -> str:
    """A select of a file's rows with the metadata columns of Snowflake.

    DuckDB would add a column for ingest_date=… in the path. Snowflake reads only the file's content.
    """
    literal = exp.Literal.string(name).sql("duckdb")
    columns = ", ".join(f"{_METADATA[source].format(name=literal)} as {column}" for column, source in metadata.items())
    return (
        f"(select * exclude (file_row_number), {columns} from "
        f"read_parquet('{local}', hive_partitioning = false, file_row_number = true))"
    )
