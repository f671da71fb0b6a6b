"""Release dates as Spotify gives them: a year, a year and month, or a day, as text."""

from pyspark.sql import Column
from pyspark.sql import functions as F

_EARLIEST_YEAR = 1000
_YEARS_AHEAD = 2


def released_on(text: Column, extracted_at: Column) -> Column:
    """DATE of the first day of the given period; null for text that is no date, or none a release can have.

    Read by pattern, since the given precision does not always match; `0000` is real (a tombstone in /me/episodes).
    Years before 1000 or more than two ahead of the extraction are nonsense.
    """
    first_day = (
        F.when(text.rlike(r"^\d{4}$"), F.concat(text, F.lit("-01-01")))
        .when(text.rlike(r"^\d{4}-\d{2}$"), F.concat(text, F.lit("-01")))
        .when(text.rlike(r"^\d{4}-\d{2}-\d{2}$"), text)
    )
    # to_date with ANSI mode on raises for an impossible day; try_to_timestamp gives null.
    day = F.try_to_timestamp(first_day, F.lit("yyyy-MM-dd")).cast("date")
    return F.when(F.year(day).between(_EARLIEST_YEAR, F.year(extracted_at) + _YEARS_AHEAD), day)
