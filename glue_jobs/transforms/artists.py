"""How rows of `artists` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.credits import explode_credits
from shared.tables.artists import ARTISTS


def artists(items: DataFrame) -> DataFrame:
    """One row per artist and item that credits them, on the song or on its album; the song's credit comes first."""
    of_song_then_album = F.expr("concat(coalesce(item.artists, array()), coalesce(item.album.artists, array()))")
    return explode_credits(items, ARTISTS, of_song_then_album).withColumns(
        {
            "artist_id": F.col("credit.id"),
            "name": F.col("credit.name"),
            "uri": F.col("credit.uri"),
            "url": F.col("credit.external_urls.spotify"),
        }
    )
