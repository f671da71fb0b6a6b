-- playlist_items: one row per playlist, snapshot and position, of the newest observation per playlist_id, snapshot_id.
-- Made by `python -m deploy.generate` from shared/tables/playlist_items.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    playlist_id, snapshot_id, position, kind, song_id, episode_id, item_uri, item_name, artist_names,
    added_at, added_by_id, batch_id, source_object, document_id, source_position, extracted_at
from (
    select
        playlist_id, snapshot_id, position, kind, song_id, episode_id, item_uri, item_name, artist_names,
        added_at, added_by_id, batch_id, source_object, document_id, source_position, extracted_at
    from {{ database }}.LANDING.PLAYLIST_ITEMS
    qualify rank() over (
        partition by playlist_id, snapshot_id
        order by extracted_at desc, source_object desc, batch_id desc
    ) = 1
) as newest
qualify row_number() over (
    partition by playlist_id, snapshot_id, position
    order by extracted_at desc, source_object desc, source_position desc, batch_id desc
) = 1
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.PLAYLIST_ITEMS_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = incremental
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.PLAYLIST_ITEMS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    SNAPSHOT_ID comment 'version of the playlist; of an incomplete read with ~ and a hash; document:<document_id>#<n> if unknown',
    POSITION comment '0-based place in the playlist: page offset plus index',
    KIND comment 'song, episode, local, empty (nothing there), unavailable (no id) or rejected (see rejects/)',
    SONG_ID comment 'the song; null for every other kind',
    EPISODE_ID comment 'the episode; null for every other kind',
    ITEM_URI comment 'Spotify URI, spotify:local:… for local files',
    ITEM_NAME comment 'title when read; of a local file without one, from its URI',
    ARTIST_NAMES comment 'names in credit order, joined by comma and space',
    ADDED_AT comment 'when it was added, UTC; null in very old playlists',
    ADDED_BY_ID comment 'Spotify user who added it; null if unknown',
    BATCH_ID comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT comment 'when the document was extracted, UTC; one per document'
)
comment = 'What was at each position of a playlist''s snapshot, of every kind. A later read of a snapshot replaces all rows of an earlier one: Spotify serves an old snapshot_id for up to 30 s after a change.'
as
{% if is_dynamic %}
select
    playlist_id, snapshot_id, position, kind, song_id, episode_id, item_uri, item_name, artist_names,
    added_at, added_by_id, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.CORE.PLAYLIST_ITEMS_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.PLAYLIST_ITEMS_DYNAMIC;
{% endif %}
