"""`make status`: compares every batch in raw, lake and warehouse with the log, and says what to do about a difference.

It reads every raw object and every published file, one at a time, and compares it with the log
(deploy/operate/contents.py). It counts the rows of the warehouse by the file-name column of the landing tables, each
row of a file once; repeated rows are a separate difference. It leaves out batches that retention removed. If a later
batch has replayed a batch, a removed published file of it is no difference.
"""

import contextlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deploy.commands import run_command, table_text, whole_number
from deploy.operate.contents import is_raw_intact, rows_of
from deploy.operate.log_check import check_log
from deploy.operate.places import ARCHIVES, open_lake, open_landing, parser_of, retained_after
from deploy.snowflake.landing import Landing, landing, published_key
from extract_lambda.progress import Progress, Report, Terminal, silent
from glue_jobs.log_entry import REJECTS, Entry
from glue_jobs.reading.plays import PERSONAL_FIELDS
from glue_jobs.replay import archived_key
from shared import lake
from shared.document import timestamp
from shared.store import ObjectStore
from shared.tables import TABLES
from shared.tables.batches import BATCHES
from shared.terminal import printable

_SHOWN = 20
_RESTORE = "restore it from a backup or from an earlier version in the bucket"
_REPLAYED = "remove it, a later batch has replayed its rows"
_BATCHES_ADVICE = f"{_RESTORE}; a replay does not write this row again, the log entry has the same numbers"


@dataclass
class BatchStatus:
    """What one batch has in each place. Rows are summed over all tables; `in_warehouse` is None without a warehouse."""

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
    log_faults: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)  # what no run of the job takes, and why
    repeated: list[str] = field(default_factory=list)  # documents that were put, and so taken, twice: no differences
    personal: list[str] = field(default_factory=list)  # quarantined files that still have their personal fields

    @property
    def differences(self) -> list[str]:
        """All differences: of the log, of each batch, then of files and rows of no batch."""
        return (
            self.log_faults + [difference for batch in self.batches for difference in batch.differences] + self.others
        )


@dataclass
class _Contents:
    """What is in each place. `raw` has, by key, the sizes of the archived objects that are intact.

    `loaded` has, by file, the rows of the warehouse, and `extra` its surplus rows. `replayed` has, by archived key, the
    last batch that replayed the object.
    """

    store: ObjectStore
    raw: dict[str, int]
    files: set[str]
    loaded: Mapping[str, int] | None
    replayed: Mapping[str, int]
    extra: Mapping[str, int]


def status(store: ObjectStore, warehouse: Landing | None, first: int = 1, report: Report = silent) -> Status:
    """Compares every batch from the log number `first` on. Faults of the log are differences, too."""
    removed = retained_after(store)
    log = check_log(store, max(first - 1, removed))
    undone = log.unfinished
    entries = [entry for entry in log.entries if entry.inputs or entry.files]
    loaded, extra = _loaded(warehouse) if warehouse else (None, {})
    contents = _Contents(
        store,
        raw={listed.key: listed.size for prefix in ARCHIVES for listed in store.list(prefix)},
        files={listed.key for prefix in (lake.PROCESSED, lake.REJECTS) for listed in store.list(prefix)},
        loaded=loaded,
        replayed={raw.key: entry.number for entry in entries if entry.number not in undone for raw in entry.inputs},
        extra=extra,
    )
    batches = []
    for place, entry in enumerate(entries, start=1):
        report(Progress(name=f"batch {entry.number}", number=place, of=len(entries), outcome="is compared"))
        batch = BatchStatus(
            entry.number,
            timestamp(entry.committed_at)[:19] + "Z",
            len(entry.inputs),
            sum(entry.reconciliation.get("kinds", {}).values()),
            sum(entry.rejects.values()),
            sum(entry.rows.values()),
        )
        if entry.number in undone:
            batch.differences.append(
                f"batch {entry.number}: committed but not finished; the next run of the job finishes it"
            )
        else:
            batch.differences += _differences(entry, batch, contents)
        batches.append(batch)
    left: dict[str, str] = {}
    pending = sum(1 for prefix in (lake.PENDING, lake.QUIET) for _ in store.list(prefix, left=left.__setitem__))
    personal = [
        key
        for entry in entries
        for committed in entry.inputs
        if committed.reason == PERSONAL_FIELDS
        and (key := archived_key(entry.number, committed))
        and contents.raw.get(key)
    ]
    known = {file.final for entry in entries for file in entry.files}
    doubled, repeated = doublings(entries)
    strays = [
        stray
        for key, stray in _strays(known, contents.files, contents.loaded, max(first - 1, removed))
        if not log.is_lost(_number(key))
    ]
    return Status(batches, pending, removed, [*doubled, *strays], log.faults, left, repeated, personal)


def doublings(entries: Iterable[Entry]) -> tuple[list[str], list[str]]:
    """Raw objects of which one version was taken twice, and documents that were taken from several objects.

    Replayed objects are left out, because they are taken again on purpose.
    """
    objects: dict[tuple[str, str], Entry] = {}
    documents: dict[str, tuple[Entry, str]] = {}
    doubled, repeated = [], []
    for entry in entries:
        for committed in entry.inputs:
            if lake.pending_key(committed.key) != committed.key:
                continue
            batches = f"batch {entry.number}: raw: {committed.key}"
            first, (other, key) = (
                objects.get((committed.key, committed.token)),
                documents.get(committed.document_id, (None, "")),
            )
            if first:
                doubled.append(
                    f"{batches} was already taken by batch {first.number}. Unless it was put there twice, its rows are "
                    "doubled: the current views show them once; in queries of published files and landing tables, "
                    f"leave out batch_id {entry.batch_id} for this object"
                )
            elif other and committed.document_id:
                repeated.append(
                    f"{batches} is the same document as {key} of batch {other.number}: the current views show its rows "
                    f"once, published files and landing tables have them twice, with document_id "
                    f"{committed.document_id}"
                )
            objects.setdefault((committed.key, committed.token), entry)
            documents.setdefault(committed.document_id, (entry, committed.key))
    return doubled, repeated


def _differences(entry: Entry, batch: BatchStatus, contents: _Contents) -> Iterator[str]:
    yield from _raw_differences(entry, contents)
    yield from _account(entry, batch)
    advice = _advice(entry, contents)
    batch.in_warehouse = None if contents.loaded is None else 0
    for file in entry.files:
        name = f"batch {entry.number}: {file.table}"
        what_to_do = _BATCHES_ADVICE if file.table == BATCHES.name else advice
        fetched = contents.store.get(file.final) if file.final in contents.files else None
        if fetched is None and what_to_do is _REPLAYED:
            continue
        if fetched is None:
            yield f"{name}: {file.final} is not in the lake: {what_to_do}"
        else:
            rows, is_intact = rows_of(entry, file, fetched.data)
            if file.table != REJECTS:
                batch.in_lake += rows or 0
            if rows is not None and rows != file.rows:
                yield f"{name}: the log says {file.rows} rows, {file.final} has {rows}: {what_to_do}"
            elif not is_intact:
                yield f"{name}: {file.final} is damaged: {what_to_do}"
        if contents.loaded is not None and file.table != REJECTS:
            loaded = contents.loaded.get(file.final, 0)
            batch.in_warehouse = (batch.in_warehouse or 0) + loaded
            if loaded != file.rows:
                yield (
                    f"{name}: the log says {file.rows} rows, the warehouse has {loaded} of {file.final}: "
                    "load it again as docs/status.md says"
                )
            if extra := contents.extra.get(file.final):
                yield (
                    f"{name}: the warehouse has {extra} rows of {file.final} more than once: the current views show "
                    f"them once; delete the later load from LANDING.{file.table.upper()} as docs/status.md says"
                )


def _raw_differences(entry: Entry, contents: _Contents) -> Iterator[str]:
    for committed in entry.inputs:
        key = archived_key(entry.number, committed)
        if key is None or committed.place == "source":
            continue
        name = f"batch {entry.number}: raw: {key}"
        if not committed.document_id and contents.raw.get(key) == committed.size:
            continue  # quarantined unread, perhaps too large to be read: its size is all that is known
        fetched = contents.store.get(key) if key in contents.raw else None
        if fetched is None:
            contents.raw.pop(key, None)
            yield f"{name} is not in the archive: {_RESTORE}; its rows are in the lake, and a replay leaves it out"
        elif not is_raw_intact(entry, committed, key, fetched.data):
            contents.raw.pop(key)
            yield f"{name} is damaged: {_RESTORE}, and do not replay it before; its rows are in the lake"


def _advice(entry: Entry, contents: _Contents) -> str:
    """What to do about a published file of the batch that is missing or wrong."""
    keys = [archived_key(entry.number, committed) for committed in entry.inputs]
    if keys and all(key is not None and contents.replayed.get(key, 0) > entry.number for key in keys):
        return _REPLAYED
    if keys and all(key in contents.raw for key in keys):
        number = f"{entry.number}..{entry.number}"
        return f"{_RESTORE}, or remove it and run the job with --replay {number}, which writes its rows in a new batch"
    return f"{_RESTORE}; a replay cannot write its rows, as the archive lacks an intact copy of what the batch read"


def _account(entry: Entry, batch: BatchStatus) -> Iterator[str]:
    """Checks that the items of the documents add up to the batch's, and that published rows are those of the log."""
    documents = entry.reconciliation.get("documents", {})
    summed = sum(sum(kinds.values()) for kinds in documents.values())
    if summed != batch.items:
        says = f"its documents have {summed} items, the batch {batch.items}"
        yield f"batch {entry.number}: {says}: {_entry_advice(entry)}"
    for table, counts in entry.reconciliation.get("tables", {}).items():
        if counts["published"] != entry.rows.get(table, 0):
            yield (
                f"batch {entry.number}: {table}: {counts['published']} rows were staged, "
                f"{entry.rows.get(table, 0)} published: {_entry_advice(entry)}"
            )


def _entry_advice(entry: Entry) -> str:
    return f"somebody changed {lake.log_entry(entry.number)}, {_RESTORE}"


def _loaded(warehouse: Landing) -> tuple[dict[str, int], dict[str, int]]:
    """By the lake's key: the rows in the warehouse, each row of a file once; and the surplus rows."""
    loaded: dict[str, int] = {}
    doubled: dict[str, int] = {}
    for table in TABLES:
        counts = "count(distinct FILE_ROW_NUMBER) as ROW_COUNT, count(*) as ALL_COUNT"
        sql = f"select FILE_NAME, {counts} from {landing(table)} group by FILE_NAME"  # noqa: S608  # our names
        for name, distinct, total in warehouse.query(sql):
            key = published_key(str(name))
            loaded[key] = max(loaded.get(key, 0), int(str(distinct)))
            doubled[key] = doubled.get(key, 0) + int(str(total))
    return loaded, {key: total - loaded[key] for key, total in doubled.items() if total > loaded[key]}


def _strays(
    known: set[str], files: set[str], loaded: Mapping[str, int] | None, after: int
) -> Iterator[tuple[str, str]]:
    """Files, and rows of the warehouse, that no batch published; each key with its difference."""
    for key in sorted(files - known):
        if (_number(key) or after + 1) > after:
            yield key, f"{key} is in the lake, but no batch published it: move it out, Athena and the pipes read it"
    for key in sorted((loaded or {}).keys() - known):
        if (_number(key) or after + 1) > after:
            yield (
                key,
                (
                    f"the warehouse has rows of {key}, which no batch published: delete the rows of LANDING whose "
                    "FILE_NAME ends with this key"
                ),
            )


def _number(key: str) -> int | None:
    text = key.rpartition("/")[2][:20]
    return int(text) if text.isdecimal() else None


@contextlib.contextmanager
def progress() -> Iterator[Report]:
    """Shows which batch is being compared, in a line on a terminal; elsewhere it shows nothing."""
    if not sys.stderr.isatty():
        yield silent
        return
    terminal = Terminal()
    try:
        yield terminal
    finally:
        terminal.close()


def as_text(result: Status) -> str:
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
        for batch in result.batches
    ]
    header = ("batch", "committed", "raw", "items", "rejects", "rows", "in lake", "in warehouse", "")
    lines = [table_text(header, rows)] if rows else ["The log has no batches."]
    if result.removed_up_to:
        lines.append(f"Batches up to {result.removed_up_to} were removed by retention.")
    lines.append(f"{result.pending:,} raw objects are pending.")
    if result.left:
        lines.append(f"{len(result.left):,} more are left in place by every run of the job:")
        lines += [printable(f"- {key}: {reason}") for key, reason in list(result.left.items())[:_SHOWN]]
        if len(result.left) > _SHOWN:
            lines.append(f"and {len(result.left) - _SHOWN:,} more (--json has all)")
    if result.repeated:
        lines.append(f"{len(result.repeated):,} documents were taken again; the first: {printable(result.repeated[0])}")
    if result.personal:
        lines.append(f"{len(result.personal):,} files are in quarantine unchanged: {PERSONAL_FIELDS}.")
        lines += [printable(f"- {key}") for key in result.personal[:_SHOWN]]
    differences = result.differences
    if not differences:
        lines.append("Everything agrees.")
    else:
        lines.append(f"{len(differences):,} differences:")
        lines += [printable(f"- {difference}") for difference in differences[:_SHOWN]]
        if len(differences) > _SHOWN:
            lines.append(f"and {len(differences) - _SHOWN:,} more (--json has all)")
    return "\n".join(lines)


def as_json(result: Status) -> str:
    """One line for machines."""
    totals: dict[str, int] = defaultdict(int)
    for batch in result.batches:
        for name in ("objects", "items", "rejects", "rows", "in_lake"):
            totals[name] += getattr(batch, name)
    return json.dumps(
        {
            "agrees": not result.differences,
            "pending": result.pending,
            "removed_up_to": result.removed_up_to,
            **totals,
            "differences": result.differences,
            "left": result.left,
            "repeated": result.repeated,
            "personal": result.personal,
            "batches": [vars(batch) for batch in result.batches],
        },
        ensure_ascii=False,
    )


def main(argv: Sequence[str]) -> int:
    """0 when everything agrees, 1 with the differences and what to do about each."""
    parser = parser_of(__doc__)
    parser.add_argument(
        "--first", type=whole_number, default=1, metavar="NUMBER", help="compare batches from this number on"
    )
    arguments = parser.parse_args(argv)
    store = open_lake(arguments.lake)
    with open_landing(arguments.warehouse, store, arguments.env) as warehouse, progress() as report:
        result = status(store, warehouse, arguments.first, report)
    print(as_json(result) if arguments.json else as_text(result))
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(run_command("status", main, sys.argv[1:]))
