"""`make why TABLE=songs ID=…`: the origin of a row: current values, observations that won and lost, source.

The observations come from the published files, the verdict from the generated text of the current view, and the place
from the job's own reader, which reads the raw document with the line and JSON path of each row in one of the row's
fields. ID has the key's columns in order, with commas between them; the first of them are enough.
"""

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from deploy.commands import CommandError, run_command, table_named, table_text
from deploy.generate.schemas import current_select
from deploy.operate.places import log_of, open_lake, parser_of
from glue_jobs.log_entry import Entry
from glue_jobs.reading.document import read_document
from glue_jobs.reading.model import Check, UnreadableDocumentError
from glue_jobs.replay import archived_key
from shared import document, lake
from shared.contract import Column, MadeFrom, Table
from shared.store import ObjectStore, open_store
from shared.tables import TABLES
from shared.tables.playlist_checks import PLAYLIST_CHECKS
from shared.terminal import printable

Row = dict[str, Any]
_SHOWN = 20


@dataclass
class Place:
    """Where a row was read: the raw object's current key, the line in it (None if it is one value), the JSON path.

    `columns` has the path of each column that comes from the document.
    """

    raw_object: str
    line: int | None
    path: str | None
    columns: Mapping[str, str]


@dataclass
class Observation:
    """One published row: whether it is current, why not, the number of its batch, and where it was read."""

    row: Row
    is_current: bool
    verdict: str
    batch_number: int
    place: Place


def why(store: ObjectStore, table: Table, *key: str) -> list[Observation]:
    """The observations of the rows whose key begins with these values: the current ones, then the newest first.

    Raises CommandError if there are none.
    """
    if not key or len(key) > len(table.key):
        raise CommandError(
            f"an id of {table.name} is {', '.join(table.key)}: name the first of them or all, with commas between"
        )
    asked = dict(zip(table.key, key, strict=False))
    # A row may lose to a row of another key: a removed artist to the song's newer credits, a play to another package.
    unit = () if table.made_from is MadeFrom.PLAY else table.newest_per or table.key
    rows = _rows(store, table, {name: asked[name] for name in unit if name in asked})
    current = _current(table, rows)
    if table.made_from is MadeFrom.PLAY:
        rows, current = _with(rows, asked), _with(current, asked)
    entries = {entry.number: entry for entry in log_of(store).entries()}
    order = [*table.row_order, *table.key]
    observations = []
    winners = current.to_pylist()
    for number, row in sorted(
        _numbered(rows), key=lambda numbered: [str(numbered[1][name]) for name in order], reverse=True
    ):
        if all(str(row[name]) == value for name, value in asked.items()):
            verdict = _verdict(table, row, winners)
            place = _place(store, table, row, entries.get(number), number)
            observations.append(Observation(row, verdict == "current", verdict, number, place))
    if not observations:
        raise CommandError(
            f"{table.name} has no row with {', '.join(f'{name} {value}' for name, value in asked.items())}"
        )
    return sorted(observations, key=lambda numbered: not numbered.is_current)


def _rows(store: ObjectStore, table: Table, wanted: Mapping[str, str]) -> pa.Table:
    """Published rows with these values, each with the number of its batch."""
    condition = " and ".join(f"cast({name} as varchar) = ?" for name in wanted) or "true"
    chosen = []
    for listed in store.list(f"{lake.PROCESSED}{table.name}/"):
        fetched = store.get(listed.key)
        if fetched is not None:
            rows = pq.ParquetFile(io.BytesIO(fetched.data)).read()
            with duckdb.connect() as engine:
                engine.register("published", rows)
                number = int(listed.key.rpartition("/")[2][:20])
                sql = f"select *, {number} as _number from published where {condition}"  # noqa: S608  # our names
                chosen.append(engine.sql(sql, params=list(wanted.values())).to_arrow_table())
    rows_read = (
        pa.concat_tables(chosen, promote_options="permissive") if chosen else pa.table({"_number": pa.array([])})
    )
    for column in table.all_columns:  # older files may lack some
        if column.name not in rows_read.column_names:
            rows_read = rows_read.append_column(column.name, pa.nulls(rows_read.num_rows, pa.string()))
    return rows_read


def _numbered(rows: pa.Table) -> list[tuple[int, Row]]:
    return [(row.pop("_number"), row) for row in rows.to_pylist()]


def _with(rows: pa.Table, wanted: Mapping[str, str]) -> pa.Table:
    """The rows with these values."""
    for name, value in wanted.items():
        rows = rows.filter(pc.equal(rows.column(name), value))
    return rows


def _current(table: Table, rows: pa.Table) -> pa.Table:
    """The current rows, by the text of the current view, which is the same in every engine."""
    with duckdb.connect() as engine:
        engine.register("observed", rows)
        return engine.sql(current_select(table, "observed")).to_arrow_table()


def _verdict(table: Table, row: Row, current: Sequence[Row]) -> str:
    """`current`, or by which column the row lost to which value."""
    own = {column.name: row[column.name] for column in table.all_columns}
    if own in current:
        return "current"
    unit = table.newest_per or table.key
    for winner in current:
        if all(winner[name] == row[name] for name in unit):
            for name in (*table.observation_order, *table.row_order):
                if winner[name] != row[name]:
                    return f"lost: {name} {_shown(winner[name])} is newer"
    if table.made_from is MadeFrom.PLAY:
        return "lost: a newer package, or extended history, covers this time"
    return "lost to an equal row"


# --- where a row was read


def _place(store: ObjectStore, table: Table, row: Row, entry: Entry | None, number: int) -> Place:
    committed = next(
        (
            candidate
            for candidate in (entry.inputs if entry else ())
            if lake.pending_key(candidate.key) == row.get("source_object")
        ),
        None,
    )
    if (
        entry is None or committed is None
    ):  # rows of `batches` have no document, and `make forget` may have emptied the log
        return Place(f"batch {number}", None, None, {})
    key = archived_key(entry.number, committed)
    data = _bytes(store, key) if key else _outside(committed.key)
    if data is None:
        return Place(f"{key or committed.key} (not there any more)", None, None, {})
    if table.made_from is MadeFrom.PLAY:  # the first line describes the package
        paths = {column.name: f"$.{column.name}" for column in table.columns if column.sources}
        return Place(key or committed.key, row["source_position"] + 2, "$", paths)
    located = locate(data, row["source_position"], is_read=table is PLAYLIST_CHECKS)
    if located is None:
        return Place(key or committed.key, None, None, {})
    line, path, entry_key = located
    return Place(key or committed.key, line, path, dict(_column_paths(table.columns, path, entry_key)))


def _bytes(store: ObjectStore, key: str) -> bytes | None:
    fetched = store.get(key)
    return fetched.data if fetched else None


def _outside(uri: str) -> bytes | None:
    folder, _, name = uri.rpartition("/")
    return _bytes(open_store(folder), name)


def _column_paths(columns: Sequence[Column], path: str, entry_key: str) -> Iterator[tuple[str, str]]:
    for column in columns:
        for source in column.sources[:1]:
            head, dot, rest = source.partition(".")
            name = {"playlist": "", "item": f".{entry_key}"}.get(head, f".{head}")
            count = "number of " if rest.endswith("[#]") else ""
            yield column.name, f"{count}{path}{name}{dot}{rest.removesuffix('[#]')}"


def locate(data: bytes, source_position: int, *, is_read: bool) -> tuple[int | None, str, str] | None:
    """Line, JSON path and the entry's key (item or track) of the row that the reader reads at this position.

    With `is_read`, it is the place of the playlist object, else of the manifest's check, else of the first row. The
    line is None if the document is one JSON value over many lines. The result is None if there is no such row.
    """
    try:
        checks = read_document(_marked(data)).checks
    except (UnreadableDocumentError, document.DamagedDocumentError, UnicodeError):
        return None
    if is_read:
        marks = [mark for check in checks if check.source_position == source_position for mark in _marks(check)]
    else:
        rows = [row for check in checks for _, row in check.rows()]
        marks = [row["added_at"] for row in rows[source_position : source_position + 1]]
    for mark in marks:
        if isinstance(mark, str) and mark.startswith(_MARK):
            _, line, entry_key, path = mark.split(" ", 3)
            return int(line) or None, path, entry_key
    return None


def _marks(check: Check) -> Iterator[object]:
    yield (check.playlist or {}).get("name")
    yield check.failure_class
    yield from (row["added_at"] for _, row in islice(check.rows(), 1))


_MARK = "place:"


def _marked(data: bytes) -> bytes:
    """The document with the place of each row, playlist and check in a field that the reader keeps unchanged."""
    plain = document.uncompressed(data)
    text = plain.decode(json.detect_encoding(plain))
    try:
        value = json.loads(text)
    except ValueError:
        lines = enumerate(text.split("\n"), start=1)
        return "\n".join(_marked_line(line, number) for number, line in lines).encode()
    return json.dumps(_with_places(value, 0 if "\n" in text.strip() else 1, "$")).encode()


def _marked_line(line: str, number: int) -> str:
    try:
        return json.dumps(_with_places(json.loads(line), number, "$"))
    except ValueError:
        return line


def _with_places(value: Any, line: int, path: str) -> Any:  # noqa: ANN401  # a JSON value is anything
    if not isinstance(value, dict):
        return _rows_with_places(value, line, path) if isinstance(value, list) else value
    if document.is_raw_line(value):
        return value | {"body": _with_places(value["body"], line, f"{path}.body")}
    if document.is_manifest(value) and isinstance(value["checks"], list):
        checks = [_check_with_place(check, line, f"{path}.checks[{n}]") for n, check in enumerate(value["checks"])]
        return value | {"checks": checks}
    if _is_row(value):
        return _row_with_place(value, line, path)
    for key in ("items", "tracks"):
        if isinstance(value.get(key), list):
            return value | {key: _rows_with_places(value[key], line, f"{path}.{key}", is_page="href" in value)}
    with_pages = value | {
        key: _with_places(value[key], line, f"{path}.{key}")
        for key in ("items", "tracks")
        if isinstance(value.get(key), dict)
    }
    return with_pages | {"name": f"{_MARK} {line} item {path}"}


def _rows_with_places(rows: list[Any], line: int, path: str, *, is_page: bool = False) -> list[Any]:
    if is_page or any(_is_row(row) for row in rows):
        return [_row_with_place(row, line, f"{path}[{n}]") for n, row in enumerate(rows)]
    return [_with_places(element, line, f"{path}[{n}]") for n, element in enumerate(rows)]


def _row_with_place(row: object, line: int, path: str) -> Row:
    own = row if isinstance(row, dict) else {}
    entry_key = "item" if isinstance(own.get("item"), dict) else "track"
    return own | {"added_at": f"{_MARK} {line} {entry_key} {path}"}


def _check_with_place(check: object, line: int, path: str) -> object:
    if not isinstance(check, dict):
        return check
    shown = check.get("playlist")
    marked = check | {"failure_class": f"{_MARK} {line} item {path}.playlist"}
    if isinstance(shown, dict):
        marked["playlist"] = shown | {"name": f"{_MARK} {line} item {path}.playlist"}
    return marked


def _is_row(value: object) -> bool:
    if not isinstance(value, dict) or value.get("type") in ("track", "episode"):
        return False
    return any(key in value for key in ("item", "track", "added_at"))


# --- as text


def _shown(value: object) -> str:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def as_text(table: Table, observations: Sequence[Observation]) -> str:
    """The current rows column by column with their places, then all observations, for people."""
    lines = []
    for observation in [observation for observation in observations if observation.is_current][:_SHOWN]:
        line = f", line {observation.place.line}" if observation.place.line else ""
        path = f", {observation.place.path}" if observation.place.path else ""
        lines += [printable(f"{table.name}, current: {observation.place.raw_object}{line}{path}")]
        rows = [
            (f"  {column.name}", _shown(observation.row[column.name]), observation.place.columns.get(column.name, ""))
            for column in table.all_columns
        ]
        lines += [table_text(("  column", "value", "JSON path"), rows), ""]
    if not lines:
        lines = [f"{table.name}: no row of this id is current.", ""]
    shown = [
        (
            observation.verdict,
            _shown(observation.row.get("extracted_at", "")),
            str(observation.batch_number),
            observation.place.raw_object,
            str(observation.place.line or ""),
            observation.place.path or "",
        )
        for observation in observations[:_SHOWN]
    ]
    lines.append(table_text(("observation", "extracted_at", "batch", "raw object", "line", "JSON path"), shown))
    if len(observations) > _SHOWN:
        lines.append(f"and {len(observations) - _SHOWN:,} more")
    return "\n".join("\n".join(printable(part) for part in line.split("\n")) for line in lines)


def as_json(table: Table, observations: Sequence[Observation]) -> str:
    """One line for machines."""
    return json.dumps(
        {
            "table": table.name,
            "observations": [vars(observation) | {"place": vars(observation.place)} for observation in observations],
        },
        ensure_ascii=False,
        default=str,
    )


def main(argv: Sequence[str]) -> int:
    """0 when there is such a row, 1 when there is none."""
    parser = parser_of(__doc__, has_warehouse=False)
    parser.add_argument("--table", default="", help="such as songs")
    parser.add_argument("--id", default="", help="the key's columns in order, with commas between; the first will do")
    arguments = parser.parse_args(argv)
    store = open_lake(arguments.lake)
    if not arguments.table:
        names = ", ".join(table.name for table in TABLES)
        raise CommandError(f"name a table and an id, make why TABLE=songs ID=…; tables are {names}")
    table = table_named(arguments.table)
    if not arguments.id:
        raise CommandError(
            f"name an id, make why TABLE={table.name} ID=…: {', '.join(table.key)}; the report's links, the BI "
            f"views and the newest file have them, for example, {', '.join(_some_ids(store, table)) or 'none'}"
        )
    observations = why(store, table, *arguments.id.split(","))
    print(as_json(table, observations) if arguments.json else as_text(table, observations))
    return 0


def _some_ids(store: ObjectStore, table: Table) -> list[str]:
    """A few keys of the newest published file."""
    newest = max((listed.key for listed in store.list(f"{lake.PROCESSED}{table.name}/")), default=None)
    fetched = newest and store.get(newest)
    if not fetched:
        return []
    rows = pq.ParquetFile(io.BytesIO(fetched.data)).read(columns=[table.key[0]]).column(0)
    return [str(value) for value in rows.unique().to_pylist()[:3]]


if __name__ == "__main__":
    sys.exit(run_command("why", main, sys.argv[1:]))
