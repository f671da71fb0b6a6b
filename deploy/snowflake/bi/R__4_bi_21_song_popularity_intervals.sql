-- song_popularity_intervals: one row per song and run of equal popularity, as observed.
-- Between observed_until_at of a run and observed_from_at of the next run the popularity is not known. If a song is
-- observed several times at the same instant (in several playlists), the last observation in reading order counts.
create or replace view {{ database }}.BI.SONG_POPULARITY_INTERVALS (
    SONG_ID comment 'Spotify id of the song; never null',
    SONG_NAME comment 'title as last described; null if not given',
    INTERVAL_NUMBER comment 'place among the runs of this song, from 1 for the oldest; never null',
    POPULARITY comment '0 to 100, Spotify''s rating, mainly by recent plays; never null',
    POPULARITY_CHANGE comment 'change in points from the previous run, never 0; null for the first run',
    OBSERVED_FROM_AT comment 'first observation of the run, UTC; never null',
    OBSERVED_UNTIL_AT comment 'last observation of the run, UTC; never null',
    OBSERVATION_COUNT comment 'instants at which it was observed, 1 or more; never null'
)
comment = 'One row per song and run of equal popularity, as observed.'
as
with ordered as (
    select
        song_id,
        extracted_at as observed_at,
        popularity
    from {{ database }}.CORE.SONG_POPULARITY
    qualify row_number() over (
        partition by song_id, extracted_at
        order by source_object desc, source_position desc, batch_id desc
    ) = 1
),

marked as (
    select
        song_id,
        observed_at,
        popularity,
        case
            when popularity = lag(popularity) over (partition by song_id order by observed_at) then 0
            else 1
        end as step
    from ordered
),

numbered as (
    select
        song_id,
        observed_at,
        popularity,
        sum(step) over (
            partition by song_id
            order by observed_at
            rows between unbounded preceding and current row
        ) as interval_number
    from marked
),

intervals as (
    select
        song_id,
        interval_number,
        popularity,
        min(observed_at) as observed_from_at,
        max(observed_at) as observed_until_at,
        count(observed_at) as observation_count
    from numbered
    group by song_id, interval_number, popularity
)

select
    intervals.song_id,
    songs.name as song_name,
    intervals.interval_number,
    intervals.popularity,
    intervals.popularity - lag(intervals.popularity) over (
        partition by intervals.song_id
        order by intervals.interval_number
    ) as popularity_change,
    intervals.observed_from_at,
    intervals.observed_until_at,
    intervals.observation_count
from intervals
left join {{ database }}.CORE.SONGS as songs on songs.song_id = intervals.song_id;
