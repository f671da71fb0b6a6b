-- episodes: every published row; the current ones are episodes of the other database.
-- Made by `python -m deploy.generate` from shared/tables/episodes.py; do not edit.
create external table if not exists {{ lake_database }}.episodes (
    episode_id string comment 'Spotify id',
    name string comment 'title',
    show_id string comment 'show of the episode; some answers give it as an album',
    show_name string comment 'name of the show',
    publisher string comment 'publisher of the show',
    duration_ms int comment 'length in milliseconds',
    explicit boolean comment 'explicit content; false may also mean unknown to Spotify',
    release_date_text string comment 'release date as given: a year, a year and month, or a day',
    released_on date comment 'first day of the given period; null if the text is no date from year 1000 to two years ahead',
    language string comment 'first language given, as an ISO 639 code',
    uri string comment 'Spotify URI',
    url string comment 'page for people',
    batch_id string comment 'batch that brought the row; sorts by commit order',
    source_object string comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    document_id string comment 'sha256 of the raw object\'s uncompressed bytes; equal for copies under other names',
    source_position int comment '0-based place of the item or read in its document, in reading order',
    extracted_at timestamp comment 'when the document was extracted, UTC; one per document'
)
comment 'Podcast episodes that playlists hold, as Spotify last described them.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/episodes/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/episodes/ingest_date=${ingest_date}/'
)
