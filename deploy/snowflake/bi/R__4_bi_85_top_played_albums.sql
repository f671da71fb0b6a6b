-- top_played_albums: one row per account and album played.
-- Account history has no albums.
create or replace view {{ database }}.BI.TOP_PLAYED_ALBUMS (
    ACCOUNT comment 'label that the history was imported under; never null',
    PLAY_RANK comment 'from 1 for the most counted plays, equal rows share a rank and the next rank is skipped; never null',
    LISTENING_RANK comment 'from 1 for the longest listening time, equal rows share a rank and the next rank is skipped; never null',
    ARTIST_NAME comment 'artist of the album as given; null if not given',
    ALBUM_NAME comment 'album as given; never null',
    SONG_COUNT comment 'different songs played; never null',
    PLAY_COUNT comment 'plays of any length; never null',
    COUNTED_PLAY_COUNT comment 'plays of 30 s or more, or that ended by themselves; never null',
    LISTENING_MS comment 'listening time of all plays in ms; never null',
    FIRST_PLAYED_AT comment 'end of the first play, UTC; never null',
    LAST_PLAYED_AT comment 'end of the last play, UTC; never null'
)
comment = 'One row per account and album played.'
as
with played as (
    select
        plays.account,
        plays.artist_name,
        plays.album_name,
        count(distinct plays.song_key) as song_count,
        count(plays.play_id) as play_count,
        count(case when plays.is_counted then 1 end) as counted_play_count,
        sum(plays.ms_played) as listening_ms,
        min(plays.played_at) as first_played_at,
        max(plays.played_at) as last_played_at
    from {{ database }}.BI.PLAYS as plays
    where plays.item_kind = 'song' and plays.album_name is not null
    group by plays.account, plays.artist_name, plays.album_name
)

select
    played.account,
    rank() over (partition by played.account order by played.counted_play_count desc) as play_rank,
    rank() over (partition by played.account order by played.listening_ms desc) as listening_rank,
    played.artist_name,
    played.album_name,
    played.song_count,
    played.play_count,
    played.counted_play_count,
    played.listening_ms,
    played.first_played_at,
    played.last_played_at
from played;
