-- artist_collaborations: one row per unordered pair of artists credited on the same song.
-- Each pair has one row, the smaller id first; ARTIST_PARTNERS has it from both sides.
-- A song with three artists counts for three pairs, so song_count must not be summed.
create or replace secure view {{ database }}.BI.ARTIST_COLLABORATIONS (
    ARTIST_ID comment 'Spotify id of the artist whose id sorts first; never null',
    ARTIST_NAME comment 'name of that artist; null if not given',
    OTHER_ARTIST_ID comment 'Spotify id of the other artist; never null',
    OTHER_ARTIST_NAME comment 'name of the other artist; null if not given',
    SONG_COUNT comment 'songs both are credited on, 1 or more, not to be summed over pairs; never null',
    FIRST_RELEASE_YEAR comment 'earliest release year of the albums of these songs; null if none is known',
    LAST_RELEASE_YEAR comment 'latest release year of the albums of these songs; null if none is known'
)
comment = 'One row per unordered pair of artists credited on the same song.'
as
select
    artist_id,
    artist_name,
    partner_id as other_artist_id,
    partner_name as other_artist_name,
    song_count,
    first_release_year,
    last_release_year
from {{ database }}.BI.ARTIST_PARTNERS
where partner_id > artist_id;
