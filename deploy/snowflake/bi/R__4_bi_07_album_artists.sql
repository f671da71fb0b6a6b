-- album_artists: one row per album and credited artist, as last credited.
-- Multiply by weight before summing over artists: each album then adds up to one, however many artists it has.
create or replace view {{ database }}.BI.ALBUM_ARTISTS (
    ALBUM_ID comment 'Spotify id of the album; never null',
    ALBUM_NAME comment 'title of the album; null if not given',
    ARTIST_ID comment 'Spotify id of the artist; never null',
    ARTIST_NAME comment 'name of the artist; null if not given',
    POSITION comment '0-based place in the credits; null if not given',
    WEIGHT comment '1 divided by the number of credits of the album: the weights of an album add up to 1; never null'
)
comment = 'One row per album and credited artist; sum over weight, not over rows, to count albums.'
as
select
    album_artists.album_id,
    albums.name as album_name,
    album_artists.artist_id,
    artists.name as artist_name,
    album_artists.position,
    cast(1 as double) / count(album_artists.artist_id) over (partition by album_artists.album_id) as weight
from {{ database }}.CORE.ALBUM_ARTISTS as album_artists
left join {{ database }}.CORE.ALBUMS as albums on albums.album_id = album_artists.album_id
left join {{ database }}.CORE.ARTISTS as artists on artists.artist_id = album_artists.artist_id;
