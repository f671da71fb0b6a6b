"""A large batch is read by several processes, and all comes out as if it were one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest

from glue_jobs import intake
from glue_jobs.commit_log import Batch, Input
from glue_jobs.intake import Intake, Reading, ReadMemoryError, take_in
from shared.store import open_store
from tests.corpus import FOLDER
from tests.waiting import PATIENCE, started, wait_for

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
# Reads one document and then waits for ever, with a worker that waits for the next one.
WAITING = """
import time
from tests.glue_jobs.test_intake import intake, part, tell
if __name__ == "__main__":
    reading = intake._in_processes(1)(tell, (part(b"[]") for _ in range(9)))
    next(reading)
    print("waiting", flush=True)
    time.sleep(600)
"""

# The job, for which every batch is large.
JOB = """
import sys
from glue_jobs import explode_playlists, intake
intake._LARGE = 1
if __name__ == "__main__":
    sys.exit(explode_playlists.main(["--lake", sys.argv[1]]))
"""


tell = partial(intake._tell, default=None, condemned=False, max_bytes=2**20)


def part(data: bytes) -> list[tuple[Input, bytes, None]]:
    """One raw object for a reader."""
    return [(Input("raw/pending/drop/one.json", "token", len(data), NOON), data, None)]


def taken(lake: Path, processes: int) -> tuple[Intake, dict[str, bytes]]:
    """The intake of the whole corpus, and what it staged."""
    store = open_store(str(lake), create=True)
    for file in FOLDER.rglob("*"):
        if file.is_file():
            store.put(f"raw/pending/drop/{file.relative_to(FOLDER)}", file.read_bytes())
    inputs = tuple(Input(one.key, one.token, one.size, NOON) for one in store.list("raw/"))
    batch = Batch("b1", 0, inputs, NOON, condemned=False)
    found = take_in(batch, lambda one: store.get(one.key), store, Reading(processes=processes))
    return found, {one.key: (lake / one.key).read_bytes() for one in store.list("staging/")}


def test_processes_read_what_one_reads_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_PART", 1)  # a part for each
    alone, alone_staged = taken(tmp_path / "alone", 1)
    monkeypatch.setattr(intake, "_LARGE", 1)
    together, together_staged = taken(tmp_path / "together", 2)

    assert len(alone.taken) > 20
    assert len(alone_staged) > 20
    assert together_staged == alone_staged
    for one in (alone, together):
        one.taken = [replace(taken, token="") for taken in one.taken]  # other files
    assert together == alone


def test_of_a_reader_that_is_killed_the_objects_it_read_are_named() -> None:
    def parts() -> Iterator[list[tuple[Input, bytes, None]]]:
        yield part(b"[]")
        for child in active_children():
            child.kill()
            child.join()
        yield from [part(b"[]")] * 9

    with pytest.raises(ReadMemoryError) as raised:
        list(intake._in_processes(1)(tell, parts()))

    assert [one.key for one in raised.value.inputs] == ["raw/pending/drop/one.json"]
    assert active_children() == []


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that run; one that has ended and that nobody has waited for does not."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found += [process] if process.status() != psutil.STATUS_ZOMBIE else []
    return found


def at_work(job: int) -> list[psutil.Process]:
    """The processes below the job that have computed for a while."""
    found = []
    for process in psutil.Process(job).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            found += [process] if process.cpu_times().user > 0.5 else []
    return found


def test_readers_die_with_a_killed_job(tmp_path: Path) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(WAITING, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with started([sys.executable, str(script)], cwd=ROOT, env=environment, stdout=subprocess.PIPE) as job:
        assert job.stdout
        assert job.stdout.readline() == b"waiting\n"
        readers = psutil.Process(job.pid).children(recursive=True)
        assert readers
        job.send_signal(signal.SIGKILL)
        wait_for(lambda: not alive(readers), "the readers to end with the job")


@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor reads alone")
def test_ctrl_c_while_others_read_leaves_all_pending_and_nothing_behind(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(JOB, encoding="utf-8")
    drop = tmp_path / "lake" / "raw" / "pending" / "drop" / "at=20261120T100000Z"
    drop.mkdir(parents=True)
    for n in range(200):  # seconds of reading
        (drop / f"{n}.json").write_bytes(b'{"items":[{"track":null}' + b',{"track":null}' * 20_000 + b"]}")
    with started(
        [sys.executable, str(script), str(tmp_path / "lake")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    ) as job:
        wait_for(lambda: len(at_work(job.pid)) >= 2, "two readers to be at work")
        readers = psutil.Process(job.pid).children(recursive=True)
        os.killpg(job.pid, signal.SIGINT)  # as a terminal does: the job and its readers
        _, said = job.communicate(timeout=PATIENCE)
        wait_for(lambda: not alive(readers), "the readers to end with the job")

    assert job.returncode == 130
    assert said.endswith("stopped; what was committed stands, the rest is still pending: run again.\n")
    assert "Traceback" not in said
    assert len(list(drop.iterdir())) == 200
    assert [path for path in (tmp_path / "lake").rglob("*") if path.is_file() and path.parent != drop] == []
