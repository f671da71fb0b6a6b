-- recently_left: one row per stay that ended, newest first by recency_rank.
create or replace view {{ database }}.BI.RECENTLY_LEFT (
    RECENCY_RANK comment 'from 1 for the newest check in which an item was missing, equal rows share a rank; never null',
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    ITEM_URI comment 'Spotify URI of the item, spotify:local:... for local files; never null',
    ITEM_KIND comment 'song, episode, local or other; never null',
    ITEM_NAME comment 'title as last shown; null if it could not be read',
    ARTIST_NAMES comment 'artists as last shown, joined by comma and space; null if none were given',
    STAY_NUMBER comment 'which stay of the item in the playlist ended, from 1; never null',
    LAST_SEEN_AT comment 'last check that showed it, UTC; never null',
    LEFT_BY_AT comment 'first known check without it, UTC; never null',
    STAY_DAYS comment 'days from the first to the last check that showed it, two decimals; never null',
    STATE comment 'left, or playlist gone if the whole playlist is gone; never null'
)
comment = 'One row per stay that ended, newest first by recency_rank.'
as
select
    rank() over (order by left_by_at desc) as recency_rank,
    playlist_id,
    playlist_name,
    item_uri,
    item_kind,
    item_name,
    artist_names,
    stay_number,
    last_seen_at,
    left_by_at,
    stay_days,
    state
from {{ database }}.BI.PLAYLIST_MEMBERSHIP
where left_by_at is not null;
