"""Infers a table from published files like a Glue crawler, because no crawler can run here."""

import io
import re
from typing import NamedTuple

import pyarrow.parquet as pq

from shared.store import ObjectStore


class Crawled(NamedTuple):
    """What a crawler infers from a table's folder: columns from the files' footers, the partition key from the path."""

    columns: list[tuple[str, str]]
    partition: str


# Physical and logical types of Parquet, and the types that Glue's Parquet classifier gives them.
CRAWLED_TYPES = {
    ("BYTE_ARRAY", "STRING"): "string",
    ("INT32", "NONE"): "int",
    ("INT64", "NONE"): "bigint",
    ("INT64", "TIMESTAMP"): "timestamp",
    ("INT32", "DATE"): "date",
    ("BOOLEAN", "NONE"): "boolean",
}


def crawl(store: ObjectStore, folder: str) -> Crawled | None:
    """What a crawler infers from the first file of a folder; None if the folder has no file."""
    keys = [listed.key for listed in store.list(folder)]
    if not keys:
        return None
    file = store.get(keys[0])
    assert file
    schema = pq.ParquetFile(io.BytesIO(file.data)).schema
    fields = [schema.column(number) for number in range(len(schema))]
    columns = [(field.name, CRAWLED_TYPES[field.physical_type, field.logical_type.type]) for field in fields]
    [(partition, _)] = re.findall(r"/(\w+)=([^/]+)/", keys[0])
    return Crawled(columns, partition)
