-- song_popularity: one row per song and place it was observed at; every observation, of copies the newest.
-- Made by `python -m deploy.generate` from shared/tables/song_popularity.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    song_id, popularity, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.LANDING.SONG_POPULARITY
qualify row_number() over (
    partition by song_id, document_id, source_position
    order by extracted_at desc, source_object desc, source_position desc, batch_id desc
) = 1
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.SONG_POPULARITY_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = incremental
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.SONG_POPULARITY (
    SONG_ID comment 'Spotify id of the song',
    POPULARITY comment '0 to 100, as Spotify rates recent plays',
    BATCH_ID comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT comment 'when the document was extracted, UTC; one per document'
)
comment = 'Every observed popularity; no row where the API withholds it. Views show the last one of a day.'
as
{% if is_dynamic %}
select
    song_id, popularity, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.CORE.SONG_POPULARITY_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.SONG_POPULARITY_DYNAMIC;
{% endif %}
