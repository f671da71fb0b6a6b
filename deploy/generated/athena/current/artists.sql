-- artists: one row per artist, of the newest observation per artist_id.
-- Made by `python -m deploy.generate` from shared/tables/artists.py; do not edit.
create or replace view {{ database }}.artists as
select
    artist_id, name, uri, url, batch_id, source_object, document_id, source_position, extracted_at
from (
    select
        artist_id, name, uri, url, batch_id, source_object, document_id, source_position, extracted_at,
        row_number() over (
            partition by artist_id
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from (
        select
            artist_id, name, uri, url, batch_id, source_object, document_id, source_position, extracted_at,
            rank() over (
                partition by artist_id
                order by extracted_at desc, source_object desc, source_position desc, batch_id desc
            ) as observation_rank
        from {{ lake_database }}.artists
    ) as ranked
    where observation_rank = 1
) as numbered
where row_place = 1
