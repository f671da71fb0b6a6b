-- playlist_membership: one row per playlist, item and stay of the item in it.
-- An item is a song, an episode or a local file; what has neither id nor URI (empty positions) has no stay. An item that
-- leaves and comes back has two stays; one that stands there twice has one stay with copy_count 2.
-- Entering and leaving are known only as between two looks, never as an instant: it entered after entered_after_at and
-- by entered_by_at, it left after last_seen_at and by left_by_at.
-- Failed looks show nothing and close nothing. Incomplete reads open and extend the stays of what they show and close
-- none. gone closes every open stay.
create or replace secure view {{ database }}.BI.PLAYLIST_MEMBERSHIP (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    ITEM_URI comment 'Spotify URI of the item, spotify:local:... for local files; never null',
    STAY_NUMBER comment 'which stay of the item in the playlist, from 1 for the oldest; never null',
    ITEM_KIND comment 'song, episode, local or other, told by the URI; never null',
    SONG_ID comment 'Spotify id of the song; null for every other kind',
    EPISODE_ID comment 'Spotify id of the episode; null for every other kind',
    ITEM_NAME comment 'title as last shown in this stay; null if it could not be read',
    ARTIST_NAMES comment 'artists as last shown in this stay, in credit order, joined by comma and space; null if none were given',
    ENTERED_AFTER_AT comment 'last known look without it, UTC; null if there was none before it was first shown',
    ENTERED_BY_AT comment 'first look that showed it, UTC; never null',
    LAST_SEEN_AT comment 'last look that showed it, a read or unchanged, UTC; never null',
    LEFT_BY_AT comment 'first known look without it, UTC; null while it is there as far as known',
    ENTERED_ON comment 'UTC day of entered_by_at; never null',
    LEFT_ON comment 'UTC day of left_by_at; null while it is there as far as known',
    STATE comment 'still there, left, not seen since (the newest look did not tell) or playlist gone; never null',
    FIRST_POSITION comment '0-based position at the first look that showed it, the lowest of copies; never null',
    LAST_POSITION comment '0-based position at the last look that showed it, the lowest of copies; never null',
    COPY_COUNT comment 'how often it stood in the playlist at the last look that showed it, 1 or more; never null',
    ADDED_AT comment 'when it was added as Spotify says, of copies the first in the list, UTC; null in very old playlists',
    STAY_DAYS comment 'days from entered_by_at to last_seen_at, two decimals, 0 if seen once: the least it stayed; never null'
)
comment = 'One row per playlist, item and stay of the item in it, told as between two looks.'
as
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

-- closing_number counts the versions until then that told all: what such a version lacks is not in the playlist.
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
    from {{ database }}.BI.PLAYLIST_VERSIONS
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

-- A stay ends where a version that told all lies between two versions that show the item.
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

newest_looks as (
    select
        playlist_id,
        is_known,
        shown_snapshot_id
    from {{ database }}.BI.PLAYLIST_CHECKS
    where is_newest
)

select
    stays.playlist_id,
    last_versions.playlist_name,
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
    first_versions.previous_looked_at as entered_after_at,
    first_versions.first_looked_at as entered_by_at,
    last_versions.last_looked_at as last_seen_at,
    last_versions.next_looked_at as left_by_at,
    cast(first_versions.first_looked_at as date) as entered_on,
    cast(last_versions.next_looked_at as date) as left_on,
    case
        when last_versions.is_gone_next then 'playlist gone'
        when last_versions.next_looked_at is not null then 'left'
        when newest_looks.is_known or newest_looks.shown_snapshot_id = last_versions.snapshot_id then 'still there'
        else 'not seen since'
    end as state,
    first_shown.position as first_position,
    last_shown.position as last_position,
    last_shown.copy_count,
    last_shown.added_at,
    round(
        datediff('second', first_versions.first_looked_at, last_versions.last_looked_at) / 86400, 2
    ) as stay_days
from stays
inner join {{ database }}.BI.PLAYLIST_VERSIONS as first_versions
    on
        first_versions.playlist_id = stays.playlist_id
        and first_versions.version_number = stays.first_version_number
inner join {{ database }}.BI.PLAYLIST_VERSIONS as last_versions
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
inner join newest_looks on newest_looks.playlist_id = stays.playlist_id;
