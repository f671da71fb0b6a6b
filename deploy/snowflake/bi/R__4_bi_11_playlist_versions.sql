-- playlist_versions: one row per playlist and uninterrupted run of known looks that showed the same version of it.
-- Looks that tell nothing (failed, incomplete) do not interrupt a run. A playlist that was gone has a row for that, too.
-- A version that comes back after another one has a second row.
create or replace secure view {{ database }}.BI.PLAYLIST_VERSIONS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    VERSION_NUMBER comment 'place among the versions of this playlist, from 1 for the oldest; never null',
    SNAPSHOT_ID comment 'version whose items were shown; null while the playlist was gone',
    IS_GONE comment 'the playlist was gone; never null',
    LOOK_COUNT comment 'known looks in the run, 1 or more; never null',
    PREVIOUS_LOOKED_AT comment 'last known look before the run, UTC; null for the first version',
    FIRST_LOOKED_AT comment 'first look of the run, UTC; never null',
    LAST_LOOKED_AT comment 'last look of the run, UTC; never null',
    NEXT_LOOKED_AT comment 'first known look after the run, UTC; null for the newest version',
    IS_GONE_NEXT comment 'the playlist was gone at next_looked_at; null for the newest version'
)
comment = 'One row per playlist and uninterrupted run of known looks that showed the same version of it.'
as
with marked as (
    select
        playlist_id,
        playlist_name,
        look_number,
        looked_at,
        shown_snapshot_id,
        case
            when
                coalesce(shown_snapshot_id, '')
                = lag(coalesce(shown_snapshot_id, '')) over (partition by playlist_id order by look_number)
                then 0
            else 1
        end as step
    from {{ database }}.BI.PLAYLIST_CHECKS
    where is_known
),

numbered as (
    select
        playlist_id,
        playlist_name,
        looked_at,
        shown_snapshot_id,
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
    (snapshot_id is null) as is_gone,
    look_count,
    lag(last_looked_at) over (partition by playlist_id order by version_number) as previous_looked_at,
    first_looked_at,
    last_looked_at,
    lead(first_looked_at) over (partition by playlist_id order by version_number) as next_looked_at,
    lead(snapshot_id is null) over (partition by playlist_id order by version_number) as is_gone_next
from versions;
