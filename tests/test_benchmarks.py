"""`make bench` gives every candidate the same items, checks that all make the same rows, and adds up correctly."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from deploy.local.package import open_package
from glue_jobs.explode_playlists import parse_arguments, run
from glue_jobs.reading.document import read_document
from glue_jobs.reading.playlist import entry_of
from glue_jobs.reading.values import to_json
from shared.store import open_store
from tests.benchmarks import floor
from tests.benchmarks.__main__ import current_rows
from tests.benchmarks.cluster import reading_seconds
from tests.benchmarks.figures import Figure, WrongRowsError, compare_rows, figure, section, with_section
from tests.benchmarks.measure import CommandFailedError, Run, measure
from tests.benchmarks.playlists import write_own, write_pages
from tests.benchmarks.plays import FILES, ROWS, write_package
from tests.benchmarks.scale import BEGIN, DOCS, END, Costs, dollars, estimate, tables
from tests.glue_jobs.builders import NOON

ITEMS = 760  # a whole playlist and half of another: the first number with an episode among them


def stored(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def items_by_place(root: Path) -> dict[tuple[str, int], tuple[str, Any]]:
    """Kind and content of each position of a playlist, whether the row spells it `item` or `track`."""
    checks = [check for data in stored(root).values() for check in read_document(data).checks]
    return {(check.playlist_id, position): kind_and_content(row) for check in checks for position, row in check.rows()}


def kind_and_content(row: dict[str, Any]) -> tuple[str, Any]:
    kind, entry, _ = entry_of(row)
    content = {"item": entry, "added_at": row["added_at"], "added_by": row["added_by"]}
    return kind, json.loads(to_json(content))  # so that 1.0 and 1.00 are equal


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("own")
    write_own(root, ITEMS)
    return root


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pages")
    write_pages(root, ITEMS)
    return root


def test_the_seed_alone_decides_what_is_made(own: Path, tmp_path: Path) -> None:
    for name, seed in (("again", 1), ("other", 2)):
        (tmp_path / name).mkdir()
        write_own(tmp_path / name, ITEMS, seed)

    assert stored(tmp_path / "again") == stored(own)
    assert stored(tmp_path / "other").keys() & stored(own).keys() == {"raw/pending/run=20261120T100000Z/_manifest.json"}


def test_documents_and_pages_hold_the_same_items(own: Path, pages: Path) -> None:
    of_own, of_pages = items_by_place(own), items_by_place(pages)

    assert len(of_own) == 760
    assert len(stored(own)) == 3  # two documents and the manifest
    assert len(stored(pages)) == 8  # 5 pages of 100, then 100, 100 and 60
    assert of_own == of_pages
    assert {kind for kind, _ in of_own.values()} == {"song", "episode", "local", "empty"}


def test_a_factor_is_computed_round_by_round() -> None:
    base = [Run(10.0, 20.0, 500), Run(30.0, 60.0, 700), Run(12.0, 24.0, 600)]
    runs = [Run(5.0, 5.0, 100), Run(10.0, 20.0, 300), Run(8.0, 16.0, 200)]

    # The rounds' factors are 2, 3 and 1.5; the medians alone would give 12 / 8 = 1.5.
    assert figure(runs, base) == Figure(wall=8.0, cpu=16.0, peak=200, wall_factor=2.0, cpu_factor=3.0)
    assert figure(runs, None).wall_factor is None


def test_the_document_keeps_the_sections_of_other_sizes_in_order_of_size() -> None:
    runs = {"tutorial": [Run(4.0, 8.0, 3 * 2**20)], "job, pages": [Run(2.0, 1.0, 2**20)]}
    document = with_section("", section(200_000, runs, {"songs": 1234}, "Measured before."))
    document = with_section(document, section(100, runs, {}, "Measured once."))

    document = with_section(document, section(200_000, runs, {"songs": 1234}, "Measured again."))

    lines = document.splitlines()
    assert [line for line in lines if line.startswith("#")] == ["# Benchmarks", "## 100 items", "## 200,000 items"]
    assert "Measured before." not in lines
    assert {"Measured once.", "Measured again.", "Rows: songs 1,234."} <= set(lines)
    assert "| job, pages | 2.0 | 2.0 to 2.0 | 1.0 | 1 | 2.00 | 8.00 |" in lines


def test_sections_that_are_not_about_a_size_come_last() -> None:
    document = with_section("", "## spark-submit and a cluster\nfirst\n")
    document = with_section(document, section(100, {}, {}, "small"))
    document = with_section(document, "## spark-submit and a cluster\nsecond\n")

    headings = [line for line in document.splitlines() if line.startswith("## ")]
    assert headings == ["## 100 items", "## spark-submit and a cluster"]
    assert "second" in document
    assert "first" not in document


def test_the_stage_that_reads_is_identified_in_sparks_event_log(tmp_path: Path) -> None:
    events = [
        {"Event": "SparkListenerApplicationStart"},
        stage_completed("collect at /x/glue_jobs.zip/glue_jobs/runtime.py:157", 1_000, 3_500),
        stage_completed("parquet at NativeMethodAccessorImpl.java:0", 4_000, 9_000),
    ]
    (tmp_path / "app-1").write_text("\n".join(json.dumps(event) for event in events), encoding="utf-8")

    assert reading_seconds(tmp_path) == 2.5


def stage_completed(name: str, begin: int, end: int) -> dict[str, Any]:
    info = {"Stage Name": name, "Submission Time": begin, "Completion Time": end}
    return {"Event": "SparkListenerStageCompleted", "Stage Info": info}


COSTS = """
| driver, one more item | 2 us |
| driver, one more object | 1.7 ms |
| driver, one more batch | 3 s |
| driver, a run | 20 s |
| executors, one more item | 100 us |
| executors, one more object | -0.2 ms |
"""


def test_the_model_of_scale_adds_the_drivers_share_and_divides_the_executors_share() -> None:
    costs = Costs.from_benchmarks(COSTS)

    run = estimate(costs, 10_000_000, 10)  # 20,000 objects, 36 cores, 32.7 GB of JSON: one batch

    assert run.driver == pytest.approx(20 + 20_000 * (0.0017 + 0.0023) + 10_000_000 * 2e-6)  # 120 s
    assert run.executors == pytest.approx(1000 / 36)
    assert run.dollars == pytest.approx(10 * 0.44 / 3600 * 147.78, rel=1e-3)


def test_two_workers_need_a_batch_for_each_4_gib() -> None:
    costs = Costs.from_benchmarks(COSTS)

    assert estimate(costs, 10_000_000, 2).driver == pytest.approx(120 + 7 * 3)  # 30.5 GiB: 8 batches


def test_a_short_run_is_billed_for_a_minute() -> None:
    assert dollars(5, 2) == pytest.approx(2 * 0.44 / 60)


def test_the_tables_of_scale_md_are_those_of_the_measured_figures() -> None:
    document = (DOCS / "scale.md").read_text(encoding="utf-8")
    computed = document.partition(BEGIN)[2].partition(END)[0].strip()

    assert computed == tables(Costs.from_benchmarks((DOCS / "benchmarks.md").read_text(encoding="utf-8")))


def test_rows_that_differ_from_duckdbs_end_the_benchmark() -> None:
    compare_rows({"songs": 3, "batches": 1}, {"songs": 3, "episodes": 0})

    with pytest.raises(WrongRowsError, match=r"DuckDB's rows: songs: 2, not 3; albums: 0, not 1$"):
        compare_rows({"songs": 2}, {"songs": 3, "albums": 1})


def test_all_processes_of_a_command_are_measured(tmp_path: Path) -> None:
    work = "import time; held = bytearray(60_000_000); held[::4096] = b'1' * len(held[::4096])\n"
    work += "while time.process_time() < 0.3: pass\ntime.sleep(0.3)\n"
    work += f"open({str(tmp_path / 'cpu.txt')!r}, 'a').write(f'{{time.process_time()}}\\n')"
    both = tmp_path / "both.py"
    both.write_text(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {work!r}], check=True)\n{work}")

    done = measure(["python3", str(both)])

    assert done.wall > 1.2
    cpu = [float(line) for line in (tmp_path / "cpu.txt").read_text().split()]
    assert len(cpu) == 2
    assert 0.5 < done.cpu < 1.5 * sum(cpu)  # each process is counted once
    assert 60e6 < done.peak < 120e6  # the first has ended when the second holds its own


def test_a_command_that_fails_is_reported_with_its_output() -> None:
    with pytest.raises(CommandFailedError, match=r"(?s)ended with 3.*no such thing"):
        measure(["sh", "-c", "echo no such thing; exit 3"])


def test_the_made_up_history_has_the_size_of_a_long_life(tmp_path: Path) -> None:
    size = write_package(tmp_path / "p.zip", 2, 1_000)
    again = write_package(tmp_path / "q.zip", 2, 1_000)

    opened = open_package(tmp_path / "p.zip")
    assert opened.package_id("extended") == open_package(tmp_path / "q.zip").package_id("extended")
    assert [len(json.loads(file.read())) for file in opened.files] == [1_000, 1_000]
    assert size == again
    assert 700 < size / 2_000 < 900  # 15,000 rows are a file of some 12 MB, as Spotify's are
    assert FILES * 15_000 == ROWS == 450_000


def test_duckdb_has_the_same_rows_of_documents_and_of_pages(own: Path, pages: Path) -> None:
    of_own, of_pages = made(own), made(pages)
    kinds = {(*place, kind) for place, (kind, _) in items_by_place(own).items()}

    for rows in (of_own, of_pages):
        assert {(row["playlist_id"], row["position"], row["kind"]) for row in rows["playlist_items"]} == kinds
    assert len(of_own["playlist_checks"]) == len(of_pages["playlist_checks"]) == 2  # pages are joined
    assert {name: len(rows) for name, rows in of_own.items()} == {name: len(rows) for name, rows in of_pages.items()}


def test_duckdb_has_the_rows_of_the_job(own: Path, spark: SparkSession, tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    for key, data in stored(own).items():
        store.put(key, data)
    arguments = ["--lake", str(tmp_path)]
    theirs = made(own)

    run(parse_arguments(arguments), arguments, lambda: NOON)

    compare_rows(current_rows(tmp_path), {name: len(rows) for name, rows in theirs.items()})
    for name in ("songs", "albums", "song_artists", "album_artists"):
        (file,) = (tmp_path / "processed" / name).rglob("*.parquet")
        columns = [column for column in theirs[name][0] if column != "source_object"]
        ours = {tuple(row[column] for column in columns) for row in pq.ParquetFile(file).read().to_pylist()}
        assert ours == {tuple(row[column] for column in columns) for row in theirs[name]}, name


def made(root: Path) -> dict[str, list[dict[str, object]]]:
    connection = floor.read(root)
    rows = {}
    for name, select in floor.TABLES.items():
        result = connection.execute(select)
        columns = [column[0] for column in result.description or []]
        rows[name] = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    return rows
