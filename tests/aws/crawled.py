"""What a Glue crawler would infer from published files: there is no crawler to run."""

import io
import re
from typing import NamedTuple

import pyarrow.parquet as pq

from shared.store import ObjectStore


class Crawled(NamedTuple):
    """What a crawler reads of a table's folder: columns in the files' footers, the key in the folders' names."""

    columns: list[tuple[str, str]]
    partition: str


# Types of Parquet and what Glue's classifier of Parquet calls them.
CRAWLED_TYPES = {
    ("BYTE_ARRAY", "STRING"): "string",
    ("INT32", "NONE"): "int",
    ("INT64", "NONE"): "bigint",
    ("INT64", "TIMESTAMP"): "timestamp",
    ("INT32", "DATE"): "date",
    ("BOOLEAN", "NONE"): "boolean",
}


def crawl(store: ObjectStore, folder: str) -> Crawled | None:
    """What is inferred from the first file of a folder; None if there is none."""
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
