-- batches: one row per batch; every observation, of copies the newest.
-- Made by `python -m deploy.generate` from shared/tables/batches.py; do not edit.
create or replace view {{ database }}.batches as
select
    batch_number, committed_at, object_count, item_count, reject_count, batch_id, ingest_date
from (
    select
        batch_number, committed_at, object_count, item_count, reject_count, batch_id, ingest_date,
        row_number() over (
            partition by batch_number
            order by batch_id desc
        ) as row_place
    from {{ lake_database }}.batches
) as numbered
where row_place = 1
