"""One transform per table: a plain function from a frame to the table's rows."""

from collections.abc import Callable

from pyspark.sql import DataFrame

from glue_jobs.transforms.album_artists import album_artists
from glue_jobs.transforms.albums import albums
from glue_jobs.transforms.artists import artists
from glue_jobs.transforms.episodes import episodes
from glue_jobs.transforms.playlist_checks import playlist_checks
from glue_jobs.transforms.playlist_items import playlist_items
from glue_jobs.transforms.song_artists import song_artists
from glue_jobs.transforms.song_popularity import song_popularity
from glue_jobs.transforms.songs import songs

Transform = Callable[[DataFrame], DataFrame]

# Begun in this order, some at a time: the largest first, or all wait for it at the end.
TRANSFORMS: dict[str, Transform] = {
    transform.__name__: transform
    for transform in (
        playlist_items,
        artists,
        songs,
        albums,
        song_artists,
        album_artists,
        song_popularity,
        episodes,
        playlist_checks,
    )
}
