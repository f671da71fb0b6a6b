-- albums: one row per album, of the newest observation per album_id.
-- Made by `python -m deploy.generate` from shared/tables/albums.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    album_id, name, album_type, release_date_text, release_date_precision, released_on, release_year,
    total_tracks, image_url, uri, url, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.LANDING.ALBUMS
qualify row_number() over (
    partition by album_id
    order by extracted_at desc, source_object desc, source_position desc, batch_id desc
) = 1
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.ALBUMS_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = incremental
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.ALBUMS (
    ALBUM_ID comment 'Spotify id',
    NAME comment 'title; null if withheld or empty, as after a takedown',
    ALBUM_TYPE comment 'album, single, compilation or a newer word',
    RELEASE_DATE_TEXT comment 'release date as given: a year, a year and month, or a day',
    RELEASE_DATE_PRECISION comment 'year, month or day as given; does not always match the text',
    RELEASED_ON comment 'first day of the given period; null if the text is no date from year 1000 to two years ahead',
    RELEASE_YEAR comment 'year of released_on',
    TOTAL_TRACKS comment 'tracks on the album',
    IMAGE_URL comment 'first cover given, the widest',
    URI comment 'Spotify URI',
    URL comment 'page for people',
    BATCH_ID comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT comment 'when the document was extracted, UTC; one per document'
)
comment = 'Albums of the songs, as Spotify last described them.'
as
{% if is_dynamic %}
select
    album_id, name, album_type, release_date_text, release_date_precision, released_on, release_year,
    total_tracks, image_url, uri, url, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.CORE.ALBUMS_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.ALBUMS_DYNAMIC;
{% endif %}
