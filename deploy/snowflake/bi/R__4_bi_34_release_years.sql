-- release_years: one row per release year of the songs that playlists hold, and one for songs whose year is unknown.
-- Each song counts once, however many playlists hold it: song_count may be summed.
create or replace view {{ database }}.BI.RELEASE_YEARS (
    RELEASE_YEAR comment 'year the album was released; null in the row of songs without a known year',
    SONG_COUNT comment 'songs of that year that a playlist holds as far as known, 1 or more; never null',
    ALBUM_COUNT comment 'albums these songs were shown on; never null',
    DURATION_MINUTES comment 'length of these songs, two decimals, unknown lengths add 0; never null'
)
comment = 'One row per release year of the songs that playlists hold, each song counted once.'
as
select
    songs.release_year,
    count(songs.song_id) as song_count,
    count(distinct songs.album_id) as album_count,
    round(coalesce(sum(songs.duration_ms), 0) / 60000, 2) as duration_minutes
from {{ database }}.BI.TOP_SONGS_BY_PRESENCE as presence
inner join {{ database }}.BI.SONGS as songs on songs.song_id = presence.song_id
where presence.playlist_count > 0
group by songs.release_year;
