-- playlist_checks: one row per check of a playlist, however it ended.
-- is_known: the check shows everything that the playlist held. It is true for a complete read whose items are all
-- loaded, for an unchanged check after such a read, and for a check that finds the playlist gone (it then holds
-- nothing). A failed check shows nothing. A read shows nothing while its items are not loaded, or if an incomplete read
-- of the same snapshot replaced them.
-- An incomplete read, and an unchanged check after it, show some of the items: a missing item may still be in the
-- playlist.
-- An unchanged check shows the snapshot that it names; if it names none, the snapshot of the last complete read.
create or replace view {{ database }}.BI.PLAYLIST_CHECKS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    CHECK_NUMBER comment 'place among the checks of this playlist, from 1 for the oldest; never null',
    RUN_ID comment 'extraction run such as 20261120T100000Z, document:... for a dropped file; never null',
    CHECKED_AT comment 'when it was checked, UTC; never null',
    CHECKED_ON comment 'UTC day of checked_at; never null',
    STATUS comment 'read, unchanged, failed or gone; never null',
    FAILURE_CLASS comment 'why it failed or the playlist is gone; null otherwise',
    IS_COMPLETE comment 'every position was read; null when nothing was read',
    MISSING_COUNT comment 'rows that an incomplete read lacks, 0 if its totals or versions differed; null if the API named no total, and for every other check',
    IS_KNOWN comment 'the check shows everything that the playlist held; false means unknown, not empty; never null',
    IS_NEWEST comment 'the newest check of this playlist; never null',
    SNAPSHOT_ID comment 'version of the playlist that the check named; null when it named none',
    SHOWN_SNAPSHOT_ID comment 'version whose items the check shows, only some of them unless is_known; null if it shows none (gone, failed or not known)',
    ITEM_COUNT comment 'number of items of every kind as the API named it; null if it named none',
    FOLLOWER_COUNT comment 'followers; null where the API withholds them, which is not 0'
)
comment = 'One row per check of a playlist, however it ended.'
as
select
    results.playlist_id,
    playlists.playlist_name,
    results.check_number,
    results.run_id,
    results.checked_at,
    cast(results.checked_at as date) as checked_on,
    results.status,
    results.failure_class,
    results.is_complete,
    results.missing_count,
    results.is_known,
    results.is_newest,
    results.snapshot_id,
    results.shown_snapshot_id,
    results.item_count,
    results.follower_count
from {{ database }}.CORE.PLAYLIST_CHECK_RESULTS as results
left join {{ database }}.BI.PLAYLISTS as playlists on playlists.playlist_id = results.playlist_id;
