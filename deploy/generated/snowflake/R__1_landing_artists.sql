-- artists: every row as loaded; the current ones are CORE.ARTISTS.
-- Made by `python -m deploy.generate` from shared/tables/artists.py; do not edit.
create transient table if not exists {{ database }}.LANDING.ARTISTS (
    ARTIST_ID varchar not null comment 'Spotify id',
    NAME varchar comment 'name; null if withheld or empty',
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
comment = 'Artists of the songs and of their albums; within an item, the song''s credit wins, then the lowest position.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.ARTISTS add column if not exists NAME varchar;
alter table {{ database }}.LANDING.ARTISTS add column if not exists URI varchar;
alter table {{ database }}.LANDING.ARTISTS add column if not exists URL varchar;
alter table {{ database }}.LANDING.ARTISTS alter
    column ARTIST_ID comment 'Spotify id',
    column NAME comment 'name; null if withheld or empty',
    column URI comment 'Spotify URI',
    column URL comment 'page for people',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.ARTISTS is 'Artists of the songs and of their albums; within an item, the song''s credit wins, then the lowest position.';
