"""`make retention DAYS=…`: removes what is older than that number of days from raw, lake and warehouse.

It shows what would be removed, and removes it with `APPLY=yes` (`--apply`) or when the days are typed at a terminal.

It removes complete batches, the oldest first, by the time of their commit: archived raw objects, rejects, published
files and their rows in the warehouse. Dynamic tables are refreshed. The log stays. It has only keys and counts, and a
number must never be used twice, since Snowpipe recognises a file by its name. Every playlist is read completely every
FORCE_FULL_EVERY_DAYS. Fewer days than twice that are refused, because current rows would be removed.
"""

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from deploy.commands import CommandError, now, run_command, whole_number
from deploy.operate.places import (
    ARCHIVES,
    log_of,
    may_remove,
    open_lake,
    open_landing,
    parser_of,
    retained_after,
)
from deploy.snowflake.landing import DATABASE, FILE_NUMBER, FILE_TAIL, REMAINS, Landing, landing, refresh_dynamic_tables
from shared import lake
from shared.store import ObjectStore
from shared.tables import TABLES

_OLDEST = 700_000  # days; the calendar has no more
_NUMBER = re.compile(r"(?:^raw/[^/]+/|/)([0-9]{20})(?:/|-quiet/|-[0-9]{5}[.])")


@dataclass
class Removal:
    """What retention removed or would remove: objects by place, rows of the warehouse by table."""

    up_to: int
    objects: Counter[str] = field(default_factory=Counter)
    size: int = 0
    rows: Counter[str] = field(default_factory=Counter)


def last_old_batch(store: ObjectStore, before: datetime) -> int:
    """The number up to which every batch is finished and was committed before that time; 0 if there is none."""
    commits = log_of(store)
    undone = {entry.number for entry in commits.undone()}
    last = retained_after(store)
    for entry in commits.entries(last):
        if entry.committed_at >= before or entry.number in undone:
            break
        last = entry.number
    return last


def retain(store: ObjectStore, warehouse: Landing | None, up_to: int, *, apply: bool) -> Removal:
    """Removes the batches up to this number; without `apply` it only counts their objects and rows.

    It is safe to interrupt and to repeat. It first records the number, so that removed objects are not reported as
    damage.
    """
    removal = Removal(up_to)
    old = [
        listed
        for prefix in (*ARCHIVES, lake.PROCESSED, lake.REJECTS)
        for listed in store.list(prefix)
        if (number := _NUMBER.search(listed.key)) and int(number[1]) <= up_to
    ]
    if apply and old and up_to > retained_after(store):
        store.put(lake.RETENTION, json.dumps({"removed_up_to": up_to}).encode())
    for listed in old:
        parts = listed.key.split("/")
        removal.objects["/".join(parts[:2]) if parts[0] != "rejects" else "rejects"] += 1
        removal.size += listed.size
    if warehouse is not None:
        for table in TABLES:
            is_old = f"left(right(FILE_NAME, {FILE_TAIL}), {FILE_NUMBER}) <= %s"
            count_sql = f"select count(*) as ROW_COUNT from {landing(table)} where {is_old}"  # noqa: S608  # our names
            [(count,)] = warehouse.query(count_sql, f"{up_to:020d}")
            if count:
                removal.rows[table.name] = int(str(count))
                if apply:
                    warehouse.query(f"delete from {landing(table)} where {is_old}", f"{up_to:020d}")  # noqa: S608  # our names
    if warehouse is not None and apply:
        refresh_dynamic_tables(warehouse)
    for listed in old if apply else ():
        store.delete(listed.key)
    return removal


def statements(up_to: int) -> list[str]:
    """The statements that do the same in a Snowflake account."""
    is_old = f"left(right(FILE_NAME, {FILE_TAIL}), {FILE_NUMBER}) <= '{up_to:020d}'"
    return [f"delete from {DATABASE}.{landing(table)} where {is_old};" for table in TABLES]  # noqa: S608  # our names


def as_text(removal: Removal, *, apply: bool, has_warehouse: bool) -> str:
    """What was removed, for people."""
    if not removal.objects and not removal.rows:
        return "Nothing to remove."
    did = "removed" if apply else "would be removed"
    lines = [
        f"Batches up to {removal.up_to}: {removal.objects.total():,} objects, {removal.size / 2**20:,.1f} MB, {did}:"
    ]
    lines += [f"  {place:<32}{count:>10,} objects" for place, count in sorted(removal.objects.items())]
    lines += [f"  {'warehouse ' + table:<32}{count:>10,} rows" for table, count in removal.rows.items()]
    if not has_warehouse:
        lines += ["For a Snowflake account, by a role that owns the tables:", *statements(removal.up_to)]
        lines += ["With dynamic tables, alter dynamic table … refresh for each of CORE afterwards.", REMAINS]
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """0 when the old batches were removed or shown."""
    parser = parser_of(__doc__)
    parser.add_argument("--days", type=whole_number, required=True, help="keep this many days")
    parser.add_argument("--apply", action="store_true", help="remove it without a question")
    arguments = parser.parse_args(argv)
    least = 2 * full_every_days()
    if arguments.days < least:
        raise CommandError(
            f"{arguments.days} days are too few: current rows come from the last two full reads, and there is one "
            f"every {least // 2} days (FORCE_FULL_EVERY_DAYS); keep at least {least}, DAYS={least}"
        )
    store = open_lake(arguments.lake)
    before = now() - timedelta(days=min(arguments.days, _OLDEST))
    removal = _run(arguments, store, before, apply=arguments.apply)
    is_empty = not removal.objects and not removal.rows
    if not arguments.apply and not arguments.json and not is_empty and may_remove(str(arguments.days), store):
        _run(arguments, store, before, apply=True)
    return 0


def _run(arguments: argparse.Namespace, store: ObjectStore, before: datetime, *, apply: bool) -> Removal:
    with open_landing(arguments.warehouse, store, arguments.env) as warehouse:
        removal = retain(store, warehouse, last_old_batch(store, before), apply=apply)
    if arguments.json:
        print(json.dumps(vars(removal) | {"applied": apply}))
    else:
        print(as_text(removal, apply=apply, has_warehouse=bool(arguments.warehouse or arguments.env)))
        if arguments.env and apply:
            print(REMAINS)
    return removal


def full_every_days() -> int:
    """Days after which the Lambda reads everything again. Raises CommandError if it is not set to a number of days."""
    text = os.environ.get("FORCE_FULL_EVERY_DAYS", "").strip() or "30"
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise CommandError(f"FORCE_FULL_EVERY_DAYS is {text!r}: write after how many days all is read again, 1 to 9999")
    return int(text)


if __name__ == "__main__":
    sys.exit(run_command("retention", main, sys.argv[1:]))
