-- Pairs of artists who are credited on the same song. Each pair is listed once.
select
    credits.artist_id,
    max(artists.name) as artist_name,
    others.artist_id as other_artist_id,
    max(other_artists.name) as other_artist_name,
    count(distinct credits.song_id) as song_count
from {{ database }}.song_artists as credits
inner join {{ database }}.song_artists as others
    on others.song_id = credits.song_id and others.artist_id > credits.artist_id
left join {{ database }}.artists as artists on artists.artist_id = credits.artist_id
left join {{ database }}.artists as other_artists on other_artists.artist_id = others.artist_id
group by credits.artist_id, others.artist_id
order by song_count desc, artist_id, other_artist_id
limit 10000
