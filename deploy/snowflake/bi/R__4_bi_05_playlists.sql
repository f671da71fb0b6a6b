-- playlists: one row per playlist that was ever checked, as it was last described.
-- The owner is left out: no BI view has ids of people.
create or replace view {{ database }}.BI.PLAYLISTS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name, Liked songs for liked:me, the id where no name is known; never null',
    DESCRIPTION comment 'as given, HTML escapes included; null if not known',
    IS_PUBLIC comment 'shown on the profile of its owner; null means unknown',
    IS_COLLABORATIVE comment 'others may edit it; null if not known',
    FOLLOWER_COUNT comment 'followers when last described; null where the API withholds them, which is not 0',
    ITEM_COUNT comment 'number of items of every kind as the API named it when last described; null if it named none',
    IMAGE_URL comment 'cover, the link expires within a day; null if there is none',
    URL comment 'web page at Spotify; null if not given',
    DESCRIBED_AT comment 'when this description was read, UTC; null if no check showed one',
    LAST_CHECKED_AT comment 'newest check, however it ended, UTC; never null',
    LAST_STATUS comment 'how that check ended: read, unchanged, failed or gone; never null',
    LAST_FAILURE_CLASS comment 'why it failed or the playlist is gone; null otherwise'
)
comment = 'One row per playlist that was ever checked, as it was last described.'
as
select
    playlist_id,
    coalesce(nullif(name, ''), case when playlist_id = 'liked:me' then 'Liked songs' end, playlist_id) as playlist_name,
    description,
    is_public,
    is_collaborative,
    follower_count,
    total as item_count,
    image_url,
    url,
    described_at,
    last_checked_at,
    last_status,
    last_failure_class
from {{ database }}.CORE.PLAYLISTS;
