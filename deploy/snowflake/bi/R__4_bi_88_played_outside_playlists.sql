-- played_outside_playlists: one row per account and song with counted plays that no playlist holds now.
-- Songs are compared by id; plays of account history have no ids and are left out.
create or replace view {{ database }}.BI.PLAYED_OUTSIDE_PLAYLISTS (
    ACCOUNT comment 'label that the history was imported under; never null',
    SONG_ID comment 'Spotify id of the song; never null',
    TRACK_NAME comment 'title as given; null if not given',
    ARTIST_NAME comment 'artist as given; null if not given',
    PLAY_COUNT comment 'plays of any length; never null',
    COUNTED_PLAY_COUNT comment 'plays of 30 s or more, or that ended by themselves; never null',
    LISTENING_MS comment 'listening time of all plays in ms; never null',
    FIRST_PLAYED_AT comment 'end of the first play, UTC; never null',
    LAST_PLAYED_AT comment 'end of the last play, UTC; never null'
)
comment = 'One row per account and song with counted plays that no playlist holds now.'
as
with kept as (
    select distinct song_id
    from {{ database }}.CORE.PLAYLIST_STAYS
    where song_id is not null and left_by_at is null
)

select
    played.account,
    played.song_id,
    played.track_name,
    played.artist_name,
    played.play_count,
    played.counted_play_count,
    played.listening_ms,
    played.first_played_at,
    played.last_played_at
from {{ database }}.BI.TOP_PLAYED_SONGS as played
left join kept on kept.song_id = played.song_id
where played.song_id is not null and kept.song_id is null and played.counted_play_count > 0;
