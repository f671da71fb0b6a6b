-- plays: one row per play, of the package that rules its time: the newest, extended history first.
-- Made by `python -m deploy.generate` from shared/tables/plays.py; do not edit.
create or replace view {{ database }}.plays as
select
    plays.play_id, plays.account, plays.source, plays.package_id, plays.packaged_at, plays.played_at,
    plays.played_at_precision, plays.song_id, plays.episode_id, plays.audiobook_id, plays.chapter_id,
    plays.track_name, plays.artist_name, plays.album_name, plays.episode_name, plays.show_name,
    plays.audiobook_name, plays.chapter_name, plays.author_name, plays.ms_played, plays.reason_start,
    plays.reason_end, plays.shuffle, plays.skipped, plays.offline, plays.platform, plays.country,
    plays.is_private, plays.batch_id, plays.source_object, plays.document_id, plays.source_position,
    plays.extracted_at
from (
    select
        play_id, account, source, package_id, packaged_at, played_at, played_at_precision, song_id, episode_id,
        audiobook_id, chapter_id, track_name, artist_name, album_name, episode_name, show_name, audiobook_name,
        chapter_name, author_name, ms_played, reason_start, reason_end, shuffle, skipped, offline, platform,
        country, is_private, batch_id, source_object, document_id, source_position, extracted_at,
        row_number() over (
            partition by play_id, package_id
            order by extracted_at desc, source_object desc, source_position desc, batch_id desc
        ) as row_place
    from {{ lake_database }}.plays
) as plays
left join (
    select
        account, source, package_id, max(packaged_at) as packaged_at,
        min(played_at) as first_played_at, max(played_at) as last_played_at
    from {{ lake_database }}.plays
    group by account, source, package_id
) as ruling
    on ruling.account = plays.account
    and ruling.package_id <> plays.package_id
    and (
        (ruling.source = 'extended' and plays.source = 'account')
        or (
            ruling.source = plays.source
            and (
                ruling.packaged_at > plays.packaged_at
                or (ruling.packaged_at = plays.packaged_at and ruling.package_id > plays.package_id)
            )
        )
    )
    and plays.played_at <= ruling.last_played_at
    and plays.played_at >= case plays.played_at_precision
        when 'minute' then date_trunc('minute', ruling.first_played_at)
        else ruling.first_played_at
    end
where plays.row_place = 1 and ruling.package_id is null
