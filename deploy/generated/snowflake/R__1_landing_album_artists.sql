-- album_artists: every row as loaded; the current ones are CORE.ALBUM_ARTISTS.
-- Made by `python -m deploy.generate` from shared/tables/album_artists.py; do not edit.
create transient table if not exists {{ database }}.LANDING.ALBUM_ARTISTS (
    ALBUM_ID varchar not null comment 'Spotify id of the album',
    ARTIST_ID varchar not null comment 'Spotify id of the artist',
    POSITION number(10,0) comment '0-based place in the credits; a repeated artist keeps the lowest',
    BATCH_ID varchar not null comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT varchar not null comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID varchar not null comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION number(10,0) not null comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT timestamp_ntz(6) not null comment 'when the document was extracted, UTC; one per document',
    FILE_NAME varchar comment 'key of the Parquet file in the bucket',
    FILE_ROW_NUMBER number(19,0) comment '1-based row in the file',
    LOADED_AT timestamp_ltz comment 'when Snowflake began to read the file'
)
comment = 'Who is credited on an album. The newest credits of an album replace all of its older ones.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.ALBUM_ARTISTS add column if not exists POSITION number(10,0);
alter table {{ database }}.LANDING.ALBUM_ARTISTS alter
    column ALBUM_ID comment 'Spotify id of the album',
    column ARTIST_ID comment 'Spotify id of the artist',
    column POSITION comment '0-based place in the credits; a repeated artist keeps the lowest',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.ALBUM_ARTISTS is 'Who is credited on an album. The newest credits of an album replace all of its older ones.';
