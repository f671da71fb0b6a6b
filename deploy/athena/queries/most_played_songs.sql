-- Most played songs of an imported listening history, per account, with three numbers: plays that lasted 30 s or more or ran to
-- the end, plays of any length, and hours listened. Plays without a song id are grouped by exact artist and title.
with played as (
    select
        account,
        coalesce(song_id, artist_name || ': ' || track_name) as song_key,
        song_id,
        track_name,
        artist_name,
        ms_played,
        case when ms_played >= 30000 or reason_end = 'trackdone' then 1 else 0 end as counted
    from {{ database }}.plays
    where
        coalesce(song_id, track_name) is not null
        and coalesce(episode_id, episode_name, audiobook_id, audiobook_name) is null
)

select
    rank() over (partition by account order by sum(counted) desc) as play_rank,
    account,
    song_key,
    max(song_id) as song_id,
    max(track_name) as track_name,
    max(artist_name) as artist_name,
    sum(counted) as counted_play_count,
    count(*) as play_count,
    round(sum(cast(ms_played as double)) / 3600000, 2) as hours_listened
from played
where song_key is not null
group by account, song_key
order by account, play_rank, song_key
limit 1000
