"""Measures the job under spark-submit, as Glue starts it, and on a local Spark cluster.

spark-submit runs with Java's default flags. The cluster is a standalone master with one or two workers of one core. All
lakes are local folders. The costs behind docs/scale.md come from the runs on two workers.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from deploy.aws.build import glue_jobs_zip
from glue_jobs.java import find_java
from tests.benchmarks.measure import ROOT, Run, measure
from tests.benchmarks.playlists import write_own
from tests.benchmarks.report import circumstances, say
from tests.cluster.standalone import Cluster, standalone

HEADING = "spark-submit and a cluster"
FEW = 50  # items of the smallest run: one playlist's page
_SPARK_SUBMIT = str(Path(sys.executable).with_name("spark-submit"))


@dataclass(frozen=True)
class Lake:
    """A made-up lake: its number of items, and the number of items per raw object."""

    items: int
    per_object: int = 500

    @property
    def objects(self) -> int:
        """The number of its raw objects without the manifest."""
        return -(-self.items // self.per_object)


@dataclass(frozen=True)
class Measured:
    """A run, and the seconds of its reading stage (0 if the driver read the objects)."""

    run: Run
    reading: float


class Benchmark:
    """Makes lakes, and runs the job on copies of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._zip = glue_jobs_zip(folder)

    def submitted(self, lake: Lake, master: str, cluster: Cluster | None, *more: str) -> Measured:
        """One run by spark-submit on a fresh copy of the lake."""
        with tempfile.TemporaryDirectory(dir=self._folder) as fresh:
            root, events = Path(fresh) / "lake", Path(fresh) / "events"
            shutil.copytree(self._made(lake), root)
            events.mkdir()
            settings = {
                "spark.ui.enabled": "false",
                "spark.driver.host": "127.0.0.1",
                "spark.driver.memory": "2g",
                "spark.executor.memory": "1g",
                # The reading stage begins only when all executors have started, not when the first has.
                "spark.scheduler.minRegisteredResourcesRatio": "1.0",
                "spark.eventLog.enabled": "true",
                "spark.eventLog.dir": events.as_uri(),
            }
            command = [_SPARK_SUBMIT, "--master", master, "--py-files", str(self._zip)]
            command += [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
            command += [str(ROOT / "glue_jobs/explode_playlists.py"), "--lake", str(root), *more]
            python = dict.fromkeys(("PYSPARK_PYTHON", "PYSPARK_DRIVER_PYTHON"), sys.executable)
            environment = os.environ | python | {"SPARK_LOCAL_IP": "127.0.0.1", "LC_ALL": "C.UTF-8"}
            run = measure(command, environment=environment, others=cluster.executors if cluster else tuple)
            return Measured(run, reading_seconds(events))

    def _made(self, lake: Lake) -> Path:
        root = self._folder / f"{lake.items}-{lake.per_object}"
        if not root.exists():
            say(f"making {lake.items:,} items in {lake.objects:,} objects")
            root.mkdir()
            write_own(root, lake.items, per_playlist=lake.per_object)
        return root


def reading_seconds(events: Path) -> float:
    """Seconds of the stage whose tasks read raw objects: the only stage that runtime.py submits."""
    for log in events.iterdir():
        for line in log.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["Event"] == "SparkListenerStageCompleted":
                stage = event["Stage Info"]
                if "runtime.py" in stage["Stage Name"]:
                    return float(stage["Completion Time"] - stage["Submission Time"]) / 1000
    return 0.0


def cluster_section(rounds: int, folder: Path, items: int = 200_000) -> str:
    """The part of the document about spark-submit and clusters; figures are medians of the rounds."""
    find_java()
    benchmark = Benchmark(folder)
    before = circumstances(f"--only cluster --repeats {rounds}")
    large, objects = Lake(items), items // 500
    few_items = items // 5  # enough items for the executors to read them
    # The first has as many objects as `large`, the second as many items as the first.
    of_items = Lake(few_items, per_object=few_items // objects)
    of_objects = Lake(few_items, per_object=10)
    local: dict[str, list[Measured]] = {}
    by_name: dict[str, list[Measured]] = {}
    two: dict[str, list[Measured]] = {}
    for turn in range(rounds):
        for lake in (Lake(FEW), Lake(100), large):
            _add(local, lake, benchmark.submitted(lake, "local[2]", None), turn)
        for workers, runs in ((1, by_name), (2, two)):
            (folder / f"cluster-{workers}-{turn}").mkdir()
            with standalone(folder / f"cluster-{workers}-{turn}", workers, {}) as cluster:
                for lake in (large,) if workers == 1 else (large, of_items, of_objects, Lake(FEW)):
                    _add(runs, lake, benchmark.submitted(lake, cluster.url, cluster), turn)
                if workers == 2:
                    batches = benchmark.submitted(of_items, cluster.url, cluster, "--max-objects", str(objects // 4))
                    _add(runs, of_items, batches, turn, "in 5 batches")
    lines = [
        f"## {HEADING}",
        before,
        "",
        "spark-submit with Java's default flags; `local[2]`: driver and tasks share one process. CPU is in seconds.",
        "",
        "| | wall s | reading s | CPU of the driver | CPU of the executors |",
        "|---|---|---|---|---|",
    ]
    for master, runs in (("local[2]", local), ("1 worker", by_name), ("2 workers", two)):
        for name, measured in runs.items():
            typical = _median(measured)
            lines.append(
                f"| {master}, {name} | {typical.run.wall:.1f} | {typical.reading:.1f} | {typical.run.cpu:.1f} "
                f"| {typical.run.others_cpu:.1f} |"
            )
    name = _name(large)
    ratio = median(b.reading / a.reading for a, b in zip(by_name[name], two[name], strict=True))
    lines += [
        "",
        f"Reading with two workers takes {ratio:.2f} of the time with one.",
        "",
        *_costs(large, of_items, of_objects, two),
    ]
    return "\n".join(lines) + "\n"


def _costs(large: Lake, of_items: Lake, of_objects: Lake, runs: Mapping[str, list[Measured]]) -> list[str]:
    """The table of costs that scale.py reads: the cost of an item, object or batch is a difference of two runs."""

    def driver(lake: Lake, more: str = "") -> float:
        return _median(runs[_name(lake, more)]).run.cpu

    def executors(lake: Lake) -> float:
        return _median(runs[_name(lake)]).run.others_cpu

    further_items = large.items - of_items.items
    further_objects = of_objects.objects - of_items.objects
    costs = {
        "driver, one more item": ((driver(large) - driver(of_items)) / further_items * 1e6, "us"),
        "driver, one more object": ((driver(of_objects) - driver(of_items)) / further_objects * 1e3, "ms"),
        "driver, one more batch": ((driver(of_items, "in 5 batches") - driver(of_items)) / 4, "s"),
        "driver, a run": (driver(Lake(FEW)), "s"),
        "executors, one more item": ((executors(large) - executors(of_items)) / further_items * 1e6, "us"),
        "executors, one more object": ((executors(of_objects) - executors(of_items)) / further_objects * 1e3, "ms"),
    }
    return [
        "| cost in CPU | |",
        "|---|---|",
        *(f"| {name} | {value:.3g} {unit} |" for name, (value, unit) in costs.items()),
    ]


def _name(lake: Lake, more: str = "") -> str:
    return f"{lake.items:,} items in {lake.objects:,} objects" + (f", {more}" if more else "")


def _add(runs: dict[str, list[Measured]], lake: Lake, measured: Measured, turn: int, more: str = "") -> None:
    runs.setdefault(_name(lake, more), []).append(measured)
    run = measured.run
    say(
        f"{turn + 1} {_name(lake, more)}: {run.wall:.1f} s, driver {run.cpu:.1f} s, executors {run.others_cpu:.1f} s, "
        f"reading {measured.reading:.1f} s"
    )


def _median(measured: list[Measured]) -> Measured:
    runs = [each.run for each in measured]
    return Measured(
        Run(
            median(run.wall for run in runs),
            median(run.cpu for run in runs),
            int(median(run.peak for run in runs)),
            median(run.others_cpu for run in runs),
        ),
        median(each.reading for each in measured),
    )
