"""Exploding lists of credited artists."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from glue_jobs.frames import LINEAGE, is_refused_by, of_kind
from shared.contract import Table


def explode_credits(items: DataFrame, table: Table, credited: Column, **kept: Column) -> DataFrame:
    """One row per item and credited artist that the table accepts: what is kept, 0-based `position` and `credit`.

    An artist credited twice makes two rows; the lower position wins among the newest.
    """
    return (
        items.where(of_kind(table))
        # Nothing else of the item, or Spark copies all of it for every artist.
        .select(*LINEAGE, *[column.alias(name) for name, column in kept.items()], credited.alias("credits"))
        .select(*LINEAGE, *kept, F.posexplode("credits").alias("position", "credit"))
        .where(~is_refused_by(table, "credit.refused"))
    )
