-- playlist_checks: one row per look at a playlist, however it ended.
-- is_known: the look tells all that the playlist held. True for a complete read whose items are all here, for unchanged
-- after such a read, and for gone (it held nothing any more). A failed look tells nothing; nor does a read whose items
-- have not arrived yet, or were replaced by an incomplete read of the same snapshot.
-- An incomplete read, and unchanged after it, shows some of the items: what it lacks is no proof that it left.
-- unchanged shows the snapshot it names, without one that of the last complete read.
create or replace secure view {{ database }}.BI.PLAYLIST_CHECKS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:... for a dropped file that names none; never null',
    PLAYLIST_NAME comment 'name as last described, the id where no name is known; never null',
    LOOK_NUMBER comment 'place among the looks at this playlist, from 1 for the oldest; never null',
    RUN_ID comment 'extraction run such as 20261120T100000Z, document:... for a dropped file; never null',
    LOOKED_AT comment 'when it was looked at, UTC; never null',
    CHECKED_ON comment 'UTC day of looked_at; never null',
    STATUS comment 'read, unchanged, failed or gone; never null',
    FAILURE_CLASS comment 'why it failed or the playlist is gone; null otherwise',
    IS_COMPLETE comment 'every position was read; null when nothing was read',
    MISSING_COUNT comment 'rows that an incomplete read lacks, 0 if its totals or versions differed; null if the API named no total, and for every other look',
    IS_KNOWN comment 'the look tells all that the playlist held; false means unknown, not empty; never null',
    IS_NEWEST comment 'the newest look at this playlist; never null',
    SNAPSHOT_ID comment 'version of the playlist that the look named; null when it named none',
    SHOWN_SNAPSHOT_ID comment 'version whose items the look shows, some of them if not is_known; null if it shows none: gone, failed, not known',
    ITEM_COUNT comment 'items the API said there are, of every kind; null if it did not say',
    FOLLOWER_COUNT comment 'followers; null where the API withholds them, which is not 0'
)
comment = 'One row per look at a playlist, however it ended.'
as
with held as (
    select
        playlist_id,
        snapshot_id,
        max(document_id) as document_id,
        count(position) as position_count
    from {{ database }}.CORE.PLAYLIST_ITEMS
    group by playlist_id, snapshot_id
),

shown as (
    select
        reads.playlist_id,
        reads.snapshot_id,
        max(reads.document_id) as document_id,
        (max(case when reads.is_complete then 1 else 0 end) = 1) as is_whole
    from {{ database }}.CORE.PLAYLIST_CHECKS as reads
    left join held on held.playlist_id = reads.playlist_id and held.snapshot_id = reads.snapshot_id
    where
        reads.status = 'read'
        and coalesce(held.document_id, reads.document_id) = reads.document_id
        and case
            when reads.is_complete then coalesce(held.position_count, 0) = reads.total
            else coalesce(held.position_count, 0) > 0
        end
    group by reads.playlist_id, reads.snapshot_id
),

looks as (
    select
        playlist_id,
        run_id,
        coalesce(read_at, extracted_at) as looked_at,
        status,
        failure_class,
        is_complete,
        snapshot_id,
        case when status = 'read' and is_complete then snapshot_id end as complete_snapshot_id,
        total,
        item_count,
        document_id,
        follower_count,
        source_object,
        source_position,
        batch_id
    from {{ database }}.CORE.PLAYLIST_CHECKS
),

numbered as (
    select
        playlist_id,
        row_number() over (
            partition by playlist_id
            order by looked_at, source_object, source_position, batch_id
        ) as look_number,
        row_number() over (
            partition by playlist_id
            order by looked_at desc, source_object desc, source_position desc, batch_id desc
        ) as newest_number,
        run_id,
        looked_at,
        status,
        failure_class,
        is_complete,
        snapshot_id,
        case
            when status = 'read' then snapshot_id
            when status = 'unchanged' then coalesce(
                snapshot_id,
                last_value(complete_snapshot_id) ignore nulls over (
                    partition by playlist_id
                    order by looked_at, source_object, source_position, batch_id
                    rows between unbounded preceding and current row
                )
            )
        end as told_snapshot_id,
        total,
        item_count,
        document_id,
        follower_count
    from looks
)

select
    numbered.playlist_id,
    playlists.playlist_name,
    numbered.look_number,
    numbered.run_id,
    numbered.looked_at,
    cast(numbered.looked_at as date) as checked_on,
    numbered.status,
    numbered.failure_class,
    numbered.is_complete,
    case
        when numbered.status = 'read' and not numbered.is_complete
            then greatest(numbered.total - coalesce(numbered.item_count, 0), 0)
    end as missing_count,
    (
        numbered.status = 'gone'
        or coalesce(shown.is_whole and (numbered.status = 'unchanged' or numbered.is_complete), false)
    ) as is_known,
    (numbered.newest_number = 1) as is_newest,
    numbered.snapshot_id,
    shown.snapshot_id as shown_snapshot_id,
    numbered.total as item_count,
    numbered.follower_count
from numbered
left join shown
    on
        shown.playlist_id = numbered.playlist_id
        and shown.snapshot_id = numbered.told_snapshot_id
        and (
            numbered.status = 'unchanged'
            or numbered.document_id = shown.document_id
            or (numbered.is_complete and shown.is_whole)
        )
left join {{ database }}.BI.PLAYLISTS as playlists on playlists.playlist_id = numbered.playlist_id;
