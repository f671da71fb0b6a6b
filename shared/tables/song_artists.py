"""Contract of `song_artists`."""

from shared.contract import Column, ObservedPer, Table, Type, key_column

SONG_ARTISTS = Table(
    name="song_artists",
    doc="Who is credited on a song. The newest credits of a song replace all of its older ones.",
    grain="one row per song and credited artist",
    key=("song_id", "artist_id"),
    newest_per=("song_id",),
    observed_per=ObservedPer.ITEM,
    kinds=("song",),
    rows_from=("item.artists[]",),
    columns=(
        key_column("song_id", "Spotify id of the song", "item.id"),
        key_column("artist_id", "Spotify id of the artist", "item.artists[].id"),
        Column(
            "position", Type.INT, "0-based place in the credits; a repeated artist keeps the lowest", "item.artists[]"
        ),
    ),
)
