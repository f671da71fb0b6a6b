-- playlist_names: one row per playlist and uninterrupted run of checks that showed the same name of it.
-- Checks that show no name (most failed checks) do not interrupt a run. A name that comes back has a second row.
create or replace view {{ database }}.BI.PLAYLIST_NAMES (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    NAME_NUMBER comment 'place among the names of this playlist, from 1 for the oldest; never null',
    PLAYLIST_NAME comment 'name that the checks of the run showed; never null',
    PREVIOUS_NAME comment 'previous name; null for the first name',
    FIRST_CHECKED_AT comment 'first check that showed the name, UTC; never null',
    LAST_CHECKED_AT comment 'last check of the run, UTC; never null'
)
comment = 'One row per playlist and uninterrupted run of checks that showed the same name of it.'
as
with named as (
    select
        playlist_id,
        name,
        coalesce(read_at, extracted_at) as checked_at,
        source_object,
        source_position,
        batch_id
    from {{ database }}.CORE.PLAYLIST_CHECKS
    where nullif(name, '') is not null
),

marked as (
    select
        playlist_id,
        name,
        checked_at,
        source_object,
        source_position,
        batch_id,
        case
            when
                name = lag(name) over (
                    partition by playlist_id
                    order by checked_at, source_object, source_position, batch_id
                )
                then 0
            else 1
        end as step
    from named
),

numbered as (
    select
        playlist_id,
        name,
        checked_at,
        sum(step) over (
            partition by playlist_id
            order by checked_at, source_object, source_position, batch_id
            rows between unbounded preceding and current row
        ) as name_number
    from marked
),

names as (
    select
        playlist_id,
        name_number,
        name,
        min(checked_at) as first_checked_at,
        max(checked_at) as last_checked_at
    from numbered
    group by playlist_id, name_number, name
)

select
    playlist_id,
    name_number,
    name as playlist_name,
    lag(name) over (partition by playlist_id order by name_number) as previous_name,
    first_checked_at,
    last_checked_at
from names;
