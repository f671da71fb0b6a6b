"""`make forget USER=…` or `USER=ALL`: removes a person, or everything, from raw, lake and warehouse.

It shows what would be removed, and removes it with `APPLY=yes` (`--apply`) or when the user id (or ALL) is typed at a
terminal.

A person owns playlists or adds to them. The person is removed, but the changes that they made stay. In raw documents
and rejects the whole user object becomes null (id, name, links), and so does every address of the person. In the tables
the columns made from it become null. So positions and counts stay correct.

- Files are rewritten under their old names. Under a new name, Snowpipe would load them again. Under the old name it
  does not for 14 days; after that, a second load adds identical rows, and each current view shows one of them.
- A document keeps the id that the log has, although its bytes change: the job replays it under that id.
- Pending objects are left to the job, because a rewritten file would seem newer than it is. Run the job, then this
  command again; until then the exit status is 1.
- Files that the job did not understand are in quarantine and may mention any person. Each such file is named, and
  `--quarantine` removes its content. A ZIP is rewritten file by file.
- The command can be stopped and started again at any time. Each object is replaced as a whole, and no step is done
  twice.
- ALL keeps the numbers of the log, because no file name may be used twice: the completion markers stay, and the last
  entry stays without its content.
- Dynamic tables are refreshed, even suspended ones. Snowflake's Time Travel keeps removed rows for a day, and its query
  history keeps the text of the statements for a year. A landing table that is still permanent keeps rows in Fail-safe
  for seven more days (deploy/snowflake/transient.py).
- Files read with --source, and names that people gave to playlists or files, stay. The API may show the person again
  at the next read.
"""

import argparse
import dataclasses
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from deploy.commands import CommandError, now, run_command
from deploy.operate.person import Person, person_columns
from deploy.operate.places import ARCHIVES, log_of, may_remove, open_lake, open_landing, parser_of
from deploy.snowflake.landing import DATABASE, REMAINS, Landing, landing, refresh_dynamic_tables
from glue_jobs.commit_log import JOB_TIMEOUT, CommitLog
from glue_jobs.reading.json_text import parse
from glue_jobs.reading.model import UnreadableDocumentError
from glue_jobs.reading.shapes import has_api_keys_alone
from glue_jobs.replay import archived_key
from shared import lake
from shared.document import DamagedDocumentError, uncompressed
from shared.store import ObjectStore
from shared.tables import TABLES
from shared.terminal import printable

EVERYTHING = "ALL"
_PASSES = 3


@dataclass
class Forgotten:
    """What was removed, or would be, by place. `left` is what this command cannot remove, with the reason.

    `refreshed` has the names of the current views whose dynamic tables were refreshed afterwards.
    """

    who: str
    removed: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    is_complete: bool = True


# --- forgetting a person


def forget(
    store: ObjectStore,
    warehouse: Landing | None,
    user_id: str,
    *,
    apply: bool = True,
    quarantine: bool = False,
    clock: Callable[[], datetime] = now,
) -> Forgotten:
    """Removes the person everywhere; without `apply` it only counts what it would remove.

    With `quarantine` it also empties the files that the job did not understand. Raises CommandError while a job may be
    running.
    """
    commits = log_of(store, clock)
    person = Person(user_id)
    result = Forgotten(user_id)
    for _ in range(_PASSES):
        require_no_running_job(commits)
        if apply:
            commits.finish_earlier_commits()
        head = _head(commits)
        _rewrite_lake(store, commits, person, result, apply=apply, quarantine=quarantine)
        if warehouse is not None:
            _update_warehouse(warehouse, user_id, result, apply=apply)
        remove_old_staging(store, result, clock, apply=apply)
        if _head(commits) == head:
            break
    else:
        result.left.append("the job took more objects while this command ran: run it again")
        result.is_complete = False
    if warehouse is not None and apply:
        result.refreshed += refresh_dynamic_tables(warehouse)
    _count_pending(store, commits, person, result)
    return result


def require_no_running_job(commits: CommitLog) -> None:
    """Raises CommandError if a job may be running, because it would publish rows of the person afterwards."""
    for key, failed_after in commits.running():
        raise CommandError(
            f"a job may be running ({key}): wait until it ends; if it was killed, run this again after "
            f"{failed_after:%H:%M:%S} UTC"
        )


def _head(commits: CommitLog) -> int:
    return max((entry.number for entry in commits.entries()), default=0)


def _not_understood(store: ObjectStore, commits: CommitLog) -> list[str]:
    """The quarantined objects that may mention a person: they are not JSON of the API, so they cannot be checked."""
    understood: dict[str | None, bool] = {}
    unread: set[str | None] = set()  # the job did not read them, and they may need more memory than there is
    for entry in commits.entries():  # a replay may have understood what an earlier batch did not
        for each in entry.inputs:
            understood[archived_key(entry.number, each)] = each.reason is None
            if not each.document_id:
                unread.add(archived_key(entry.number, each))
            else:
                unread.discard(archived_key(entry.number, each))
    return [
        listed.key
        for listed in store.list(ARCHIVES[1])
        if listed.size  # an earlier run emptied the others
        and not understood.get(listed.key)
        and (listed.key in unread or not _is_of_api(store, listed.key))
    ]


def _is_of_api(store: ObjectStore, key: str) -> bool:
    fetched = store.get(key)
    try:
        values, damages = parse(uncompressed(fetched.data)) if fetched else ([], [])
    except (DamagedDocumentError, UnreadableDocumentError):
        return False
    return not damages and has_api_keys_alone(values)


def _empty_quarantine(store: ObjectStore, keys: Sequence[str], result: Forgotten, *, apply: bool) -> None:
    """Empties quarantined objects under their own names."""
    for key in keys:
        result.removed["quarantined files, whole"] += 1
        if apply:
            note_digest(store, key, b"")
            store.put(key, b"")


def _rewrite_lake(
    store: ObjectStore,
    commits: CommitLog,
    person: Person,
    result: Forgotten,
    *,
    apply: bool,
    quarantine: bool,
) -> None:
    unknown = _not_understood(store, commits)
    if quarantine:
        _empty_quarantine(store, unknown, result, apply=apply)
    for key in () if quarantine else unknown:
        result.is_complete = False
        note = f"{key}: the job did not understand it, so it may mention any person; --quarantine removes it"
        result.left.extend([note] if note not in result.left else [])
    for key, data in objects_under(store, *ARCHIVES, leave_out=unknown):
        try:
            without = person.out_of_document(data, limit=None)  # no limit: the job was able to read it
        except (DamagedDocumentError, UnicodeError):
            result.is_complete = False
            note = f"{key} cannot be rewritten, and it may mention any person: remove it yourself if you wish"
            result.left.extend([note] if note not in result.left else [])
            continue
        _replace(store, key, data, without, result, "raw documents", apply=apply)
    for key, data in objects_under(store, lake.REJECTS):
        _replace(store, key, data, person.out_of_rejects(data), result, "files of rejects", apply=apply)
    _rewrite_log(store, person, result, apply=apply)
    for table in (contract for contract in TABLES if person_columns(contract)):
        for key, data in objects_under(store, f"{lake.PROCESSED}{table.name}/"):
            rows, count = person.out_of_rows(pq.ParquetFile(io.BytesIO(data)).read(), table)
            if count:
                result.removed[f"rows of {table.name} in the lake"] += count
                _replace(store, key, data, parquet_bytes(rows), result, "published files", apply=apply)


def _rewrite_log(store: ObjectStore, person: Person, result: Forgotten, *, apply: bool) -> None:
    """Removes the person from the reasons for quarantine, the only texts of an entry that quote a document."""
    for key, data in objects_under(store, lake.LOG):
        if lake.log_number(key) is not None and key.endswith(".json"):
            content = json.loads(data)
            for raw in content["inputs"]:
                raw["reason"] = raw["reason"] and person.cut(raw["reason"])
            if content != json.loads(data):
                _replace(store, key, data, entry_text(content), result, "reasons in the log", apply=apply)


def objects_under(store: ObjectStore, *prefixes: str, leave_out: Container[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Key and content of each object below the prefixes."""
    for prefix in prefixes:
        for listed in store.list(prefix):
            fetched = None if listed.key in leave_out else store.get(listed.key)
            if fetched is not None:
                yield listed.key, fetched.data


def _replace(  # noqa: PLR0913  # an object, its old and new bytes, and where to count it
    store: ObjectStore, key: str, data: bytes, without: bytes, result: Forgotten, what: str, *, apply: bool
) -> None:
    if without != data:
        result.removed[what] += 1
        if apply:
            note_digest(store, key, without)
            store.put(key, without)


def note_digest(store: ObjectStore, key: str, data: bytes) -> None:
    """Writes the new sha256 of the object to the log before the object changes, so that `make status` accepts it."""
    number = re.search(r"/([0-9]{20})[/-]", key)
    fetched = store.get(lake.log_entry(int(number[1]))) if number else None
    if number is None or fetched is None:
        return
    entry = json.loads(fetched.data)
    staged = {file["final"]: file["staged"] for file in entry["files"]}
    entry["reconciliation"].setdefault("sha256", {})[staged.get(key, key)] = sha256(data).hexdigest()
    store.put(lake.log_entry(int(number[1])), entry_text(entry))


def entry_text(entry: dict[str, Any]) -> bytes:
    """A log entry as bytes, in the form that the log has."""
    return (json.dumps(entry, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def parquet_bytes(rows: pa.Table) -> bytes:
    """The bytes of a published file with these rows."""
    file = io.BytesIO()
    pq.write_table(rows, file, store_schema=False, write_page_checksum=True)
    return file.getvalue()


def updates(user_id: str) -> Iterator[tuple[str, str, str]]:
    """Table, `column|condition` with one `%s`, and its value, for each column of a warehouse that can name a person."""
    for table in TABLES:
        for name, is_address in person_columns(table):
            if is_address:
                yield table.name, f"{name}|contains({name} || '/', %s)", f"/user/{quote(user_id, safe='')}/"
                yield table.name, f"{name}|contains({name} || ':', %s)", f"spotify:user:{quote(user_id, safe='')}:"
            else:
                yield table.name, f"{name}|{name} = %s", user_id


def _update_warehouse(warehouse: Landing, user_id: str, result: Forgotten, *, apply: bool) -> None:
    for table, what, value in updates(user_id):
        name, condition = what.split("|", 1)
        place = f"{_landing(table)}"
        [(count,)] = warehouse.query(f"select count(*) as ROW_COUNT from {place} where {condition}", value)  # noqa: S608  # our names
        if count:
            result.removed[f"{name} in {table} of the warehouse"] += int(str(count))
            if apply:
                warehouse.query(f"update {place} set {name} = null where {condition}", value)  # noqa: S608  # our names


def _landing(name: str) -> str:
    return landing(next(table for table in TABLES if table.name == name))


def statements(who: str) -> list[str]:
    """The statements that do the same in a Snowflake account."""
    if who == EVERYTHING:
        return [f"truncate table {DATABASE}.{landing(table)};" for table in TABLES]
    made = []
    for table, what, value in updates(who):
        name, condition = what.split("|", 1)
        text = "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
        made.append(f"update {DATABASE}.{_landing(table)} set {name} = null where {condition.replace('%s', text)};")  # noqa: S608  # our names
    return made


def remove_old_staging(store: ObjectStore, result: Forgotten, clock: Callable[[], datetime], *, apply: bool) -> None:
    """Removes the staging of killed runs, which was never published and never will be."""
    newest: dict[str, datetime] = {}
    for listed in store.list(lake.STAGING):
        batch_id = listed.key.split("/")[1]
        newest[batch_id] = max(listed.time, newest.get(batch_id, listed.time))
    for batch_id, at in newest.items():
        if clock() - at > JOB_TIMEOUT:
            result.removed["batches left in staging"] += 1
            if apply:
                store.delete_under(lake.staging(batch_id))


def _count_pending(store: ObjectStore, commits: CommitLog, person: Person, result: Forgotten) -> None:
    pending = 0
    for _, data in objects_under(store, lake.PENDING, lake.QUIET):
        try:
            pending += person.out_of_document(data) != data
        except (DamagedDocumentError, UnicodeError):
            pending += 1
    if pending:
        result.left.append(f"{pending} pending raw objects: run the job, which takes them, then this command again")
        result.is_complete = False
    outside = sum(
        committed.place == "source" and lake.pending_key(committed.key) == committed.key
        for entry in commits.entries()
        for committed in entry.inputs
    )
    if outside:
        result.left.append(f"{outside} files that were read with --source are outside the lake: remove them yourself")


# --- forgetting everything


def forget_everything(
    store: ObjectStore, warehouse: Landing | None, *, apply: bool = True, clock: Callable[[], datetime] = now
) -> Forgotten:
    """Removes every object of the lake and every row of the warehouse; without `apply` it only counts them.

    Raises CommandError while a job may be running.
    """
    result = Forgotten(EVERYTHING)
    commits = log_of(store, clock)
    require_no_running_job(commits)
    if apply:
        commits.finish_earlier_commits()
    last = None
    for last in commits.entries():  # noqa: B007  # to get the last entry
        pass
    kept = {lake.log_entry(last.number), lake.WATERMARK} if last else set()
    if last and apply:
        nothing = dataclasses.replace(last, inputs=(), files=(), rows={}, rejects={}, reconciliation={})
        if nothing != last:
            store.put(lake.log_entry(last.number), nothing.as_bytes())
    for prefix in ("raw/", lake.PROCESSED, lake.REJECTS, lake.STAGING, lake.STATE, lake.LOG):
        keys = [
            listed.key
            for listed in store.list(prefix)
            if listed.key not in kept and not listed.key.startswith(lake.DONE)
        ]
        if keys:
            result.removed[f"objects under {prefix}"] += len(keys)
        for key in keys if apply else ():
            store.delete(key)
    if warehouse is not None:
        _empty_warehouse(warehouse, result, apply=apply)
        result.refreshed += refresh_dynamic_tables(warehouse) if apply else []
    return result


def _empty_warehouse(warehouse: Landing, result: Forgotten, *, apply: bool) -> None:
    for table in TABLES:
        [(count,)] = warehouse.query(f"select count(*) as ROW_COUNT from {landing(table)}")  # noqa: S608  # our names
        if count:
            result.removed[f"rows of {table.name} in the warehouse"] += int(str(count))
            if apply:
                warehouse.query(f"delete from {landing(table)}")  # noqa: S608  # our names


# --- as text


def as_text(result: Forgotten, *, apply: bool, has_warehouse: bool) -> str:
    """What was removed and what was not, for people."""
    is_everything = result.who == EVERYTHING
    if result.removed:
        who = "Everything" if is_everything else result.who
        did = "was removed from" if apply else "would be removed from"
        lines = [f"{who} {did}:", *(f"  {count:>10,} {what}" for what, count in result.removed.items())]
    else:
        nothing = "nothing" if is_everything else f"nothing about {result.who}"
        lines = [f"There is {nothing} in {'raw, lake or warehouse' if has_warehouse else 'raw or lake'}."]
    lines += [f"Left: {what}." for what in result.left]
    lines += [f"Refreshed: dynamic tables of {', '.join(result.refreshed)}."] if result.refreshed else []
    if not has_warehouse:
        lines += ["For a Snowflake account, by a role that owns the tables:", *statements(result.who)]
        lines += ["With dynamic tables, alter dynamic table … refresh for each of CORE afterwards.", REMAINS]
    return "\n".join(printable(line) for line in lines)


def main(argv: Sequence[str]) -> int:
    """0 if it only showed what it would remove, or if nothing is left that this command can remove; else 1."""
    parser = parser_of(__doc__)
    parser.add_argument("--user", required=True, help="Spotify user id, or ALL for everything")
    parser.add_argument("--apply", action="store_true", help="remove it without a question")
    parser.add_argument(
        "--quarantine", action="store_true", help="also remove quarantined files whose contents were not understood"
    )
    arguments = parser.parse_args(argv)
    user_id = arguments.user.removeprefix("spotify:user:").strip()
    if not user_id:
        raise CommandError("USER is empty: name the person, USER=id as in spotify:user:id, or USER=ALL")
    store = open_lake(arguments.lake)
    result = _run(arguments, store, user_id, apply=arguments.apply)
    if arguments.apply or arguments.json or not result.removed or not may_remove(user_id, store):
        return 0 if result.is_complete or not arguments.apply else 1
    return 0 if _run(arguments, store, user_id, apply=True).is_complete else 1


def _run(arguments: argparse.Namespace, store: ObjectStore, user_id: str, *, apply: bool) -> Forgotten:
    with open_landing(arguments.warehouse, store, arguments.env) as warehouse:
        if user_id == EVERYTHING:
            result = forget_everything(store, warehouse, apply=apply)
        else:
            result = forget(store, warehouse, user_id, apply=apply, quarantine=arguments.quarantine)
    if arguments.warehouse is not None and result.removed and apply:
        from deploy.snowflake.embedded import rewrite  # noqa: PLC0415  # its imports take seconds

        rewrite(arguments.warehouse)
    if arguments.json:
        print(json.dumps(vars(result) | {"applied": apply}, ensure_ascii=False))
    else:
        print(as_text(result, apply=apply, has_warehouse=bool(arguments.warehouse or arguments.env)))
        if arguments.env and apply:
            print(REMAINS)
    return result


if __name__ == "__main__":
    sys.exit(run_command("forget", main, sys.argv[1:]))
