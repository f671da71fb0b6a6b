"""Contract of `song_popularity`."""

from shared.contract import Column, ObservedPer, Table, Type, key_column

SONG_POPULARITY = Table(
    name="song_popularity",
    doc="Every observed popularity; no row where the API withholds it. Views show the last one of a day.",
    grain="one row per song and place it was observed at",
    key=("song_id", "document_id", "source_position"),
    observed_per=ObservedPer.ITEM,
    kinds=("song",),
    rows_from=("item.popularity",),
    columns=(
        key_column("song_id", "Spotify id of the song", "item.id"),
        Column("popularity", Type.INT, "0 to 100, as Spotify rates recent plays", "item.popularity", nullable=False),
    ),
)
