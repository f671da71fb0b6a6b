-- playlist_items: every published row; the current ones are playlist_items of the other database.
-- Made by `python -m deploy.generate` from shared/tables/playlist_items.py; do not edit.
create external table if not exists {{ lake_database }}.playlist_items (
    playlist_id string comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    snapshot_id string comment 'version of the playlist; of an incomplete read with ~ and a hash; document:<document_id>#<n> if unknown',
    position int comment '0-based place in the playlist: page offset plus index',
    kind string comment 'song, episode, local, empty (nothing there), unavailable (no id) or rejected (see rejects/)',
    song_id string comment 'the song; null for every other kind',
    episode_id string comment 'the episode; null for every other kind',
    item_uri string comment 'Spotify URI, spotify:local:… for local files',
    item_name string comment 'title when read; of a local file without one, from its URI',
    artist_names string comment 'names in credit order, joined by comma and space',
    added_at timestamp comment 'when it was added, UTC; null in very old playlists',
    added_by_id string comment 'Spotify user who added it; null if unknown',
    batch_id string comment 'batch that brought the row; sorts by commit order',
    source_object string comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    document_id string comment 'sha256 of the raw object\'s uncompressed bytes; equal for copies under other names',
    source_position int comment '0-based place of the item or read in its document, in reading order',
    extracted_at timestamp comment 'when the document was extracted, UTC; one per document'
)
comment 'What was at each position of a playlist\'s snapshot, of every kind. A later read of a snapshot replaces all rows of an earlier one: Spotify serves an old snapshot_id for up to 30 s after a change.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/playlist_items/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/playlist_items/ingest_date=${ingest_date}/'
)
