"""The contract of a table, as data: no expressions, no conditions, no joins.

The reader's fields and types, the DDL and the current views of Athena and Snowflake, and the data dictionary are
generated from it, so that they cannot differ.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Type(StrEnum):
    """A column's type, with the same meaning in every engine. TIMESTAMP is UTC without zone, in microseconds."""

    STRING = "string"
    INT = "int"
    BIGINT = "bigint"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


# What is at a position of a playlist. Every item has one of these kinds.
KINDS = ("song", "episode", "local", "empty", "unavailable", "rejected")


class ObservedPer(StrEnum):
    """What one observation is: a single playlist item, or the whole read of a playlist."""

    ITEM = "item"
    READ = "read"


class MadeFrom(StrEnum):
    """What the rows of a table are made from. The value names the frame that the reader stages for the transforms."""

    ITEM = "items"
    CHECK = "checks"
    PLAY = "observed_plays"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `doc` says what name and type cannot: unit, zone, what null means. `source` names the JSON path or paths of the
    value: `item.…` is the entry of a playlist row (the API spells it `item` or `track`), `playlist.…` the playlist
    object; any other path starts in the row itself. `[]` means every element of a list, `[0]` the first element, `[#]`
    the number of elements; a column `position` with a path that ends in `[]` is the element's index. If the column has
    no source, or is `derived`, the suite makes the value itself, so that no value of the payload can be malformed for
    it.
    """

    name: str
    type: Type
    doc: str
    source: str | tuple[str, ...] = ()
    nullable: bool = True
    derived: bool = False

    @property
    def sources(self) -> tuple[str, ...]:
        """The JSON paths: none, one or several."""
        return (self.source,) if isinstance(self.source, str) else self.source


def key_column(name: str, doc: str, source: str | tuple[str, ...] = (), type: Type = Type.STRING) -> Column:  # noqa: A002  # as Column
    """A column that is never null: part of a key, or of every row's lineage."""
    return Column(name, type, doc, source, nullable=False)


BATCH_ID = key_column("batch_id", "batch that brought the row; sorts by commit order")

LINEAGE = (
    BATCH_ID,
    key_column("source_object", "raw object the row was read from: its key under the lake when it arrived, or its URI"),
    key_column("document_id", "sha256 of the raw object's uncompressed bytes; equal for copies under other names"),
    key_column("source_position", "0-based place of the item or read in its document, in reading order", type=Type.INT),
    key_column("extracted_at", "when the document was extracted, UTC; one per document", type=Type.TIMESTAMP),
)


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: what a row is, what makes it unique, and which observation is the current one.

    `made_from` is None only for `batches`, whose rows the job makes itself. `kinds` are the kinds of playlist items
    that the table is made from; it is empty for a table that is not made from items. `rows_from` names the JSON paths
    whose values make the rows: one row for each value that is not null, or for each element if the path ends in `[]`.
    Without `rows_from`, every item of these kinds (or every check, or play) makes one row.

    The newest observation for each `newest_per` is current. It may have fewer columns than `key`: the newest credits of
    a song replace all older ones, else a removed artist would stay for ever. An empty `newest_per` means history: every
    observation is kept. With `keeps_rejected`, a row with malformed values outside its key is still published, with
    null for these values.
    """

    name: str
    doc: str
    grain: str
    key: tuple[str, ...]
    observed_per: ObservedPer
    columns: tuple[Column, ...]
    made_from: MadeFrom | None = MadeFrom.ITEM
    newest_per: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    rows_from: tuple[str, ...] = ()
    keeps_rejected: bool = False
    lineage: tuple[Column, ...] = field(default=LINEAGE)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The table's own columns, then the lineage columns that every table has."""
        return self.columns + self.lineage

    @property
    def observation_order(self) -> tuple[str, ...]:
        """Columns that order observations by age, most significant first; the greatest is the newest."""
        order = ["extracted_at", "source_object", "source_position", "batch_id"]
        if self.observed_per is ObservedPer.READ:
            order.remove("source_position")
        return self._own(order)

    @property
    def row_order(self) -> tuple[str, ...]:
        """Like `observation_order`, but total within one key: of two rows of one read, the later position wins."""
        return self._own(["extracted_at", "source_object", "source_position", "batch_id"])

    def _own(self, names: list[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in {column.name for column in self.lineage})


def tables_from(tables: Iterable[Table], made_from: MadeFrom) -> list[Table]:
    """The tables whose rows are made from `made_from`."""
    return [table for table in tables if table.made_from is made_from]


def source_paths(tables: tuple[Table, ...]) -> Iterator[tuple[str, Column]]:
    """Every JSON path that some column is made from, with the column."""
    for table in tables:
        for column in table.columns:
            for path in column.sources:
                yield path, column
