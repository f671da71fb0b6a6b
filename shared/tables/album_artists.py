"""Contract of `album_artists`."""

from shared.contract import Column, ObservedPer, Table, Type, key_column

ALBUM_ARTISTS = Table(
    name="album_artists",
    doc="Who is credited on an album. The newest credits of an album replace all of its older ones.",
    grain="one row per album and credited artist",
    key=("album_id", "artist_id"),
    newest_per=("album_id",),
    observed_per=ObservedPer.ITEM,
    kinds=("song",),
    rows_from=("item.album.artists[]",),
    columns=(
        key_column("album_id", "Spotify id of the album", "item.album.id"),
        key_column("artist_id", "Spotify id of the artist", "item.album.artists[].id"),
        Column(
            "position",
            Type.INT,
            "0-based place in the credits; a repeated artist keeps the lowest",
            "item.album.artists[]",
        ),
    ),
)
