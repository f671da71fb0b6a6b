"""Small documents in Spotify's form, and the frames that the real reader makes of them.

`page("mon", song("s1", artists=["a1", "a2"]))` is a page of playlist `p1` that was read on Monday, 2026-11-16 at noon.
Frames have one partition: Spark then sorts and ranks without a shuffle, which halves the time of a test.
"""

import gzip
import json
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from glue_jobs.frames import newest, read_frame
from glue_jobs.log_entry import Input
from glue_jobs.reading.part import Part, PartReport, read_part
from shared import lake
from shared.contract import MadeFrom, Table
from shared.document import Manifest
from shared.store import ObjectStore, open_store
from tests.glue_jobs.documents import Json as Json
from tests.glue_jobs.documents import album as album
from tests.glue_jobs.documents import as_bytes as as_bytes
from tests.glue_jobs.documents import credited as credited
from tests.glue_jobs.documents import episode as episode
from tests.glue_jobs.documents import local as local
from tests.glue_jobs.documents import page_body as page_body
from tests.glue_jobs.documents import row as row
from tests.glue_jobs.documents import song as song

DAYS = {"sun": "20261115", "mon": "20261116", "tue": "20261117", "wed": "20261118"}
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BATCH_ID = "b1"
# Spark reads lazily, so the staged parts must outlive the call; they are removed when the tests end.
_LAKES = tempfile.TemporaryDirectory(prefix="lakes-of-builders-")


@dataclass(frozen=True)
class Dropped:
    """A document and the day it was extracted."""

    day: str
    data: bytes


def page(day: str, *rows: object, **fields: Any) -> Dropped:
    """A page read on that day, without a snapshot id."""
    return Dropped(day, as_bytes(page_body(*rows, **fields)))


def playlist(day: str, *rows: object, snapshot_id: str = "v1", **fields: object) -> Dropped:
    """Playlist `p1` with its items on that day."""
    described = {"type": "playlist", "id": "p1", "snapshot_id": snapshot_id, "items": page_body(*rows), **fields}
    return Dropped(day, as_bytes(described))


def manifest(day: str, content: Manifest) -> Dropped:
    """A run's manifest."""
    return Dropped(day, content.as_bytes())


def items(spark: SparkSession, *documents: Dropped) -> DataFrame:
    """The items frame of the documents, read as one batch."""
    root, _ = _read(documents)
    return read_frame(spark, str(root / lake.staging(BATCH_ID, "items")), MadeFrom.ITEM).coalesce(1)


def checks(spark: SparkSession, *documents: Dropped) -> DataFrame:
    """The checks frame of the documents, read as one batch."""
    root, _ = _read(documents)
    return read_frame(spark, str(root / lake.staging(BATCH_ID, "checks")), MadeFrom.CHECK).coalesce(1)


def rejects(*documents: Dropped) -> list[tuple[str, str | None, str, int]]:
    """Table, column, reason and source position of every row that a table refuses, in reading order."""
    root, report = _read(documents)
    lines = [
        json.loads(line)
        for file in report.files
        for line in gzip.decompress((root / file.staged).read_bytes()).splitlines()
    ]
    return [(line["table"], line["column"], line["reason"], line["source_position"]) for line in lines]


def rows(spark: SparkSession, ddl: str, *tuples: tuple[object, ...]) -> DataFrame:
    """A frame typed by hand."""
    return spark.createDataFrame(list(tuples), ddl).coalesce(1)


def published(made: DataFrame, table: Table) -> DataFrame:
    """The rows that a batch publishes of those that a transform made."""
    return newest(made, table)


def _read(documents: tuple[Dropped, ...]) -> tuple[Path, PartReport]:
    root = Path(tempfile.mkdtemp(dir=_LAKES.name))
    store: ObjectStore = open_store(str(root))
    for n, document in enumerate(documents):
        store.put(f"{lake.DROP}at={DAYS[document.day]}T120000Z/{n}.json", document.data)
    inputs = tuple(Input(listed.key, listed.token, listed.size, listed.time) for listed in store.list(lake.PENDING))
    report = read_part(Part(0, inputs, str(root), BATCH_ID))
    refused = [document.reason for document in report.documents if document.reason]
    assert not refused, refused
    return root, report
