-- dates: one row per day of every UTC year from the first check of a playlist, or play, to the last.
-- The calendar of a BI model: all days from 1 January of the first year to 31 December of the last year, at most a
-- hundred years. It has every date of the other views except release dates, which may be of any year.
create or replace view {{ database }}.BI.DATES (
    DATE_DAY comment 'the day, UTC; unique, never null',
    CALENDAR_YEAR comment 'year of the day; never null',
    QUARTER_NUMBER comment '1 to 4; never null',
    MONTH_NUMBER comment '1 to 12; never null',
    MONTH_STARTS_ON comment 'first day of its month; never null',
    WEEK_STARTS_ON comment 'Monday of its ISO week, may be in the year before; never null',
    WEEKDAY_NUMBER comment '1 for Monday to 7 for Sunday; never null'
)
comment = 'One row per day of every UTC year from the first check of a playlist, or play, to the last.'
as
with observed as (
    select
        min(least(extracted_at, coalesce(read_at, extracted_at))) as first_at,
        max(greatest(extracted_at, coalesce(read_at, extracted_at))) as last_at
    from {{ database }}.CORE.PLAYLIST_CHECKS
    union all
    -- Local days of plays too: time zones are between UTC-12 and UTC+14.
    select
        dateadd('hour', -12, min(played_at)) as first_at,
        dateadd('hour', 14, max(played_at)) as last_at
    from {{ database }}.CORE.PLAYS
),

bounds as (
    select
        date_trunc('year', min(first_at)) as first_year_at,
        date_trunc('year', max(last_at)) as last_year_at
    from observed
),

numbers as (
    select row_number() over (order by seq4()) - 1 as day_offset
    from table(generator(rowcount => 36525))
),

days as (
    select cast(dateadd('day', numbers.day_offset, bounds.first_year_at) as date) as date_day
    from bounds
    inner join numbers
        on numbers.day_offset < datediff('day', bounds.first_year_at, dateadd('year', 1, bounds.last_year_at))
)

select
    date_day,
    year(date_day) as calendar_year,
    quarter(date_day) as quarter_number,
    month(date_day) as month_number,
    cast(date_trunc('month', date_day) as date) as month_starts_on,
    cast(dateadd('day', 1 - dayofweekiso(date_day), date_day) as date) as week_starts_on,
    dayofweekiso(date_day) as weekday_number
from days;
