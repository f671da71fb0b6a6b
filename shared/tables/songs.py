"""Contract of `songs`."""

from shared.contract import Column, ObservedPer, Table, Type, key_column

SONGS = Table(
    name="songs",
    doc="Songs as Spotify last described them.",
    grain="one row per song",
    key=("song_id",),
    newest_per=("song_id",),
    observed_per=ObservedPer.ITEM,
    kinds=("song",),
    columns=(
        key_column("song_id", "Spotify id; relinking may swap it, so compare recordings by isrc", "item.id"),
        Column("name", Type.STRING, "title; null if withheld or empty, as after a takedown", "item.name"),
        Column("duration_ms", Type.INT, "length in milliseconds", "item.duration_ms"),
        Column("explicit", Type.BOOLEAN, "explicit lyrics; false may also mean unknown to Spotify", "item.explicit"),
        Column(
            "popularity",
            Type.INT,
            "0 to 100 when observed; null where the API withholds it (development mode since 2026)",
            "item.popularity",
        ),
        Column("album_id", Type.STRING, "album the song was shown on; null if the API gave none", "item.album.id"),
        Column("track_number", Type.INT, "1-based place on its disc", "item.track_number"),
        Column("disc_number", Type.INT, "1-based disc of the album", "item.disc_number"),
        Column("isrc", Type.STRING, "identity of the recording, whatever its Spotify id", "item.external_ids.isrc"),
        Column("is_playable", Type.BOOLEAN, "in the reader's market; null means unknown", "item.is_playable"),
        Column(
            "restriction_reason",
            Type.STRING,
            "market, product, explicit or a newer word; null when not restricted or unknown",
            "item.restrictions.reason",
        ),
        Column(
            "linked_from_id",
            Type.STRING,
            "id that was requested before relinking; null where the API withholds it",
            "item.linked_from.id",
        ),
        Column(
            "available_market_count",
            Type.INT,
            "markets the song is available in; null where the API withholds them, 0 means none",
            "item.available_markets[#]",
        ),
        Column("preview_url", Type.STRING, "30-second sample; null for nearly all since 2024", "item.preview_url"),
        Column("uri", Type.STRING, "Spotify URI", "item.uri"),
        Column("url", Type.STRING, "page for people", "item.external_urls.spotify"),
    ),
)
