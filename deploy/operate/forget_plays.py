"""`make forget ACCOUNT=me`: removes the plays of an account from raw, lake and warehouse.

It shows what would be removed, and removes it with `APPLY=yes` (`--apply`) or when the label is typed at a terminal.

- Documents of plays are emptied under their names; pending documents are deleted. Rejected rows lose their content.
- Published files are rewritten without the account's rows under their old names, and the log gets the new counts.
- The command can be stopped and started again at any time, because each object is replaced as a whole.
- The label itself stays in keys of the log. Histories that were dropped without `make import` are in quarantine:
  `make forget USER=... QUARANTINE=yes` removes them.
"""

import argparse
import gzip
import io
import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

import pyarrow.compute as pc
import pyarrow.parquet as pq

from deploy.commands import CommandError, now, run_command
from deploy.operate.forget import (
    Forgotten,
    as_text,
    entry_text,
    note_digest,
    objects_under,
    parquet_bytes,
    remove_old_staging,
    require_no_running_job,
)
from deploy.operate.places import ARCHIVES, log_of, may_remove, open_lake, open_landing, parser_of
from deploy.snowflake.landing import DATABASE, Landing, landing
from shared import lake
from shared.store import ObjectStore
from shared.tables.plays import PLAYS
from shared.terminal import printable


def forget_account(
    store: ObjectStore,
    warehouse: Landing | None,
    account: str,
    *,
    apply: bool = True,
    clock: Callable[[], datetime] = now,
) -> Forgotten:
    """Removes the account's plays everywhere; without `apply` it only counts them.

    Raises CommandError while a job may be running.
    """
    commits = log_of(store, clock)
    result = Forgotten(account)
    require_no_running_job(commits)
    if apply:
        commits.finish_earlier_commits()
    _empty_documents(store, result, apply=apply)
    _empty_rejects(store, result, apply=apply)
    for key, data in objects_under(store, f"{lake.PROCESSED}{PLAYS.name}/"):
        _rewrite_plays(store, key, data, result, apply=apply)
    if warehouse is not None:
        _delete_loaded(warehouse, result, apply=apply)
    remove_old_staging(store, result, clock, apply=apply)
    return result


def _empty_documents(store: ObjectStore, result: Forgotten, *, apply: bool) -> None:
    for listed in [each for prefix in (lake.PLAYS, *ARCHIVES) for each in store.list(prefix)]:
        if not listed.size or not lake.is_plays_of(result.who, listed.key):
            continue
        is_pending = listed.key.startswith(lake.PLAYS)
        result.removed["pending documents of plays" if is_pending else "documents of plays"] += 1
        if apply and is_pending:
            store.delete(listed.key)
        elif apply:
            _replace(store, listed.key, b"")


def _empty_rejects(store: ObjectStore, result: Forgotten, *, apply: bool) -> None:
    for key, data in objects_under(store, lake.REJECTS):
        without = _without_rejected(data, result.who)
        if without != data:
            result.removed["files of rejects"] += 1
            if apply:
                _replace(store, key, without)


def _replace(store: ObjectStore, key: str, data: bytes) -> None:
    note_digest(store, key, data)
    store.put(key, data)


def _delete_loaded(warehouse: Landing, result: Forgotten, *, apply: bool) -> None:
    place = f"from {landing(PLAYS)} where account = %s"
    [(count,)] = warehouse.query(f"select count(*) as ROW_COUNT {place}", result.who)
    if count:
        result.removed["rows of plays in the warehouse"] += int(str(count))
        if apply:
            warehouse.query(f"delete {place}", result.who)


def _without_rejected(data: bytes, account: str) -> bytes:
    lines = gzip.decompress(data).decode().split("\n")
    changed = [_without_row(line, account) for line in lines]
    return data if changed == lines else gzip.compress("\n".join(changed).encode(), mtime=0)


def _without_row(line: str, account: str) -> str:
    record = json.loads(line) if line else {}
    if not record.get("row") or not lake.is_plays_of(account, record["source_object"]):
        return line
    return json.dumps(record | {"row": None, "reason": "forgotten"}, ensure_ascii=False)


def _rewrite_plays(store: ObjectStore, key: str, data: bytes, result: Forgotten, *, apply: bool) -> None:
    """Rewrites a published file without the account's rows; the log first, so that `make status` accepts the file."""
    rows = pq.ParquetFile(io.BytesIO(data)).read()
    kept = rows.filter(pc.not_equal(rows.column("account"), result.who))
    removed = rows.num_rows - kept.num_rows
    if not removed:
        return
    result.removed["rows of plays in the lake"] += removed
    if apply:
        without = parquet_bytes(kept)
        _note_rows(store, key, kept.num_rows, sha256(without).hexdigest(), result.who)
        store.put(key, without)


def _note_rows(store: ObjectStore, key: str, rows: int, digest: str, account: str) -> None:
    number = lake.published_number(key)
    fetched = store.get(lake.log_entry(number))
    if fetched is None:
        return
    entry = json.loads(fetched.data)
    file = next(file for file in entry["files"] if file["final"] == key)
    file["rows"] = rows
    published = sum(file["rows"] for file in entry["files"] if file["table"] == PLAYS.name)
    entry["rows"][PLAYS.name] = published
    noted = entry["reconciliation"]
    noted["sha256"][file["staged"]] = digest
    counts = noted["tables"][PLAYS.name]
    counts |= {"published": published, "made": published + counts["refused"] + counts["superseded"]}
    noted["plays"] = {
        name: count for name, count in noted.get("plays", {}).items() if not lake.is_plays_of(account, name)
    }
    store.put(lake.log_entry(number), entry_text(entry))


def main(argv: Sequence[str]) -> int:
    """0 when the account's plays were removed or shown."""
    parser = parser_of(__doc__)
    parser.add_argument("--account", required=True, help="label that the history was imported under, such as me")
    parser.add_argument("--apply", action="store_true", help="remove it without a question")
    arguments = parser.parse_args(argv)
    if not lake.is_account(arguments.account):
        raise CommandError(
            f"ACCOUNT={printable(arguments.account)} is no label: write the one that the history was imported under, "
            "such as me"
        )
    store = open_lake(arguments.lake)
    result = _run(arguments, store, apply=arguments.apply)
    if not arguments.apply and not arguments.json and result.removed and may_remove(arguments.account, store):
        _run(arguments, store, apply=True)
    return 0


def _run(arguments: argparse.Namespace, store: ObjectStore, *, apply: bool) -> Forgotten:
    with open_landing(arguments.warehouse, store, arguments.env) as warehouse:
        result = forget_account(store, warehouse, arguments.account, apply=apply)
    if arguments.warehouse is not None and result.removed and apply:
        from deploy.snowflake.embedded import rewrite  # noqa: PLC0415  # its imports take seconds

        rewrite(arguments.warehouse)
    if arguments.json:
        print(json.dumps(vars(result) | {"applied": apply}, ensure_ascii=False))
    else:
        print(as_text(result, apply=apply, has_warehouse=True))
        if arguments.warehouse is None and arguments.env is None:
            where = f"{DATABASE}.{landing(PLAYS)} where account = '{arguments.account}'"
            print(f"For a Snowflake account, by a role that owns the tables:\ndelete from {where};")
    return result


if __name__ == "__main__":
    sys.exit(run_command("forget", main, sys.argv[1:]))
