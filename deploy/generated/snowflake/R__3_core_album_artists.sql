-- album_artists: one row per album and credited artist, of the newest observation per album_id.
-- Made by `python -m deploy.generate` from shared/tables/album_artists.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    album_id, artist_id, position, batch_id, source_object, document_id, source_position, extracted_at
from (
    select
        album_id, artist_id, position, batch_id, source_object, document_id, source_position, extracted_at
    from {{ database }}.LANDING.ALBUM_ARTISTS
    qualify rank() over (
        partition by album_id
        order by extracted_at desc, source_object desc, source_position desc, batch_id desc
    ) = 1
) as newest
qualify row_number() over (
    partition by album_id, artist_id
    order by extracted_at desc, source_object desc, source_position desc, batch_id desc
) = 1
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.ALBUM_ARTISTS_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = incremental
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.ALBUM_ARTISTS (
    ALBUM_ID comment 'Spotify id of the album',
    ARTIST_ID comment 'Spotify id of the artist',
    POSITION comment '0-based place in the credits; a repeated artist keeps the lowest',
    BATCH_ID comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT comment 'when the document was extracted, UTC; one per document'
)
comment = 'Who is credited on an album. The newest credits of an album replace all of its older ones.'
as
{% if is_dynamic %}
select
    album_id, artist_id, position, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.CORE.ALBUM_ARTISTS_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.ALBUM_ARTISTS_DYNAMIC;
{% endif %}
