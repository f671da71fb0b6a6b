"""How rows of `plays` are made."""

from pyspark.sql import DataFrame

from glue_jobs.frames import LINEAGE, accepted_by
from shared.tables.plays import PLAYS


def plays(plays: DataFrame) -> DataFrame:
    """One row per play of a document."""
    return plays.where(accepted_by(PLAYS)).select(*LINEAGE, *(column.name for column in PLAYS.columns))
