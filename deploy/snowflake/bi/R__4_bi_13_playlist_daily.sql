-- playlist_daily: one row per playlist and UTC day with a check that shows items or finds the playlist gone.
-- The row is as of the day's last check that shows all items: a complete read, unchanged or gone. On a day with only
-- incomplete reads it is as of the last of them: is_complete is false, and the counts of contents are null.
-- A playlist that was gone at the last check of the day holds nothing: is_gone is true and its counts by kind are 0.
-- Counts by kind are positions: a song at two positions counts twice; distinct_song_count counts it once.
-- entered_count and left_count are the stays that began or ended at a check of the day. Items of the first check of a
-- playlist did not enter; an item that enters and leaves on one day counts in both.
create or replace view {{ database }}.BI.PLAYLIST_DAILY (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    CHECKED_ON comment 'UTC day; never null',
    CHECKED_AT comment 'time of the check that the row shows, UTC; never null',
    IS_COMPLETE comment 'a check of the day shows all items; false on a day with only incomplete reads; never null',
    IS_GONE comment 'the playlist was gone at checked_at, its counts by kind are 0; never null',
    SONG_COUNT comment 'positions with a song; null if not is_complete',
    DISTINCT_SONG_COUNT comment 'songs, each counted once; null if not is_complete',
    EPISODE_COUNT comment 'positions with a podcast episode; null if not is_complete',
    LOCAL_COUNT comment 'positions with a local file; null if not is_complete',
    EMPTY_COUNT comment 'positions for which the API returned no content; null if not is_complete',
    UNAVAILABLE_COUNT comment 'positions with something that has no id; null if not is_complete',
    REJECTED_COUNT comment 'positions that could not be read, see rejects/ in the lake; null if not is_complete',
    DURATION_MINUTES comment 'length of its songs and episodes as last described, two decimals, unknown lengths add 0; null if not is_complete',
    ENTERED_COUNT comment 'items that entered by a check of the day; never null',
    LEFT_COUNT comment 'items that left by a check of the day, also because the playlist was gone; never null',
    FOLLOWER_COUNT comment 'followers at checked_at; null where the API withholds them, which is not 0'
)
comment = 'One row per playlist and UTC day with a check that shows items or finds the playlist gone.'
as
with checks as (
    select
        playlist_id,
        playlist_name,
        checked_on,
        checked_at,
        shown_snapshot_id,
        is_known,
        follower_count
    from {{ database }}.BI.PLAYLIST_CHECKS
    where is_known or shown_snapshot_id is not null
    qualify row_number() over (
        partition by playlist_id, checked_on
        order by case when is_known then 0 else 1 end, check_number desc
    ) = 1
),

contents as (
    select
        items.playlist_id,
        items.snapshot_id,
        count(case when items.kind = 'song' then items.position end) as song_count,
        count(distinct case when items.kind = 'song' then items.song_id end) as distinct_song_count,
        count(case when items.kind = 'episode' then items.position end) as episode_count,
        count(case when items.kind = 'local' then items.position end) as local_count,
        count(case when items.kind = 'empty' then items.position end) as empty_count,
        count(case when items.kind = 'unavailable' then items.position end) as unavailable_count,
        count(case when items.kind = 'rejected' then items.position end) as rejected_count,
        sum(coalesce(songs.duration_ms, episodes.duration_ms)) as duration_ms
    from {{ database }}.CORE.PLAYLIST_ITEMS as items
    left join {{ database }}.CORE.SONGS as songs on songs.song_id = items.song_id
    left join {{ database }}.CORE.EPISODES as episodes on episodes.episode_id = items.episode_id
    group by items.playlist_id, items.snapshot_id
),

entered as (
    select
        playlist_id,
        entered_on,
        count(item_uri) as entered_count
    from {{ database }}.CORE.PLAYLIST_STAYS
    where entered_after_at is not null
    group by playlist_id, entered_on
),

departed as (
    select
        playlist_id,
        left_on,
        count(item_uri) as left_count
    from {{ database }}.CORE.PLAYLIST_STAYS
    where left_on is not null
    group by playlist_id, left_on
)

select
    checks.playlist_id,
    checks.playlist_name,
    checks.checked_on,
    checks.checked_at,
    checks.is_known as is_complete,
    (checks.shown_snapshot_id is null) as is_gone,
    case when checks.is_known then coalesce(contents.song_count, 0) end as song_count,
    case when checks.is_known then coalesce(contents.distinct_song_count, 0) end as distinct_song_count,
    case when checks.is_known then coalesce(contents.episode_count, 0) end as episode_count,
    case when checks.is_known then coalesce(contents.local_count, 0) end as local_count,
    case when checks.is_known then coalesce(contents.empty_count, 0) end as empty_count,
    case when checks.is_known then coalesce(contents.unavailable_count, 0) end as unavailable_count,
    case when checks.is_known then coalesce(contents.rejected_count, 0) end as rejected_count,
    case when checks.is_known then round(coalesce(contents.duration_ms, 0) / 60000, 2) end as duration_minutes,
    coalesce(entered.entered_count, 0) as entered_count,
    coalesce(departed.left_count, 0) as left_count,
    checks.follower_count
from checks
left join contents
    on contents.playlist_id = checks.playlist_id and contents.snapshot_id = checks.shown_snapshot_id
left join entered on entered.playlist_id = checks.playlist_id and entered.entered_on = checks.checked_on
left join departed on departed.playlist_id = checks.playlist_id and departed.left_on = checks.checked_on;
