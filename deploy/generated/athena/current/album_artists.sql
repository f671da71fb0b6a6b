-- album_artists: one row per album and credited artist, of the newest observation per album_id.
-- Made by `python -m deploy.generate` from shared/tables/album_artists.py; do not edit.
create or replace view {{ database }}.album_artists as
select
    album_id, artist_id, position, batch_id, source_object, document_id, source_position, extracted_at
from (
    select
        album_id, artist_id, position, batch_id, source_object, document_id, source_position, extracted_at,
        row_number() over (
            partition by album_id, artist_id
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from (
        select
            album_id, artist_id, position, batch_id, source_object, document_id, source_position, extracted_at,
            rank() over (
                partition by album_id
                order by extracted_at desc, source_object desc, source_position desc, batch_id desc
            ) as observation_rank
        from {{ lake_database }}.album_artists
    ) as ranked
    where observation_rank = 1
) as numbered
where row_place = 1
