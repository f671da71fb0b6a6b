-- playlist_check_results: one row per check of a playlist, with the version whose items it shows.
-- is_known: the check shows all that the playlist held. True for a complete read whose items are all here, for unchanged
-- after such a read, and for gone: the playlist held nothing any more. A failed check shows nothing. Nor does a read
-- whose items have not arrived yet, or were replaced by an incomplete read of the same snapshot.
-- An incomplete read, and unchanged after it, shows some of the items: an item that it lacks may still be there.
-- unchanged shows the snapshot that it names; without one, that of the last complete read.
-- Items belong to the read with their source_object and extracted_at: pages of several files that were joined into one
-- read have these in common, but each keeps its document_id.
create or replace view {{ database }}.CORE.PLAYLIST_CHECK_RESULTS (
    PLAYLIST_ID comment 'Spotify id, liked:me for liked songs, document:<document_id>#<n> if none is known',
    CHECK_NUMBER comment 'place among the checks of this playlist, from 1 for the oldest',
    RUN_ID comment 'extraction run, document:<document_id> for a dropped file',
    CHECKED_AT comment 'when it was checked, UTC',
    STATUS comment 'read, unchanged, failed or gone',
    FAILURE_CLASS comment 'why the check failed or the playlist is gone; null otherwise',
    IS_COMPLETE comment 'every position was read; null when nothing was read',
    MISSING_COUNT comment 'rows that an incomplete read lacks, 0 if its totals or versions differed; null if the API named no total, and for every other check',
    IS_KNOWN comment 'the check shows all that the playlist held; false means unknown, not empty',
    IS_NEWEST comment 'the newest check of this playlist',
    SNAPSHOT_ID comment 'version of the playlist that the check named; null when it named none',
    SHOWN_SNAPSHOT_ID comment 'version whose items the check shows, some of them if not is_known; null if it shows none',
    ITEM_COUNT comment 'items the API named, of every kind; null if it named no total',
    FOLLOWER_COUNT comment 'followers; null where the API withholds them'
)
comment = 'Checks of playlists, each with the version whose items it shows.'
as
with held as (
    select
        playlist_id,
        snapshot_id,
        max(source_object) as source_object,
        max(extracted_at) as extracted_at,
        count(position) as position_count
    from {{ database }}.CORE.PLAYLIST_ITEMS
    group by playlist_id, snapshot_id
),

shown as (
    select
        reads.playlist_id,
        reads.snapshot_id,
        max(reads.source_object) as source_object,
        max(reads.extracted_at) as extracted_at,
        (max(case when reads.is_complete then 1 else 0 end) = 1) as is_whole
    from {{ database }}.CORE.PLAYLIST_CHECKS as reads
    left join held on held.playlist_id = reads.playlist_id and held.snapshot_id = reads.snapshot_id
    where
        reads.status = 'read'
        and coalesce(held.source_object, reads.source_object) = reads.source_object
        and coalesce(held.extracted_at, reads.extracted_at) = reads.extracted_at
        and case
            when reads.is_complete then coalesce(held.position_count, 0) = reads.total
            else coalesce(held.position_count, 0) > 0
        end
    group by reads.playlist_id, reads.snapshot_id
),

checks as (
    select
        playlist_id,
        run_id,
        coalesce(read_at, extracted_at) as checked_at,
        status,
        failure_class,
        is_complete,
        snapshot_id,
        case when status = 'read' and is_complete then snapshot_id end as complete_snapshot_id,
        total,
        item_count,
        follower_count,
        extracted_at,
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
            order by checked_at, source_object, source_position, batch_id
        ) as check_number,
        row_number() over (
            partition by playlist_id
            order by checked_at desc, source_object desc, source_position desc, batch_id desc
        ) as newest_number,
        run_id,
        checked_at,
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
                    order by checked_at, source_object, source_position, batch_id
                    rows between unbounded preceding and current row
                )
            )
        end as named_snapshot_id,
        total,
        item_count,
        extracted_at,
        source_object,
        follower_count
    from checks
)

select
    numbered.playlist_id,
    numbered.check_number,
    numbered.run_id,
    numbered.checked_at,
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
        and shown.snapshot_id = numbered.named_snapshot_id
        and (
            numbered.status = 'unchanged'
            or (numbered.source_object = shown.source_object and numbered.extracted_at = shown.extracted_at)
            or (numbered.is_complete and shown.is_whole)
        );
