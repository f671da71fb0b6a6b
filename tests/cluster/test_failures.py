"""Faults of executors and Python workers leave the lake's content unchanged, or end the run with a sentence."""

import gzip
import json
import logging
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import boto3  # type: ignore[import-untyped, unused-ignore]
import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest
from pyspark.sql import SparkSession

from glue_jobs import explode_playlists, read_batch, runtime, write_tables
from glue_jobs.java import RuntimeProblemError
from glue_jobs.runtime import GlueJob
from glue_jobs.write_tables import _described
from shared.store import StoreError, open_store
from tests.cluster.lakes import DROP, assert_equal, assert_nothing_left, put, run_job
from tests.cluster.standalone import Cluster
from tests.glue_jobs.accounts import entries, names, table
from tests.glue_jobs.documents import as_bytes, page_body, song
from tests.stores import BUCKET, s3_endpoint  # noqa: F401  # a fixture
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("driver")
MIB = 2**20
PARTS = 19  # of the large lake, at 4 MiB


@pytest.fixture
def large(pending: dict[str, Path], lake: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The large lake, which executors read in many parts."""
    monkeypatch.setattr(read_batch, "PART_BYTES", 4 * MIB)
    return Path(shutil.copytree(pending["large"], lake, dirs_exist_ok=True))


@contextmanager
def in_thread(act: Callable[[], None]) -> Iterator[None]:
    """Calls `act` in a thread while the body runs; raises its error at the end."""
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001  # raised below
            errors.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if errors:
        raise errors[0]


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Suspends the processes and their children during the body."""
    tree = [*processes, *(child for process in processes for child in process.children(recursive=True))]
    for process in tree:
        with suppress(psutil.Error):
            process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in tree:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)


def active_tasks(driver: SparkSession) -> int:
    tracker = driver.sparkContext.statusTracker()
    stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
    return sum(stage.numActiveTasks for stage in stages if stage)


def test_an_executor_that_is_killed_while_it_reads(
    cluster: Cluster, driver: SparkSession, large: Path, laptop: dict[str, Path]
) -> None:
    def kill() -> None:
        wait_for(lambda: list(large.glob("staging/*/items/part-*")), "the first part to be read", pause=0.005)
        executors = cluster.executors()
        with stopped(executors):
            read = list(large.glob("staging/*/items/part-*"))
            assert len(read) <= PARTS - 4
            wait_for(lambda: active_tasks(driver) == len(executors) == 2, "a task on each executor")
            executors[0].kill()

    with in_thread(kill):
        run_job(large)

    assert_equal(large, laptop["large"])


def test_executors_that_are_killed_while_they_write(
    cluster: Cluster,
    large: Path,
    laptop: dict[str, Path],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime, "TABLES_AT_ONCE", 1)  # as with many cores, so that a table's rows are shuffled
    writing = "staging/*/playlist_items/_temporary/0/_temporary/*/part-*"

    def kill() -> None:
        executors: list[psutil.Process] = []
        while not executors:
            wait_for(lambda: list(large.glob(writing)), "playlist_items to be written", pause=0.005)
            with stopped(cluster.executors()):
                if list(large.glob(writing)):
                    executors = cluster.executors()
                    for executor in executors:
                        executor.kill()

    with caplog.at_level(logging.WARNING, write_tables.__name__), in_thread(kill):
        run_job(large)

    assert_equal(large, laptop["large"])
    # The shuffle files of the killed executors were made again, so observations counted them twice.
    assert "playlist_items: Spark observed" in caplog.text


# --- an object that kills its reader or exhausts its memory

POISON = gzip.compress(b"[" + b"[]," * (40 * MIB) + b"[]]")  # 120 MiB of JSON, which is allowed: 2.6 GiB of lists


@pytest.fixture
def poisoned(lake: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Good pages, one of them in the same part as an object that needs more memory than available."""
    monkeypatch.setattr(read_batch, "LARGE_BYTES", 1)
    monkeypatch.setattr(read_batch, "PART_BYTES", MIB)
    put(lake, "a-good.json", as_bytes(page_body(song("s1"))))
    put(lake, "b-poison.json.gz", POISON)
    put(lake, "c-good.json", as_bytes(page_body(song("s2"))))
    return lake


def assert_isolated(lake: Path) -> None:
    assert [[raw["key"].removeprefix(DROP) for raw in entry["inputs"]] for entry in entries(lake)] == [
        ["a-good.json", "c-good.json"],
        ["b-poison.json.gz"],
    ]
    [quarantined] = entries(lake)[1]["inputs"]
    assert quarantined["place"] == "quarantine"
    assert quarantined["reason"] == "the job failed each time it read this file, also alone; it was not read again"
    [kept] = names(lake, "raw/quarantine")
    assert (lake / kept).read_bytes() == POISON
    songs = table(lake, "songs")
    assert songs
    assert sorted(songs["song_id"].to_pylist()) == ["s1", "s2"]
    assert_nothing_left(lake)


def test_an_object_that_fills_a_python_workers_memory_is_quarantined_and_the_others_are_read(
    driver: SparkSession, poisoned: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert driver.sparkContext.getConf().get("spark.executor.pyspark.memory") == "2500m"

    status = explode_playlists.main(["--lake", str(poisoned)])

    assert status == 0, capsys.readouterr().err
    assert_isolated(poisoned)
    assert "memory ran out; the other raw objects are read first" in caplog.text
    assert "Traceback" not in caplog.text


@contextmanager
def memory_guard(cluster: Cluster, most: int) -> Iterator[list[int]]:
    """Kills each Python worker above `most` bytes, as the kernel and YARN do; yields the list of killed ids."""
    killed: list[int] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            for worker in cluster.python_workers():
                with suppress(psutil.Error):
                    if worker.memory_info().rss > most:
                        worker.kill()
                        killed.append(worker.pid)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield killed
    finally:
        is_over.set()
        thread.join()


def test_an_object_that_always_kills_its_reader_is_isolated(
    cluster: Cluster, poisoned: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with memory_guard(cluster, 500 * MIB) as killed:
        status = explode_playlists.main(["--lake", str(poisoned)])

    assert status == 0, capsys.readouterr().err
    assert_isolated(poisoned)
    assert len(killed) >= 3  # with its batch, with its part, alone
    assert "reading failed; each part is read again by itself" in caplog.text
    assert f"{DROP}b-poison.json.gz (0.1 MiB)" in caplog.text


def test_a_store_that_executors_cannot_reach_ends_the_run_with_a_sentence(
    s3_endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert s3_endpoint  # the driver reaches it
    monkeypatch.setattr(read_batch, "LARGE_BYTES", 1)
    bucket = boto3.client("s3")
    bucket.put_object(Bucket=BUCKET, Key="lake/raw/pending/drop/page.json", Body=json.dumps([{"item": None}]).encode())

    status = explode_playlists.main(["--lake", f"s3://{BUCKET}/lake"])

    messages = capsys.readouterr().err.splitlines()
    assert status == 1
    assert messages[-1].startswith(f"explode_playlists: s3://{BUCKET}/lake does not answer (")
    assert messages[-1].endswith("check the network and AWS_ENDPOINT_URL, then start again.")
    assert not [line for line in messages if "Traceback" in line or "Exception" in line]
    left = [listed["Key"] for listed in bucket.list_objects_v2(Bucket=BUCKET).get("Contents", ())]
    assert left == ["lake/raw/pending/drop/page.json"]


def test_a_vanished_staged_file_ends_the_run_with_a_sentence(lake: Path) -> None:
    store = open_store(str(lake))

    with pytest.raises(RuntimeProblemError) as raised:
        _described(GlueJob("tests", []), store, ["staging/b1/songs/part-00000.parquet"], is_large=True)

    assert str(raised.value) == (
        f"staging/b1/songs/part-00000.parquet of {store.uri} is gone while the job works on it; run the job again."
    )


def test_a_lake_unreachable_for_executors_ends_the_run_with_a_sentence(lake: Path) -> None:
    store = open_store(str(lake))
    lake.rmdir()

    with pytest.raises(StoreError) as raised:
        _described(GlueJob("tests", []), store, ["staging/b1/songs/part-00000.parquet"], is_large=True)

    assert str(raised.value) == f"There is no lake at {lake}: create the folder or check --lake."
