-- artists: one row per artist, as Spotify last described it.
-- Artists of songs and of albums. ARTIST_SUMMARY has counts.
create or replace view {{ database }}.BI.ARTISTS (
    ARTIST_ID comment 'Spotify id of the artist; never null',
    ARTIST_NAME comment 'name; null if no name was ever given, may be empty after a takedown',
    URI comment 'Spotify URI; null if not given',
    URL comment 'web page at Spotify; null if not given',
    DESCRIBED_AT comment 'when this description was read, UTC; never null'
)
comment = 'One row per artist, as Spotify last described it.'
as
select
    artist_id,
    name as artist_name,
    uri,
    url,
    extracted_at as described_at
from {{ database }}.CORE.ARTISTS;
