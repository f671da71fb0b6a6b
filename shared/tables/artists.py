"""Contract of `artists`."""

from shared.contract import Column, ObservedPer, Table, Type, key_column

ARTISTS = Table(
    name="artists",
    doc="Artists of the songs and of their albums; within an item, the song's credit wins, then the lowest position.",
    grain="one row per artist",
    key=("artist_id",),
    newest_per=("artist_id",),
    observed_per=ObservedPer.ITEM,
    kinds=("song",),
    rows_from=("item.artists[]", "item.album.artists[]"),
    columns=(
        key_column("artist_id", "Spotify id", ("item.artists[].id", "item.album.artists[].id")),
        Column(
            "name", Type.STRING, "name; null if withheld or empty", ("item.artists[].name", "item.album.artists[].name")
        ),
        Column("uri", Type.STRING, "Spotify URI", ("item.artists[].uri", "item.album.artists[].uri")),
        Column(
            "url",
            Type.STRING,
            "page for people",
            ("item.artists[].external_urls.spotify", "item.album.artists[].external_urls.spotify"),
        ),
    ),
)
