-- freshness: one row with the age of the data. In an empty warehouse its times and hours are null and its counts 0.
-- Hours are relative to newest_at, not to the current time; compare newest_at itself with the current time.
create or replace view {{ database }}.BI.FRESHNESS (
    LAST_CHECKED_AT comment 'newest check of any playlist, however it ended, UTC; null before the first check',
    LAST_SUCCEEDED_AT comment 'newest check that was a read or found a playlist unchanged, UTC; null before the first one',
    LAST_COMMITTED_AT comment 'newest commit of a batch, UTC; null before the first one',
    NEWEST_AT comment 'the newest of the three times above, UTC; null if there are none',
    HOURS_SINCE_CHECK comment 'hours from last_checked_at to newest_at, two decimals; null before the first check',
    HOURS_SINCE_SUCCESS comment 'hours from last_succeeded_at to newest_at, two decimals; null before the first one',
    HOURS_SINCE_COMMIT comment 'hours from last_committed_at to newest_at, two decimals; null before the first one',
    PLAYLIST_COUNT comment 'playlists ever checked; never null',
    FAILING_PLAYLIST_COUNT comment 'playlists whose newest check failed; never null',
    GONE_PLAYLIST_COUNT comment 'playlists whose newest check found them gone; never null'
)
comment = 'One row: the age of the data, relative to the newest data.'
as
with checks as (
    select
        max(checked_at) as last_checked_at,
        max(case when status in ('read', 'unchanged') then checked_at end) as last_succeeded_at,
        count(distinct playlist_id) as playlist_count,
        count(case when is_newest and status = 'failed' then playlist_id end) as failing_playlist_count,
        count(case when is_newest and status = 'gone' then playlist_id end) as gone_playlist_count
    from {{ database }}.CORE.PLAYLIST_CHECK_RESULTS
),

commits as (
    select max(committed_at) as last_committed_at
    from {{ database }}.CORE.BATCHES
),

freshness as (
    select
        checks.last_checked_at,
        checks.last_succeeded_at,
        commits.last_committed_at,
        coalesce(
            greatest(checks.last_checked_at, commits.last_committed_at), checks.last_checked_at, commits.last_committed_at
        ) as newest_at,
        checks.playlist_count,
        checks.failing_playlist_count,
        checks.gone_playlist_count
    from checks
    cross join commits
)

select
    last_checked_at,
    last_succeeded_at,
    last_committed_at,
    newest_at,
    round(datediff('second', last_checked_at, newest_at) / 3600, 2) as hours_since_check,
    round(datediff('second', last_succeeded_at, newest_at) / 3600, 2) as hours_since_success,
    round(datediff('second', last_committed_at, newest_at) / 3600, 2) as hours_since_commit,
    playlist_count,
    failing_playlist_count,
    gone_playlist_count
from freshness;
