-- plays: every published row; the current ones are plays of the other database.
-- Made by `python -m deploy.generate` from shared/tables/plays.py; do not edit.
create external table if not exists {{ lake_database }}.plays (
    play_id string comment 'sha256 of account, source, played_at, URI or names, ms_played and number among equal rows of a package',
    account string comment 'label that make import was called with, such as me',
    source string comment 'extended (streaming history) or account (the last year, without ids)',
    package_id string comment 'sha256 of the history files of the download',
    packaged_at timestamp comment 'when Spotify packaged the download, UTC',
    played_at timestamp comment 'end of the play as Spotify says it, UTC',
    played_at_precision string comment 'second or minute',
    song_id string comment 'Spotify id of the song; null for other plays and without ids',
    episode_id string comment 'Spotify id of the podcast episode; null for other plays',
    audiobook_id string comment 'Spotify id of the audiobook; null for other plays',
    chapter_id string comment 'Spotify id of the audiobook\'s chapter; null for other plays',
    track_name string comment 'title of the song as given',
    artist_name string comment 'artist of the album (extended) or of the song (account)',
    album_name string comment 'title of the album as given; null in account history',
    episode_name string comment 'title of the podcast episode as given',
    show_name string comment 'title of the podcast as given',
    audiobook_name string comment 'title of the audiobook as given',
    chapter_name string comment 'title of the audiobook\'s chapter as given',
    author_name string comment 'author of the audiobook; account history only',
    ms_played int comment 'listening time in ms; 0 occurs',
    reason_start string comment 'such as trackdone or clickrow; open vocabulary',
    reason_end string comment 'such as trackdone (it ended by itself); open vocabulary',
    shuffle boolean comment 'shuffle was on; null if unknown',
    skipped boolean comment 'as Spotify states it; null if unknown, and always false from 2015 to 2022',
    offline boolean comment 'played without a connection; null if unknown',
    platform string comment 'device or system; null unless KEEP=platform',
    country string comment 'country code, ZZ if unknown; null unless KEEP=country',
    is_private boolean comment 'played in a private session; only with KEEP=private',
    batch_id string comment 'batch that brought the row; sorts by commit order',
    source_object string comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    document_id string comment 'sha256 of the raw object\'s uncompressed bytes; equal for copies under other names',
    source_position int comment '0-based place of the item or read in its document, in reading order',
    extracted_at timestamp comment 'when the document was extracted, UTC; one per document'
)
comment 'What was played and when, from account data downloads. Every package is kept; of packages that cover the same time the current view shows one.'
partitioned by (ingest_date date comment 'UTC day of the commit')
stored as parquet
location 's3://{{ bucket }}/{{ prefix }}processed/plays/'
tblproperties (
    'projection.enabled' = 'true',
    'projection.ingest_date.type' = 'date',
    'projection.ingest_date.format' = 'yyyy-MM-dd',
    'projection.ingest_date.range' = '2024-01-01,NOW',
    'projection.ingest_date.interval' = '1',
    'projection.ingest_date.interval.unit' = 'DAYS',
    'storage.location.template' = 's3://{{ bucket }}/{{ prefix }}processed/plays/ingest_date=${ingest_date}/'
)
