-- plays_around_entry: one row per account, playlist, song and stay: counted plays before and after the song entered the playlist.
-- A song entered when it was added according to Spotify; without that time, at the first check that showed it. A song
-- without plays has zeros.
create or replace view {{ database }}.BI.PLAYS_AROUND_ENTRY (
    ACCOUNT comment 'label that the history was imported under; never null',
    PLAYLIST_ID comment 'Spotify id of the playlist; never null',
    PLAYLIST_NAME comment 'its name as last described; never null',
    SONG_ID comment 'Spotify id of the song; never null',
    STAY_NUMBER comment 'which stay of the song in the playlist, from 1; never null',
    ENTERED_AT comment 'added_at according to Spotify, or the first check that showed it, UTC; never null',
    BEFORE_COUNT comment 'counted plays that ended before entered_at; never null',
    AFTER_COUNT comment 'counted plays that ended at entered_at or later; never null'
)
comment = 'One row per account, playlist, song and stay: counted plays before and after the song entered the playlist.'
as
with stays as (
    select
        membership.playlist_id,
        membership.playlist_name,
        membership.song_id,
        membership.stay_number,
        coalesce(membership.added_at, membership.entered_by_at) as entered_at
    from {{ database }}.BI.PLAYLIST_MEMBERSHIP as membership
    where membership.song_id is not null
),

accounts as (
    select distinct account
    from {{ database }}.BI.PLAYS
)

select
    accounts.account,
    stays.playlist_id,
    stays.playlist_name,
    stays.song_id,
    stays.stay_number,
    stays.entered_at,
    count(case when plays.played_at < stays.entered_at then 1 end) as before_count,
    count(case when plays.played_at >= stays.entered_at then 1 end) as after_count
from accounts
cross join stays
left join {{ database }}.BI.PLAYS as plays
    on plays.account = accounts.account and plays.song_id = stays.song_id and plays.is_counted
group by
    accounts.account, stays.playlist_id, stays.playlist_name, stays.song_id, stays.stay_number, stays.entered_at;
