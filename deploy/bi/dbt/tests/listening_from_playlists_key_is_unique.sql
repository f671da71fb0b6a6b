-- LISTENING_FROM_PLAYLISTS: one row per ACCOUNT, MONTH_BEGINS_ON.
-- Made by `python -m deploy.generate` from deploy/bi/model.py and deploy/snowflake/bi/; do not edit.
select ACCOUNT, MONTH_BEGINS_ON
from {{ source('spotify_bi', 'LISTENING_FROM_PLAYLISTS') }}
group by ACCOUNT, MONTH_BEGINS_ON
having count(*) > 1
