"""Tiles: a picture, a name and a few words. Where there is no cover, colours made from the key take its place."""

import zlib
from dataclasses import dataclass

from deploy.local.report.tables import Link
from deploy.local.report.words import plain

_HUES = 360


@dataclass(frozen=True)
class Tile:
    """What a card shows. `key` chooses cover and colour; it is the id of an album if the tile has an album."""

    key: str
    name: Link
    words: str = ""

    @property
    def hue(self) -> int:
        """The colour, 0 to 359 degrees."""
        return zlib.crc32(self.key.encode()) % _HUES

    @property
    def letter(self) -> str:
        """What a tile without a cover shows."""
        return next((letter for letter in plain(self.name.text) if letter.isalnum()), "♪").upper()
