-- playlist_membership: one row per playlist, item and stay of the item in it.
-- An item is a song, an episode or a local file; an empty position has no stay. An item that leaves and comes back has
-- two stays; an item at two positions has one stay with copy_count 2.
-- Entering and leaving are known as intervals between two checks: an item entered after entered_after_at and by
-- entered_by_at, and left after last_seen_at and by left_by_at.
-- Failed checks show nothing and close no stay. Incomplete reads open and extend the stays of the items that they show
-- and close none. A check that finds the playlist gone closes every open stay.
create or replace view {{ database }}.BI.PLAYLIST_MEMBERSHIP (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    ITEM_URI comment 'Spotify URI of the item, spotify:local:... for local files; never null',
    STAY_NUMBER comment 'which stay of the item in the playlist, from 1 for the oldest; never null',
    ITEM_KIND comment 'song, episode, local or other, from the URI; never null',
    SONG_ID comment 'Spotify id of the song; null for every other kind',
    EPISODE_ID comment 'Spotify id of the episode; null for every other kind',
    ITEM_NAME comment 'title as last shown in this stay; null if it could not be read',
    ARTIST_NAMES comment 'artists as last shown in this stay, in credit order, joined by comma and space; null if none were given',
    ENTERED_AFTER_AT comment 'last known check without it, UTC; null if there was none before it was first shown',
    ENTERED_BY_AT comment 'first check that showed it, UTC; never null',
    LAST_SEEN_AT comment 'last check that showed it, a read or unchanged, UTC; never null',
    LEFT_BY_AT comment 'first known check without it, UTC; null while it is there as far as known',
    ENTERED_ON comment 'UTC day of entered_by_at; never null',
    LEFT_ON comment 'UTC day of left_by_at; null while it is there as far as known',
    STATE comment 'still there, left, not seen since (the newest check does not show it) or playlist gone; never null',
    FIRST_POSITION comment '0-based position at the first check that showed it, the lowest position of its copies; never null',
    LAST_POSITION comment '0-based position at the last check that showed it, the lowest position of its copies; never null',
    COPY_COUNT comment 'its copies in the playlist at the last check that showed it, 1 or more; never null',
    ADDED_AT comment 'when it was added according to Spotify, for copies the time of the first in the list, UTC; null in very old playlists',
    STAY_DAYS comment 'days from entered_by_at to last_seen_at, two decimals, 0 if seen once; the item may have stayed longer; never null'
)
comment = 'One row per playlist, item and stay of the item in it, with the checks between which it began and ended.'
as
select
    stays.playlist_id,
    playlists.playlist_name,
    stays.item_uri,
    stays.stay_number,
    stays.item_kind,
    stays.song_id,
    stays.episode_id,
    stays.item_name,
    stays.artist_names,
    stays.entered_after_at,
    stays.entered_by_at,
    stays.last_seen_at,
    stays.left_by_at,
    stays.entered_on,
    stays.left_on,
    stays.state,
    stays.first_position,
    stays.last_position,
    stays.copy_count,
    stays.added_at,
    stays.stay_days
from {{ database }}.CORE.PLAYLIST_STAYS as stays
left join {{ database }}.BI.PLAYLISTS as playlists on playlists.playlist_id = stays.playlist_id;
