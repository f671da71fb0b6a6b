-- totals: one row; each song, album, artist and playlist counts once, however often it is credited, shown or held.
create or replace view {{ database }}.BI.TOTALS (
    SONG_COUNT comment 'songs that a playlist ever showed; never null',
    ALBUM_COUNT comment 'albums of these songs; never null',
    ARTIST_COUNT comment 'artists of these songs and albums; never null',
    EPISODE_COUNT comment 'podcast episodes that a playlist ever showed; never null',
    PLAYLIST_COUNT comment 'playlists ever checked; never null',
    HELD_SONG_COUNT comment 'songs that a playlist holds as far as known; never null',
    DURATION_MINUTES comment 'length of the songs of song_count, two decimals, unknown lengths add 0; never null'
)
comment = 'One row: each song, album, artist and playlist counts once, however often it is credited, shown or held.'
as
with song_totals as (
    select
        count(song_id) as song_count,
        coalesce(sum(duration_ms), 0) as duration_ms
    from {{ database }}.CORE.SONGS
),

album_totals as (
    select count(album_id) as album_count
    from {{ database }}.CORE.ALBUMS
),

artist_totals as (
    select count(artist_id) as artist_count
    from {{ database }}.CORE.ARTISTS
),

episode_totals as (
    select count(episode_id) as episode_count
    from {{ database }}.CORE.EPISODES
),

playlist_totals as (
    select count(playlist_id) as playlist_count
    from {{ database }}.BI.PLAYLISTS
),

held_totals as (
    select count(distinct song_id) as held_song_count
    from {{ database }}.CORE.PLAYLIST_STAYS
    where left_by_at is null
)

select
    song_totals.song_count,
    album_totals.album_count,
    artist_totals.artist_count,
    episode_totals.episode_count,
    playlist_totals.playlist_count,
    held_totals.held_song_count,
    round(song_totals.duration_ms / 60000, 2) as duration_minutes
from song_totals
cross join album_totals
cross join artist_totals
cross join episode_totals
cross join playlist_totals
cross join held_totals;
