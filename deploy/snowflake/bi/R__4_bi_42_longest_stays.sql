-- longest_stays: one row per stay of an item in a playlist, longest first by stay_rank.
-- stay_days is the time from the first to the last check that showed the item; the item may have stayed longer.
create or replace view {{ database }}.BI.LONGEST_STAYS (
    STAY_RANK comment 'from 1 for the longest, equal rows share a rank and the next rank is skipped; never null',
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    ITEM_URI comment 'Spotify URI of the item, spotify:local:... for local files; never null',
    ITEM_KIND comment 'song, episode, local or other; never null',
    ITEM_NAME comment 'title as last shown; null if it could not be read',
    ARTIST_NAMES comment 'artists as last shown, joined by comma and space; null if none were given',
    STAY_NUMBER comment 'which stay of the item in the playlist, from 1 for the oldest; never null',
    STAY_DAYS comment 'days from the first to the last check that showed it, two decimals; never null',
    ENTERED_BY_AT comment 'first check that showed it, UTC; never null',
    LAST_SEEN_AT comment 'last check that showed it, UTC; never null',
    STATE comment 'still there, left, not seen since or playlist gone; never null'
)
comment = 'One row per stay of an item in a playlist, longest first by stay_rank.'
as
select
    rank() over (order by datediff('second', entered_by_at, last_seen_at) desc) as stay_rank,
    playlist_id,
    playlist_name,
    item_uri,
    item_kind,
    item_name,
    artist_names,
    stay_number,
    stay_days,
    entered_by_at,
    last_seen_at,
    state
from {{ database }}.BI.PLAYLIST_MEMBERSHIP;
