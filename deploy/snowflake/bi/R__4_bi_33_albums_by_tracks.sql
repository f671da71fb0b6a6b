-- albums_by_tracks: one row per album whose number of tracks is known, ranked by it.
create or replace view {{ database }}.BI.ALBUMS_BY_TRACKS (
    TRACKS_RANK comment 'from 1 for the most tracks, equal rows share a rank and the next rank is skipped; never null',
    ALBUM_ID comment 'Spotify id of the album; never null',
    ALBUM_NAME comment 'title; null if not given',
    ARTIST_NAMES comment 'artists in credit order, joined by comma and space; null if none is known',
    RELEASE_YEAR comment 'year of release; null if unknown',
    TOTAL_TRACKS comment 'tracks on the album, whether or not a playlist showed them; never null',
    KNOWN_SONG_COUNT comment 'songs of the album that a playlist ever showed; never null',
    HELD_SONG_COUNT comment 'songs of the album that a playlist holds as far as known; never null'
)
comment = 'One row per album whose number of tracks is known, ranked by it, with its known and held songs.'
as
with song_counts as (
    select
        songs.album_id,
        count(songs.song_id) as known_song_count,
        count(case when presence.playlist_count > 0 then songs.song_id end) as held_song_count
    from {{ database }}.CORE.SONGS as songs
    left join {{ database }}.BI.TOP_SONGS_BY_PRESENCE as presence on presence.song_id = songs.song_id
    group by songs.album_id
)

select
    rank() over (order by albums.total_tracks desc) as tracks_rank,
    albums.album_id,
    albums.album_name,
    albums.artist_names,
    albums.release_year,
    albums.total_tracks,
    coalesce(song_counts.known_song_count, 0) as known_song_count,
    coalesce(song_counts.held_song_count, 0) as held_song_count
from {{ database }}.BI.ALBUMS as albums
left join song_counts on song_counts.album_id = albums.album_id
where albums.total_tracks is not null;
