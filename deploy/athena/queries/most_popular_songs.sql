-- Most popular songs, as Spotify rates them from 0 to 100. Spotify withholds popularity from newer apps; then this query has
-- no rows, and most_present_songs ranks songs instead.
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
