"""Contract of `plays`."""

from shared.contract import Column, MadeFrom, ObservedPer, Table, Type, key_column

PLAYS = Table(
    name="plays",
    doc=(
        "What was played and when, from account data downloads. Every package is kept; of packages that cover the same "
        "time the current view shows one."
    ),
    grain="one row per play and package that shows it",
    key=("play_id",),
    observed_per=ObservedPer.ITEM,
    made_from=MadeFrom.PLAY,
    columns=(
        key_column(
            "play_id",
            "sha256 of account, source, played_at, URI or names, ms_played and number among equal rows of a package",
            "play_id",
        ),
        key_column("account", "label that make import was called with, such as me"),
        key_column("source", "extended (streaming history) or account (the last year, without ids)"),
        key_column("package_id", "sha256 of the history files of the download"),
        key_column("packaged_at", "when Spotify packaged the download, UTC", type=Type.TIMESTAMP),
        key_column("played_at", "end of the play as Spotify says it, UTC", "played_at", Type.TIMESTAMP),
        Column("played_at_precision", Type.STRING, "second or minute", "played_at_precision", nullable=False),
        Column("song_id", Type.STRING, "Spotify id of the song; null for other plays and without ids", "song_id"),
        Column("episode_id", Type.STRING, "Spotify id of the podcast episode; null for other plays", "episode_id"),
        Column("audiobook_id", Type.STRING, "Spotify id of the audiobook; null for other plays", "audiobook_id"),
        Column("chapter_id", Type.STRING, "Spotify id of the audiobook's chapter; null for other plays", "chapter_id"),
        Column("track_name", Type.STRING, "title of the song as given", "track_name"),
        Column("artist_name", Type.STRING, "artist of the album (extended) or of the song (account)", "artist_name"),
        Column("album_name", Type.STRING, "title of the album as given; null in account history", "album_name"),
        Column("episode_name", Type.STRING, "title of the podcast episode as given", "episode_name"),
        Column("show_name", Type.STRING, "title of the podcast as given", "show_name"),
        Column("audiobook_name", Type.STRING, "title of the audiobook as given", "audiobook_name"),
        Column("chapter_name", Type.STRING, "title of the audiobook's chapter as given", "chapter_name"),
        Column("author_name", Type.STRING, "author of the audiobook; account history only", "author_name"),
        Column("ms_played", Type.INT, "listening time in ms; 0 occurs", "ms_played", nullable=False),
        Column("reason_start", Type.STRING, "such as trackdone or clickrow; open vocabulary", "reason_start"),
        Column("reason_end", Type.STRING, "such as trackdone (it ended by itself); open vocabulary", "reason_end"),
        Column("shuffle", Type.BOOLEAN, "shuffle was on; null if unknown", "shuffle"),
        Column(
            "skipped",
            Type.BOOLEAN,
            "as Spotify states it; null if unknown, and always false from 2015 to 2022",
            "skipped",
        ),
        Column("offline", Type.BOOLEAN, "played without a connection; null if unknown", "offline"),
        Column("platform", Type.STRING, "device or system; null unless KEEP=platform", "platform"),
        Column("country", Type.STRING, "country code, ZZ if unknown; null unless KEEP=country", "country"),
        Column("is_private", Type.BOOLEAN, "played in a private session; only with KEEP=private", "is_private"),
    ),
)
