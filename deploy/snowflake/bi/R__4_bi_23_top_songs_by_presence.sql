-- top_songs_by_presence: one row per song that a playlist holds or held, ranked by how many hold it, then by days held.
-- Presence counts the playlists that are checked. It is not Spotify's popularity; it is known even if that
-- is withheld.
create or replace view {{ database }}.BI.TOP_SONGS_BY_PRESENCE (
    PRESENCE_RANK comment 'from 1 for the most present, equal rows share a rank and the next rank is skipped; never null',
    SONG_ID comment 'Spotify id of the song; never null',
    SONG_NAME comment 'title; null if not given',
    ARTIST_NAMES comment 'artists in credit order, joined by comma and space; null if none is known',
    ALBUM_NAME comment 'album the song was shown on; null if none was given',
    PLAYLIST_COUNT comment 'playlists that hold it as far as known; 0 if it has left all playlists, never null',
    EVER_PLAYLIST_COUNT comment 'playlists that hold or held it; never null',
    HELD_DAYS comment 'days in playlists, added up over playlists and stays, two decimals; never null',
    FIRST_ENTERED_BY_AT comment 'first check of any playlist that showed it, UTC; never null',
    LAST_SEEN_AT comment 'last check of any playlist that showed it, UTC; never null'
)
comment = 'One row per song that a playlist holds or held, ranked by how many hold it, then by days held.'
as
with presence as (
    select
        stays.song_id,
        count(distinct case when stays.left_by_at is null then stays.playlist_id end) as playlist_count,
        count(distinct stays.playlist_id) as ever_playlist_count,
        sum(datediff('second', stays.entered_by_at, stays.last_seen_at)) as held_seconds,
        min(stays.entered_by_at) as first_entered_by_at,
        max(stays.last_seen_at) as last_seen_at
    from {{ database }}.CORE.PLAYLIST_STAYS as stays
    where stays.song_id is not null
    group by stays.song_id
)

select
    rank() over (order by presence.playlist_count desc, presence.held_seconds desc) as presence_rank,
    presence.song_id,
    songs.song_name,
    songs.artist_names,
    songs.album_name,
    presence.playlist_count,
    presence.ever_playlist_count,
    round(presence.held_seconds / 86400, 2) as held_days,
    presence.first_entered_by_at,
    presence.last_seen_at
from presence
left join {{ database }}.BI.SONGS as songs on songs.song_id = presence.song_id;
