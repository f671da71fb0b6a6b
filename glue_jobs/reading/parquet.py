"""The Parquet parts that the reader hands to Spark: a row per playlist item, check or play."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.reading.arrow_types import ARROW_TYPES, arrow_type
from glue_jobs.reading.projection import Struct, project
from glue_jobs.reading.typed_rows import Rows, Typer, Unusual
from shared.contract import BATCH_ID, KINDS, LINEAGE, MadeFrom, Table, Type, tables_from
from shared.tables import TABLES

SPARK_TYPES = {kind: kind.value for kind in Type} | {Type.TIMESTAMP: "timestamp_ntz"}
CHECK = "check"  # the kind of the rows that are checks
PLAY = "play"  # the kind of the rows that are plays
_ROWS_IN_GROUP = 20_000

_ITEM_TABLES = tables_from(TABLES, MadeFrom.ITEM)
_CHECK_TABLES = tables_from(TABLES, MadeFrom.CHECK)
_PLAY_TABLES = tables_from(TABLES, MadeFrom.PLAY)
_PLACE = {column.name: column.type for column in LINEAGE if column is not BATCH_ID}


@dataclass(frozen=True, eq=False)
class Shape:
    """The columns of a frame: the suite's `own` values first, then the payload's fields."""

    own: Mapping[str, Type]
    payload: Struct
    tables: Mapping[str, Sequence[Table]]  # by the kind of a row


ITEMS = Shape(
    own=_PLACE | {"playlist_id": Type.STRING, "snapshot_id": Type.STRING, "position": Type.INT, "kind": Type.STRING},
    payload=project(_ITEM_TABLES),
    tables={kind: [table for table in _ITEM_TABLES if kind in table.kinds] for kind in KINDS},
)
CHECKS = Shape(
    own=_PLACE
    | {
        "playlist_id": Type.STRING,
        "run_id": Type.STRING,
        "status": Type.STRING,
        "failure_class": Type.STRING,
        "snapshot_id": Type.STRING,
        "item_count": Type.INT,
        "is_complete": Type.BOOLEAN,
    },
    payload=project(_CHECK_TABLES),
    tables={CHECK: _CHECK_TABLES},
)
PLAYS = Shape(
    own=_PLACE
    | {"account": Type.STRING, "source": Type.STRING, "package_id": Type.STRING, "packaged_at": Type.TIMESTAMP},
    payload=project(_PLAY_TABLES),
    tables={PLAY: _PLAY_TABLES},
)
SHAPES = {MadeFrom.ITEM: ITEMS, MadeFrom.CHECK: CHECKS, MadeFrom.PLAY: PLAYS}


class ParquetBuffer:
    """A Parquet file in memory; rows are added some thousands at a time."""

    def __init__(self, shape: Shape) -> None:
        self.made: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.repeats: set[str] = set()
        self._typer = Typer(shape.payload, shape.tables)
        self._schema = _schema(shape)
        self._own = tuple(shape.own)
        self._typed: list[pa.Table] = []
        self._file = io.BytesIO()
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: Sequence[Rows], own: Mapping[str, list[Any]]) -> list[Unusual]:
        """Add rows, with a value of each own column for each row. Returns the rows that were read value by value."""
        typed = self._typer.type_all(rows)
        self.made += typed.made
        self.refused += typed.refused
        self.left_out += typed.left_out
        self.repeats |= typed.repeats
        columns = [pa.array(own[name], self._schema.field(name).type) for name in self._own]
        if typed.unusual:
            order = pa.array(typed.numbers, pa.int64())
            columns = [column.take(order) for column in columns]
        self._typed.append(pa.Table.from_arrays([*columns, *typed.array.flatten()], schema=self._schema))
        if sum(table.num_rows for table in self._typed) >= _ROWS_IN_GROUP:
            self._write()
        return typed.unusual

    def close(self) -> bytes:
        """The bytes of the file; empty if there were no rows."""
        self._write()
        if self._writer is None:
            return b""
        self._writer.close()
        return self._file.getvalue()

    def _write(self) -> None:
        if self._typed:
            self._writer = self._writer or pq.ParquetWriter(self._file, self._schema, write_page_checksum=True)
            self._writer.write_table(pa.concat_tables(self._typed))
            self._typed = []


def spark_ddl(shape: Shape) -> str:
    """The shape's columns as Spark's reader takes them."""
    return ", ".join(f"`{field.name}` {_spark_type(field.type)}" for field in _schema(shape))


def _schema(shape: Shape) -> pa.Schema:
    own = [(name, ARROW_TYPES[kind]) for name, kind in shape.own.items()]
    return pa.schema([*own, *arrow_type(shape.payload, is_element=True)])


def _spark_type(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return "struct<" + ", ".join(f"`{field.name}`: {_spark_type(field.type)}" for field in kind) + ">"
    if pa.types.is_list(kind):
        return f"array<{_spark_type(kind.value_type)}>"
    return next(SPARK_TYPES[own] for own, arrow in ARROW_TYPES.items() if arrow == kind)
