-- playlist_versions: one row per playlist and uninterrupted run of looks that showed the same version of it.
-- Looks that show nothing (failed) do not interrupt a run. A playlist that was gone has a row for that, too. What an
-- incomplete read shows is a version of its own, without some of the items.
-- A version that comes back after another one has a second row.
create or replace secure view {{ database }}.BI.PLAYLIST_VERSIONS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    VERSION_NUMBER comment 'place among the versions of this playlist, from 1 for the oldest; never null',
    SNAPSHOT_ID comment 'version whose items were shown; null while the playlist was gone',
    IS_COMPLETE comment 'all of its items are known; false after an incomplete read, which shows some of them; never null',
    IS_GONE comment 'the playlist was gone; never null',
    LOOK_COUNT comment 'looks in the run, 1 or more; never null',
    PREVIOUS_LOOKED_AT comment 'last look before the run that told all, UTC; null if there was none',
    FIRST_LOOKED_AT comment 'first look of the run, UTC; never null',
    LAST_LOOKED_AT comment 'last look of the run, UTC; never null',
    NEXT_LOOKED_AT comment 'first look after the run that told all, UTC; null if there was none',
    IS_GONE_NEXT comment 'the playlist was gone at next_looked_at; null if there was no such look'
)
comment = 'One row per playlist and uninterrupted run of looks that showed the same version of it.'
as
with marked as (
    select
        playlist_id,
        playlist_name,
        look_number,
        looked_at,
        shown_snapshot_id,
        is_known,
        case
            when
                coalesce(shown_snapshot_id, '')
                = lag(coalesce(shown_snapshot_id, '')) over (partition by playlist_id order by look_number)
                then 0
            else 1
        end as step
    from {{ database }}.BI.PLAYLIST_CHECKS
    where is_known or shown_snapshot_id is not null
),

numbered as (
    select
        playlist_id,
        playlist_name,
        looked_at,
        shown_snapshot_id,
        is_known,
        sum(step) over (
            partition by playlist_id
            order by look_number
            rows between unbounded preceding and current row
        ) as version_number
    from marked
),

versions as (
    select
        playlist_id,
        playlist_name,
        version_number,
        max(shown_snapshot_id) as snapshot_id,
        (max(case when is_known then 1 else 0 end) = 1) as is_complete,
        count(looked_at) as look_count,
        min(looked_at) as first_looked_at,
        max(looked_at) as last_looked_at
    from numbered
    group by playlist_id, playlist_name, version_number
)

select
    playlist_id,
    playlist_name,
    version_number,
    snapshot_id,
    is_complete,
    (snapshot_id is null) as is_gone,
    look_count,
    lag(case when is_complete then last_looked_at end) ignore nulls over (
        partition by playlist_id
        order by version_number
    ) as previous_looked_at,
    first_looked_at,
    last_looked_at,
    lead(case when is_complete then first_looked_at end) ignore nulls over (
        partition by playlist_id
        order by version_number
    ) as next_looked_at,
    lead(case when is_complete then (snapshot_id is null) end) ignore nulls over (
        partition by playlist_id
        order by version_number
    ) as is_gone_next
from versions;
