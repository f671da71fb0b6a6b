-- song_popularity: one row per song and place it was observed at; every observation, of copies the newest.
-- Made by `python -m deploy.generate` from shared/tables/song_popularity.py; do not edit.
create or replace view {{ database }}.song_popularity as
select
    song_id, popularity, batch_id, source_object, document_id, source_position, extracted_at, ingest_date
from (
    select
        song_id, popularity, batch_id, source_object, document_id, source_position, extracted_at, ingest_date,
        row_number() over (
            partition by song_id, document_id, source_position
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from {{ lake_database }}.song_popularity
) as numbered
where row_place = 1
