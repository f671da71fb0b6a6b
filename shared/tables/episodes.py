"""Contract of `episodes`."""

from shared.contract import Column, ObservedPer, Table, Type, key_column

EPISODES = Table(
    name="episodes",
    doc="Podcast episodes that playlists hold, as Spotify last described them.",
    grain="one row per episode",
    key=("episode_id",),
    newest_per=("episode_id",),
    observed_per=ObservedPer.ITEM,
    kinds=("episode",),
    columns=(
        key_column("episode_id", "Spotify id", "item.id"),
        Column("name", Type.STRING, "title", "item.name"),
        Column(
            "show_id",
            Type.STRING,
            "show of the episode; some answers give it as an album",
            ("item.show.id", "item.album.id"),
        ),
        Column("show_name", Type.STRING, "name of the show", ("item.show.name", "item.album.name")),
        Column("publisher", Type.STRING, "publisher of the show", "item.show.publisher"),
        Column("duration_ms", Type.INT, "length in milliseconds", "item.duration_ms"),
        Column("explicit", Type.BOOLEAN, "explicit content; false may also mean unknown to Spotify", "item.explicit"),
        Column(
            "release_date_text",
            Type.STRING,
            "release date as given: a year, a year and month, or a day",
            "item.release_date",
        ),
        Column(
            "released_on",
            Type.DATE,
            "first day of the given period; null if the text is no date from year 1000 to two years ahead",
            "item.release_date",
        ),
        Column(
            "language", Type.STRING, "first language given, as an ISO 639 code", ("item.languages[0]", "item.language")
        ),
        Column("uri", Type.STRING, "Spotify URI", "item.uri"),
        Column("url", Type.STRING, "page for people", "item.external_urls.spotify"),
    ),
)
