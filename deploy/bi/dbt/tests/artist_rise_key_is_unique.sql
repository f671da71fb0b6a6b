-- ARTIST_RISE: one row per ARTIST_ID, CHECKED_ON.
-- Made by `python -m deploy.generate` from deploy/bi/model.py and deploy/snowflake/bi/; do not edit.
select ARTIST_ID, CHECKED_ON
from {{ source('spotify_bi', 'ARTIST_RISE') }}
group by ARTIST_ID, CHECKED_ON
having count(*) > 1
