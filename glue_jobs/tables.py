"""Stages a batch's tables: each is made from the batch's frames, checked against the account, and written by Spark."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from hashlib import sha256
from typing import Any

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from glue_jobs import normal_form
from glue_jobs.commit_log import REJECTS, Batch, StagedFile
from glue_jobs.conform import FAULT, IS_FAULTY, is_published, newest, with_fault
from glue_jobs.frames import LINEAGE, read_items, read_reads
from glue_jobs.intake import Intake
from glue_jobs.packed import Packer
from glue_jobs.reader import KINDS
from glue_jobs.runtime import GlueJob
from glue_jobs.transforms import FROM_ITEMS, FROM_READS, Transform
from shared import lake
from shared.contract import BATCH_ID, Table
from shared.store import ObjectStore
from shared.tables import BATCHES, PLAYLIST_ITEMS, TABLES

_WRITES_AT_ONCE = 4
_NO_MARK = {"mapreduce.fileoutputcommitter.marksuccessfuljobs": "false"}  # a file `_SUCCESS`


class ReconciliationError(Exception):
    """The rows made are not the items read: a fault of the suite, so nothing is committed."""


@dataclass
class Staged:
    """What a batch wants to publish: files, rejected rows per reason, and the account.

    Of the account, `kinds` counts the batch's items by kind, `documents` those of each raw object by its key, and
    `tables` says of each table how many rows were made of the items, refused for a fault, superseded by a newer
    observation of the same batch, and published. `sha256` is that of each staged file by its key: `make status` finds
    by it what was damaged later, also where Parquet has no checksum, such as in a footer.
    """

    files: list[StagedFile] = field(default_factory=list)
    rejects: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    documents: dict[str, Counter[str]] = field(default_factory=dict)
    tables: dict[str, dict[str, int]] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)

    @property
    def reconciliation(self) -> dict[str, Any]:
        """As the log keeps it."""
        documents = {key: {kind: n for kind, n in kinds.items() if n} for key, kinds in self.documents.items()}
        return {"kinds": dict(self.kinds), "documents": documents, "tables": self.tables, "sha256": self.sha256}


@dataclass
class _Made:
    """A table's rows before and after the newest were chosen, counted while they are written."""

    table: Table
    rows: DataFrame
    made: Observation
    kept: Observation


def stage_tables(job: GlueJob, store: ObjectStore, batch: Batch, intake: Intake) -> Staged:
    """Writes every table of the batch to staging, one file each, none for a table without rows.

    Raises ReconciliationError when an item is unaccounted for.
    """
    staged = Staged(
        rejects=Counter(intake.reject_reasons),
        kinds=Counter(dict.fromkeys(KINDS, 0)),
        documents={key: Counter(kinds) for key, kinds in intake.documents.items()},
    )
    frames: dict[str, DataFrame] = {}
    job.plan_for(intake.kinds.total())
    if intake.items:
        items = read_items(job.spark, job.readable(store, intake.items), batch.batch_id)
        frames |= dict.fromkeys(FROM_ITEMS, items)
    if intake.reads:
        reads = read_reads(job.spark, job.readable(store, intake.reads), batch.batch_id)
        frames |= dict.fromkeys(FROM_READS, reads)

    def stage(name: str) -> tuple[_Made, list[StagedFile]]:
        # Planned here, beside the writing of others: on a small batch Spark plans longer than it works.
        made = _made(_table(name), _transform(name)(frames[name]), batch.batch_id)
        return made, _write_table(job, store, batch, made)

    with ThreadPoolExecutor(_WRITES_AT_ONCE) as pool:
        try:
            written = list(pool.map(stage, frames))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                job.spark.sparkContext.setLogLevel("OFF")  # what is cancelled now is no error
            job.spark.sparkContext.cancelAllJobs()
            raise
    tables = [made for made, _ in written]
    staged.files = [file for _, files in written for file in files] + intake.rejects
    _balance(intake, tables, staged)
    faulty = [made for made in tables if made.made.get["faults"]]
    if faulty:
        _write_rejects(job, store, batch, frames, faulty, staged)
    _balance_documents(intake, staged)
    staged.sha256 = dict(_digests(store, staged.files))
    return staged


def _digests(store: ObjectStore, files: list[StagedFile]) -> Iterator[tuple[str, str]]:
    for file in files:
        fetched = store.get(file.staged)
        if fetched is not None:  # else the commit refuses the batch
            yield file.staged, sha256(fetched.data).hexdigest()


def stage_batches(
    store: ObjectStore, batch: Batch, staged: Staged, *, number: int, committed_at: datetime
) -> StagedFile:
    """The batch's own row of `batches`; its sha256 joins the others of the account before the entry is written."""
    row = {
        "batch_number": number,
        "committed_at": committed_at.astimezone(UTC).replace(tzinfo=None),
        "object_count": len(batch.inputs),
        "item_count": staged.kinds.total(),
        "reject_count": staged.rejects.total(),
        "batch_id": batch.batch_id,
    }
    packer = Packer({column.name: column.type for column in BATCHES.all_columns})
    packer.add([row])
    data = packer.close()
    key = lake.staging(batch.batch_id, f"{BATCHES.name}-{number}") + "part-00000.parquet"
    store.put(key, data)
    staged.sha256[key] = sha256(data).hexdigest()
    return StagedFile(BATCHES.name, key, 1)


def _table(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)


def _transform(name: str) -> Transform:
    return FROM_ITEMS.get(name) or FROM_READS[name]


def _made(table: Table, conformed: DataFrame, batch_id: str) -> _Made:
    made, kept = Observation(f"{table.name} made"), Observation(f"{table.name} kept")
    counts = [
        "count(1) as rows",
        f"count_if({IS_FAULTY}) as faults",
        f"count_if(not ({is_published(table)})) as refused",
    ]
    if table is PLAYLIST_ITEMS:
        counts += [f"count_if(kind = '{kind}') as {kind}" for kind in KINDS]
    names = [column.name for column in table.all_columns]
    # The batch's id is the same for all, so no row has to carry it while they are sorted.
    carried = [name for name in names if name != BATCH_ID.name]
    rows = newest(conformed.selectExpr(*carried, IS_FAULTY).observe(made, *map(F.expr, counts)), table)
    published = rows.withColumn(BATCH_ID.name, F.lit(batch_id)).selectExpr(*names)
    return _Made(table, published.observe(kept, F.expr("count(1) as rows")), made, kept)


def _write_table(job: GlueJob, store: ObjectStore, batch: Batch, made: _Made) -> list[StagedFile]:
    prefix = lake.staging(batch.batch_id, made.table.name)
    # One file a table: batches are bounded, and Snowpipe and Athena like few files.
    made.rows.coalesce(1).write.mode("overwrite").options(**_NO_MARK).parquet(job.writable(store, prefix))
    (key,) = job.deliver(store, prefix)
    rows = made.kept.get["rows"]
    return [StagedFile(made.table.name, key, rows)] if rows else []


def _balance(intake: Intake, tables: list[_Made], staged: Staged) -> None:
    """Every item that the reader counted must have come out of Spark, and every row made must have become something."""
    made = {one.table.name: one.made.get for one in tables}
    expected = {
        "playlist_items": intake.kinds.total(),
        "songs": intake.kinds["song"],
        "episodes": intake.kinds["episode"],
    }
    for name, count in expected.items():
        rows = made[name]["rows"] if name in made else 0
        if rows != count:
            message = f"{name}: {count} items were read, but {rows} rows were made of them; nothing was committed."
            raise ReconciliationError(message)
    for one in tables:
        counts, kept = made[one.table.name], one.kept.get["rows"]
        superseded = counts["rows"] - counts["refused"] - kept
        if superseded < 0 or (superseded and not one.table.newest_per):
            message = (
                f"{one.table.name}: {counts['rows']} rows were made and {counts['refused']} refused, but {kept} were "
                "written; nothing was committed."
            )
            raise ReconciliationError(message)
        staged.tables[one.table.name] = {
            "made": counts["rows"],
            "refused": counts["refused"],
            "superseded": superseded,
            "published": kept,
        }
    if PLAYLIST_ITEMS.name in made:
        staged.kinds.update({kind: made[PLAYLIST_ITEMS.name][kind] for kind in KINDS})
    if staged.kinds.total() != intake.kinds.total():
        message = (
            f"{intake.kinds.total()} items were read, but their kinds are {dict(staged.kinds)}; nothing was committed."
        )
        raise ReconciliationError(message)


def _balance_documents(intake: Intake, staged: Staged) -> None:
    """The items of each document, by kind, must add up to what Spark counted of the whole batch."""
    for key, kinds in staged.documents.items():
        if kinds.total() != intake.documents[key].total() or min(kinds.values(), default=0) < 0:
            items = intake.documents[key].total()
            message = f"{key}: {items} items, but their kinds are {dict(kinds)}; nothing was committed."
            raise ReconciliationError(message)
    summed = sum(staged.documents.values(), Counter(dict.fromkeys(KINDS, 0)))
    if any(summed[kind] != staged.kinds[kind] for kind in KINDS):
        message = f"The documents have {dict(summed)}, the batch has {dict(staged.kinds)}; nothing was committed."
        raise ReconciliationError(message)


def _write_rejects(  # the batch's own things
    job: GlueJob,
    store: ObjectStore,
    batch: Batch,
    frames: Mapping[str, DataFrame],
    faulty: list[_Made],
    staged: Staged,
) -> None:
    """Every row that a table did not take: why, where it stood, and the row as the API gave it."""
    names = [made.table.name for made in faulty]
    rejected = [
        with_fault(_transform(name)(frames[name]).where(IS_FAULTY), _table(name)).selectExpr(
            f"'{name}' as table", f"{FAULT}.column", f"{FAULT}.reason", *LINEAGE
        )
        for name in names
    ]
    place = ["source_object", "document_id", "source_position"]
    originals = reduce(
        DataFrame.unionByName,
        {id(frames[name]): _originals(frames[name]).select(*place, "kind", "row") for name in names}.values(),
    )
    rows = reduce(DataFrame.unionByName, rejected)
    out = rows.join(originals.dropDuplicates(place), on=place, how="left").persist()
    keys = {lake.pending_key(key): key for key in staged.documents}
    for row in out.groupBy("table", "column", "kind", "source_object").count().collect():
        staged.rejects[f"{row['table']}.{row['column']}" if row["column"] else row["table"]] += row["count"]
        if row["table"] == PLAYLIST_ITEMS.name:  # what the reader took for a song may not keep the contract
            kinds = staged.documents[keys[row["source_object"]]]
            kinds[row["kind"]] -= row["count"]
            kinds["rejected"] += row["count"]
    prefix = lake.staging(batch.batch_id, REJECTS)
    told = out.select("table", "column", "reason", *LINEAGE, "row").coalesce(1)
    told.write.mode("append").options(**_NO_MARK, compression="gzip").json(job.writable(store, prefix))
    out.unpersist()
    staged.files += [
        StagedFile(REJECTS, key, sum(made.made.get["faults"] for made in faulty)) for key in job.deliver(store, prefix)
    ]


def _originals(frame: DataFrame) -> DataFrame:
    """Lineage, the reader's `kind`, and `row`: as it came where that was kept, else what the reader kept, as JSON."""
    if "raw" in frame.columns:
        payload = [name for name in normal_form.ROW.fields if name in frame.columns]
        return frame.select(*LINEAGE, "kind", F.coalesce("raw", F.to_json(F.struct(*payload))).alias("row"))
    return frame.select(*LINEAGE, F.lit(None).cast("string").alias("kind"), F.to_json("playlist").alias("row"))
