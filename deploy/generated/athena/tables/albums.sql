-- albums: every published row; the current ones are albums of the other database.
-- Made by `python -m deploy.generate` from shared/tables/albums.py; do not edit.
create external table if not exists {{ lake_database }}.albums (
    album_id string comment 'Spotify id',
    name string comment 'title; null if withheld or empty, as after a takedown',
    album_type string comment 'album, single, compilation or a newer word',
    release_date_text string comment 'release date as given: a year, a year and month, or a day',
    release_date_precision string comment 'year, month or day as given; does not always match the text',
    released_on date comment 'first day of the given period; null if the text is no date from year 1000 to two years ahead',
    release_year int comment 'year of released_on',
    total_tracks int comment 'tracks on the album',
    image_url string comment 'first cover given, the widest',
    uri string comment 'Spotify URI',
    url string comment 'page for people',
    batch_id string comment 'batch that brought the row; sorts by commit order',
    source_object string comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    document_id string comment 'sha256 of the raw object\'s uncompressed bytes; equal for copies under other names',
    source_position int comment '0-based place of the item or read in its document, in reading order',
    extracted_at timestamp comment 'when the document was extracted, UTC; one per document'
)
comment 'Albums of the songs, as Spotify last described them.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/albums/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/albums/ingest_date=${ingest_date}/'
)
