-- Most popular songs, by Spotify's popularity from 0 to 100. Spotify withholds popularity from newer apps: this query then
-- returns no rows; use most_present_songs instead.
select
    rank() over (order by songs.popularity desc) as popularity_rank,
    songs.song_id,
    songs.name as song_name,
    albums.name as album_name,
    songs.popularity
from {{ database }}.songs as songs
left join {{ database }}.albums as albums on albums.album_id = songs.album_id
where songs.popularity is not null
order by popularity_rank, song_id
limit 1000
