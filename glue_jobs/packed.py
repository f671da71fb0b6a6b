"""What the intake packs for Spark, as Parquet: a row per playlist item, and a row per look at a playlist.

A row says where it was read. Of the payload it has the normal form, whose leaves are texts: they are cast by contract.
"""

import io
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.normal_form import PLAYLIST, ROW, Array, Count, First, Leaf, Node, Struct
from shared.contract import BATCH_ID, LINEAGE, Type

Columns = Mapping[str, Type | Node]  # the suite's own values, and what the payload holds

SPARK_TYPES = {kind: kind.value for kind in Type} | {Type.TIMESTAMP: "timestamp_ntz"}

ARROW_TYPES = {
    Type.STRING: pa.string(),
    Type.INT: pa.int32(),
    Type.BIGINT: pa.int64(),
    Type.BOOLEAN: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us"),
}
_ROWS = 10_000
_PLACE = {column.name: column.type for column in LINEAGE if column is not BATCH_ID}

ITEMS: Columns = {
    **_PLACE,
    "playlist_id": Type.STRING,
    "snapshot_id": Type.STRING,
    "position": Type.INT,
    "kind": Type.STRING,
    "reason": Type.STRING,
    "raw": Type.STRING,
    **ROW.fields,
}
READS: Columns = {
    **_PLACE,
    "playlist_id": Type.STRING,
    "run_id": Type.STRING,
    "status": Type.STRING,
    "failure_class": Type.STRING,
    "snapshot_id": Type.STRING,
    "total": Type.STRING,
    "item_count": Type.INT,
    "is_complete": Type.BOOLEAN,
    "playlist": PLAYLIST,
}


class Packer:
    """A Parquet file in the making; only some thousands of its rows wait to be written into it."""

    def __init__(self, columns: Columns) -> None:
        """For rows with these columns; what a row lacks is null."""
        self._schema = pa.schema([(name, _arrow_type(kind)) for name, kind in columns.items()])
        self._rows: list[Mapping[str, Any]] = []
        self._file = io.BytesIO()
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """More rows; of a lone surrogate, which UTF-8 has no bytes for, a question mark is left."""
        self._rows.extend(rows)
        if len(self._rows) >= _ROWS:
            self._write()

    def close(self) -> bytes:
        """The file; no bytes if there were no rows."""
        if self._rows:
            self._write()
        if self._writer is None:
            return b""
        self._writer.close()
        return self._file.getvalue()

    def _write(self) -> None:
        try:
            table = pa.Table.from_pylist(self._rows, self._schema)
        except UnicodeEncodeError:
            table = pa.Table.from_pylist([_encodable(row) for row in self._rows], self._schema)
        self._writer = self._writer or pq.ParquetWriter(self._file, self._schema, write_page_checksum=True)
        self._writer.write_table(table)
        self._rows = []


def spark_ddl(columns: Columns) -> str:
    """The columns as Spark's reader wants them told."""
    return ", ".join(f"`{name}` {_spark_type(kind)}" for name, kind in columns.items())


def _spark_type(kind: Type | Node) -> str:
    match kind:
        case Type():
            return SPARK_TYPES[kind]
        case Leaf() | Count():
            return "string"
        case First(element):
            return _spark_type(element)
        case Array(element):
            return f"array<{_spark_type(element)}>"
        case Struct(fields):
            return "struct<" + ", ".join(f"`{name}`: {_spark_type(child)}" for name, child in fields.items()) + ">"


def _arrow_type(kind: Type | Node) -> pa.DataType:
    match kind:
        case Type():
            return ARROW_TYPES[kind]
        case Leaf() | Count():
            return pa.string()
        case First(element):
            return _arrow_type(element)
        case Array(element):
            return pa.list_(_arrow_type(element))
        case Struct(fields):
            return pa.struct([(name, _arrow_type(child)) for name, child in fields.items()])


def _encodable(value: Any) -> Any:  # noqa: ANN401  # a row, or what is in it
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_encodable(element) for element in value]
    if isinstance(value, Mapping):
        return {name: _encodable(child) for name, child in value.items()}
    return value
