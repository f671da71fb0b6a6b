-- artist_rise: one row per artist and UTC day with a known check of any playlist, from the first day a song was held.
-- As of the end of the day and as far as known: a playlist that was not checked that day keeps what it last showed.
-- Credits are those of today. A song with three artists counts once for each of them.
create or replace view {{ database }}.BI.ARTIST_RISE (
    ARTIST_ID comment 'Spotify id of the artist; never null',
    ARTIST_NAME comment 'name; null if not given',
    CHECKED_ON comment 'UTC day; never null',
    SONG_COUNT comment 'songs of the artist held in playlists at the end of the day, each counted once; 0 if all have left, never null',
    PREVIOUS_ON comment 'day that the change is compared with, the last earlier day with a known check; null on the first day',
    SONG_COUNT_CHANGE comment 'song_count minus song_count of previous_on; null on the first day'
)
comment = 'One row per artist and UTC day: songs held in playlists, and the change to the previous day.'
as
with checked as (
    select distinct cast(checked_at as date) as checked_on
    from {{ database }}.CORE.PLAYLIST_CHECK_RESULTS
    where is_known
),

days as (
    select
        checked_on,
        lag(checked_on) over (order by checked_on) as previous_on
    from checked
),

stays as (
    select
        credits.artist_id,
        playlist_stays.song_id,
        playlist_stays.entered_on,
        playlist_stays.left_on
    from {{ database }}.CORE.PLAYLIST_STAYS as playlist_stays
    inner join {{ database }}.CORE.SONG_ARTISTS as credits on credits.song_id = playlist_stays.song_id
),

held as (
    select
        stays.artist_id,
        days.checked_on,
        count(distinct stays.song_id) as song_count
    from days
    inner join stays
        on
            stays.entered_on <= days.checked_on
            and (stays.left_on is null or stays.left_on > days.checked_on)
    group by stays.artist_id, days.checked_on
),

starts as (
    select
        artist_id,
        min(entered_on) as started_on
    from stays
    group by artist_id
),

counted as (
    select
        starts.artist_id,
        days.checked_on,
        days.previous_on,
        coalesce(held.song_count, 0) as song_count
    from starts
    inner join days on days.checked_on >= starts.started_on
    left join held on held.artist_id = starts.artist_id and held.checked_on = days.checked_on
)

select
    counted.artist_id,
    artists.artist_name,
    counted.checked_on,
    counted.song_count,
    counted.previous_on,
    case
        when counted.previous_on is not null
            then counted.song_count - coalesce(
                lag(counted.song_count) over (partition by counted.artist_id order by counted.checked_on), 0
            )
    end as song_count_change
from counted
left join {{ database }}.BI.ARTISTS as artists on artists.artist_id = counted.artist_id;
