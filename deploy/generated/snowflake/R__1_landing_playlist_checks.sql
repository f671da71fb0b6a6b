-- playlist_checks: every row as loaded; the current ones are CORE.PLAYLIST_CHECKS.
-- Made by `python -m deploy.generate` from shared/tables/playlist_checks.py; do not edit.
create transient table if not exists {{ database }}.LANDING.PLAYLIST_CHECKS (
    PLAYLIST_ID varchar not null comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    RUN_ID varchar not null comment 'extraction run such as 20261120T100000Z; document:<document_id> for a dropped document',
    STATUS varchar not null comment 'read, unchanged, failed or gone',
    FAILURE_CLASS varchar comment 'why the read failed or the playlist is gone; null otherwise',
    SNAPSHOT_ID varchar comment 'version of the playlist; null when the check failed',
    READ_AT timestamp_ntz(6) comment 'when it was checked, UTC',
    TOTAL number(10,0) comment 'number of items that the API states; null if it states none',
    ITEM_COUNT number(10,0) comment 'items this document holds; null when nothing was read',
    IS_COMPLETE boolean comment 'every position from 0 to total was read; null when nothing was read',
    NAME varchar comment 'name of the playlist; null if the document does not say',
    DESCRIPTION varchar comment 'as given, HTML escapes included; null if there is none',
    OWNER_ID varchar comment 'Spotify user who owns it',
    IS_PUBLIC boolean comment 'on the owner''s profile; null means unknown',
    IS_COLLABORATIVE boolean comment 'others may edit it',
    FOLLOWER_COUNT number(10,0) comment 'followers; null where the API withholds them',
    IMAGE_URL varchar comment 'first cover given; expires within a day',
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
comment = 'Every check of a playlist and its result. An incomplete read shows some items and ends no membership.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists FAILURE_CLASS varchar;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists SNAPSHOT_ID varchar;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists READ_AT timestamp_ntz(6);
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists TOTAL number(10,0);
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists ITEM_COUNT number(10,0);
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists IS_COMPLETE boolean;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists NAME varchar;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists DESCRIPTION varchar;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists OWNER_ID varchar;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists IS_PUBLIC boolean;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists IS_COLLABORATIVE boolean;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists FOLLOWER_COUNT number(10,0);
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists IMAGE_URL varchar;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS add column if not exists URL varchar;
alter table {{ database }}.LANDING.PLAYLIST_CHECKS alter
    column PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    column RUN_ID comment 'extraction run such as 20261120T100000Z; document:<document_id> for a dropped document',
    column STATUS comment 'read, unchanged, failed or gone',
    column FAILURE_CLASS comment 'why the read failed or the playlist is gone; null otherwise',
    column SNAPSHOT_ID comment 'version of the playlist; null when the check failed',
    column READ_AT comment 'when it was checked, UTC',
    column TOTAL comment 'number of items that the API states; null if it states none',
    column ITEM_COUNT comment 'items this document holds; null when nothing was read',
    column IS_COMPLETE comment 'every position from 0 to total was read; null when nothing was read',
    column NAME comment 'name of the playlist; null if the document does not say',
    column DESCRIPTION comment 'as given, HTML escapes included; null if there is none',
    column OWNER_ID comment 'Spotify user who owns it',
    column IS_PUBLIC comment 'on the owner''s profile; null means unknown',
    column IS_COLLABORATIVE comment 'others may edit it',
    column FOLLOWER_COUNT comment 'followers; null where the API withholds them',
    column IMAGE_URL comment 'first cover given; expires within a day',
    column URL comment 'page for people',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order',
    column SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    column DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    column SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    column EXTRACTED_AT comment 'when the document was extracted, UTC; one per document';
comment on table {{ database }}.LANDING.PLAYLIST_CHECKS is 'Every check of a playlist and its result. An incomplete read shows some items and ends no membership.';
