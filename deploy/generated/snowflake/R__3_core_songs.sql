-- songs: one row per song, of the newest observation per song_id.
-- Made by `python -m deploy.generate` from shared/tables/songs.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    song_id, name, duration_ms, explicit, popularity, album_id, track_number, disc_number, isrc, is_playable,
    restriction_reason, linked_from_id, available_market_count, preview_url, uri, url, batch_id,
    source_object, document_id, source_position, extracted_at
from {{ database }}.LANDING.SONGS
qualify row_number() over (
    partition by song_id
    order by extracted_at desc, source_object desc, source_position desc, batch_id desc
) = 1
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.SONGS_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = incremental
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.SONGS (
    SONG_ID comment 'Spotify id; relinking may swap it, so compare recordings by isrc',
    NAME comment 'title; null if withheld or empty, as after a takedown',
    DURATION_MS comment 'length in milliseconds',
    EXPLICIT comment 'explicit lyrics; false may also mean unknown to Spotify',
    POPULARITY comment '0 to 100 when observed; null where the API withholds it (development mode since 2026)',
    ALBUM_ID comment 'album the song was shown on; null if the API gave none',
    TRACK_NUMBER comment '1-based place on its disc',
    DISC_NUMBER comment '1-based disc of the album',
    ISRC comment 'identity of the recording, whatever its Spotify id',
    IS_PLAYABLE comment 'in the reader''s market; null means unknown',
    RESTRICTION_REASON comment 'market, product, explicit or a newer word; null when not restricted or unknown',
    LINKED_FROM_ID comment 'id that was requested before relinking; null where the API withholds it',
    AVAILABLE_MARKET_COUNT comment 'markets the song is available in; null where the API withholds them, 0 means none',
    PREVIEW_URL comment '30-second sample; null for nearly all since 2024',
    URI comment 'Spotify URI',
    URL comment 'page for people',
    BATCH_ID comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT comment 'when the document was extracted, UTC; one per document'
)
comment = 'Songs as Spotify last described them.'
as
{% if is_dynamic %}
select
    song_id, name, duration_ms, explicit, popularity, album_id, track_number, disc_number, isrc, is_playable,
    restriction_reason, linked_from_id, available_market_count, preview_url, uri, url, batch_id,
    source_object, document_id, source_position, extracted_at
from {{ database }}.CORE.SONGS_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.SONGS_DYNAMIC;
{% endif %}
