-- playlist_checks: one row per playlist and run; every observation, of copies the newest.
-- Made by `python -m deploy.generate` from shared/tables/playlist_checks.py; do not edit.
create or replace view {{ database }}.playlist_checks as
select
    playlist_id, run_id, status, failure_class, snapshot_id, read_at, total, item_count, is_complete, name,
    description, owner_id, is_public, is_collaborative, follower_count, image_url, url, batch_id,
    source_object, document_id, source_position, extracted_at, ingest_date
from (
    select
        playlist_id, run_id, status, failure_class, snapshot_id, read_at, total, item_count, is_complete, name,
        description, owner_id, is_public, is_collaborative, follower_count, image_url, url, batch_id,
        source_object, document_id, source_position, extracted_at, ingest_date,
        row_number() over (
            partition by playlist_id, run_id
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from {{ lake_database }}.playlist_checks
) as numbered
where row_place = 1
