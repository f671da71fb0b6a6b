-- tutorial_songs: one row per song, under the column names that the tutorials use.
-- artist_id is that of the first credit, as in the tutorials; SONG_ARTISTS has every credit.
-- song_added is the newest added_at that any playlist showed, read completely or not.
create or replace view {{ database }}.BI.TUTORIAL_SONGS (
    SONG_ID comment 'Spotify id of the song; never null',
    SONG_NAME comment 'title; null if not given',
    DURATION_MS comment 'length in milliseconds; null if not given',
    URL comment 'web page at Spotify; null if not given',
    POPULARITY comment '0 to 100 in the newest description; null where the API withholds it, which is not 0',
    SONG_ADDED comment 'when it was last added to a playlist according to Spotify, UTC; null if no playlist says',
    ALBUM_ID comment 'Spotify id of the album it was shown on; null if none was given',
    ARTIST_ID comment 'Spotify id of the first credited artist; null if none is known'
)
comment = 'One row per song, under the column names that the tutorials use; artist_id is that of the first credit.'
as
with added as (
    select
        song_id,
        max(added_at) as song_added
    from {{ database }}.CORE.PLAYLIST_ITEMS
    where song_id is not null
    group by song_id
),

first_credits as (
    select
        song_id,
        artist_id
    from {{ database }}.CORE.SONG_ARTISTS
    qualify row_number() over (partition by song_id order by position, artist_id) = 1
)

select
    songs.song_id,
    songs.song_name,
    songs.duration_ms,
    songs.url,
    songs.popularity,
    added.song_added,
    songs.album_id,
    first_credits.artist_id
from {{ database }}.BI.SONGS as songs
left join added on added.song_id = songs.song_id
left join first_credits on first_credits.song_id = songs.song_id;
