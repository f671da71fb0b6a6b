-- Number of songs in playlists, by the release year of their album. Each song counts once. The row without a year counts
-- songs whose year is unknown.
select
    albums.release_year,
    count(distinct stays.song_id) as song_count,
    count(distinct songs.album_id) as album_count
from {{ database }}.stays as stays
inner join {{ database }}.songs as songs on songs.song_id = stays.song_id
left join {{ database }}.albums as albums on albums.album_id = songs.album_id
where stays.left_by_at is null
group by albums.release_year
order by release_year
