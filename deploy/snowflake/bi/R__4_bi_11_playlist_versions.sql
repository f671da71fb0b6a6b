-- playlist_versions: one row per playlist and uninterrupted run of checks that showed the same version of it.
-- Checks that show nothing (failed) do not interrupt a run. The time during which a playlist was gone has a row, too.
-- An incomplete read counts as a separate version, which lacks some of the items.
-- A version that comes back after another version has a second row.
create or replace view {{ database }}.BI.PLAYLIST_VERSIONS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    VERSION_NUMBER comment 'place among the versions of this playlist, from 1 for the oldest; never null',
    SNAPSHOT_ID comment 'version whose items were shown; null while the playlist was gone',
    IS_COMPLETE comment 'all of its items are known; false after an incomplete read, which shows some of them; never null',
    IS_GONE comment 'the playlist was gone; never null',
    CHECK_COUNT comment 'checks in the run, 1 or more; never null',
    PREVIOUS_CHECKED_AT comment 'last check before the run that showed all items, UTC; null if there was none',
    FIRST_CHECKED_AT comment 'first check of the run, UTC; never null',
    LAST_CHECKED_AT comment 'last check of the run, UTC; never null',
    NEXT_CHECKED_AT comment 'first check after the run that showed all items, UTC; null if there was none',
    IS_GONE_NEXT comment 'the playlist was gone at next_checked_at; null if there was no such check'
)
comment = 'One row per playlist and uninterrupted run of checks that showed the same version of it.'
as
select
    versions.playlist_id,
    playlists.playlist_name,
    versions.version_number,
    versions.snapshot_id,
    versions.is_complete,
    versions.is_gone,
    versions.check_count,
    versions.previous_checked_at,
    versions.first_checked_at,
    versions.last_checked_at,
    versions.next_checked_at,
    versions.is_gone_next
from {{ database }}.CORE.PLAYLIST_VERSIONS as versions
left join {{ database }}.BI.PLAYLISTS as playlists on playlists.playlist_id = versions.playlist_id;
