-- plays_daily: one row per account and UTC day with plays.
create or replace view {{ database }}.BI.PLAYS_DAILY (
    ACCOUNT comment 'label that the history was imported under; never null',
    PLAYED_ON comment 'UTC day; never null',
    PLAY_COUNT comment 'plays of any length; never null',
    COUNTED_PLAY_COUNT comment 'plays of 30 s or more, or that ended by themselves; never null',
    LISTENING_MS comment 'listening time of all plays in ms; never null'
)
comment = 'One row per account and UTC day with plays.'
as
select
    plays.account,
    plays.played_on,
    count(plays.play_id) as play_count,
    count(case when plays.is_counted then 1 end) as counted_play_count,
    sum(plays.ms_played) as listening_ms
from {{ database }}.BI.PLAYS as plays
group by plays.account, plays.played_on;
