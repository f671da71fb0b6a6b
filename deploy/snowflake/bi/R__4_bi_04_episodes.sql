-- episodes: one row per podcast episode, as Spotify last described it.
create or replace view {{ database }}.BI.EPISODES (
    EPISODE_ID comment 'Spotify id of the episode; never null',
    EPISODE_NAME comment 'title; null if not given',
    SHOW_ID comment 'Spotify id of its show; null if not given',
    SHOW_NAME comment 'name of its show; null if not given',
    PUBLISHER comment 'publisher of the show; null if not given',
    DURATION_MS comment 'length in milliseconds; null if not given',
    DURATION_MINUTES comment 'length in minutes, two decimals; null if not given',
    IS_EXPLICIT comment 'explicit content, false may also mean unknown to Spotify; null if not given',
    RELEASED_ON comment 'release date, the first day of the year or month if no day is given; null if the text is not a date',
    RELEASE_DATE_TEXT comment 'release date as given: a year, a year and month, or a day; null if not given',
    LANGUAGE comment 'first language given, as an ISO 639 code; null if not given',
    URI comment 'Spotify URI; null if not given',
    URL comment 'web page at Spotify; null if not given',
    DESCRIBED_AT comment 'when this description was read, UTC; never null'
)
comment = 'One row per podcast episode that a playlist showed, as Spotify last described it.'
as
select
    episode_id,
    name as episode_name,
    show_id,
    show_name,
    publisher,
    duration_ms,
    round(duration_ms / 60000, 2) as duration_minutes,
    explicit as is_explicit,
    released_on,
    release_date_text,
    language,
    uri,
    url,
    extracted_at as described_at
from {{ database }}.CORE.EPISODES;
