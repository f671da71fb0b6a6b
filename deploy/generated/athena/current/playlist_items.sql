-- playlist_items: one row per playlist, snapshot and position, of the newest observation per playlist_id, snapshot_id.
-- Made by `python -m deploy.generate` from shared/tables/playlist_items.py; do not edit.
create or replace view {{ database }}.playlist_items as
select
    playlist_id, snapshot_id, position, kind, song_id, episode_id, item_uri, item_name, artist_names,
    added_at, added_by_id, batch_id, source_object, document_id, source_position, extracted_at
from (
    select
        playlist_id, snapshot_id, position, kind, song_id, episode_id, item_uri, item_name, artist_names,
        added_at, added_by_id, batch_id, source_object, document_id, source_position, extracted_at,
        row_number() over (
            partition by playlist_id, snapshot_id, position
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from (
        select
            playlist_id, snapshot_id, position, kind, song_id, episode_id, item_uri, item_name, artist_names,
            added_at, added_by_id, batch_id, source_object, document_id, source_position, extracted_at,
            rank() over (
                partition by playlist_id, snapshot_id
                order by extracted_at desc, source_object desc, batch_id desc
            ) as observation_rank
        from {{ lake_database }}.playlist_items
    ) as ranked
    where observation_rank = 1
) as numbered
where row_place = 1
