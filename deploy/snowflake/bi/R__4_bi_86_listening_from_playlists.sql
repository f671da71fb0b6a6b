-- listening_from_playlists: one row per account and UTC month: how much of the listening is to songs that some playlist holds now.
-- Songs only. A play without an id (account history) belongs to no playlist, so the share is a lower bound.
create or replace view {{ database }}.BI.LISTENING_FROM_PLAYLISTS (
    ACCOUNT comment 'label that the history was imported under; never null',
    MONTH_BEGINS_ON comment 'first UTC day of the month; never null',
    LISTENING_MS comment 'listening time of songs in ms; never null',
    KEPT_LISTENING_MS comment 'of songs that some checked playlist holds now; never null',
    KEPT_SHARE comment 'its share, 0 to 1; null if nothing was listened to'
)
comment = 'One row per account and UTC month: how much of the listening is to songs that some playlist holds now.'
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
