-- Artists by the number of their songs in playlists. A song of three artists counts for each of them, so do not add up the
-- counts.
select
    artists.artist_id,
    max(artists.name) as artist_name,
    count(distinct stays.song_id) as held_song_count,
    count(distinct stays.playlist_id) as playlist_count
from {{ database }}.stays as stays
inner join {{ database }}.song_artists as credits on credits.song_id = stays.song_id
inner join {{ database }}.artists as artists on artists.artist_id = credits.artist_id
where stays.left_by_at is null
group by artists.artist_id
order by held_song_count desc, artist_id
limit 1000
