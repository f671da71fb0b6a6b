"""`make status`: does every batch have in raw, lake and warehouse what the log says it has? Names the first difference.

Rows of the lake are counted in the files themselves, rows of the warehouse by landing's own file-name column, each row
of a file once. Batches that retention removed are not looked for.
"""

import io
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from deploy.commands import (
    ARCHIVES,
    Landing,
    landing,
    log_of,
    open_landing,
    parser_of,
    published_key,
    retained_after,
    run_command,
    table_text,
)
from glue_jobs.commit_log import REJECTS, Entry
from glue_jobs.replay import archived_key
from shared import lake
from shared.document import timestamp
from shared.store import ObjectStore, open_store
from shared.tables import TABLES
from shared.terminal import printable

_EVER = timedelta(days=36500)


@dataclass
class BatchStatus:
    """What one batch has in each place; rows over all tables. `in_warehouse` is None where there is no warehouse."""

    number: int
    committed_at: str
    objects: int
    items: int
    rejects: int
    rows: int
    in_lake: int = 0
    in_warehouse: int | None = None
    differences: list[str] = field(default_factory=list)


@dataclass
class Status:
    """Every batch, what is pending, and what belongs to no batch."""

    batches: list[BatchStatus]
    pending: int
    removed_up_to: int
    others: list[str]
    repeated: list[str] = field(default_factory=list)  # no differences: a document that was put twice is taken twice

    @property
    def differences(self) -> list[str]:
        """All of them, the first batch's first."""
        return [one for batch in self.batches for one in batch.differences] + self.others


def status(store: ObjectStore, warehouse: Landing | None, first: int = 1) -> Status:
    """Reconciles every batch from this log number on. Raises CommitLogError if the log itself is damaged."""
    removed = retained_after(store)
    undone = {entry.number for entry in log_of(store).undone_alarm(after=-_EVER)}
    entries = [entry for entry in log_of(store).entries(max(first - 1, removed)) if entry.inputs or entry.files]
    raw = {listed.key for prefix in ARCHIVES for listed in store.list(prefix)}
    files = {listed.key: listed.size for prefix in (lake.PROCESSED, lake.REJECTS) for listed in store.list(prefix)}
    loaded = _loaded(warehouse) if warehouse else None
    batches = []
    for entry in entries:
        batch = BatchStatus(
            entry.number,
            timestamp(entry.committed_at)[:19] + "Z",
            len(entry.inputs),
            sum(entry.account.get("kinds", {}).values()),
            sum(entry.rejects.values()),
            sum(entry.rows.values()),
        )
        if entry.number in undone:
            batch.differences.append(f"batch {entry.number}: committed but not finished; the next run of the job does")
        else:
            batch.differences += _differences(store, entry, batch, raw, files, loaded)
        batches.append(batch)
    pending = sum(1 for prefix in (lake.PENDING, lake.QUIET) for _ in store.list(prefix))
    known = {file.final for entry in entries for file in entry.files}
    doubled, repeated = doublings(entries)
    strays = _strays(known, files, loaded, max(first - 1, removed))
    return Status(batches, pending, removed, [*doubled, *strays], repeated)


def doublings(entries: Iterable[Entry]) -> tuple[list[str], list[str]]:
    """Raw objects that were taken twice in one version, and documents that were taken from several objects.

    What was replayed is left out: it is taken again on purpose.
    """
    objects: dict[tuple[str, str], Entry] = {}
    documents: dict[str, tuple[Entry, str]] = {}
    doubled, repeated = [], []
    for entry in entries:
        for taken in entry.inputs:
            if lake.pending_key(taken.key) != taken.key:
                continue
            batches = f"batch {entry.number}: raw: {taken.key}"
            first, (other, key) = objects.get((taken.key, taken.token)), documents.get(taken.document_id, (None, ""))
            if first:
                doubled.append(
                    f"{batches} was already taken by batch {first.number}. Unless it was put there twice, its rows are "
                    "doubled: the current views show them once, in published files and landing tables leave out "
                    f"batch_id {entry.batch_id} for this object"
                )
            elif other and taken.document_id:
                repeated.append(
                    f"{batches} is the same document as {key} of batch {other.number}: the current views show its rows "
                    f"once, in published files and landing tables they are there twice, as document_id "
                    f"{taken.document_id}"
                )
            objects.setdefault((taken.key, taken.token), entry)
            documents.setdefault(taken.document_id, (entry, taken.key))
    return doubled, repeated


def _differences(
    store: ObjectStore,
    entry: Entry,
    batch: BatchStatus,
    raw: set[str],
    files: Mapping[str, int],
    loaded: Mapping[str, int] | None,
) -> Iterator[str]:
    name = f"batch {entry.number}"
    for taken in entry.inputs:
        key = archived_key(entry.number, taken)
        if key is not None and taken.place != "source" and key not in raw:
            yield f"{name}: raw: {key} is not in the archive"
    yield from _account(entry, batch)
    if loaded is not None:
        batch.in_warehouse = sum(loaded.get(file.final, 0) for file in entry.files)
    published: Counter[str] = Counter()
    for file in entry.files:
        if file.final not in files:
            yield f"{name}: {file.table}: {file.final} is not in the lake"
        elif file.table != REJECTS:
            rows = _rows_of(store, file.final)
            published[file.table] += rows
            batch.in_lake += rows
            if rows != file.rows:
                yield f"{name}: {file.table}: the log says {file.rows} rows, {file.final} has {rows}"
        if loaded is not None and file.table != REJECTS and loaded.get(file.final, 0) != file.rows:
            yield (
                f"{name}: {file.table}: the log says {file.rows} rows, the warehouse has {loaded.get(file.final, 0)} "
                f"of {file.final}"
            )


def _account(entry: Entry, batch: BatchStatus) -> Iterator[str]:
    """Items of the documents = items of the batch; rows published by the account = rows in the log."""
    documents = entry.account.get("documents", {})
    summed = sum(sum(kinds.values()) for kinds in documents.values())
    if summed != batch.items:
        yield f"batch {entry.number}: its documents have {summed} items, the batch {batch.items}"
    for table, counts in entry.account.get("tables", {}).items():
        if counts["published"] != entry.rows.get(table, 0):
            yield (
                f"batch {entry.number}: {table}: {counts['published']} rows were staged, "
                f"{entry.rows.get(table, 0)} published"
            )


def _rows_of(store: ObjectStore, key: str) -> int:
    fetched = store.get(key)
    try:
        return int(pq.ParquetFile(io.BytesIO(fetched.data)).metadata.num_rows) if fetched else -1
    except (pa.ArrowException, OSError):
        return -1


def _loaded(warehouse: Landing) -> dict[str, int]:
    """Rows in the warehouse by the lake's key; a file that was loaded twice counts once."""
    loaded: dict[str, int] = {}
    for table in TABLES:
        sql = f"select FILE_NAME, count(distinct FILE_ROW_NUMBER) as ROW_COUNT from {landing(table)} group by FILE_NAME"  # noqa: S608  # our names
        loaded |= {published_key(str(name)): int(str(count)) for name, count in warehouse.query(sql)}
    return loaded


def _strays(known: set[str], files: Mapping[str, int], loaded: Mapping[str, int] | None, after: int) -> Iterator[str]:
    for key in sorted(files.keys() - known):
        if (_number(key) or after + 1) > after:
            yield f"{key} is in the lake, but no batch published it"
    for key in sorted((loaded or {}).keys() - known):
        if (_number(key) or after + 1) > after:
            yield f"the warehouse has rows of {key}, which no batch published"


def _number(key: str) -> int | None:
    text = key.rpartition("/")[2][:20]
    return int(text) if text.isdecimal() else None


def as_text(found: Status) -> str:
    """The table for people."""
    rows = [
        (
            batch.number,
            batch.committed_at,
            batch.objects,
            batch.items,
            batch.rejects,
            batch.rows,
            batch.in_lake,
            "-" if batch.in_warehouse is None else batch.in_warehouse,
            "differs" if batch.differences else "agrees",
        )
        for batch in found.batches
    ]
    header = ("batch", "committed", "raw", "items", "rejects", "rows", "in lake", "in warehouse", "")
    lines = [table_text(header, rows)] if rows else ["The log has no batches."]
    if found.removed_up_to:
        lines.append(f"Batches up to {found.removed_up_to} were removed by retention.")
    lines.append(f"{found.pending:,} raw objects are pending.")
    if found.repeated:
        lines.append(f"{len(found.repeated):,} documents were taken again, the first: {printable(found.repeated[0])}")
    differences = found.differences
    lines.append(
        f"{len(differences):,} differences, the first: {printable(differences[0])}"
        if differences
        else "Everything agrees."
    )
    return "\n".join(lines)


def as_json(found: Status) -> str:
    """One line for machines."""
    totals: dict[str, int] = defaultdict(int)
    for batch in found.batches:
        for name in ("objects", "items", "rejects", "rows", "in_lake"):
            totals[name] += getattr(batch, name)
    return json.dumps(
        {
            "agrees": not found.differences,
            "pending": found.pending,
            "removed_up_to": found.removed_up_to,
            **totals,
            "differences": found.differences,
            "repeated": found.repeated,
            "batches": [vars(batch) for batch in found.batches],
        },
        ensure_ascii=False,
    )


def main(argv: Sequence[str]) -> int:
    """0 when everything agrees, 1 with the first difference named."""
    parser = parser_of(__doc__)
    parser.add_argument("--first", type=int, default=1, metavar="NUMBER", help="look at batches from this number on")
    given = parser.parse_args(argv)
    store = open_store(given.lake)
    with open_landing(given.warehouse, store, given.stage) as warehouse:
        found = status(store, warehouse, given.first)
    print(as_json(found) if given.json else as_text(found))
    return 1 if found.differences else 0


if __name__ == "__main__":
    sys.exit(run_command("status", main, sys.argv[1:]))
