"""Release dates, which Spotify writes as a text of a year, a year and month, or a day."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_EARLIEST_YEAR = 1000
_YEARS_AHEAD = 2
# Spark's cast accepts these forms and others.
_YEAR_MONTH_OR_DAY = r"^\d{4}(-\d{2}){0,2}\z"


def with_released_on(rows: DataFrame) -> DataFrame:
    """The rows with DATE `released_on`, the first day of the period that `release_date_text` names.

    Null for a text that is no date, and for years before 1000 or more than two years after the extraction. The text
    decides, not the precision that Spotify states, since that does not always match. `0000` occurs in real answers (a
    tombstone in /me/episodes).
    """
    text = F.col("release_date_text")
    latest = F.year("extracted_at") + _YEARS_AHEAD
    return (
        rows.withColumn("period", F.when(text.rlike(_YEAR_MONTH_OR_DAY), text))
        # expr, because functions.try_cast does not exist in Spark 3.5. A separate step, so that the text is cast once.
        .withColumn("first_day", F.expr("try_cast(period as date)"))
        .withColumn("released_on", F.when(F.year("first_day").between(_EARLIEST_YEAR, latest), F.col("first_day")))
        .drop("period", "first_day")
    )
