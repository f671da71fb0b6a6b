"""A full disk under the warehouse gives one sentence, and the next run continues when there is space."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from snowflake.connector.errors import ProgrammingError

from deploy.local.steps import sentence_of
from tests.waiting import finished

ROOT = Path(__file__).parents[3]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The warehouse folder of a demo on a disk of 100 KiB."""
    folder = tmp_path / "demo" / "warehouse"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root mounts a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.jvm
def test_a_full_disk_at_the_warehouse_is_one_sentence(small_disk: Path) -> None:
    out = small_disk.parent
    (out / ".made-by-make-demo").touch()

    done = finished(
        [sys.executable, "-m", "deploy.local.demo", "--days", "1", "--out", str(out)], cwd=ROOT, env=dict(os.environ)
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    messages = [line for line in done.stderr.splitlines() if line.startswith("demo: ")]
    assert len(messages) == 1, done.stderr
    assert messages[0].startswith(
        f"demo: the disk is full: free space for {out} and in the temporary folder, then run again."
    )


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            duckdb.TransactionException('Could not write file "w.db.wal": No space left on device'),
            (
                "the disk is full: free space for /o and in the temporary folder, then run again. "
                '(Could not write file "w.db.wal": No space left on device)'
            ),
        ),
        (
            OSError(122, "Disk quota exceeded"),
            (
                "the disk is full: free space for /o and in the temporary folder, then run again. "
                "([Errno 122] Disk quota exceeded)"
            ),
        ),
        (
            duckdb.IOException("Conflicting lock is held\nby another"),
            "/o/warehouse cannot be opened; perhaps another program has it open: Conflicting lock is held",
        ),
        (
            ProgrammingError("SQL compilation error"),
            (
                "/o/warehouse cannot be used: remove it and run again; it is then loaded from the lake. "
                "(SQL compilation error)"
            ),
        ),
    ],
)
def test_an_error_of_the_warehouse_says_what_to_do(error: Exception, sentence: str) -> None:
    assert sentence_of(error, Path("/o")) == sentence
