-- recently_entered: one row per stay that began between two checks, newest first by recency_rank.
-- Items of the first check of a playlist are left out: when they entered is not known.
create or replace view {{ database }}.BI.RECENTLY_ENTERED (
    RECENCY_RANK comment 'from 1 for the newest check that showed something new, equal rows share a rank; never null',
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    ITEM_URI comment 'Spotify URI of the item, spotify:local:... for local files; never null',
    ITEM_KIND comment 'song, episode, local or other; never null',
    ITEM_NAME comment 'title as last shown; null if it could not be read',
    ARTIST_NAMES comment 'artists as last shown, joined by comma and space; null if none were given',
    STAY_NUMBER comment 'which stay of the item in the playlist: 2 or more means that it came back; never null',
    ENTERED_AFTER_AT comment 'last known check without it, UTC; never null',
    ENTERED_BY_AT comment 'first check that showed it, UTC; never null',
    ADDED_AT comment 'when it was added according to Spotify, UTC; null in very old playlists',
    STATE comment 'still there, left, not seen since or playlist gone; never null'
)
comment = 'One row per stay that began between two checks, newest first by recency_rank.'
as
select
    rank() over (order by entered_by_at desc) as recency_rank,
    playlist_id,
    playlist_name,
    item_uri,
    item_kind,
    item_name,
    artist_names,
    stay_number,
    entered_after_at,
    entered_by_at,
    added_at,
    state
from {{ database }}.BI.PLAYLIST_MEMBERSHIP
where entered_after_at is not null;
