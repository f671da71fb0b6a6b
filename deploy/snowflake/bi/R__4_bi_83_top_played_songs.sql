-- top_played_songs: one row per account and song played.
-- A song with two ids (relinking) counts as two songs.
create or replace view {{ database }}.BI.TOP_PLAYED_SONGS (
    ACCOUNT comment 'label that the history was imported under; never null',
    PLAY_RANK comment 'from 1 for the most counted plays, equal rows share a rank and the next rank is skipped; never null',
    LISTENING_RANK comment 'from 1 for the longest listening time, equal rows share a rank and the next rank is skipped; never null',
    SONG_KEY comment 'the song id, or artist and title if there is no id; never null',
    SONG_ID comment 'Spotify id; null if there is none',
    TRACK_NAME comment 'title as given, if there are several the last in the alphabet; null if not given',
    ARTIST_NAME comment 'artist as given, if there are several the last in the alphabet; null if not given',
    PLAY_COUNT comment 'plays of any length; never null',
    COUNTED_PLAY_COUNT comment 'plays of 30 s or more, or that ended by themselves; never null',
    LISTENING_MS comment 'listening time of all plays in ms; never null',
    FIRST_PLAYED_AT comment 'end of the first play, UTC; never null',
    LAST_PLAYED_AT comment 'end of the last play, UTC; never null'
)
comment = 'One row per account and song played.'
as
with played as (
    select
        plays.account,
        plays.song_key,
        max(plays.song_id) as song_id,
        max(plays.track_name) as track_name,
        max(plays.artist_name) as artist_name,
        count(plays.play_id) as play_count,
        count(case when plays.is_counted then 1 end) as counted_play_count,
        sum(plays.ms_played) as listening_ms,
        min(plays.played_at) as first_played_at,
        max(plays.played_at) as last_played_at
    from {{ database }}.BI.PLAYS as plays
    where plays.item_kind = 'song' and plays.song_key is not null
    group by plays.account, plays.song_key
)

select
    played.account,
    rank() over (partition by played.account order by played.counted_play_count desc) as play_rank,
    rank() over (partition by played.account order by played.listening_ms desc) as listening_rank,
    played.song_key,
    played.song_id,
    played.track_name,
    played.artist_name,
    played.play_count,
    played.counted_play_count,
    played.listening_ms,
    played.first_played_at,
    played.last_played_at
from played;
