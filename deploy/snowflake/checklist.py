"""`python -m deploy.snowflake.checklist --env dev`: checks in ten minutes what only a real account can show.

A person who may use SYSADMIN runs it some minutes after the first batch has been loaded. It checks what no test can:
grants, the path that PATTERN is matched against, times, metadata columns, the storage integration and error
notifications.
Each line shows the expected and the actual answer. `--broken-file` also publishes an invalid Parquet file for the
songs' pipe, waits until it is refused, and removes it; then check the mailbox for the notification.
"""

import io
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from deploy.commands import CommandError, run_command
from deploy.snowflake.connect import Account, AccountError, connection_settings
from deploy.snowflake.deploy import plan, variables_of
from deploy.snowflake.environment import Environment, Stack, stack_of
from deploy.snowflake.landing import landing, published_key
from deploy.snowflake.pipe import not_loaded, pipe_of
from deploy.snowflake.pipe_status import refused_files
from deploy.snowflake.prompts import parser_of
from shared import lake
from shared.store import ObjectStore, open_store
from shared.tables import TABLES
from shared.tables.songs import SONGS

# Athena reads no files of this day, and no log entry has this number.
BROKEN = f"{lake.PROCESSED}songs/ingest_date=2000-01-01/00000000000000000000-99999.parquet"
# No pipe loads files of this folder.
EXTREMES_FILE = f"{lake.PROCESSED}checklist/extremes.parquet"
EXTREME_TYPES = (
    ("TEXT_VALUE", pa.string()),
    ("INT_VALUE", pa.int32()),
    ("BIGINT_VALUE", pa.int64()),
    ("BOOLEAN_VALUE", pa.bool_()),
    ("DATE_VALUE", pa.date32()),
    ("TIMESTAMP_VALUE", pa.timestamp("us")),
)
EXTREME_COLUMNS = (
    "TEXT_VALUE varchar, INT_VALUE number(10,0), BIGINT_VALUE number(19,0), BOOLEAN_VALUE boolean, DATE_VALUE date, "
    "TIMESTAMP_VALUE timestamp_ntz(6)"
)
_NULLS: dict[str, Any] = dict.fromkeys(name for name, _ in EXTREME_TYPES)
EXTREMES: tuple[dict[str, Any], ...] = (
    {
        "TEXT_VALUE": "\U0001f3b5 e\u0301 'quoted' \"twice\" back\\slash\nline",
        "INT_VALUE": -(2**31),
        "BIGINT_VALUE": -(2**63),
        "BOOLEAN_VALUE": True,
        "DATE_VALUE": date(1000, 1, 1),
        "TIMESTAMP_VALUE": datetime(1970, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001  # without a zone, as in the lake
    },
    {
        "TEXT_VALUE": "x" * 1_000_000,
        "INT_VALUE": 2**31 - 1,
        "BIGINT_VALUE": 2**63 - 1,
        "BOOLEAN_VALUE": False,
        "DATE_VALUE": date(9999, 12, 31),
        "TIMESTAMP_VALUE": datetime(9999, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001  # likewise
    },
    {
        "TEXT_VALUE": "\\N",
        "INT_VALUE": 0,
        "BIGINT_VALUE": 0,
        "BOOLEAN_VALUE": True,
        "DATE_VALUE": date(1582, 10, 15),
        "TIMESTAMP_VALUE": datetime(1900, 1, 1),  # noqa: DTZ001  # likewise
    },
    _NULLS | {"TEXT_VALUE": ""},
    _NULLS,
)
WAIT = timedelta(minutes=10)
PAUSE = timedelta(seconds=15)


@dataclass(frozen=True)
class Line:
    """The result of a check. `came` is the account's answer."""

    name: str
    is_expected: bool
    expected: str
    came: str


Check = Callable[[Account, Stack, ObjectStore], Iterator[Line]]


def integration(account: Account, stack: Stack, _: ObjectStore) -> Iterator[Line]:
    """Snowflake can list the lake through the storage integration."""
    account.query(f"use role {account.environment.deployer}")
    name = account.environment.storage_integration
    [(text,)] = account.query(
        "select system$validate_storage_integration(%s, %s, 'checklist', 'list') as ANSWER", name, stack.stage_url
    )
    came = str(json.loads(str(text)).get("status", text))
    yield Line(f"{name} lists {stack.stage_url}", came == "success", "success", came)


def grants(account: Account, _: Stack, __: ObjectStore) -> Iterator[Line]:
    """The BI reader may read BI only. The monitor may read pipes and landing tables only."""
    environment = account.environment
    questions = [
        (environment.bi_reader, environment.bi_warehouse, "select SONG_COUNT from BI.TOTALS", True),
        (environment.bi_reader, environment.bi_warehouse, "select count(*) as N from LANDING.SONGS", False),
        (environment.bi_reader, environment.bi_warehouse, "select count(*) as N from CORE.SONGS", False),
        (environment.monitor, environment.transform_warehouse, "select count(*) as N from LANDING.SONGS", True),
        (environment.monitor, environment.transform_warehouse, "show pipes in schema LANDING", True),
        (environment.monitor, environment.transform_warehouse, "select SONG_COUNT from BI.TOTALS", False),
    ]
    # Otherwise the person's other roles would grant access too: DEFAULT_SECONDARY_ROLES is ALL.
    account.query("use secondary roles none")
    for role, warehouse, sql, may in questions:
        account.query(f"use role {role}")
        account.query(f"use warehouse {warehouse}")
        try:
            rows = account.query(sql)
        except AccountError as error:
            answer = str(error).rpartition("Snowflake: ")[2]
            yield Line(f"{role}: {sql}", not may, "rows" if may else "refused", answer)
        else:
            yield Line(f"{role}: {sql}", may and bool(rows), "rows" if may else "refused", f"{len(rows)} rows")
    account.query(f"use role {environment.deployer}")
    account.query(f"use warehouse {environment.transform_warehouse}")


def patterns(account: Account, _: Stack, store: ObjectStore) -> Iterator[Line]:
    """The pipes' patterns match the lake's files: rows of each table's newest file have landed."""
    for table in TABLES:
        newest = max((listed.key for listed in store.list(f"{lake.PROCESSED}{table.name}/")), default=None)
        if newest is None:
            continue
        sql = f"select distinct FILE_NAME from {landing(table)}"  # noqa: S608  # our names
        landed = {published_key(str(name)) for (name,) in account.query(sql)}
        came = "landed" if newest in landed else f"missing; {len(landed)} other files landed"
        yield Line(f"{table.name}: the newest file, {newest}", newest in landed, "landed", came)


def values(account: Account, _: Stack, store: ObjectStore) -> Iterator[Line]:
    """Row 1 of the newest file of songs has landed with equal values, and was loaded after it was written."""
    newest = max(store.list(f"{lake.PROCESSED}songs/"), key=lambda listed: listed.key, default=None)
    fetched = store.get(newest.key) if newest else None
    if newest is None or fetched is None:
        yield Line("a file of songs to compare", is_expected=False, expected="a file", came="none: load a batch first")
        return
    row = pq.ParquetFile(io.BytesIO(fetched.data)).read().slice(0, 1).to_pylist()[0]
    columns = ("SONG_ID", "SOURCE_POSITION", "EXTRACTED_AT")
    expected = [row[name.lower()] for name in columns]
    rows = account.query(
        f"select {', '.join(columns)}, convert_timezone('UTC', LOADED_AT) as LOADED_AT from {landing(SONGS)} "  # noqa: S608  # our names
        "where FILE_ROW_NUMBER = 1 and right(FILE_NAME, length(%s)) = %s",
        newest.key,
        newest.key,
    )
    came = list(rows[0][:3]) if rows else []
    yield Line(f"row 1 of {newest.key}", came == expected, str(expected), str(came))
    if rows:
        loaded = datetime.fromisoformat(str(rows[0][3])).replace(tzinfo=UTC)
        is_after = newest.time - timedelta(minutes=1) <= loaded
        yield Line(
            "LOADED_AT of that row, UTC", is_after, f"after {newest.time:%Y-%m-%d %H:%M}", f"{loaded:%Y-%m-%d %H:%M}"
        )


def extremes(account: Account, stack: Stack, store: ObjectStore) -> Iterator[Line]:
    """A pipe's COPY loads a file with every extreme value, and each value arrives; an empty text arrives as null.

    The file lands in a temporary table. No pipe loads files from its folder.
    """
    pipe = pipe_of(SONGS, variables_of(account.environment, stack))
    table = "LANDING.CHECKLIST_EXTREMES"
    content = io.BytesIO()
    rows = pa.Table.from_pylist(
        [{"PLACE": place} | row for place, row in enumerate(EXTREMES)],
        pa.schema([("PLACE", pa.int32()), *EXTREME_TYPES]),
    )
    pq.write_table(rows, content)
    columns = [name for name, _ in EXTREME_TYPES]
    store.put(EXTREMES_FILE, content.getvalue())
    try:
        account.query(f"create temporary table {table} (PLACE number(10,0), {EXTREME_COLUMNS})")
        copy = re.sub(r"\npattern = '[^']*'|\ninclude_metadata = \([^)]*\)", "", pipe.copy)
        copy = re.sub(r"^copy into \S+\nfrom (@\S+)/songs/", rf"copy into {table}\nfrom \1/checklist/", copy)
        refused = list(not_loaded(account.rows(f"{copy}\nfiles = ('extremes.parquet')")))
        yield Line("a file with every extreme value", not refused, "loaded", "; ".join(refused) or "loaded")
        came = account.query(f"select PLACE, {', '.join(columns)} from {table} order by PLACE")  # noqa: S608  # our names
    finally:
        store.delete(EXTREMES_FILE)
    for number, name in enumerate(columns, start=1):
        expected = [row[name] or None if name == "TEXT_VALUE" else row[name] for row in EXTREMES]
        is_same = [_text(row[number]) for row in came] == [_text(value) for value in expected]
        yield Line(f"{name} of that file", is_same, _short(expected), _short([row[number] for row in came]))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _short(values: Sequence[object]) -> str:
    return ", ".join(repr(str(value))[:60] for value in values)


def warehouses(account: Account, _: Stack, __: ObjectStore) -> Iterator[Line]:
    """Both warehouses are X-Small, suspend after a minute, and use the resource monitor."""
    environment = account.environment
    for name in (environment.transform_warehouse, environment.bi_warehouse):
        shown = [row for row in account.rows(f"show warehouses like '{name}'") if row["name"] == name]
        came = [str(shown[0].get(key)) for key in ("size", "auto_suspend", "resource_monitor")] if shown else []
        expected = ["X-Small", "60", f"{environment.database}_CREDITS"]
        yield Line(f"warehouse {name}", came == expected, ", ".join(expected), ", ".join(came) or "missing")


def second_deploy(account: Account, stack: Stack, _: ObjectStore) -> Iterator[Line]:
    """A second deploy would apply no script."""
    settings = connection_settings(account.environment, os.environ)
    scripts = plan(account.environment, variables_of(account.environment, stack), settings).scripts
    yield Line("scripts that a second deploy would apply", not scripts, "none", ", ".join(scripts) or "none")


def broken_file(account: Account, _: Stack, store: ObjectStore) -> Iterator[Line]:
    """The pipe of songs refuses an invalid Parquet file as a whole, and reports it within ten minutes."""
    store.put(BROKEN, b"this is no Parquet\n")
    try:
        until = time.monotonic() + WAIT.total_seconds()
        refused = None
        while refused is None and time.monotonic() < until:
            refused = next((file for file in refused_files(account) if file.file_name.endswith(BROKEN[-40:])), None)
            if refused is None:
                time.sleep(PAUSE.total_seconds())
    finally:
        store.delete(BROKEN)
    came = f"{refused.status}: {refused.error}" if refused else f"nothing in {WAIT.seconds // 60} minutes"
    yield Line(f"the pipe of songs and {BROKEN}", refused is not None, "Load failed", came)


CHECKS: tuple[Check, ...] = (integration, warehouses, second_deploy, patterns, values, extremes, grants)


def lines(account: Account, stack: Stack, store: ObjectStore, checks: Sequence[Check] = CHECKS) -> Iterator[Line]:
    """The lines of each check. If a check raises an error, its line has that error."""
    for check in checks:
        try:
            yield from check(account, stack, store)
        except CommandError as error:
            yield Line(check.__name__.replace("_", " "), is_expected=False, expected="an answer", came=str(error))


def main(argv: Sequence[str]) -> int:
    """0 when every answer is as expected."""
    parser = parser_of(__doc__)
    parser.add_argument(
        "--broken-file", action="store_true", help="also check that an invalid file is refused; takes minutes"
    )
    arguments = parser.parse_args(argv)
    environment = Environment.named(arguments.env)
    stack = stack_of(environment, arguments.outputs)
    store = open_store(stack.lake_uri)
    checks = (*CHECKS, broken_file) if arguments.broken_file else CHECKS
    differing = 0
    with Account.of(environment, os.environ.get("SNOWFLAKE_ROLE") or "SYSADMIN") as account:
        for line in lines(account, stack, store, checks):
            differing += not line.is_expected
            print(f"{'as expected' if line.is_expected else 'DIFFERS    '}  {line.name}")
            print(f"             expected {line.expected}; got {line.came}", flush=True)
    if arguments.broken_file:
        print(f"Now check the mailbox of {stack.alert_topic_arn}: it must have a message about that file.")
    print(f"{differing} differ." if differing else "All as expected.")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(run_command("snowflake-checklist", main, sys.argv[1:]))
