-- episodes: one row per episode, of the newest observation per episode_id.
-- Made by `python -m deploy.generate` from shared/tables/episodes.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    episode_id, name, show_id, show_name, publisher, duration_ms, explicit, release_date_text, released_on,
    language, uri, url, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.LANDING.EPISODES
qualify row_number() over (
    partition by episode_id
    order by extracted_at desc, source_object desc, source_position desc, batch_id desc
) = 1
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.EPISODES_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = incremental
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.EPISODES (
    EPISODE_ID comment 'Spotify id',
    NAME comment 'title',
    SHOW_ID comment 'show of the episode; some answers give it as an album',
    SHOW_NAME comment 'name of the show',
    PUBLISHER comment 'publisher of the show',
    DURATION_MS comment 'length in milliseconds',
    EXPLICIT comment 'explicit content; false may also mean unknown to Spotify',
    RELEASE_DATE_TEXT comment 'release date as given: a year, a year and month, or a day',
    RELEASED_ON comment 'first day of the given period; null if the text is no date from year 1000 to two years ahead',
    LANGUAGE comment 'first language given, as an ISO 639 code',
    URI comment 'Spotify URI',
    URL comment 'page for people',
    BATCH_ID comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT comment 'when the document was extracted, UTC; one per document'
)
comment = 'Podcast episodes that playlists hold, as Spotify last described them.'
as
{% if is_dynamic %}
select
    episode_id, name, show_id, show_name, publisher, duration_ms, explicit, release_date_text, released_on,
    language, uri, url, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.CORE.EPISODES_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.EPISODES_DYNAMIC;
{% endif %}
