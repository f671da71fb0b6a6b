-- albums: one row per album, as Spotify last described it.
-- An album has a row if a playlist ever showed one of its songs.
create or replace view {{ database }}.BI.ALBUMS (
    ALBUM_ID comment 'Spotify id of the album; never null',
    ALBUM_NAME comment 'title; null if not given, may be empty after a takedown',
    ARTIST_NAMES comment 'names of the credited artists in credit order, joined by comma and space; null if none is known',
    ARTIST_COUNT comment 'credited artists; 0 if none is known, never null',
    ALBUM_TYPE comment 'album, single, compilation or a newer value; null if not given',
    RELEASED_ON comment 'release date, the first day of the year or month if no day is given; null if the text is not a date',
    RELEASE_YEAR comment 'year of released_on; null if released_on is null',
    RELEASE_DATE_TEXT comment 'release date as given: a year, a year and month, or a day; null if not given',
    RELEASE_DATE_PRECISION comment 'year, month or day as given, does not always match the text; null if not given',
    TOTAL_TRACKS comment 'tracks on the album, whether or not a playlist showed them; null if not given',
    IMAGE_URL comment 'widest cover; null if there is none',
    URI comment 'Spotify URI; null if not given',
    URL comment 'web page at Spotify; null if not given',
    DESCRIBED_AT comment 'when this description was read, UTC; never null'
)
comment = 'One row per album, as Spotify last described it.'
as
with credits as (
    select
        album_artists.album_id,
        nullif(listagg(artists.name, ', ') within group (order by album_artists.position), '') as artist_names,
        count(album_artists.artist_id) as artist_count
    from {{ database }}.CORE.ALBUM_ARTISTS as album_artists
    left join {{ database }}.CORE.ARTISTS as artists on artists.artist_id = album_artists.artist_id
    group by album_artists.album_id
)

select
    albums.album_id,
    albums.name as album_name,
    credits.artist_names,
    coalesce(credits.artist_count, 0) as artist_count,
    albums.album_type,
    albums.released_on,
    albums.release_year,
    albums.release_date_text,
    albums.release_date_precision,
    albums.total_tracks,
    albums.image_url,
    albums.uri,
    albums.url,
    albums.extracted_at as described_at
from {{ database }}.CORE.ALBUMS as albums
left join credits on credits.album_id = albums.album_id;
