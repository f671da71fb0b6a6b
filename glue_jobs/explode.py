"""Exploding lists: of objects such as credited artists, and of plain values."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from glue_jobs.frames import LINEAGE, accepted_by, is_refused_by, of_kind
from shared.contract import Table


def explode_objects(items: DataFrame, table: Table, objects: Column, **kept: Column) -> DataFrame:
    """One row per item and object of its list that the table accepts.

    A row has the columns `kept`, the 0-based `position` and the `element`. An artist who is credited twice makes two
    rows; `newest` keeps the one of the lower position.
    """
    return (
        items.where(of_kind(table))
        # Select nothing else of the item, because Spark would copy all of it for every element.
        .select(*LINEAGE, *[column.alias(name) for name, column in kept.items()], objects.alias("elements"))
        .select(*LINEAGE, *kept, F.posexplode("elements").alias("position", "element"))
        .where(~is_refused_by(table, "element.refused"))
    )


def explode_values(items: DataFrame, table: Table, values: Column, name: str, **kept: Column) -> DataFrame:
    """One row per item and element of its list of plain values that the table accepts: columns `kept` and the value.

    The reader makes a refused element null, since a plain value cannot say that it is refused.
    """
    return (
        items.where(accepted_by(table))
        .select(*LINEAGE, *[column.alias(key) for key, column in kept.items()], F.explode(values).alias(name))
        .where(F.col(name).isNotNull())
    )
