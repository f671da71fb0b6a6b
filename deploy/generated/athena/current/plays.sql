-- plays: one row per play and package that shows it; every observation, of copies the newest.
-- Made by `python -m deploy.generate` from shared/tables/plays.py; do not edit.
create or replace view {{ database }}.plays as
select
    play_id, account, source, package_id, packaged_at, played_at, played_at_precision, song_id, episode_id,
    audiobook_id, chapter_id, track_name, artist_name, album_name, episode_name, show_name, audiobook_name,
    chapter_name, author_name, ms_played, reason_start, reason_end, shuffle, skipped, offline, platform,
    country, is_private, batch_id, source_object, document_id, source_position, extracted_at
from (
    select
        play_id, account, source, package_id, packaged_at, played_at, played_at_precision, song_id, episode_id,
        audiobook_id, chapter_id, track_name, artist_name, album_name, episode_name, show_name, audiobook_name,
        chapter_name, author_name, ms_played, reason_start, reason_end, shuffle, skipped, offline, platform,
        country, is_private, batch_id, source_object, document_id, source_position, extracted_at,
        row_number() over (
            partition by play_id
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from {{ lake_database }}.plays
) as numbered
where row_place = 1
