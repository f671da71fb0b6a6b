"""Contract of `playlist_checks`."""

from shared.contract import Column, MadeFrom, ObservedPer, Table, Type, key_column

PLAYLIST_CHECKS = Table(
    name="playlist_checks",
    doc="Every check of a playlist and its result. An incomplete read shows some items and ends no membership.",
    grain="one row per playlist and run",
    key=("playlist_id", "run_id"),
    observed_per=ObservedPer.READ,
    made_from=MadeFrom.CHECK,
    columns=(
        key_column("playlist_id", "Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known"),
        key_column("run_id", "extraction run such as 20261120T100000Z; document:<document_id> for a dropped document"),
        Column("status", Type.STRING, "read, unchanged, failed or gone", nullable=False),
        Column("failure_class", Type.STRING, "why the read failed or the playlist is gone; null otherwise"),
        Column(
            "snapshot_id",
            Type.STRING,
            "version of the playlist; null when the check failed",
            "playlist.snapshot_id",
            derived=True,
        ),
        Column("read_at", Type.TIMESTAMP, "when it was checked, UTC"),
        Column(
            "total", Type.INT, "number of items that the API states; null if it states none", "playlist.items.total"
        ),
        Column("item_count", Type.INT, "items this document holds; null when nothing was read"),
        Column("is_complete", Type.BOOLEAN, "every position from 0 to total was read; null when nothing was read"),
        Column("name", Type.STRING, "name of the playlist; null if the document does not say", "playlist.name"),
        Column(
            "description", Type.STRING, "as given, HTML escapes included; null if there is none", "playlist.description"
        ),
        Column("owner_id", Type.STRING, "Spotify user who owns it", "playlist.owner.id"),
        Column("is_public", Type.BOOLEAN, "on the owner's profile; null means unknown", "playlist.public"),
        Column("is_collaborative", Type.BOOLEAN, "others may edit it", "playlist.collaborative"),
        Column("follower_count", Type.INT, "followers; null where the API withholds them", "playlist.followers.total"),
        Column("image_url", Type.STRING, "first cover given; expires within a day", "playlist.images[0].url"),
        Column("url", Type.STRING, "page for people", "playlist.external_urls.spotify"),
    ),
)
