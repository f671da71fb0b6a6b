-- playlist_stays: one row per playlist, item and stay of the item in it.
-- An item is a song, an episode or a local file; a position with neither id nor URI (empty) has no stay. An item that
-- leaves and comes back has two stays; an item at two positions has one stay with copy_count 2.
-- Entering and leaving are known as intervals between two checks: an item entered after entered_after_at and by
-- entered_by_at, and left after last_seen_at and by left_by_at.
-- Failed checks show nothing and close nothing. Incomplete reads open and extend the stays of what they show and close
-- none. gone closes every open stay.
-- With a target lag a dynamic table holds the rows. Its refresh is full: a check that arrives late moves stays.
{% set current_rows -%}
with positions as (
    select
        playlist_id,
        snapshot_id,
        position,
        coalesce('spotify:track:' || song_id, 'spotify:episode:' || episode_id, nullif(item_uri, '')) as item_uri,
        item_name,
        artist_names,
        added_at
    from {{ database }}.CORE.PLAYLIST_ITEMS
),

-- closing_number counts the complete versions so far: an item that such a version lacks is not in the playlist.
versions as (
    select
        playlist_id,
        version_number,
        snapshot_id,
        case when is_complete then 1 else 0 end as closes,
        sum(case when is_complete then 1 else 0 end) over (
            partition by playlist_id
            order by version_number
            rows between unbounded preceding and current row
        ) as closing_number
    from {{ database }}.CORE.PLAYLIST_VERSIONS
),

shown as (
    select
        versions.playlist_id,
        versions.version_number,
        versions.closes,
        versions.closing_number,
        positions.item_uri,
        positions.position,
        positions.item_name,
        positions.artist_names,
        positions.added_at,
        count(positions.position) over (
            partition by versions.playlist_id, versions.version_number, positions.item_uri
        ) as copy_count,
        row_number() over (
            partition by versions.playlist_id, versions.version_number, positions.item_uri
            order by positions.position
        ) as copy_number
    from versions
    inner join positions
        on positions.playlist_id = versions.playlist_id and positions.snapshot_id = versions.snapshot_id
    where positions.item_uri is not null
),

-- A stay ends where a complete version comes between two versions that show the item.
placed as (
    select
        playlist_id,
        item_uri,
        version_number,
        case
            when
                closing_number - closes > lag(closing_number) over (
                    partition by playlist_id, item_uri
                    order by version_number
                )
                then 1
            else 0
        end as step
    from shown
    where copy_number = 1
),

numbered as (
    select
        playlist_id,
        item_uri,
        version_number,
        sum(step) over (
            partition by playlist_id, item_uri
            order by version_number
            rows between unbounded preceding and current row
        ) as stay_number
    from placed
),

stays as (
    select
        playlist_id,
        item_uri,
        stay_number + 1 as stay_number,
        min(version_number) as first_version_number,
        max(version_number) as last_version_number
    from numbered
    group by playlist_id, item_uri, stay_number
),

newest_checks as (
    select
        playlist_id,
        is_known,
        shown_snapshot_id
    from {{ database }}.CORE.PLAYLIST_CHECK_RESULTS
    where is_newest
)

select
    stays.playlist_id,
    stays.item_uri,
    stays.stay_number,
    case
        when stays.item_uri like 'spotify:track:%' then 'song'
        when stays.item_uri like 'spotify:episode:%' then 'episode'
        when stays.item_uri like 'spotify:local:%' then 'local'
        else 'other'
    end as item_kind,
    case when stays.item_uri like 'spotify:track:%' then split_part(stays.item_uri, ':', 3) end as song_id,
    case when stays.item_uri like 'spotify:episode:%' then split_part(stays.item_uri, ':', 3) end as episode_id,
    last_shown.item_name,
    last_shown.artist_names,
    first_versions.previous_checked_at as entered_after_at,
    first_versions.first_checked_at as entered_by_at,
    last_versions.last_checked_at as last_seen_at,
    last_versions.next_checked_at as left_by_at,
    cast(first_versions.first_checked_at as date) as entered_on,
    cast(last_versions.next_checked_at as date) as left_on,
    case
        when last_versions.is_gone_next then 'playlist gone'
        when last_versions.next_checked_at is not null then 'left'
        when newest_checks.is_known or newest_checks.shown_snapshot_id = last_versions.snapshot_id then 'still there'
        else 'not seen since'
    end as state,
    first_shown.position as first_position,
    last_shown.position as last_position,
    last_shown.copy_count,
    last_shown.added_at,
    round(
        datediff('second', first_versions.first_checked_at, last_versions.last_checked_at) / 86400, 2
    ) as stay_days
from stays
inner join {{ database }}.CORE.PLAYLIST_VERSIONS as first_versions
    on
        first_versions.playlist_id = stays.playlist_id
        and first_versions.version_number = stays.first_version_number
inner join {{ database }}.CORE.PLAYLIST_VERSIONS as last_versions
    on
        last_versions.playlist_id = stays.playlist_id
        and last_versions.version_number = stays.last_version_number
inner join shown as first_shown
    on
        first_shown.playlist_id = stays.playlist_id
        and first_shown.version_number = stays.first_version_number
        and first_shown.item_uri = stays.item_uri
        and first_shown.copy_number = 1
inner join shown as last_shown
    on
        last_shown.playlist_id = stays.playlist_id
        and last_shown.version_number = stays.last_version_number
        and last_shown.item_uri = stays.item_uri
        and last_shown.copy_number = 1
inner join newest_checks on newest_checks.playlist_id = stays.playlist_id
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.PLAYLIST_STAYS_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = full
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.PLAYLIST_STAYS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    ITEM_URI comment 'Spotify URI of the item, spotify:local:... for local files',
    STAY_NUMBER comment 'which stay of the item in the playlist, from 1 for the oldest',
    ITEM_KIND comment 'song, episode, local or other, from the URI',
    SONG_ID comment 'Spotify id of the song; null for every other kind',
    EPISODE_ID comment 'Spotify id of the episode; null for every other kind',
    ITEM_NAME comment 'title as last shown in this stay; null if it could not be read',
    ARTIST_NAMES comment 'artists as last shown in this stay, in credit order, joined by comma and space; null if none were given',
    ENTERED_AFTER_AT comment 'last known check without it, UTC; null if there was none before it was first shown',
    ENTERED_BY_AT comment 'first check that showed it, UTC',
    LAST_SEEN_AT comment 'last check that showed it, a read or unchanged, UTC',
    LEFT_BY_AT comment 'first known check without it, UTC; null while it is there as far as known',
    ENTERED_ON comment 'UTC day of entered_by_at',
    LEFT_ON comment 'UTC day of left_by_at; null while it is there as far as known',
    STATE comment 'still there, left, not seen since (the newest check does not show it) or playlist gone',
    FIRST_POSITION comment '0-based position at the first check that showed it, the lowest of copies',
    LAST_POSITION comment '0-based position at the last check that showed it, the lowest of copies',
    COPY_COUNT comment 'its copies in the playlist at the last check that showed it, 1 or more',
    ADDED_AT comment 'when it was added as Spotify says, of copies the first in the list, UTC; null in very old playlists',
    STAY_DAYS comment 'days from entered_by_at to last_seen_at, two decimals, 0 if seen once: the least it stayed'
)
comment = 'Stays of items in playlists, each with the checks between which it began and ended.'
as
{% if is_dynamic %}
select
    playlist_id,
    item_uri,
    stay_number,
    item_kind,
    song_id,
    episode_id,
    item_name,
    artist_names,
    entered_after_at,
    entered_by_at,
    last_seen_at,
    left_by_at,
    entered_on,
    left_on,
    state,
    first_position,
    last_position,
    copy_count,
    added_at,
    stay_days
from {{ database }}.CORE.PLAYLIST_STAYS_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.PLAYLIST_STAYS_DYNAMIC;
{% endif %}
