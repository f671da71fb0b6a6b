-- artist_collaborations: one row per unordered pair of artists credited on the same song.
-- Each pair stands here once, the smaller id first: to find all partners of one artist look at both sides.
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
with pairs as (
    select
        one.artist_id,
        other.artist_id as other_artist_id,
        count(one.song_id) as song_count,
        min(songs.release_year) as first_release_year,
        max(songs.release_year) as last_release_year
    from {{ database }}.CORE.SONG_ARTISTS as one
    inner join {{ database }}.CORE.SONG_ARTISTS as other
        on other.song_id = one.song_id and other.artist_id > one.artist_id
    left join {{ database }}.BI.SONGS as songs on songs.song_id = one.song_id
    group by one.artist_id, other.artist_id
)

select
    pairs.artist_id,
    artists.artist_name,
    pairs.other_artist_id,
    other_artists.artist_name as other_artist_name,
    pairs.song_count,
    pairs.first_release_year,
    pairs.last_release_year
from pairs
left join {{ database }}.BI.ARTISTS as artists on artists.artist_id = pairs.artist_id
left join {{ database }}.BI.ARTISTS as other_artists on other_artists.artist_id = pairs.other_artist_id;
