-- plays: one row per play; of packages that cover the same time, only one counts.
-- A play counts if it lasted 30 s or more, or ended by itself (trackdone). Account history does not say how plays ended.
-- The setting listening_zone names the time zone of the columns local_..., such as Europe/Oslo; without it they are UTC.
-- A song without an id (account history, local files) is the song of its exact artist and title.
create or replace view {{ database }}.BI.PLAYS (
    PLAY_ID comment 'id of the play; never null',
    ACCOUNT comment 'label that the history was imported under; never null',
    SOURCE comment 'extended or account; never null',
    PLAYED_AT comment 'end of the play according to Spotify, UTC; never null',
    PLAYED_ON comment 'UTC day of played_at; never null',
    PLAYED_HOUR comment 'UTC hour of played_at, 0 to 23; never null',
    PLAYED_WEEKDAY comment 'UTC weekday of played_at, 1 for Monday to 7; never null',
    LOCAL_PLAYED_AT comment 'played_at in the zone of the setting; never null',
    LOCAL_PLAYED_ON comment 'day of local_played_at; never null',
    LOCAL_PLAYED_HOUR comment 'hour of local_played_at, 0 to 23; never null',
    LOCAL_PLAYED_WEEKDAY comment 'weekday of local_played_at, 1 for Monday to 7; never null',
    ITEM_KIND comment 'song, episode, audiobook or unknown (removed, or blank in old files); never null',
    SONG_KEY comment 'the song id, or artist and title if there is no id; null unless a song was played',
    SONG_ID comment 'Spotify id of the song; null for other plays and for songs without an id',
    EPISODE_ID comment 'Spotify id of the episode; null for other plays',
    TRACK_NAME comment 'title of the song as given; null for other plays',
    ARTIST_NAME comment 'artist as given; null for other plays',
    ALBUM_NAME comment 'album as given; null in account history',
    MS_PLAYED comment 'listening time in ms; never null',
    IS_COUNTED comment '30 s or more, or ended by itself; never null'
)
comment = 'One row per play; of packages that cover the same time, only one counts.'
as
with timed as (
    select
        plays.play_id,
        plays.account,
        plays.source,
        plays.played_at,
        plays.song_id,
        plays.episode_id,
        plays.audiobook_id,
        plays.track_name,
        plays.artist_name,
        plays.album_name,
        plays.episode_name,
        plays.audiobook_name,
        plays.ms_played,
        plays.reason_end,
        convert_timezone('UTC', '{{ listening_zone | default("UTC") }}', plays.played_at) as local_played_at
    from {{ database }}.CORE.PLAYS as plays
)

select
    timed.play_id,
    timed.account,
    timed.source,
    timed.played_at,
    cast(timed.played_at as date) as played_on,
    hour(timed.played_at) as played_hour,
    dayofweekiso(timed.played_at) as played_weekday,
    timed.local_played_at,
    cast(timed.local_played_at as date) as local_played_on,
    hour(timed.local_played_at) as local_played_hour,
    dayofweekiso(timed.local_played_at) as local_played_weekday,
    case
        when coalesce(timed.audiobook_id, timed.audiobook_name) is not null then 'audiobook'
        when coalesce(timed.episode_id, timed.episode_name) is not null then 'episode'
        when coalesce(timed.song_id, timed.track_name) is not null then 'song'
        else 'unknown'
    end as item_kind,
    coalesce(timed.song_id, timed.artist_name || ': ' || timed.track_name) as song_key,
    timed.song_id,
    timed.episode_id,
    timed.track_name,
    timed.artist_name,
    timed.album_name,
    timed.ms_played,
    timed.ms_played >= 30000 or coalesce(timed.reason_end = 'trackdone', false) as is_counted
from timed;
