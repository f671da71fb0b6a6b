-- plays: one row per play, of the package that rules its time: the newest, extended history first.
-- Made by `python -m deploy.generate` from shared/tables/plays.py; do not edit.
-- Costs: a view costs nothing until it is read; each read ranks every landed row. A dynamic table holds the
-- ranked rows, and runs the warehouse for about two minutes (one to refresh, one until it suspends) in each
-- target_lag in which rows landed: with a lag of an hour up to 0.8 credits a day, whether read or not.
{% set current_rows -%}
select
    plays.play_id, plays.account, plays.source, plays.package_id, plays.packaged_at, plays.played_at,
    plays.played_at_precision, plays.song_id, plays.episode_id, plays.audiobook_id, plays.chapter_id,
    plays.track_name, plays.artist_name, plays.album_name, plays.episode_name, plays.show_name,
    plays.audiobook_name, plays.chapter_name, plays.author_name, plays.ms_played, plays.reason_start,
    plays.reason_end, plays.shuffle, plays.skipped, plays.offline, plays.platform, plays.country,
    plays.is_private, plays.batch_id, plays.source_object, plays.document_id, plays.source_position,
    plays.extracted_at
from (
    select
        play_id, account, source, package_id, packaged_at, played_at, played_at_precision, song_id, episode_id,
        audiobook_id, chapter_id, track_name, artist_name, album_name, episode_name, show_name, audiobook_name,
        chapter_name, author_name, ms_played, reason_start, reason_end, shuffle, skipped, offline, platform,
        country, is_private, batch_id, source_object, document_id, source_position, extracted_at
    from {{ database }}.LANDING.PLAYS
    qualify row_number() over (
        partition by play_id, package_id
        order by extracted_at desc, source_object desc, source_position desc, batch_id desc
    ) = 1
) as plays
left join (
    select
        account, source, package_id, max(packaged_at) as packaged_at,
        min(played_at) as first_played_at, max(played_at) as last_played_at
    from {{ database }}.LANDING.PLAYS
    group by account, source, package_id
) as ruling
    on ruling.account = plays.account
    and ruling.package_id <> plays.package_id
    and (
        (ruling.source = 'extended' and plays.source = 'account')
        or (
            ruling.source = plays.source
            and (
                ruling.packaged_at > plays.packaged_at
                or (ruling.packaged_at = plays.packaged_at and ruling.package_id > plays.package_id)
            )
        )
    )
    and plays.played_at <= ruling.last_played_at
    and plays.played_at >= case plays.played_at_precision
        when 'minute' then date_trunc('minute', ruling.first_played_at)
        else ruling.first_played_at
    end
where ruling.package_id is null
{%- endset %}
{% set is_dynamic = (current_as | default("view")) == "dynamic table" %}
{% if is_dynamic %}
create or replace transient dynamic table {{ database }}.CORE.PLAYS_DYNAMIC
target_lag = '{{ target_lag }}'
warehouse = {{ transform_warehouse }}
refresh_mode = full
as
{{ current_rows }};
{% endif %}
create or replace view {{ database }}.CORE.PLAYS (
    PLAY_ID comment 'sha256 of account, source, played_at, URI or names, ms_played and number among equal rows of a package',
    ACCOUNT comment 'label that make import was called with, such as me',
    SOURCE comment 'extended (streaming history) or account (the last year, without ids)',
    PACKAGE_ID comment 'sha256 of the history files of the download',
    PACKAGED_AT comment 'when Spotify packaged the download, UTC',
    PLAYED_AT comment 'end of the play as Spotify says it, UTC',
    PLAYED_AT_PRECISION comment 'second or minute',
    SONG_ID comment 'Spotify id of the song; null for other plays and without ids',
    EPISODE_ID comment 'Spotify id of the podcast episode; null for other plays',
    AUDIOBOOK_ID comment 'Spotify id of the audiobook; null for other plays',
    CHAPTER_ID comment 'Spotify id of the audiobook''s chapter; null for other plays',
    TRACK_NAME comment 'title of the song as given',
    ARTIST_NAME comment 'artist of the album (extended) or of the song (account)',
    ALBUM_NAME comment 'title of the album as given; null in account history',
    EPISODE_NAME comment 'title of the podcast episode as given',
    SHOW_NAME comment 'title of the podcast as given',
    AUDIOBOOK_NAME comment 'title of the audiobook as given',
    CHAPTER_NAME comment 'title of the audiobook''s chapter as given',
    AUTHOR_NAME comment 'author of the audiobook; account history only',
    MS_PLAYED comment 'listening time in ms; 0 occurs',
    REASON_START comment 'such as trackdone or clickrow; open vocabulary',
    REASON_END comment 'such as trackdone (it ended by itself); open vocabulary',
    SHUFFLE comment 'shuffle was on; null if unknown',
    SKIPPED comment 'as Spotify states it; null if unknown, and always false from 2015 to 2022',
    OFFLINE comment 'played without a connection; null if unknown',
    PLATFORM comment 'device or system; null unless KEEP=platform',
    COUNTRY comment 'country code, ZZ if unknown; null unless KEEP=country',
    IS_PRIVATE comment 'played in a private session; only with KEEP=private',
    BATCH_ID comment 'batch that brought the row; sorts by commit order',
    SOURCE_OBJECT comment 'raw object the row was read from: its key under the lake when it arrived, or its URI',
    DOCUMENT_ID comment 'sha256 of the raw object''s uncompressed bytes; equal for copies under other names',
    SOURCE_POSITION comment '0-based place of the item or read in its document, in reading order',
    EXTRACTED_AT comment 'when the document was extracted, UTC; one per document'
)
comment = 'What was played and when, from account data downloads. Every package is kept; of packages that cover the same time the current view shows one.'
as
{% if is_dynamic %}
select
    play_id, account, source, package_id, packaged_at, played_at, played_at_precision, song_id, episode_id,
    audiobook_id, chapter_id, track_name, artist_name, album_name, episode_name, show_name, audiobook_name,
    chapter_name, author_name, ms_played, reason_start, reason_end, shuffle, skipped, offline, platform,
    country, is_private, batch_id, source_object, document_id, source_position, extracted_at
from {{ database }}.CORE.PLAYS_DYNAMIC;
{% else %}
{{ current_rows }};
drop dynamic table if exists {{ database }}.CORE.PLAYS_DYNAMIC;
{% endif %}
