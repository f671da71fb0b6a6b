"""Stages a batch's tables: Spark makes each table from the batch's frames and writes it."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from glue_jobs.commit_log import Batch
from glue_jobs.frames import newest, read_frame
from glue_jobs.java import RuntimeProblemError
from glue_jobs.log_entry import StagedFile
from glue_jobs.read_batch import BatchRead
from glue_jobs.reading.arrow_types import ARROW_TYPES
from glue_jobs.runtime import MANY_ITEMS, TABLES_AT_ONCE, GlueJob
from glue_jobs.summary import TableProgress
from glue_jobs.transforms import TRANSFORMS
from shared import lake
from shared.contract import BATCH_ID, MadeFrom, ObservedPer, Table, tables_from
from shared.store import ObjectStore, StoreError, open_store
from shared.tables import TABLES
from shared.tables.batches import BATCHES

log = logging.getLogger(__name__)

_ROWS_IN_FILE = 1_000_000  # 60 to 130 MB of Parquet
_NO_MARK = {"mapreduce.fileoutputcommitter.marksuccessfuljobs": "false"}  # writes no file `_SUCCESS`


@dataclass
class Staged:
    """A batch's staged files, their sha256 by key, and per table the rows accepted before the newest were chosen."""

    files: list[StagedFile] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)

    def published(self, table: str) -> int:
        """The rows that the staged files of a table hold."""
        return sum(file.rows for file in self.files if file.table == table)


def write_tables(job: GlueJob, store: ObjectStore, batch: Batch, read: BatchRead) -> Staged:
    """Write every table of the batch to staging; a table without rows has no file."""
    job.plan_for(read.row_count)
    frames = _frames(job, store, batch, read)
    progress = TableProgress(len(frames))

    def write(name: str) -> tuple[int, list[str]]:
        progress.begin(name)
        # Plan in this thread while others write: for a small batch, planning takes longer than computing.
        table = next(table for table in TABLES if table.name == name)
        rows = TRANSFORMS[name](frames[name])
        observed, keys = _write_table(job, store, batch, table, rows, read)
        return _accepted(name, observed, read.accepted(name), rows), keys

    # Begin with the largest table, else the others are done long before it.
    names = sorted(frames, key=lambda name: -read.made[name])
    with ThreadPoolExecutor(max(TABLES_AT_ONCE, min(job.cores(), len(names)))) as pool:
        try:
            written = dict(zip(names, pool.map(write, names), strict=True))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                job.spark.sparkContext.setLogLevel("OFF")  # the cancelled jobs would be logged as errors
            job.spark.sparkContext.cancelAllJobs()
            raise
        finally:
            progress.close()
    keys = [(name, key) for name, (_, keys) in written.items() for key in keys]
    staged = Staged(accepted={name: accepted for name, (accepted, _) in written.items()})
    described = _described(job, store, [key for _, key in keys], is_large=read.row_count >= MANY_ITEMS)
    for (name, key), (rows, digest) in zip(keys, described, strict=True):
        if rows:
            staged.files.append(StagedFile(name, key, rows))
            staged.digests[key] = digest
    return staged


def _frames(job: GlueJob, store: ObjectStore, batch: Batch, read: BatchRead) -> Mapping[str, DataFrame]:
    """The frame of each table that the batch may have rows for."""
    frames: dict[str, DataFrame] = {}
    for made_from in MadeFrom:
        names = [table.name for table in tables_from(TABLES, made_from) if read.made[table.name]]
        if names:
            folder = job.readable(store, lake.staging(batch.batch_id, made_from))
            frames |= dict.fromkeys(names, _shared(job, read_frame(job.spark, folder, made_from)))
    return frames


def _shared(job: GlueJob, frame: DataFrame) -> DataFrame:
    """The frame, as one partition if one task writes a table: the rows are then ranked without a shuffle."""
    return frame.coalesce(1) if job.partitions == 1 else frame


def _write_table(
    job: GlueJob, store: ObjectStore, batch: Batch, table: Table, rows: DataFrame, read: BatchRead
) -> tuple[int, list[str]]:
    accepted = Observation(f"{table.name} accepted")
    names = [column.name for column in table.all_columns]
    published = rows.observe(accepted, F.expr("count(1) as rows"))
    if read.needs_choice(table):
        # One document may have two reads of a snapshot, and so one observation may have a key twice.
        has_repeats = table.observed_per is ObservedPer.READ or table.name in read.repeats
        published = newest(published, table, has_repeats=has_repeats)
    # All rows have the same batch id, so it is added after sorting.
    published = published.withColumn(BATCH_ID.name, F.lit(batch.batch_id)).select(*names)
    prefix = lake.staging(batch.batch_id, table.name)
    _in_files(job, published, read.made[table.name]).write.mode("overwrite").options(**_NO_MARK).parquet(
        job.writable(store, prefix)
    )
    return accepted.get["rows"], job.deliver(store, prefix)


def _in_files(job: GlueJob, rows: DataFrame, made: int) -> DataFrame:
    """The rows in as few partitions, and so files, as possible: Snowpipe and Athena are faster with few files."""
    # Not coalesce, because it would also sort and rank the rows in these few tasks.
    return rows if job.partitions == 1 else rows.repartition(1 + made // _ROWS_IN_FILE)


def _accepted(name: str, observed: int, expected: int, rows: DataFrame) -> int:
    """The rows accepted. Spark also observes repeated tasks, so a query counts if there are more than expected."""
    if observed <= expected:
        return observed
    counted = rows.count()
    log.warning("%s: Spark observed %s rows, expected were %s; a query counts %s", name, observed, expected, counted)
    return counted


def _described(job: GlueJob, store: ObjectStore, keys: Sequence[str], *, is_large: bool) -> list[tuple[int, str]]:
    """The row count in the footer of each staged file, and its sha256. On a cluster, executors read the files."""
    describe = partial(_describe, store.uri)
    if is_large and job.has_executors:
        return job.map_by_tasks(describe, keys, (StoreError, RuntimeProblemError))
    return [describe(key) for key in keys]


def _describe(lake_uri: str, key: str) -> tuple[int, str]:
    fetched = open_store(lake_uri).get(key)
    if fetched is None:
        raise RuntimeProblemError(f"{key} of {lake_uri} is gone while the job works on it; run the job again.")
    return int(pq.read_metadata(BytesIO(fetched.data)).num_rows), sha256(fetched.data).hexdigest()


def stage_batches(
    store: ObjectStore,
    batch: Batch,
    read: BatchRead,
    reconciliation: Mapping[str, Any],
    number: int,
    committed_at: datetime,
) -> StagedFile:
    """Stages the batch's row of table `batches`, and adds the file's sha256 to the reconciliation."""
    row = {
        "batch_number": number,
        "committed_at": committed_at.astimezone(UTC).replace(tzinfo=None),
        "object_count": len(batch.inputs),
        "item_count": read.kinds.total(),
        "reject_count": read.rejects.total(),
        "batch_id": batch.batch_id,
    }
    schema = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in BATCHES.all_columns])
    file = BytesIO()
    pq.write_table(pa.Table.from_pylist([row], schema), file, write_page_checksum=True)
    key = lake.staging(batch.batch_id, f"{BATCHES.name}-{number}") + "part-00000.parquet"
    store.put(key, file.getvalue())
    reconciliation["sha256"][key] = sha256(file.getvalue()).hexdigest()
    return StagedFile(BATCHES.name, key, 1)
