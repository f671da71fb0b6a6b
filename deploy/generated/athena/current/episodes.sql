-- episodes: one row per episode, of the newest observation per episode_id.
-- Made by `python -m deploy.generate` from shared/tables/episodes.py; do not edit.
create or replace view {{ database }}.episodes as
select
    episode_id, name, show_id, show_name, publisher, duration_ms, explicit, release_date_text, released_on,
    language, uri, url, batch_id, source_object, document_id, source_position, extracted_at
from (
    select
        episode_id, name, show_id, show_name, publisher, duration_ms, explicit, release_date_text, released_on,
        language, uri, url, batch_id, source_object, document_id, source_position, extracted_at,
        row_number() over (
            partition by episode_id
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from (
        select
            episode_id, name, show_id, show_name, publisher, duration_ms, explicit, release_date_text, released_on,
            language, uri, url, batch_id, source_object, document_id, source_position, extracted_at,
            rank() over (
                partition by episode_id
                order by extracted_at desc, source_object desc, source_position desc, batch_id desc
            ) as observation_rank
        from {{ lake_database }}.episodes
    ) as ranked
    where observation_rank = 1
) as numbered
where row_place = 1
