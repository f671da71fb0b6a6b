-- batches: one row per batch; every observation, of copies the newest.
-- Made by `python -m deploy.generate` from shared/tables/batches.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    batch_number, committed_at, object_count, item_count, reject_count, batch_id
from {{ database }}.LANDING.BATCHES
qualify row_number() over (
    partition by batch_number
    order by batch_id desc
) = 1
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.BATCHES_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = incremental
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.BATCHES (
    BATCH_NUMBER comment 'number in the commit log, from 1 without a gap',
    COMMITTED_AT comment 'when the commit was tried, UTC',
    OBJECT_COUNT comment 'raw objects taken, quarantined ones included',
    ITEM_COUNT comment 'playlist items in them, of every kind',
    REJECT_COUNT comment 'rows and documents in rejects/',
    BATCH_ID comment 'batch that brought the row; sorts by commit order'
)
comment = 'What was committed and when. Published last: in the lake, a batch that is here is in all tables. Snowflake''s pipes load tables in any order: make snowflake-status says which batches have landed completely.'
as
{% if is_dynamic %}
select
    batch_number, committed_at, object_count, item_count, reject_count, batch_id
from {{ database }}.CORE.BATCHES_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.BATCHES_DYNAMIC;
{% endif %}
