-- artist_partners: one row per artist and other artist credited on the same song.
-- Each pair has two rows, one from each side: filter by artist_id to list all partners of an artist.
-- A song with three artists counts in six rows, so song_count must not be summed.
create or replace secure view {{ database }}.BI.ARTIST_PARTNERS (
    ARTIST_ID comment 'Spotify id of the artist; never null',
    ARTIST_NAME comment 'name of the artist; null if not given',
    PARTNER_ID comment 'Spotify id of the other artist; never null',
    PARTNER_NAME comment 'name of the other artist; null if not given',
    SONG_COUNT comment 'songs both are credited on, 1 or more, not to be summed over rows; never null',
    FIRST_RELEASE_YEAR comment 'earliest release year of the albums of these songs; null if none is known',
    LAST_RELEASE_YEAR comment 'latest release year of the albums of these songs; null if none is known'
)
comment = 'One row per artist and other artist credited on the same song; each pair from both sides.'
as
with credits as (
    select
        song_artists.song_id,
        song_artists.artist_id,
        artists.name as artist_name,
        albums.release_year
    from {{ database }}.CORE.SONG_ARTISTS as song_artists
    left join {{ database }}.CORE.ARTISTS as artists on artists.artist_id = song_artists.artist_id
    left join {{ database }}.CORE.SONGS as songs on songs.song_id = song_artists.song_id
    left join {{ database }}.CORE.ALBUMS as albums on albums.album_id = songs.album_id
)

select
    credits.artist_id,
    credits.artist_name,
    partners.artist_id as partner_id,
    partners.artist_name as partner_name,
    count(credits.song_id) as song_count,
    min(credits.release_year) as first_release_year,
    max(credits.release_year) as last_release_year
from credits
inner join credits as partners
    on partners.song_id = credits.song_id and partners.artist_id <> credits.artist_id
group by credits.artist_id, credits.artist_name, partners.artist_id, partners.artist_name;
