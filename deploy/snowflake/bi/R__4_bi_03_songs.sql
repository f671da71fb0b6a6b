-- songs: one row per song, as Spotify last described it.
-- Every song that a playlist ever showed; TOP_SONGS_BY_PRESENCE says which of them playlists hold now.
-- A song with three artists has one row: compute totals over songs from this view, not from a join with artists.
create or replace view {{ database }}.BI.SONGS (
    SONG_ID comment 'Spotify id of the song; relinking may change it, so compare recordings by isrc; never null',
    SONG_NAME comment 'title; null if not given, may be empty after a takedown',
    SONG_LABEL comment 'title and artists, with the id if other songs share them, only the id if there is no title; unique regardless of case; never null',
    ARTIST_NAMES comment 'names of the credited artists in credit order, joined by comma and space; null if none is known',
    ARTIST_COUNT comment 'credited artists; 0 if none is known, never null',
    ALBUM_ID comment 'album the song was shown on; null if none was given',
    ALBUM_NAME comment 'title of that album; null if none was given',
    RELEASED_ON comment 'release date of the album, the first day of the year or month if no day is given; null if unknown',
    RELEASE_YEAR comment 'year of released_on; null if released_on is null',
    DURATION_MS comment 'length in milliseconds; null if not given',
    DURATION_MINUTES comment 'length in minutes, two decimals; null if not given',
    IS_EXPLICIT comment 'explicit lyrics, false may also mean unknown to Spotify; null if not given',
    POPULARITY comment '0 to 100 in the newest description; null where the API withholds it, which is not 0',
    TRACK_NUMBER comment '1-based place on its disc; null if not given',
    DISC_NUMBER comment '1-based disc of the album; null if not given',
    ISRC comment 'identity of the recording, independent of its Spotify id; null if withheld',
    IS_PLAYABLE comment 'playable in the market of the request; null means unknown',
    RESTRICTION_REASON comment 'market, product, explicit or a newer value; null when not restricted or unknown',
    URI comment 'Spotify URI; null if not given',
    URL comment 'web page at Spotify; null if not given',
    DESCRIBED_AT comment 'when this description was read, UTC; never null'
)
comment = 'One row per song, as Spotify last described it.'
as
with credits as (
    select
        song_artists.song_id,
        nullif(listagg(artists.name, ', ') within group (order by song_artists.position), '') as artist_names,
        count(song_artists.artist_id) as artist_count
    from {{ database }}.CORE.SONG_ARTISTS as song_artists
    left join {{ database }}.CORE.ARTISTS as artists on artists.artist_id = song_artists.artist_id
    group by song_artists.song_id
),

songs_described as (
    select
        songs.song_id,
        songs.name as song_name,
        nullif(trim(songs.name), '') || coalesce(' - ' || credits.artist_names, '') as title_and_artists,
        credits.artist_names,
        coalesce(credits.artist_count, 0) as artist_count,
        songs.album_id,
        albums.name as album_name,
        albums.released_on,
        albums.release_year,
        songs.duration_ms,
        round(songs.duration_ms / 60000, 2) as duration_minutes,
        songs.explicit as is_explicit,
        songs.popularity,
        songs.track_number,
        songs.disc_number,
        songs.isrc,
        songs.is_playable,
        songs.restriction_reason,
        songs.uri,
        songs.url,
        songs.extracted_at as described_at
    from {{ database }}.CORE.SONGS as songs
    left join credits on credits.song_id = songs.song_id
    left join {{ database }}.CORE.ALBUMS as albums on albums.album_id = songs.album_id
)

select
    song_id,
    song_name,
    case
        when title_and_artists is null then song_id
        when count(song_id) over (partition by lower(title_and_artists)) > 1
            then title_and_artists || ' (' || song_id || ')'
        else title_and_artists
    end as song_label,
    artist_names,
    artist_count,
    album_id,
    album_name,
    released_on,
    release_year,
    duration_ms,
    duration_minutes,
    is_explicit,
    popularity,
    track_number,
    disc_number,
    isrc,
    is_playable,
    restriction_reason,
    uri,
    url,
    described_at
from songs_described;
