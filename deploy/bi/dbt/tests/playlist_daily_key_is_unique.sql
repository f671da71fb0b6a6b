-- PLAYLIST_DAILY: one row per PLAYLIST_ID, CHECKED_ON.
-- Made by `python -m deploy.generate` from deploy/bi/model.py and deploy/snowflake/bi/; do not edit.
select PLAYLIST_ID, CHECKED_ON
from {{ source('spotify_bi', 'PLAYLIST_DAILY') }}
group by PLAYLIST_ID, CHECKED_ON
having count(*) > 1
