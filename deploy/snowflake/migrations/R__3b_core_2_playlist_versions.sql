-- playlist_versions: one row per playlist and uninterrupted run of checks that showed the same version of it.
-- Checks that show nothing (failed) do not interrupt a run. A playlist that was gone has a row for that, too. What an
-- incomplete read shows is a version of its own, without some of the items.
-- A version that comes back after another one has a second row.
-- With a target lag a dynamic table holds the rows. Its refresh is full: a check that arrives late renumbers versions.
{% set current_rows -%}
with marked as (
    select
        playlist_id,
        check_number,
        checked_at,
        shown_snapshot_id,
        is_known,
        case
            when
                coalesce(shown_snapshot_id, '')
                = lag(coalesce(shown_snapshot_id, '')) over (partition by playlist_id order by check_number)
                then 0
            else 1
        end as step
    from {{ database }}.CORE.PLAYLIST_CHECK_RESULTS
    where is_known or shown_snapshot_id is not null
),

numbered as (
    select
        playlist_id,
        checked_at,
        shown_snapshot_id,
        is_known,
        sum(step) over (
            partition by playlist_id
            order by check_number
            rows between unbounded preceding and current row
        ) as version_number
    from marked
),

versions as (
    select
        playlist_id,
        version_number,
        max(shown_snapshot_id) as snapshot_id,
        (max(case when is_known then 1 else 0 end) = 1) as is_complete,
        count(checked_at) as check_count,
        min(checked_at) as first_checked_at,
        max(checked_at) as last_checked_at
    from numbered
    group by playlist_id, version_number
)

select
    playlist_id,
    version_number,
    snapshot_id,
    is_complete,
    (snapshot_id is null) as is_gone,
    check_count,
    lag(case when is_complete then last_checked_at end) ignore nulls over (
        partition by playlist_id
        order by version_number
    ) as previous_checked_at,
    first_checked_at,
    last_checked_at,
    lead(case when is_complete then first_checked_at end) ignore nulls over (
        partition by playlist_id
        order by version_number
    ) as next_checked_at,
    lead(case when is_complete then (snapshot_id is null) end) ignore nulls over (
        partition by playlist_id
        order by version_number
    ) as is_gone_next
from versions
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.PLAYLIST_VERSIONS_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = full
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.PLAYLIST_VERSIONS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    VERSION_NUMBER comment 'place among the versions of this playlist, from 1 for the oldest',
    SNAPSHOT_ID comment 'version whose items were shown; null while the playlist was gone',
    IS_COMPLETE comment 'all of its items are known; false after an incomplete read, which shows some of them',
    IS_GONE comment 'the playlist was gone',
    CHECK_COUNT comment 'checks in the run, 1 or more',
    PREVIOUS_CHECKED_AT comment 'last check before the run that showed all, UTC; null if there was none',
    FIRST_CHECKED_AT comment 'first check of the run, UTC',
    LAST_CHECKED_AT comment 'last check of the run, UTC',
    NEXT_CHECKED_AT comment 'first check after the run that showed all, UTC; null if there was none',
    IS_GONE_NEXT comment 'the playlist was gone at next_checked_at; null if there was no such check'
)
comment = 'Uninterrupted runs of checks that showed the same version of a playlist.'
as
{% if is_dynamic %}
select
    playlist_id,
    version_number,
    snapshot_id,
    is_complete,
    is_gone,
    check_count,
    previous_checked_at,
    first_checked_at,
    last_checked_at,
    next_checked_at,
    is_gone_next
from {{ database }}.CORE.PLAYLIST_VERSIONS_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.PLAYLIST_VERSIONS_DYNAMIC;
{% endif %}
