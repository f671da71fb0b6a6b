"""Contract of `batches`."""

from shared.contract import BATCH_ID, Column, ObservedPer, Table, Type, key_column

BATCHES = Table(
    name="batches",
    doc="What was committed and when. Published last: in the lake, a batch that is here is in all tables. Snowflake's "
    "pipes load tables in any order: make snowflake-status says which batches have landed completely.",
    grain="one row per batch",
    key=("batch_number",),
    observed_per=ObservedPer.READ,
    made_from=None,
    columns=(
        key_column("batch_number", "number in the commit log, from 1 without a gap", type=Type.BIGINT),
        Column("committed_at", Type.TIMESTAMP, "when the commit was tried, UTC", nullable=False),
        Column("object_count", Type.INT, "raw objects taken, quarantined ones included", nullable=False),
        Column("item_count", Type.INT, "playlist items in them, of every kind", nullable=False),
        Column("reject_count", Type.INT, "rows and documents in rejects/", nullable=False),
    ),
    lineage=(BATCH_ID,),
)
