-- playlist_items: every row as loaded; the current ones are CORE.PLAYLIST_ITEMS.
-- Made by `python -m deploy.generate` from shared/tables/playlist_items.py; do not edit.
create transient table if not exists {{ database }}.LANDING.PLAYLIST_ITEMS (
    PLAYLIST_ID varchar not null comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    SNAPSHOT_ID varchar not null comment 'version of the playlist; of an incomplete read with ~ and a hash; document:<document_id>#<n> if unknown',
    POSITION number(10,0) not null comment '0-based place in the playlist: page offset plus index',
    KIND varchar not null comment 'song, episode, local, empty (nothing there), unavailable (no id) or rejected (see rejects/)',
    SONG_ID varchar comment 'the song; null for every other kind',
    EPISODE_ID varchar comment 'the episode; null for every other kind',
    ITEM_URI varchar comment 'Spotify URI, spotify:local:… for local files',
    ITEM_NAME varchar comment 'title when read; of a local file without one, from its URI',
    ARTIST_NAMES varchar comment 'names in credit order, joined by comma and space',
    ADDED_AT timestamp_ntz(6) comment 'when it was added, UTC; null in very old playlists',
    ADDED_BY_ID varchar comment 'Spotify user who added it; null if unknown',
    BATCH_ID varchar not null comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT varchar not null comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID varchar not null comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION number(10,0) not null comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT timestamp_ntz(6) not null comment 'when the document was extracted, UTC; one per document',
    FILE_NAME varchar comment 'key of the Parquet file in the bucket',
    FILE_ROW_NUMBER number(19,0) comment '1-based row in the file',
    LOADED_AT timestamp_ltz comment 'when Snowflake began to read the file'
)
comment = 'What was at each position of a playlist''s snapshot, of every kind. A later read of a snapshot replaces all rows of an earlier one: Spotify serves an old snapshot_id for up to 30 s after a change.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.PLAYLIST_ITEMS add column if not exists SONG_ID varchar;
alter table {{ database }}.LANDING.PLAYLIST_ITEMS add column if not exists EPISODE_ID varchar;
alter table {{ database }}.LANDING.PLAYLIST_ITEMS add column if not exists ITEM_URI varchar;
alter table {{ database }}.LANDING.PLAYLIST_ITEMS add column if not exists ITEM_NAME varchar;
alter table {{ database }}.LANDING.PLAYLIST_ITEMS add column if not exists ARTIST_NAMES varchar;
alter table {{ database }}.LANDING.PLAYLIST_ITEMS add column if not exists ADDED_AT timestamp_ntz(6);
alter table {{ database }}.LANDING.PLAYLIST_ITEMS add column if not exists ADDED_BY_ID varchar;
alter table {{ database }}.LANDING.PLAYLIST_ITEMS alter
    column PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    column SNAPSHOT_ID comment 'version of the playlist; of an incomplete read with ~ and a hash; document:<document_id>#<n> if unknown',
    column POSITION comment '0-based place in the playlist: page offset plus index',
    column KIND comment 'song, episode, local, empty (nothing there), unavailable (no id) or rejected (see rejects/)',
    column SONG_ID comment 'the song; null for every other kind',
    column EPISODE_ID comment 'the episode; null for every other kind',
    column ITEM_URI comment 'Spotify URI, spotify:local:… for local files',
    column ITEM_NAME comment 'title when read; of a local file without one, from its URI',
    column ARTIST_NAMES comment 'names in credit order, joined by comma and space',
    column ADDED_AT comment 'when it was added, UTC; null in very old playlists',
    column ADDED_BY_ID comment 'Spotify user who added it; null if unknown',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.PLAYLIST_ITEMS is 'What was at each position of a playlist''s snapshot, of every kind. A later read of a snapshot replaces all rows of an earlier one: Spotify serves an old snapshot_id for up to 30 s after a change.';
