-- episodes: every row as loaded; the current ones are CORE.EPISODES.
-- Made by `python -m deploy.generate` from shared/tables/episodes.py; do not edit.
create transient table if not exists {{ database }}.LANDING.EPISODES (
    EPISODE_ID varchar not null comment 'Spotify id',
    NAME varchar comment 'title',
    SHOW_ID varchar comment 'show of the episode; some answers give it as an album',
    SHOW_NAME varchar comment 'name of the show',
    PUBLISHER varchar comment 'publisher of the show',
    DURATION_MS number(10,0) comment 'length in milliseconds',
    EXPLICIT boolean comment 'explicit content; false may also mean unknown to Spotify',
    RELEASE_DATE_TEXT varchar comment 'release date as given: a year, a year and month, or a day',
    RELEASED_ON date comment 'first day of the given period; null if the text is no date from year 1000 to two years ahead',
    LANGUAGE varchar comment 'first language given, as an ISO 639 code',
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
comment = 'Podcast episodes that playlists hold, as Spotify last described them.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.EPISODES add column if not exists NAME varchar;
alter table {{ database }}.LANDING.EPISODES add column if not exists SHOW_ID varchar;
alter table {{ database }}.LANDING.EPISODES add column if not exists SHOW_NAME varchar;
alter table {{ database }}.LANDING.EPISODES add column if not exists PUBLISHER varchar;
alter table {{ database }}.LANDING.EPISODES add column if not exists DURATION_MS number(10,0);
alter table {{ database }}.LANDING.EPISODES add column if not exists EXPLICIT boolean;
alter table {{ database }}.LANDING.EPISODES add column if not exists RELEASE_DATE_TEXT varchar;
alter table {{ database }}.LANDING.EPISODES add column if not exists RELEASED_ON date;
alter table {{ database }}.LANDING.EPISODES add column if not exists LANGUAGE varchar;
alter table {{ database }}.LANDING.EPISODES add column if not exists URI varchar;
alter table {{ database }}.LANDING.EPISODES add column if not exists URL varchar;
alter table {{ database }}.LANDING.EPISODES alter
    column EPISODE_ID comment 'Spotify id',
    column NAME comment 'title',
    column SHOW_ID comment 'show of the episode; some answers give it as an album',
    column SHOW_NAME comment 'name of the show',
    column PUBLISHER comment 'publisher of the show',
    column DURATION_MS comment 'length in milliseconds',
    column EXPLICIT comment 'explicit content; false may also mean unknown to Spotify',
    column RELEASE_DATE_TEXT comment 'release date as given: a year, a year and month, or a day',
    column RELEASED_ON comment 'first day of the given period; null if the text is no date from year 1000 to two years ahead',
    column LANGUAGE comment 'first language given, as an ISO 639 code',
    column URI comment 'Spotify URI',
    column URL comment 'page for people',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.EPISODES is 'Podcast episodes that playlists hold, as Spotify last described them.';
