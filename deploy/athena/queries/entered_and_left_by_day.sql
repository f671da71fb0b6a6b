-- Items that entered and left each playlist, by the UTC day of the check that showed it. Items of a playlist's first check
-- did not enter.
with changes as (
    select playlist_id, cast(entered_by_at as date) as checked_on, 1 as entered, 0 as gone
    from {{ database }}.stays
    where entered_after_at is not null
    union all
    select playlist_id, cast(left_by_at as date) as checked_on, 0 as entered, 1 as gone
    from {{ database }}.stays
    where left_by_at is not null
)

select
    playlist_id,
    checked_on,
    sum(entered) as entered_count,
    sum(gone) as left_count
from changes
group by playlist_id, checked_on
order by checked_on, playlist_id
