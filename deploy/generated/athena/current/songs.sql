-- songs: one row per song, of the newest observation per song_id.
-- Made by `python -m deploy.generate` from shared/tables/songs.py; do not edit.
create or replace view {{ database }}.songs as
select
    song_id, name, duration_ms, explicit, popularity, album_id, track_number, disc_number, isrc, is_playable,
    restriction_reason, linked_from_id, available_market_count, preview_url, uri, url, batch_id,
    source_object, document_id, source_position, extracted_at
from (
    select
        song_id, name, duration_ms, explicit, popularity, album_id, track_number, disc_number, isrc, is_playable,
        restriction_reason, linked_from_id, available_market_count, preview_url, uri, url, batch_id,
        source_object, document_id, source_position, extracted_at,
        row_number() over (
            partition by song_id
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from (
        select
            song_id, name, duration_ms, explicit, popularity, album_id, track_number, disc_number, isrc, is_playable,
            restriction_reason, linked_from_id, available_market_count, preview_url, uri, url, batch_id,
            source_object, document_id, source_position, extracted_at,
            rank() over (
                partition by song_id
                order by extracted_at desc, source_object desc, source_position desc, batch_id desc
            ) as observation_rank
        from {{ lake_database }}.songs
    ) as ranked
    where observation_rank = 1
) as numbered
where row_place = 1
