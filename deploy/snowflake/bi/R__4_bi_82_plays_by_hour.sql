-- plays_by_hour: one row per account and hour of the week with plays, in UTC and in the zone of the setting.
-- The setting listening_zone names the zone (see plays). To use only one of both zones, group by its columns and sum.
create or replace view {{ database }}.BI.PLAYS_BY_HOUR (
    ACCOUNT comment 'label that the history was imported under; never null',
    PLAYED_WEEKDAY comment 'UTC weekday, 1 for Monday to 7; never null',
    PLAYED_HOUR comment 'UTC hour, 0 to 23; never null',
    LOCAL_PLAYED_WEEKDAY comment 'weekday in the zone, 1 for Monday to 7; never null',
    LOCAL_PLAYED_HOUR comment 'hour in the zone, 0 to 23; never null',
    PLAY_COUNT comment 'plays of any length; never null',
    COUNTED_PLAY_COUNT comment 'plays of 30 s or more, or that ended by themselves; never null',
    LISTENING_MS comment 'listening time of all plays in ms; never null'
)
comment = 'One row per account and hour of the week with plays, in UTC and in the zone of the setting.'
as
select
    plays.account,
    plays.played_weekday,
    plays.played_hour,
    plays.local_played_weekday,
    plays.local_played_hour,
    count(plays.play_id) as play_count,
    count(case when plays.is_counted then 1 end) as counted_play_count,
    sum(plays.ms_played) as listening_ms
from {{ database }}.BI.PLAYS as plays
group by
    plays.account, plays.played_weekday, plays.played_hour, plays.local_played_weekday, plays.local_played_hour;
