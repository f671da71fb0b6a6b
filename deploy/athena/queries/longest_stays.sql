-- Stays of items in playlists, the longest first. stay_days counts from the first to the last check that showed the item; the
-- real stay may be longer.
select
    rank() over (order by stay_days desc) as stay_rank,
    playlist_name,
    item_name,
    artist_names,
    stay_number,
    round(stay_days, 2) as stay_days,
    entered_by_at,
    last_seen_at,
    playlist_id,
    item_uri
from {{ database }}.stays
order by stay_rank, playlist_id, item_uri, stay_number
limit 1000
