-- PLAYLIST_MEMBERSHIP: one row per PLAYLIST_ID, ITEM_URI, STAY_NUMBER.
-- Made by `python -m deploy.generate` from deploy/bi/model.py and deploy/snowflake/bi/; do not edit.
select PLAYLIST_ID, ITEM_URI, STAY_NUMBER
from {{ source('spotify_bi', 'PLAYLIST_MEMBERSHIP') }}
group by PLAYLIST_ID, ITEM_URI, STAY_NUMBER
having count(*) > 1
