-- batches: every published row; the current ones are batches of the other database.
-- Made by `python -m deploy.generate` from shared/tables/batches.py; do not edit.
create external table if not exists {{ lake_database }}.batches (
    batch_number bigint comment 'number in the commit log, from 1 without a gap',
    committed_at timestamp comment 'when the commit was tried, UTC',
    object_count int comment 'raw objects taken, quarantined ones included',
    item_count int comment 'playlist items in them, of every kind',
    reject_count int comment 'rows and documents in rejects/',
    batch_id string comment 'batch that brought the row; sorts by commit order'
)
comment 'What was committed and when. Published last: in the lake, a batch that is here is in all tables. Snowflake\'s pipes load tables in any order: make snowflake-status says which batches have landed completely.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/batches/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/batches/ingest_date=${ingest_date}/'
)
