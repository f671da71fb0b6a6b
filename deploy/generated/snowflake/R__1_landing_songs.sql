-- songs: every row as loaded; the current ones are CORE.SONGS.
-- Made by `python -m deploy.generate` from shared/tables/songs.py; do not edit.
create transient table if not exists {{ database }}.LANDING.SONGS (
    SONG_ID varchar not null comment 'Spotify id; relinking may swap it, so compare recordings by isrc',
    NAME varchar comment 'title; null if withheld or empty, as after a takedown',
    DURATION_MS number(10,0) comment 'length in milliseconds',
    EXPLICIT boolean comment 'explicit lyrics; false may also mean unknown to Spotify',
    POPULARITY number(10,0) comment '0 to 100 when observed; null where the API withholds it (development mode since 2026)',
    ALBUM_ID varchar comment 'album the song was shown on; null if the API gave none',
    TRACK_NUMBER number(10,0) comment '1-based place on its disc',
    DISC_NUMBER number(10,0) comment '1-based disc of the album',
    ISRC varchar comment 'identity of the recording, whatever its Spotify id',
    IS_PLAYABLE boolean comment 'in the reader''s market; null means unknown',
    RESTRICTION_REASON varchar comment 'market, product, explicit or a newer word; null when not restricted or unknown',
    LINKED_FROM_ID varchar comment 'id that was requested before relinking; null where the API withholds it',
    AVAILABLE_MARKET_COUNT number(10,0) comment 'markets the song is available in; null where the API withholds them, 0 means none',
    PREVIEW_URL varchar comment '30-second sample; null for nearly all since 2024',
    URI varchar comment 'Spotify URI',
    URL varchar comment 'page for people',
    BATCH_ID varchar not null comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT varchar not null comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID varchar not null comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION number(10,0) not null comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT timestamp_ntz(6) not null comment 'when the document was extracted, UTC; one per document',
    FILE_NAME varchar comment 'key of the Parquet file in the bucket',
    FILE_ROW_NUMBER number(19,0) comment '1-based row in the file',
    LOADED_AT timestamp_ltz comment 'when Snowflake began to read the file'
)
comment = 'Songs as Spotify last described them.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.SONGS add column if not exists NAME varchar;
alter table {{ database }}.LANDING.SONGS add column if not exists DURATION_MS number(10,0);
alter table {{ database }}.LANDING.SONGS add column if not exists EXPLICIT boolean;
alter table {{ database }}.LANDING.SONGS add column if not exists POPULARITY number(10,0);
alter table {{ database }}.LANDING.SONGS add column if not exists ALBUM_ID varchar;
alter table {{ database }}.LANDING.SONGS add column if not exists TRACK_NUMBER number(10,0);
alter table {{ database }}.LANDING.SONGS add column if not exists DISC_NUMBER number(10,0);
alter table {{ database }}.LANDING.SONGS add column if not exists ISRC varchar;
alter table {{ database }}.LANDING.SONGS add column if not exists IS_PLAYABLE boolean;
alter table {{ database }}.LANDING.SONGS add column if not exists RESTRICTION_REASON varchar;
alter table {{ database }}.LANDING.SONGS add column if not exists LINKED_FROM_ID varchar;
alter table {{ database }}.LANDING.SONGS add column if not exists AVAILABLE_MARKET_COUNT number(10,0);
alter table {{ database }}.LANDING.SONGS add column if not exists PREVIEW_URL varchar;
alter table {{ database }}.LANDING.SONGS add column if not exists URI varchar;
alter table {{ database }}.LANDING.SONGS add column if not exists URL varchar;
alter table {{ database }}.LANDING.SONGS alter
    column SONG_ID comment 'Spotify id; relinking may swap it, so compare recordings by isrc',
    column NAME comment 'title; null if withheld or empty, as after a takedown',
    column DURATION_MS comment 'length in milliseconds',
    column EXPLICIT comment 'explicit lyrics; false may also mean unknown to Spotify',
    column POPULARITY comment '0 to 100 when observed; null where the API withholds it (development mode since 2026)',
    column ALBUM_ID comment 'album the song was shown on; null if the API gave none',
    column TRACK_NUMBER comment '1-based place on its disc',
    column DISC_NUMBER comment '1-based disc of the album',
    column ISRC comment 'identity of the recording, whatever its Spotify id',
    column IS_PLAYABLE comment 'in the reader''s market; null means unknown',
    column RESTRICTION_REASON comment 'market, product, explicit or a newer word; null when not restricted or unknown',
    column LINKED_FROM_ID comment 'id that was requested before relinking; null where the API withholds it',
    column AVAILABLE_MARKET_COUNT comment 'markets the song is available in; null where the API withholds them, 0 means none',
    column PREVIEW_URL comment '30-second sample; null for nearly all since 2024',
    column URI comment 'Spotify URI',
    column URL comment 'page for people',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.SONGS is 'Songs as Spotify last described them.';
