-- artist_summary: one row per artist.
-- A song with three artists counts once for each of them, so do not sum song_count over artists. The sum of
-- weighted_song_count is the number of songs that have an artist. TOTALS has the totals.
create or replace view {{ database }}.BI.ARTIST_SUMMARY (
    ARTIST_ID comment 'Spotify id of the artist; never null',
    ARTIST_NAME comment 'name; null if not given',
    SONG_COUNT comment 'songs the artist is credited on, not to be summed over artists; never null',
    WEIGHTED_SONG_COUNT comment 'each song divided among its artists, so that the sum over artists is the number of songs that have an artist; never null',
    HELD_SONG_COUNT comment 'songs of song_count that a playlist holds as far as known, not to be summed over artists; never null',
    ALBUM_COUNT comment 'albums the artist is credited on, not to be summed over artists; never null',
    PLAYLIST_COUNT comment 'playlists that hold a song of the artist as far as known, not to be summed over artists; never null',
    COLLABORATOR_COUNT comment 'other artists credited on songs of the artist; never null',
    DURATION_MINUTES comment 'length of all songs of the artist, two decimals, not to be summed over artists; null if no length is known',
    FIRST_RELEASE_YEAR comment 'earliest release year of the albums of these songs; null if none is known',
    LAST_RELEASE_YEAR comment 'latest release year of the albums of these songs; null if none is known'
)
comment = 'One row per artist; a song with three artists counts once for each of them.'
as
with credits as (
    select
        song_artists.artist_id,
        song_artists.song_id,
        cast(1 as double) / count(song_artists.artist_id) over (partition by song_artists.song_id) as weight,
        songs.duration_ms,
        albums.release_year
    from {{ database }}.CORE.SONG_ARTISTS as song_artists
    left join {{ database }}.CORE.SONGS as songs on songs.song_id = song_artists.song_id
    left join {{ database }}.CORE.ALBUMS as albums on albums.album_id = songs.album_id
),

song_counts as (
    select
        artist_id,
        count(song_id) as song_count,
        sum(weight) as weighted_song_count,
        sum(duration_ms) as duration_ms,
        min(release_year) as first_release_year,
        max(release_year) as last_release_year
    from credits
    group by artist_id
),

album_counts as (
    select
        artist_id,
        count(album_id) as album_count
    from {{ database }}.CORE.ALBUM_ARTISTS
    group by artist_id
),

held as (
    select
        credits.artist_id,
        count(distinct stays.song_id) as held_song_count,
        count(distinct stays.playlist_id) as playlist_count
    from {{ database }}.CORE.SONG_ARTISTS as credits
    inner join {{ database }}.CORE.PLAYLIST_STAYS as stays on stays.song_id = credits.song_id
    where stays.left_by_at is null
    group by credits.artist_id
),

collaborators as (
    select
        credits.artist_id,
        count(distinct others.artist_id) as collaborator_count
    from {{ database }}.CORE.SONG_ARTISTS as credits
    inner join {{ database }}.CORE.SONG_ARTISTS as others
        on others.song_id = credits.song_id and others.artist_id <> credits.artist_id
    group by credits.artist_id
)

select
    artists.artist_id,
    artists.name as artist_name,
    coalesce(song_counts.song_count, 0) as song_count,
    coalesce(song_counts.weighted_song_count, 0) as weighted_song_count,
    coalesce(held.held_song_count, 0) as held_song_count,
    coalesce(album_counts.album_count, 0) as album_count,
    coalesce(held.playlist_count, 0) as playlist_count,
    coalesce(collaborators.collaborator_count, 0) as collaborator_count,
    round(song_counts.duration_ms / 60000, 2) as duration_minutes,
    song_counts.first_release_year,
    song_counts.last_release_year
from {{ database }}.CORE.ARTISTS as artists
left join song_counts on song_counts.artist_id = artists.artist_id
left join album_counts on album_counts.artist_id = artists.artist_id
left join held on held.artist_id = artists.artist_id
left join collaborators on collaborators.artist_id = artists.artist_id;
