"""How rows of `artists` are made."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from glue_jobs.explode import explode_objects
from shared.tables.artists import ARTISTS


def artists(items: DataFrame) -> DataFrame:
    """One row per artist and item that credits them, on the song or on its album; the song's credit comes first."""
    of_song_then_album = F.expr("concat(coalesce(item.artists, array()), coalesce(item.album.artists, array()))")
    return explode_objects(items, ARTISTS, of_song_then_album).withColumns(
        {
            "artist_id": F.col("element.id"),
            "name": F.col("element.name"),
            "uri": F.col("element.uri"),
            "url": F.col("element.external_urls.spotify"),
        }
    )
