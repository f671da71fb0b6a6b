-- tutorial_artists: one row per artist, under the column names that the tutorials use.
create or replace view {{ database }}.BI.TUTORIAL_ARTISTS (
    ARTIST_ID comment 'Spotify id of the artist; never null',
    ARTIST_NAME comment 'name; null if not given',
    EXTERNAL_URL comment 'web page at Spotify; null if not given'
)
comment = 'One row per artist, under the column names that the tutorials use.'
as
select
    artist_id,
    artist_name,
    url as external_url
from {{ database }}.BI.ARTISTS;
