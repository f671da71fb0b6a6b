"""How rows of `artists` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.conform import conform
from glue_jobs.credits import explode_credits
from shared.tables import ARTISTS


def artists(items: DataFrame) -> DataFrame:
    """One row per artist and item that credits them, on the song or on its album; the song's credit comes first."""
    of_song_then_album = F.expr("concat(coalesce(item.artists, array()), coalesce(item.album.artists, array()))")
    return (
        items.where(F.col("kind") == "song")
        .transform(explode_credits, of_song_then_album)
        .withColumns(
            {
                "name": F.col("credit.name"),
                "uri": F.col("credit.uri"),
                "url": F.col("credit.external_urls.spotify"),
            }
        )
        .transform(conform, ARTISTS)
    )
