-- plays_daily_local: one row per account and day with plays, by days in the zone of the setting.
-- The setting listening_zone names the zone (see plays). plays_daily has the same columns by UTC days.
create or replace view {{ database }}.BI.PLAYS_DAILY_LOCAL (
    ACCOUNT comment 'label that the history was imported under; never null',
    LOCAL_PLAYED_ON comment 'day in the zone; never null',
    PLAY_COUNT comment 'plays of any length; never null',
    COUNTED_PLAY_COUNT comment 'plays of 30 s or more, or that ended by themselves; never null',
    LISTENING_MS comment 'listening time of all plays in ms; never null'
)
comment = 'One row per account and day with plays, by days in the zone of the setting.'
as
select
    plays.account,
    plays.local_played_on,
    count(plays.play_id) as play_count,
    count(case when plays.is_counted then 1 end) as counted_play_count,
    sum(plays.ms_played) as listening_ms
from {{ database }}.BI.PLAYS as plays
group by plays.account, plays.local_played_on;
