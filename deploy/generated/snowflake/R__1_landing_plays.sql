-- plays: every row as loaded; the current ones are CORE.PLAYS.
-- Made by `python -m deploy.generate` from shared/tables/plays.py; do not edit.
create transient table if not exists {{ database }}.LANDING.PLAYS (
    PLAY_ID varchar not null comment 'sha256 of account, source, played_at, URI or names, ms_played and number among equal rows of a package',
    ACCOUNT varchar not null comment 'label that make import was called with, such as me',
    SOURCE varchar not null comment 'extended (streaming history) or account (the last year, without ids)',
    PACKAGE_ID varchar not null comment 'sha256 of the history files of the download',
    PACKAGED_AT timestamp_ntz(6) not null comment 'when Spotify packaged the download, UTC',
    PLAYED_AT timestamp_ntz(6) not null comment 'end of the play as Spotify says it, UTC',
    PLAYED_AT_PRECISION varchar not null comment 'second or minute',
    SONG_ID varchar comment 'Spotify id of the song; null for other plays and without ids',
    EPISODE_ID varchar comment 'Spotify id of the podcast episode; null for other plays',
    AUDIOBOOK_ID varchar comment 'Spotify id of the audiobook; null for other plays',
    CHAPTER_ID varchar comment 'Spotify id of the audiobook''s chapter; null for other plays',
    TRACK_NAME varchar comment 'title of the song as given',
    ARTIST_NAME varchar comment 'artist of the album (extended) or of the song (account)',
    ALBUM_NAME varchar comment 'title of the album as given; null in account history',
    EPISODE_NAME varchar comment 'title of the podcast episode as given',
    SHOW_NAME varchar comment 'title of the podcast as given',
    AUDIOBOOK_NAME varchar comment 'title of the audiobook as given',
    CHAPTER_NAME varchar comment 'title of the audiobook''s chapter as given',
    AUTHOR_NAME varchar comment 'author of the audiobook; account history only',
    MS_PLAYED number(10,0) not null comment 'listening time in ms; 0 occurs',
    REASON_START varchar comment 'such as trackdone or clickrow; open vocabulary',
    REASON_END varchar comment 'such as trackdone (it ended by itself); open vocabulary',
    SHUFFLE boolean comment 'shuffle was on; null if unknown',
    SKIPPED boolean comment 'as Spotify states it; null if unknown, and always false from 2015 to 2022',
    OFFLINE boolean comment 'played without a connection; null if unknown',
    PLATFORM varchar comment 'device or system; null unless KEEP=platform',
    COUNTRY varchar comment 'country code, ZZ if unknown; null unless KEEP=country',
    IS_PRIVATE boolean comment 'played in a private session; only with KEEP=private',
    BATCH_ID varchar not null comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT varchar not null comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID varchar not null comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION number(10,0) not null comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT timestamp_ntz(6) not null comment 'when the document was extracted, UTC; one per document',
    FILE_NAME varchar comment 'key of the Parquet file in the bucket',
    FILE_ROW_NUMBER number(19,0) comment '1-based row in the file',
    LOADED_AT timestamp_ltz comment 'when Snowflake began to read the file'
)
comment = 'What was played and when, from account data downloads. Every package is kept; of packages that cover the same time the current view shows one.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.PLAYS add column if not exists SONG_ID varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists EPISODE_ID varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists AUDIOBOOK_ID varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists CHAPTER_ID varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists TRACK_NAME varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists ARTIST_NAME varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists ALBUM_NAME varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists EPISODE_NAME varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists SHOW_NAME varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists AUDIOBOOK_NAME varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists CHAPTER_NAME varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists AUTHOR_NAME varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists REASON_START varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists REASON_END varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists SHUFFLE boolean;
alter table {{ database }}.LANDING.PLAYS add column if not exists SKIPPED boolean;
alter table {{ database }}.LANDING.PLAYS add column if not exists OFFLINE boolean;
alter table {{ database }}.LANDING.PLAYS add column if not exists PLATFORM varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists COUNTRY varchar;
alter table {{ database }}.LANDING.PLAYS add column if not exists IS_PRIVATE boolean;
alter table {{ database }}.LANDING.PLAYS alter
    column PLAY_ID comment 'sha256 of account, source, played_at, URI or names, ms_played and number among equal rows of a package',
    column ACCOUNT comment 'label that make import was called with, such as me',
    column SOURCE comment 'extended (streaming history) or account (the last year, without ids)',
    column PACKAGE_ID comment 'sha256 of the history files of the download',
    column PACKAGED_AT comment 'when Spotify packaged the download, UTC',
    column PLAYED_AT comment 'end of the play as Spotify says it, UTC',
    column PLAYED_AT_PRECISION comment 'second or minute',
    column SONG_ID comment 'Spotify id of the song; null for other plays and without ids',
    column EPISODE_ID comment 'Spotify id of the podcast episode; null for other plays',
    column AUDIOBOOK_ID comment 'Spotify id of the audiobook; null for other plays',
    column CHAPTER_ID comment 'Spotify id of the audiobook''s chapter; null for other plays',
    column TRACK_NAME comment 'title of the song as given',
    column ARTIST_NAME comment 'artist of the album (extended) or of the song (account)',
    column ALBUM_NAME comment 'title of the album as given; null in account history',
    column EPISODE_NAME comment 'title of the podcast episode as given',
    column SHOW_NAME comment 'title of the podcast as given',
    column AUDIOBOOK_NAME comment 'title of the audiobook as given',
    column CHAPTER_NAME comment 'title of the audiobook''s chapter as given',
    column AUTHOR_NAME comment 'author of the audiobook; account history only',
    column MS_PLAYED comment 'listening time in ms; 0 occurs',
    column REASON_START comment 'such as trackdone or clickrow; open vocabulary',
    column REASON_END comment 'such as trackdone (it ended by itself); open vocabulary',
    column SHUFFLE comment 'shuffle was on; null if unknown',
    column SKIPPED comment 'as Spotify states it; null if unknown, and always false from 2015 to 2022',
    column OFFLINE comment 'played without a connection; null if unknown',
    column PLATFORM comment 'device or system; null unless KEEP=platform',
    column COUNTRY comment 'country code, ZZ if unknown; null unless KEEP=country',
    column IS_PRIVATE comment 'played in a private session; only with KEEP=private',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.PLAYS is 'What was played and when, from account data downloads. Every package is kept; of packages that cover the same time the current view shows one.';
