"""Counts the S3 requests of a query of each current view after a year of hourly batches.

`python -m tests.benchmarks.athena` writes the table of docs/scale.md.

The program fills one table in moto under the keys that the job uses, with a file for each batch of the year. The other
tables have as many files. Athena itself does not run. The program lists files as AWS describes partition projection: a
request for each projected day and table, and more requests if a day has more than 1,000 files. Bytes are the sizes of
the files that the job writes for a batch of 100 items. Athena reads at most these bytes, because it reads only the
columns that a query names.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3  # type: ignore[import-untyped, unused-ignore]
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from deploy.generate.__main__ import GENERATED
from shared.lake import processed_file
from shared.store import open_store
from tests.benchmarks.playlists import write_own

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- counted: python -m tests.benchmarks.athena -->", "<!-- end of the counted part -->"
DAYS, BATCHES_A_DAY, ITEMS = 365, 24, 100
FIRST_DAY = date(2026, 1, 1)
BUCKET, TABLE = "lake", "songs"
LIST_DOLLARS = 0.005 / 1000  # aws.amazon.com/s3/pricing, us-east-1
SCAN_DOLLARS = 5 / 10**12  # aws.amazon.com/athena/pricing


class Asked(NamedTuple):
    """What a query of a view reads from S3: tables, LIST requests, files, and bytes of these files."""

    view: str
    tables: int
    lists: int
    files: int
    size: int

    @property
    def dollars(self) -> float:
        """Dollars for the LIST requests and, at most, for the bytes."""
        return self.lists * LIST_DOLLARS + self.size * SCAN_DOLLARS


def views(catalog: Mapping[str, Any]) -> dict[str, list[str]]:
    """The tables of the lake that each current view reads."""
    named = [*catalog["tables"], *catalog["views"]]
    pattern = re.compile(r"\{\{ lake_database \}\}\.(\w+)")
    other = re.compile(r"\{\{ database \}\}\.(\w+)")
    direct = {entry["name"]: entry["view"]["sql"] for entry in named}

    def read(name: str) -> Iterator[str]:
        yield from pattern.findall(direct[name])
        for view in other.findall(direct[name]):
            yield from read(view)

    return {name: list(read(name)) for name in direct}


def requests_of_a_table(days: int = DAYS, batches_a_day: int = BATCHES_A_DAY) -> tuple[int, int]:
    """LIST requests for a table that has a file of each batch, with one listing per projected day; and its files."""
    requests: Counter[str] = Counter()
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.meta.events.register("before-call.s3.ListObjectsV2", lambda **_: requests.update(["LIST"]))
        s3.create_bucket(Bucket=BUCKET)
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]  # puts without requests take a tenth of the time
        for number in range(days * batches_a_day):
            day = FIRST_DAY + timedelta(days=number // batches_a_day)
            backend.put_object(BUCKET, processed_file(TABLE, day, number + 1, 0), b"")
        pages = s3.get_paginator("list_objects_v2")
        files = 0
        for number in range(days):
            prefix = f"processed/{TABLE}/ingest_date={FIRST_DAY + timedelta(days=number):%Y-%m-%d}/"
            files += sum(page["KeyCount"] for page in pages.paginate(Bucket=BUCKET, Prefix=prefix))
    return requests["LIST"], files


def asked(
    sizes: Mapping[str, int], reading: Mapping[str, list[str]], days: int = DAYS, batches_a_day: int = BATCHES_A_DAY
) -> list[Asked]:
    """What a query of each view reads, from the file size of each table per batch. Most requests first."""
    lists, files = requests_of_a_table(days, batches_a_day)
    costs = []
    for view, tables in reading.items():
        with_files = [table for table in tables if sizes[table]]
        size = sum(files * sizes[table] for table in with_files)
        costs.append(Asked(view, len(tables), lists * len(tables), files * len(with_files), size))
    return sorted(costs, key=lambda row: (-row.lists, row.view))


def file_sizes(items: int) -> dict[str, int]:
    """Bytes of the file that the job writes for each table from a batch of this many items; 0 if it writes none."""
    sizes = {entry["name"]: 0 for entry in catalog()["tables"]}
    with tempfile.TemporaryDirectory() as folder:
        write_own(Path(folder), items)
        command = [sys.executable, "-m", "glue_jobs.explode_playlists", "--lake", folder]
        subprocess.run(command, cwd=DOCS.parent, check=True, capture_output=True)  # our own program
        for file in open_store(folder).list("processed/"):
            sizes[file.key.split("/")[1]] += file.size
    return sizes


def catalog() -> dict[str, Any]:
    """The generated catalog."""
    content: dict[str, Any] = json.loads((GENERATED / "glue_catalog.json").read_text(encoding="utf-8"))
    return content


def table_text(costs: list[Asked]) -> str:
    """The table for docs/scale.md."""
    head = "| current view | tables read | LIST requests | files | MB at most | dollars at most |"
    lines = [head, "|---|---|---|---|---|---|"]
    lines += [
        f"| `{row.view}` | {row.tables} | {row.lists:,} | {row.files:,} | {row.size / 10**6:,.0f} | "
        f"${row.dollars:.4f} |"
        for row in costs
    ]
    return "\n".join(lines)


def main() -> None:
    """Count, and write the table between the two marks of docs/scale.md."""
    document = DOCS / "scale.md"
    text = document.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = table_text(asked(file_sizes(ITEMS), views(catalog())))
    document.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    print(table)  # noqa: T201  # a program


if __name__ == "__main__":
    main()
