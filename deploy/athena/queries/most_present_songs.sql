-- Songs by the number of playlists that hold them, then by the total days that they stayed in playlists.
select
    rank() over (
        order by
            count(distinct case when stays.left_by_at is null then stays.playlist_id end) desc,
            sum(stays.stay_days) desc
    ) as presence_rank,
    stays.song_id,
    max(songs.name) as song_name,
    count(distinct case when stays.left_by_at is null then stays.playlist_id end) as playlist_count,
    count(distinct stays.playlist_id) as ever_playlist_count,
    round(sum(stays.stay_days), 2) as held_days
from {{ database }}.stays as stays
left join {{ database }}.songs as songs on songs.song_id = stays.song_id
where stays.song_id is not null
group by stays.song_id
order by presence_rank, song_id
limit 1000
