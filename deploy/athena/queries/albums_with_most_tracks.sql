-- Albums with the most tracks, whether or not a playlist holds them, and the number of their songs that are known.
select
    rank() over (order by albums.total_tracks desc) as tracks_rank,
    albums.album_id,
    max(albums.name) as album_name,
    albums.total_tracks,
    count(songs.song_id) as known_song_count
from {{ database }}.albums as albums
left join {{ database }}.songs as songs on songs.album_id = albums.album_id
where albums.total_tracks is not null
group by albums.album_id, albums.total_tracks
order by tracks_rank, album_id
limit 1000
