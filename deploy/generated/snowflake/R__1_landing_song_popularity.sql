-- song_popularity: every row as loaded; the current ones are CORE.SONG_POPULARITY.
-- Made by `python -m deploy.generate` from shared/tables/song_popularity.py; do not edit.
create transient table if not exists {{ database }}.LANDING.SONG_POPULARITY (
    SONG_ID varchar not null comment 'Spotify id of the song',
    POPULARITY number(10,0) not null comment '0 to 100, as Spotify rates recent plays',
    BATCH_ID varchar not null comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT varchar not null comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID varchar not null comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION number(10,0) not null comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT timestamp_ntz(6) not null comment 'when the document was extracted, UTC; one per document',
    FILE_NAME varchar comment 'key of the Parquet file in the bucket',
    FILE_ROW_NUMBER number(19,0) comment '1-based row in the file',
    LOADED_AT timestamp_ltz comment 'when Snowflake began to read the file'
)
comment = 'Every observed popularity; no row where the API withholds it. Views show the last one of a day.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.SONG_POPULARITY alter
    column SONG_ID comment 'Spotify id of the song',
    column POPULARITY comment '0 to 100, as Spotify rates recent plays',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.SONG_POPULARITY is 'Every observed popularity; no row where the API withholds it. Views show the last one of a day.';
