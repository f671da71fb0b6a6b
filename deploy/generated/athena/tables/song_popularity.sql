-- song_popularity: every published row; the current ones are song_popularity of the other database.
-- Made by `python -m deploy.generate` from shared/tables/song_popularity.py; do not edit.
create external table if not exists {{ lake_database }}.song_popularity (
    song_id string comment 'Spotify id of the song',
    popularity int comment '0 to 100, as Spotify rates recent plays',
    batch_id string comment 'batch that brought the row; sorts by commit order',
    source_object string comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    document_id string comment 'sha256 of the raw object\'s uncompressed bytes; equal for copies under other names',
    source_position int comment '0-based place of the item or read in its document, in reading order',
    extracted_at timestamp comment 'when the document was extracted, UTC; one per document'
)
comment 'Every observed popularity; no row where the API withholds it. Views show the last one of a day.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/song_popularity/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/song_popularity/ingest_date=${ingest_date}/'
)
