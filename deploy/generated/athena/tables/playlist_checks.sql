-- playlist_checks: every published row; the current ones are playlist_checks of the other database.
-- Made by `python -m deploy.generate` from shared/tables/playlist_checks.py; do not edit.
create external table if not exists {{ lake_database }}.playlist_checks (
    playlist_id string comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    run_id string comment 'extraction run such as 20261120T100000Z; document:<document_id> for a dropped document',
    status string comment 'read, unchanged, failed or gone',
    failure_class string comment 'why the read failed or the playlist is gone; null otherwise',
    snapshot_id string comment 'version of the playlist; null when the check failed',
    read_at timestamp comment 'when it was checked, UTC',
    total int comment 'number of items that the API states; null if it states none',
    item_count int comment 'items this document holds; null when nothing was read',
    is_complete boolean comment 'every position from 0 to total was read; null when nothing was read',
    name string comment 'name of the playlist; null if the document does not say',
    description string comment 'as given, HTML escapes included; null if there is none',
    owner_id string comment 'Spotify user who owns it',
    is_public boolean comment 'on the owner\'s profile; null means unknown',
    is_collaborative boolean comment 'others may edit it',
    follower_count int comment 'followers; null where the API withholds them',
    image_url string comment 'first cover given; expires within a day',
    url string comment 'page for people',
    batch_id string comment 'batch that brought the row; sorts by commit order',
    source_object string comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    document_id string comment 'sha256 of the raw object\'s uncompressed bytes; equal for copies under other names',
    source_position int comment '0-based place of the item or read in its document, in reading order',
    extracted_at timestamp comment 'when the document was extracted, UTC; one per document'
)
comment 'Every check of a playlist and its result. An incomplete read shows some items and ends no membership.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/playlist_checks/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/playlist_checks/ingest_date=${ingest_date}/'
)
