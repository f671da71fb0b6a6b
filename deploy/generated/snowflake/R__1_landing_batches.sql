-- batches: every row as loaded; the current ones are CORE.BATCHES.
-- Made by `python -m deploy.generate` from shared/tables/batches.py; do not edit.
create transient table if not exists {{ database }}.LANDING.BATCHES (
    BATCH_NUMBER number(19,0) not null comment 'number in the commit log, from 1 without a gap',
    COMMITTED_AT timestamp_ntz(6) not null comment 'when the commit was tried, UTC',
    OBJECT_COUNT number(10,0) not null comment 'raw objects taken, quarantined ones included',
    ITEM_COUNT number(10,0) not null comment 'playlist items in them, of every kind',
    REJECT_COUNT number(10,0) not null comment 'rows and documents in rejects/',
    BATCH_ID varchar not null comment 'batch that brought the row; sorts by commit order',
    FILE_NAME varchar comment 'key of the Parquet file in the bucket',
    FILE_ROW_NUMBER number(19,0) comment '1-based row in the file',
    LOADED_AT timestamp_ltz comment 'when Snowflake began to read the file'
)
comment = 'What was committed and when. Published last: in the lake, a batch that is here is in all tables. Snowflake''s pipes load tables in any order: make snowflake-status says which batches have landed completely.';

-- For a table that exists: columns and comments that its contract gained later.
alter table {{ database }}.LANDING.BATCHES alter
    column BATCH_NUMBER comment 'number in the commit log, from 1 without a gap',
    column COMMITTED_AT comment 'when the commit was tried, UTC',
    column OBJECT_COUNT comment 'raw objects taken, quarantined ones included',
    column ITEM_COUNT comment 'playlist items in them, of every kind',
    column REJECT_COUNT comment 'rows and documents in rejects/',
    column BATCH_ID comment 'batch that brought the row; sorts by commit order';
comment on table {{ database }}.LANDING.BATCHES is 'What was committed and when. Published last: in the lake, a batch that is here is in all tables. Snowflake''s pipes load tables in any order: make snowflake-status says which batches have landed completely.';
