-- songs: every published row; the current ones are songs of the other database.
-- Made by `python -m deploy.generate` from shared/tables/songs.py; do not edit.
create external table if not exists {{ lake_database }}.songs (
    song_id string comment 'Spotify id; relinking may swap it, so compare recordings by isrc',
    name string comment 'title; null if withheld or empty, as after a takedown',
    duration_ms int comment 'length in milliseconds',
    explicit boolean comment 'explicit lyrics; false may also mean unknown to Spotify',
    popularity int comment '0 to 100 when observed; null where the API withholds it (development mode since 2026)',
    album_id string comment 'album the song was shown on; null if the API gave none',
    track_number int comment '1-based place on its disc',
    disc_number int comment '1-based disc of the album',
    isrc string comment 'identity of the recording, whatever its Spotify id',
    is_playable boolean comment 'in the reader\'s market; null means unknown',
    restriction_reason string comment 'market, product, explicit or a newer word; null when not restricted or unknown',
    linked_from_id string comment 'id that was requested before relinking; null where the API withholds it',
    available_market_count int comment 'markets the song is available in; null where the API withholds them, 0 means none',
    preview_url string comment '30-second sample; null for nearly all since 2024',
    uri string comment 'Spotify URI',
    url string comment 'page for people',
    batch_id string comment 'batch that brought the row; sorts by commit order',
    source_object string comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    document_id string comment 'sha256 of the raw object\'s uncompressed bytes; equal for copies under other names',
    source_position int comment '0-based place of the item or read in its document, in reading order',
    extracted_at timestamp comment 'when the document was extracted, UTC; one per document'
)
comment 'Songs as Spotify last described them.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/songs/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/songs/ingest_date=${ingest_date}/'
)
