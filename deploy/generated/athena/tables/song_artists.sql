-- song_artists: every published row; the current ones are song_artists of the other database.
-- Made by `python -m deploy.generate` from shared/tables/song_artists.py; do not edit.
create external table if not exists {{ lake_database }}.song_artists (
    song_id string comment 'Spotify id of the song',
    artist_id string comment 'Spotify id of the artist',
    position int comment '0-based place in the credits; a repeated artist keeps the lowest',
    batch_id string comment 'batch that brought the row; sorts by commit order',
    source_object string comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    document_id string comment 'sha256 of the raw object\'s uncompressed bytes; equal for copies under other names',
    source_position int comment '0-based place of the item or read in its document, in reading order',
    extracted_at timestamp comment 'when the document was extracted, UTC; one per document'
)
comment 'Who is credited on a song. The newest credits of a song replace all of its older ones.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/song_artists/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/song_artists/ingest_date=${ingest_date}/'
)
