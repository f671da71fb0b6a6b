-- tutorial_albums: one row per album, under the column names that the tutorials use.
create or replace view {{ database }}.BI.TUTORIAL_ALBUMS (
    ALBUM_ID comment 'Spotify id of the album; never null',
    NAME comment 'title; null if not given',
    RELEASE_DATE comment 'release date, the first day of the year or month if no day is given; null if the text is not a date',
    TOTAL_TRACKS comment 'tracks on the album; null if not given',
    URL comment 'web page at Spotify; null if not given'
)
comment = 'One row per album, under the column names that the tutorials use.'
as
select
    album_id,
    album_name as name,
    released_on as release_date,
    total_tracks,
    url
from {{ database }}.BI.ALBUMS;
