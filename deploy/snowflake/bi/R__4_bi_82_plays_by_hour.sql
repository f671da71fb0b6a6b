-- plays_by_hour: one row per account, clock, weekday and hour with plays.
-- The clock is UTC, or local: the zone of the setting listening_zone (see plays).
create or replace view {{ database }}.BI.PLAYS_BY_HOUR (
    ACCOUNT comment 'label that the history was imported under; never null',
    CLOCK comment 'UTC or local; never null',
    WEEKDAY comment '1 for Monday to 7; never null',
    HOUR_OF_DAY comment '0 to 23; never null',
    PLAY_COUNT comment 'plays of any length; never null',
    COUNTED_PLAY_COUNT comment 'plays of 30 s or more, or that ended by themselves; never null',
    LISTENING_MS comment 'listening time of all plays in ms; never null'
)
comment = 'One row per account, clock, weekday and hour with plays.'
as
select
    plays.account,
    'UTC' as clock,
    plays.played_weekday as weekday,
    plays.played_hour as hour_of_day,
    count(plays.play_id) as play_count,
    count(case when plays.is_counted then 1 end) as counted_play_count,
    sum(plays.ms_played) as listening_ms
from {{ database }}.BI.PLAYS as plays
group by plays.account, plays.played_weekday, plays.played_hour
union all
select
    plays.account,
    'local' as clock,
    plays.local_played_weekday as weekday,
    plays.local_played_hour as hour_of_day,
    count(plays.play_id) as play_count,
    count(case when plays.is_counted then 1 end) as counted_play_count,
    sum(plays.ms_played) as listening_ms
from {{ database }}.BI.PLAYS as plays
group by plays.account, plays.local_played_weekday, plays.local_played_hour;
