-- listening_from_playlists: one row per account and UTC month: listening time of all songs, and of songs that a playlist holds now.
-- Songs only. A play without an id (account history) belongs to no playlist, so the share is a lower bound.
create or replace view {{ database }}.BI.LISTENING_FROM_PLAYLISTS (
    ACCOUNT comment 'label that the history was imported under; never null',
    MONTH_BEGINS_ON comment 'first UTC day of the month; never null',
    LISTENING_MS comment 'listening time of songs in ms; never null',
    KEPT_LISTENING_MS comment 'listening time in ms of songs that a checked playlist holds now; never null',
    KEPT_SHARE comment 'kept_listening_ms divided by listening_ms, 0 to 1; null if listening_ms is 0'
)
comment = 'One row per account and UTC month: listening time of all songs, and of songs that a playlist holds now.'
as
with kept as (
    select distinct song_id
    from {{ database }}.CORE.PLAYLIST_STAYS
    where song_id is not null and left_by_at is null
)

select
    plays.account,
    cast(date_trunc('month', plays.played_on) as date) as month_begins_on,
    sum(plays.ms_played) as listening_ms,
    sum(case when kept.song_id is not null then plays.ms_played else 0 end) as kept_listening_ms,
    sum(case when kept.song_id is not null then plays.ms_played else 0 end)
    / nullif(sum(plays.ms_played), 0) as kept_share
from {{ database }}.BI.PLAYS as plays
left join kept on kept.song_id = plays.song_id
where plays.item_kind = 'song'
group by plays.account, cast(date_trunc('month', plays.played_on) as date);
