-- song_popularity_daily: one row per song and UTC day on which its popularity was shown, the last observation of the day.
-- A day on which the API withheld it has no row: missing is not 0.
create or replace view {{ database }}.BI.SONG_POPULARITY_DAILY (
    SONG_ID comment 'Spotify id of the song; never null',
    SONG_NAME comment 'title as last described; null if not given',
    OBSERVED_ON comment 'UTC day; never null',
    OBSERVED_AT comment 'the last observation of the day, UTC; never null',
    POPULARITY comment '0 to 100, Spotify''s rating, mainly by recent plays; never null',
    OBSERVATION_COUNT comment 'observations on the day, 1 or more: a song in two playlists is observed twice; never null'
)
comment = 'One row per song and UTC day on which its popularity was shown, the last observation of the day.'
as
with observations as (
    select
        song_id,
        cast(extracted_at as date) as observed_on,
        extracted_at as observed_at,
        popularity,
        count(popularity) over (partition by song_id, cast(extracted_at as date)) as observation_count
    from {{ database }}.CORE.SONG_POPULARITY
    qualify row_number() over (
        partition by song_id, cast(extracted_at as date)
        order by extracted_at desc, source_object desc, source_position desc, batch_id desc
    ) = 1
)

select
    observations.song_id,
    songs.name as song_name,
    observations.observed_on,
    observations.observed_at,
    observations.popularity,
    observations.observation_count
from observations
left join {{ database }}.CORE.SONGS as songs on songs.song_id = observations.song_id;
