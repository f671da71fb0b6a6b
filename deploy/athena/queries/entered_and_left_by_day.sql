-- Number of items that entered and left each playlist, by the UTC day of the check that showed it. Items of a playlist's first
-- check are not counted as entered.
with changes as (
    select playlist_id, cast(entered_by_at as date) as checked_on, 1 as entered, 0 as departed
    from {{ database }}.stays
    where entered_after_at is not null
    union all
    select playlist_id, cast(left_by_at as date) as checked_on, 0 as entered, 1 as departed
    from {{ database }}.stays
    where left_by_at is not null
)

select
    playlist_id,
    checked_on,
    sum(entered) as entered_count,
    sum(departed) as left_count
from changes
group by playlist_id, checked_on
order by checked_on, playlist_id
