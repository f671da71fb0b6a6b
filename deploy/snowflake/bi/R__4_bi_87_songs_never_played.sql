-- songs_never_played: one row per account and song that a playlist holds now and the account never played.
-- Songs are compared by id: a song that was played only under another id (relinking), or only in account history, has a
-- row, too.
create or replace view {{ database }}.BI.SONGS_NEVER_PLAYED (
    ACCOUNT comment 'label that the history was imported under; never null',
    SONG_ID comment 'Spotify id of the song; never null',
    SONG_NAME comment 'title; null if not given',
    ARTIST_NAMES comment 'artists in credit order, joined by comma and space; null if none is known'
)
comment = 'One row per account and song that a playlist holds now and the account never played.'
as
with kept as (
    select distinct song_id
    from {{ database }}.CORE.PLAYLIST_STAYS
    where song_id is not null and left_by_at is null
),

accounts as (
    select distinct account
    from {{ database }}.BI.PLAYS
),

played as (
    select distinct
        account,
        song_id
    from {{ database }}.BI.PLAYS
    where song_id is not null
)

select
    accounts.account,
    kept.song_id,
    songs.song_name,
    songs.artist_names
from accounts
cross join kept
left join played on played.account = accounts.account and played.song_id = kept.song_id
left join {{ database }}.BI.SONGS as songs on songs.song_id = kept.song_id
where played.song_id is null;
