"""Contract of `albums`."""

from shared.contract import Column, ObservedPer, Table, Type, key_column

ALBUMS = Table(
    name="albums",
    doc="Albums of the songs, as Spotify last described them.",
    grain="one row per album",
    key=("album_id",),
    newest_per=("album_id",),
    observed_per=ObservedPer.ITEM,
    kinds=("song",),
    rows_from=("item.album",),
    columns=(
        key_column("album_id", "Spotify id", "item.album.id"),
        Column("name", Type.STRING, "title; null if withheld or empty, as after a takedown", "item.album.name"),
        Column("album_type", Type.STRING, "album, single, compilation or a newer word", "item.album.album_type"),
        Column(
            "release_date_text",
            Type.STRING,
            "release date as given: a year, a year and month, or a day",
            "item.album.release_date",
        ),
        Column(
            "release_date_precision",
            Type.STRING,
            "year, month or day as given; does not always match the text",
            "item.album.release_date_precision",
        ),
        Column(
            "released_on",
            Type.DATE,
            "first day of the given period; null if the text is no date from year 1000 to two years ahead",
            "item.album.release_date",
        ),
        Column("release_year", Type.INT, "year of released_on", "item.album.release_date"),
        Column("total_tracks", Type.INT, "tracks on the album", "item.album.total_tracks"),
        Column("image_url", Type.STRING, "first cover given, the widest", "item.album.images[0].url"),
        Column("uri", Type.STRING, "Spotify URI", "item.album.uri"),
        Column("url", Type.STRING, "page for people", "item.album.external_urls.spotify"),
    ),
)
