-- SONG_POPULARITY_DAILY: one row per SONG_ID, OBSERVED_ON.
-- Made by `python -m deploy.generate` from deploy/bi/model.py and deploy/snowflake/bi/; do not edit.
select SONG_ID, OBSERVED_ON
from {{ source('spotify_bi', 'SONG_POPULARITY_DAILY') }}
group by SONG_ID, OBSERVED_ON
having count(*) > 1
