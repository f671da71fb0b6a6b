"""The contracts of all tables, one module each; the order is the order in which a batch is published."""

from shared.contract import Table
from shared.tables.album_artists import ALBUM_ARTISTS
from shared.tables.albums import ALBUMS
from shared.tables.artists import ARTISTS
from shared.tables.batches import BATCHES
from shared.tables.episodes import EPISODES
from shared.tables.playlist_checks import PLAYLIST_CHECKS
from shared.tables.playlist_items import PLAYLIST_ITEMS
from shared.tables.song_artists import SONG_ARTISTS
from shared.tables.song_popularity import SONG_POPULARITY
from shared.tables.songs import SONGS

# `batches` comes last: who waits for a batch's row there has seen the whole batch arrive.
TABLES: tuple[Table, ...] = (
    SONGS,
    ALBUMS,
    ARTISTS,
    EPISODES,
    SONG_ARTISTS,
    ALBUM_ARTISTS,
    SONG_POPULARITY,
    PLAYLIST_ITEMS,
    PLAYLIST_CHECKS,
    BATCHES,
)

__all__ = [
    "ALBUMS",
    "ALBUM_ARTISTS",
    "ARTISTS",
    "BATCHES",
    "EPISODES",
    "PLAYLIST_CHECKS",
    "PLAYLIST_ITEMS",
    "SONGS",
    "SONG_ARTISTS",
    "SONG_POPULARITY",
    "TABLES",
]
