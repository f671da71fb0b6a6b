-- stays: one row per playlist, item and stay of the item in it, known as an interval between two checks; in Snowflake this
-- is BI.PLAYLIST_MEMBERSHIP. Made of complete, unchanged and gone checks: items of incomplete reads are left out here.
-- An item entered after entered_after_at and by entered_by_at; it left after last_seen_at and by left_by_at.
create or replace view {{ database }}.stays as
with checks as (
    select
        playlist_id,
        coalesce(read_at, extracted_at) as checked_at,
        source_object,
        source_position,
        status,
        case when status = 'read' and is_complete then snapshot_id end as complete_snapshot_id,
        snapshot_id
    from {{ database }}.playlist_checks
),

-- An unchanged check shows the snapshot that it names; if it names none, that of the last complete read.
named as (
    select
        playlist_id,
        checked_at,
        source_object,
        source_position,
        status,
        case
            when status = 'read' then complete_snapshot_id
            when status = 'unchanged' then coalesce(
                snapshot_id,
                last_value(complete_snapshot_id) ignore nulls over (
                    partition by playlist_id
                    order by checked_at, source_object, source_position
                    rows between unbounded preceding and current row
                )
            )
        end as snapshot_id
    from checks
),

complete as (
    select distinct playlist_id, complete_snapshot_id as snapshot_id
    from checks
    where complete_snapshot_id is not null
),

known as (
    select
        named.playlist_id,
        named.checked_at,
        named.source_object,
        named.source_position,
        complete.snapshot_id,
        coalesce(complete.snapshot_id, '') as version_name
    from named
    left join complete on complete.playlist_id = named.playlist_id and complete.snapshot_id = named.snapshot_id
    where named.status = 'gone' or complete.snapshot_id is not null
),

marked as (
    select
        playlist_id,
        checked_at,
        source_object,
        source_position,
        snapshot_id,
        case
            when version_name = lag(version_name) over (
                partition by playlist_id
                order by checked_at, source_object, source_position
            ) then 0
            else 1
        end as step
    from known
),

numbered as (
    select
        playlist_id,
        checked_at,
        snapshot_id,
        sum(step) over (
            partition by playlist_id
            order by checked_at, source_object, source_position
            rows between unbounded preceding and current row
        ) as version_number
    from marked
),

versions as (
    select
        playlist_id,
        version_number,
        max(snapshot_id) as snapshot_id,
        min(checked_at) as first_checked_at,
        max(checked_at) as last_checked_at
    from numbered
    group by playlist_id, version_number
),

items as (
    select
        playlist_id,
        snapshot_id,
        coalesce('spotify:track:' || song_id, 'spotify:episode:' || episode_id, nullif(item_uri, '')) as item_uri,
        max(song_id) as song_id,
        max(item_name) as item_name,
        max(artist_names) as artist_names
    from {{ database }}.playlist_items
    group by
        playlist_id,
        snapshot_id,
        coalesce('spotify:track:' || song_id, 'spotify:episode:' || episode_id, nullif(item_uri, ''))
),

-- Versions that follow each other keep the difference between version number and running number.
shown as (
    select
        versions.playlist_id,
        items.item_uri,
        items.song_id,
        items.item_name,
        items.artist_names,
        versions.version_number,
        versions.version_number - row_number() over (
            partition by versions.playlist_id, items.item_uri
            order by versions.version_number
        ) as gap_count
    from versions
    inner join items on items.playlist_id = versions.playlist_id and items.snapshot_id = versions.snapshot_id
    where items.item_uri is not null
),

stays as (
    select
        playlist_id,
        item_uri,
        max(song_id) as song_id,
        max_by(item_name, version_number) as item_name,
        max_by(artist_names, version_number) as artist_names,
        min(version_number) as first_version_number,
        max(version_number) as last_version_number
    from shown
    group by playlist_id, item_uri, gap_count
),

names as (
    select playlist_id, max_by(name, coalesce(read_at, extracted_at)) as name
    from {{ database }}.playlist_checks
    where name is not null
    group by playlist_id
)

select
    stays.playlist_id,
    case
        when stays.playlist_id = 'liked:me' then coalesce(names.name, 'Liked songs')
        else coalesce(names.name, stays.playlist_id)
    end as playlist_name,
    stays.item_uri,
    row_number() over (
        partition by stays.playlist_id, stays.item_uri
        order by stays.first_version_number
    ) as stay_number,
    stays.song_id,
    stays.item_name,
    stays.artist_names,
    before_first.last_checked_at as entered_after_at,
    first_version.first_checked_at as entered_by_at,
    last_version.last_checked_at as last_seen_at,
    after_last.first_checked_at as left_by_at,
    date_diff('second', first_version.first_checked_at, last_version.last_checked_at) / 86400e0 as stay_days
from stays
inner join versions as first_version
    on first_version.playlist_id = stays.playlist_id and first_version.version_number = stays.first_version_number
inner join versions as last_version
    on last_version.playlist_id = stays.playlist_id and last_version.version_number = stays.last_version_number
left join versions as before_first
    on before_first.playlist_id = stays.playlist_id and before_first.version_number = stays.first_version_number - 1
left join versions as after_last
    on after_last.playlist_id = stays.playlist_id and after_last.version_number = stays.last_version_number + 1
left join names on names.playlist_id = stays.playlist_id
