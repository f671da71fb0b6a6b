"""Contract of `playlist_items`."""

from shared.contract import KINDS, Column, ObservedPer, Table, Type, key_column

PLAYLIST_ITEMS = Table(
    name="playlist_items",
    doc=(
        "What was at each position of a playlist's snapshot, of every kind. A later read of a snapshot replaces all "
        "rows of an earlier one: Spotify serves an old snapshot_id for up to 30 s after a change."
    ),
    grain="one row per playlist, snapshot and position",
    key=("playlist_id", "snapshot_id", "position"),
    newest_per=("playlist_id", "snapshot_id"),
    observed_per=ObservedPer.READ,
    kinds=KINDS,
    keeps_rejected=True,  # else a membership would seem to end
    columns=(
        key_column("playlist_id", "Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known"),
        key_column(
            "snapshot_id",
            "version of the playlist; of an incomplete read with ~ and a hash; document:<document_id>#<n> if unknown",
        ),
        key_column("position", "0-based place in the playlist: page offset plus index", type=Type.INT),
        Column(
            "kind",
            Type.STRING,
            "song, episode, local, empty (nothing there), unavailable (no id) or rejected (see rejects/)",
            ("item", "item.uri", "item.type", "is_local"),
            nullable=False,
            derived=True,
        ),
        Column("song_id", Type.STRING, "the song; null for every other kind", "item.id"),
        Column("episode_id", Type.STRING, "the episode; null for every other kind", "item.id"),
        Column("item_uri", Type.STRING, "Spotify URI, spotify:local:… for local files", "item.uri"),
        Column("item_name", Type.STRING, "title when read; of a local file without one, from its URI", "item.name"),
        Column("artist_names", Type.STRING, "names in credit order, joined by comma and space", "item.artists[].name"),
        Column("added_at", Type.TIMESTAMP, "when it was added, UTC; null in very old playlists", "added_at"),
        Column("added_by_id", Type.STRING, "Spotify user who added it; null if unknown", "added_by.id"),
    ),
)
