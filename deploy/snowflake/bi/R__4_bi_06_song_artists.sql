-- song_artists: one row per song and credited artist, as last credited.
-- Multiply by weight before summing over artists: each song then adds up to one, however many artists it has.
create or replace view {{ database }}.BI.SONG_ARTISTS (
    SONG_ID comment 'Spotify id of the song; never null',
    SONG_NAME comment 'title of the song; null if not given',
    ARTIST_ID comment 'Spotify id of the artist; never null',
    ARTIST_NAME comment 'name of the artist; null if not given',
    POSITION comment '0-based place in the credits; null if not given',
    WEIGHT comment '1 divided by the number of credits of the song: the weights of a song add up to 1; never null'
)
comment = 'One row per song and credited artist; sum over weight, not over rows, to count songs.'
as
select
    song_artists.song_id,
    songs.name as song_name,
    song_artists.artist_id,
    artists.name as artist_name,
    song_artists.position,
    cast(1 as double) / count(song_artists.artist_id) over (partition by song_artists.song_id) as weight
from {{ database }}.CORE.SONG_ARTISTS as song_artists
left join {{ database }}.CORE.SONGS as songs on songs.song_id = song_artists.song_id
left join {{ database }}.CORE.ARTISTS as artists on artists.artist_id = song_artists.artist_id;
