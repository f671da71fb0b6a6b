-- SONG_ARTISTS: one row per SONG_ID, ARTIST_ID.
-- Made by `python -m deploy.generate` from deploy/bi/model.py and deploy/snowflake/bi/; do not edit.
select SONG_ID, ARTIST_ID
from {{ source('spotify_bi', 'SONG_ARTISTS') }}
group by SONG_ID, ARTIST_ID
having count(*) > 1
