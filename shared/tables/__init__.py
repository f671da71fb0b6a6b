"""The contracts of all tables. Each module has one contract, named after its table in capitals."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from shared.contract import Table

# The order in which a batch is published and rejects are listed; other tables follow, ordered by name.
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
# Published last: when a batch's row is there, all other tables have the batch.
_LAST = "batches"


def _contracts() -> Iterator[Table]:
    for module in pkgutil.iter_modules(__path__):
        yield getattr(import_module(f"{__name__}.{module.name}"), module.name.upper())


def _order(table: Table) -> tuple[bool, int, str]:
    return table.name == _LAST, _FIRST.index(table.name) if table.name in _FIRST else len(_FIRST), table.name


TABLES: tuple[Table, ...] = tuple(sorted(_contracts(), key=_order))
