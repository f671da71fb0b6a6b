"""Lakes for the tests on a cluster, and what the job made of them.

`python -m tests.cluster.lakes LAKE...` runs the job on lakes one after another, as on a laptop.
"""

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from glue_jobs.explode_playlists import parse_arguments, run
from shared import lake
from shared.tables import TABLES
from tests.corpus import cases
from tests.glue_jobs.accounts import entries, names, rejects, table

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DROP = f"{lake.DROP}at=20261120T100000Z/"


def put(root: Path, name: str, data: bytes) -> None:
    """Drops a document, old enough not to count as still being written."""
    path = root / DROP / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (0, 0))


def put_golden_corpus(root: Path) -> None:
    """Drops every document of the golden corpus."""
    for case in cases():
        for name, document in case.documents.items():
            at = document["extracted_at"].replace("-", "").replace(":", "")
            path = root / lake.DROP / f"at={at}" / case.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(case.path(name), path)
            os.utime(path, (0, 0))


def run_job(root: Path, *more: str) -> dict[str, Any]:
    """Runs the job; its summary. The clock shows noon, so that two runs commit at equal times."""
    arguments = ["--lake", str(root), *more]
    summary: dict[str, Any] = json.loads(run(parse_arguments(arguments), arguments, lambda: NOON).as_json())
    return summary


def published(root: Path, name: str) -> pa.Table:
    """All published rows of a table, sorted, without batch_id."""
    rows = table(root, name)
    if rows is None:
        return None
    columns = [column for column in rows.column_names if column != "batch_id"]
    return rows.select(columns).sort_by([(column, "ascending") for column in columns])


def log_of(root: Path) -> list[dict[str, Any]]:
    """The log's entries without file names, which differ between runs."""
    log = entries(root)
    for entry in log:
        del entry["batch_id"], entry["reconciliation"]["sha256"]
        entry["files"] = sorted((file["table"], file["rows"]) for file in entry["files"])
    return log


def assert_equal(root: Path, expected: Path) -> None:
    """Both lakes have the same rows, rejects, quarantine and log, and nothing is left over in the first."""
    assert_equal_rows(root, expected)
    assert _rejects(root) == _rejects(expected)
    for log, same in zip(log_of(root), log_of(expected), strict=True):
        # Only the rows per table: the number of files depends on the machine.
        del log["files"], same["files"]
        log["inputs"] = [{**raw, "token": ""} for raw in log["inputs"]]
        same["inputs"] = [{**raw, "token": ""} for raw in same["inputs"]]
        assert log == same
    for folder in ("raw/processed", "raw/quarantine"):
        assert names(root, folder) == names(expected, folder)
    assert_nothing_left(root)


def assert_equal_rows(root: Path, expected: Path, *without: str) -> None:
    """Both lakes have the same rows in every table, except batch_id and these columns."""
    for contract in TABLES:
        rows, other = published(root, contract.name), published(expected, contract.name)
        assert (rows is None) == (other is None), contract.name
        dropped = [name for name in without if rows is not None and name in rows.column_names]
        assert rows is None or rows.drop(dropped).equals(other.drop(dropped)), contract.name


def assert_nothing_left(root: Path) -> None:
    """Each raw object was committed once, and neither staging nor markers are left."""
    committed = [raw["key"] for entry in entries(root) for raw in entry["inputs"]]
    assert len(committed) == len(set(committed))
    assert [len(names(root, folder)) for folder in ("raw/pending", "staging", "log/attempts")] == [0, 0, 0]


def _rejects(root: Path) -> list[str]:
    return sorted(json.dumps({**line, "batch_id": ""}, sort_keys=True) for line in rejects(root))


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        run_job(Path(folder))
