"""The contracts of all tables: each module here holds one, named after the table in capitals."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from shared.contract import Table

# A batch is published, and rejects are listed, in this order; tables that it does not name follow by their names.
_FIRST = (
    "songs",
    "albums",
    "artists",
    "episodes",
    "song_artists",
    "album_artists",
    "song_popularity",
    "playlist_items",
    "playlist_checks",
)
# Published last: a reader who waits for a batch's row there has seen the whole batch arrive.
_LAST = "batches"


def _contracts() -> Iterator[Table]:
    for module in pkgutil.iter_modules(__path__):
        yield getattr(import_module(f"{__name__}.{module.name}"), module.name.upper())


def _order(table: Table) -> tuple[bool, int, str]:
    return table.name == _LAST, _FIRST.index(table.name) if table.name in _FIRST else len(_FIRST), table.name


TABLES: tuple[Table, ...] = tuple(sorted(_contracts(), key=_order))
