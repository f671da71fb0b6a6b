-- albums: one row per album, of the newest observation per album_id.
-- Made by `python -m deploy.generate` from shared/tables/albums.py; do not edit.
create or replace view {{ database }}.albums as
select
    album_id, name, album_type, release_date_text, release_date_precision, released_on, release_year,
    total_tracks, image_url, uri, url, batch_id, source_object, document_id, source_position, extracted_at
from (
    select
        album_id, name, album_type, release_date_text, release_date_precision, released_on, release_year,
        total_tracks, image_url, uri, url, batch_id, source_object, document_id, source_position, extracted_at,
        row_number() over (
            partition by album_id
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from (
        select
            album_id, name, album_type, release_date_text, release_date_precision, released_on, release_year,
            total_tracks, image_url, uri, url, batch_id, source_object, document_id, source_position, extracted_at,
            rank() over (
                partition by album_id
                order by extracted_at desc, source_object desc, source_position desc, batch_id desc
            ) as observation_rank
        from {{ lake_database }}.albums
    ) as ranked
    where observation_rank = 1
) as numbered
where row_place = 1
