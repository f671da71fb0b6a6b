-- albums: every row as loaded; the current ones are CORE.ALBUMS.
-- Made by `python -m deploy.generate` from shared/tables/albums.py; do not edit.
create transient table if not exists {{ database }}.LANDING.ALBUMS (
    ALBUM_ID varchar not null comment 'Spotify id',
    NAME varchar comment 'title; null if withheld or empty, as after a takedown',
    ALBUM_TYPE varchar comment 'album, single, compilation or a newer word',
    RELEASE_DATE_TEXT varchar comment 'release date as given: a year, a year and month, or a day',
    RELEASE_DATE_PRECISION varchar comment 'year, month or day as given; does not always match the text',
    RELEASED_ON date comment 'first day of the given period; null if the text is no date from year 1000 to two years ahead',
    RELEASE_YEAR number(10,0) comment 'year of released_on',
    TOTAL_TRACKS number(10,0) comment 'tracks on the album',
    IMAGE_URL varchar comment 'first cover given, the widest',
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
comment = 'Albums of the songs, as Spotify last described them.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.ALBUMS add column if not exists NAME varchar;
alter table {{ database }}.LANDING.ALBUMS add column if not exists ALBUM_TYPE varchar;
alter table {{ database }}.LANDING.ALBUMS add column if not exists RELEASE_DATE_TEXT varchar;
alter table {{ database }}.LANDING.ALBUMS add column if not exists RELEASE_DATE_PRECISION varchar;
alter table {{ database }}.LANDING.ALBUMS add column if not exists RELEASED_ON date;
alter table {{ database }}.LANDING.ALBUMS add column if not exists RELEASE_YEAR number(10,0);
alter table {{ database }}.LANDING.ALBUMS add column if not exists TOTAL_TRACKS number(10,0);
alter table {{ database }}.LANDING.ALBUMS add column if not exists IMAGE_URL varchar;
alter table {{ database }}.LANDING.ALBUMS add column if not exists URI varchar;
alter table {{ database }}.LANDING.ALBUMS add column if not exists URL varchar;
alter table {{ database }}.LANDING.ALBUMS alter
    column ALBUM_ID comment 'Spotify id',
    column NAME comment 'title; null if withheld or empty, as after a takedown',
    column ALBUM_TYPE comment 'album, single, compilation or a newer word',
    column RELEASE_DATE_TEXT comment 'release date as given: a year, a year and month, or a day',
    column RELEASE_DATE_PRECISION comment 'year, month or day as given; does not always match the text',
    column RELEASED_ON comment 'first day of the given period; null if the text is no date from year 1000 to two years ahead',
    column RELEASE_YEAR comment 'year of released_on',
    column TOTAL_TRACKS comment 'tracks on the album',
    column IMAGE_URL comment 'first cover given, the widest',
    column URI comment 'Spotify URI',
    column URL comment 'page for people',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.ALBUMS is 'Albums of the songs, as Spotify last described them.';
