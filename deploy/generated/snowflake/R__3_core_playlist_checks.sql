-- playlist_checks: one row per playlist and run; every observation, of copies the newest.
-- Made by `python -m deploy.generate` from shared/tables/playlist_checks.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    playlist_id, run_id, status, failure_class, snapshot_id, read_at, total, item_count, is_complete, name,
    description, owner_id, is_public, is_collaborative, follower_count, image_url, url, batch_id,
    source_object, document_id, source_position, extracted_at
from {{ database }}.LANDING.PLAYLIST_CHECKS
qualify row_number() over (
    partition by playlist_id, run_id
    order by extracted_at desc, source_object desc, source_position desc, batch_id desc
) = 1
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.PLAYLIST_CHECKS_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = incremental
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.PLAYLIST_CHECKS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    RUN_ID comment 'extraction run such as 20261120T100000Z; document:<document_id> for a dropped document',
    STATUS comment 'read, unchanged, failed or gone',
    FAILURE_CLASS comment 'why the read failed or the playlist is gone; null otherwise',
    SNAPSHOT_ID comment 'version of the playlist; null when the check failed',
    READ_AT comment 'when it was checked, UTC',
    TOTAL comment 'number of items that the API states; null if it states none',
    ITEM_COUNT comment 'items this document holds; null when nothing was read',
    IS_COMPLETE comment 'every position from 0 to total was read; null when nothing was read',
    NAME comment 'name of the playlist; null if the document does not say',
    DESCRIPTION comment 'as given, HTML escapes included; null if there is none',
    OWNER_ID comment 'Spotify user who owns it',
    IS_PUBLIC comment 'on the owner''s profile; null means unknown',
    IS_COLLABORATIVE comment 'others may edit it',
    FOLLOWER_COUNT comment 'followers; null where the API withholds them',
    IMAGE_URL comment 'first cover given; expires within a day',
    URL comment 'page for people',
    BATCH_ID comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT comment 'when the document was extracted, UTC; one per document'
)
comment = 'Every check of a playlist and its result. An incomplete read shows some items and ends no membership.'
as
{% if is_dynamic %}
select
    playlist_id, run_id, status, failure_class, snapshot_id, read_at, total, item_count, is_complete, name,
    description, owner_id, is_public, is_collaborative, follower_count, image_url, url, batch_id,
    source_object, document_id, source_position, extracted_at
from {{ database }}.CORE.PLAYLIST_CHECKS_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.PLAYLIST_CHECKS_DYNAMIC;
{% endif %}
