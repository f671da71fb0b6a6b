"""Contracts of two more tables, whose list paths differ from those of the suite's tables."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from glue_jobs.reading.collect import payload_of
from glue_jobs.reading.playlist import entry_of
from glue_jobs.reading.projection import Struct, project
from glue_jobs.reading.refusals import Reject, read_row
from glue_jobs.reading.typed_rows import Typer
from shared.contract import Column, MadeFrom, ObservedPer, Table, Type, key_column

# Next to songs.available_market_count, which is made from item.available_markets[#].
SONG_MARKETS = Table(
    name="song_markets",
    doc="Where a song is available.",
    grain="one row per song and market",
    key=("song_id", "market"),
    newest_per=("song_id",),
    observed_per=ObservedPer.ITEM,
    kinds=("song",),
    rows_from=("item.available_markets[]",),
    columns=(
        key_column("song_id", "the song", "item.id"),
        key_column("market", "the market", "item.available_markets[]"),
        Column("duration_ms", Type.INT, "length of the song", "item.duration_ms"),
    ),
)
# Next to playlist_checks.image_url, which is made from playlist.images[0].url.
PLAYLIST_IMAGES = Table(
    name="playlist_images",
    doc="Covers of a playlist.",
    grain="one row per playlist, run and place in the list",
    key=("playlist_id", "run_id", "position"),
    observed_per=ObservedPer.READ,
    made_from=MadeFrom.CHECK,
    rows_from=("playlist.images[]",),
    columns=(
        key_column("playlist_id", "the playlist"),
        key_column("run_id", "the run"),
        key_column("position", "0-based place in the list", "playlist.images[]", type=Type.INT),
        Column("url", Type.STRING, "the image", "playlist.images[].url", nullable=False),
        Column("width", Type.INT, "in pixels; null if unknown", "playlist.images[].width"),
    ),
)


def table(*columns: Column, rows_from: tuple[str, ...] = (), key: tuple[str, ...] = ()) -> Table:
    """A table `things` of songs with these columns."""
    return Table(
        name="things",
        doc="Things.",
        grain="one row per thing",
        key=key,
        observed_per=ObservedPer.ITEM,
        kinds=("song",),
        columns=columns,
        rows_from=rows_from,
    )


Reading = tuple[dict[str, Any], list[Reject], dict[str, int], dict[str, int]]


def read_both_ways(
    root: Struct, tables: Sequence[Table], value: dict[str, Any], reason: str | None = None
) -> tuple[bool, Reading]:
    """The row's fields, rejects, rows made and rows refused; and whether pyarrow converted it.

    Asserts that reading it value by value and reading it in a chunk have the same result.
    """
    typer = Typer(root, {"song": tables})
    slowly = read_row(root, tables, value, reason)
    typed = typer.type_rows([value], ["song"], {} if reason is None else {0: reason})
    (fields,) = typed.array.to_pylist()
    read = (fields, slowly.rejects, _counts(slowly.made), _counts(slowly.refused))
    rejects = [reject for unusual in typed.unusual for reject in unusual.row.rejects]
    assert (fields, rejects, _counts(typed.made), _counts(typed.refused)) == read
    return not typed.unusual, read


def read(tables: Sequence[Table], value: dict[str, Any], reason: str | None = None) -> Reading:
    """As `read_both_ways`, with the projection of these tables."""
    return read_both_ways(project(tables), tables, value, reason)[1]


def _counts(counted: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counted.items() if count}


class ItemRow(NamedTuple):
    """A playlist row as the reader types it."""

    kind: str
    payload: dict[str, Any]
    reason: str | None


def item_row(row: object) -> ItemRow:
    """The row with its kind, what the tables are made from, and why it is refused as a whole if it is."""
    entry = entry_of(row)
    return ItemRow(entry.kind, payload_of(row), entry.reason)
