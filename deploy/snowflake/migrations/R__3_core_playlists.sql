-- playlists: one row per playlist ever checked: how it was last described, and how its newest check ended.
-- The newest check that ended read or unchanged and carried the playlist's name describes it. If there is none, the
-- newest check that carried a name does, however it ended: the library shows names of playlists that cannot be read. If
-- no check carried a name (liked songs have none), the newest that ended read or unchanged does, else nothing.
create or replace view {{ database }}.CORE.PLAYLISTS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    NAME comment 'name when last described; null for liked songs and what was never described',
    DESCRIPTION comment 'as given, HTML escapes included; null if there is none',
    OWNER_ID comment 'Spotify user who owns it; null if unknown',
    IS_PUBLIC comment 'on the profile of its owner; null means unknown',
    IS_COLLABORATIVE comment 'others may edit it; null means unknown',
    FOLLOWER_COUNT comment 'followers; null where the API withholds them',
    IMAGE_URL comment 'first cover given; expires within a day; null if there is none',
    URL comment 'page for people; null if unknown',
    SNAPSHOT_ID comment 'version of the playlist when last described; null if never',
    TOTAL comment 'items the API said there were when last described; null if it did not say',
    DESCRIBED_AT comment 'time of the check that describes it, UTC; null if it was never described',
    LAST_CHECKED_AT comment 'when it was last checked, however that ended, UTC',
    LAST_STATUS comment 'how the newest check ended: read, unchanged, failed or gone',
    LAST_FAILURE_CLASS comment 'why the newest check failed or the playlist is gone; null otherwise'
)
comment = 'Playlists as last described, and how the newest check of each ended.'
as
with newest_checks as (
    select
        playlist_id,
        status,
        failure_class,
        coalesce(read_at, extracted_at) as checked_at
    from {{ database }}.CORE.PLAYLIST_CHECKS
    qualify row_number() over (
        partition by playlist_id
        order by extracted_at desc, source_object desc, source_position desc, batch_id desc
    ) = 1
),

descriptions as (
    select
        playlist_id,
        name,
        description,
        owner_id,
        is_public,
        is_collaborative,
        follower_count,
        image_url,
        url,
        snapshot_id,
        total,
        coalesce(read_at, extracted_at) as described_at
    from {{ database }}.CORE.PLAYLIST_CHECKS
    where status in ('read', 'unchanged') or nullif(name, '') is not null
    qualify row_number() over (
        partition by playlist_id
        order by
            case
                when nullif(name, '') is null then 2
                when status in ('read', 'unchanged') then 0
                else 1
            end,
            extracted_at desc, source_object desc, source_position desc, batch_id desc
    ) = 1
)

select
    newest_checks.playlist_id,
    descriptions.name,
    descriptions.description,
    descriptions.owner_id,
    descriptions.is_public,
    descriptions.is_collaborative,
    descriptions.follower_count,
    descriptions.image_url,
    descriptions.url,
    descriptions.snapshot_id,
    descriptions.total,
    descriptions.described_at,
    newest_checks.checked_at as last_checked_at,
    newest_checks.status as last_status,
    newest_checks.failure_class as last_failure_class
from newest_checks
left join descriptions on descriptions.playlist_id = newest_checks.playlist_id;
