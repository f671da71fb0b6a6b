-- top_songs_by_popularity: one row per song whose popularity its newest description shows, ranked by it.
-- Songs whose popularity is withheld are left out, not ranked last. For apps in development mode (since 2026) the API
-- withholds all of them and this view is empty; TOP_SONGS_BY_PRESENCE ranks songs without popularity.
create or replace view {{ database }}.BI.TOP_SONGS_BY_POPULARITY (
    POPULARITY_RANK comment 'from 1 for the most popular, equal rows share a rank and the next rank is skipped; never null',
    SONG_ID comment 'Spotify id of the song; never null',
    SONG_NAME comment 'title; null if not given',
    ARTIST_NAMES comment 'artists in credit order, joined by comma and space; null if none is known',
    ALBUM_NAME comment 'album the song was shown on; null if none was given',
    POPULARITY comment '0 to 100, Spotify''s rating, mainly by recent plays; never null',
    OBSERVED_AT comment 'when it was shown, UTC; never null'
)
comment = 'One row per song whose popularity is shown, ranked by it.'
as
select
    rank() over (order by popularity desc) as popularity_rank,
    song_id,
    song_name,
    artist_names,
    album_name,
    popularity,
    described_at as observed_at
from {{ database }}.BI.SONGS
where popularity is not null;
