"""Computes the tables of docs/scale.md from the figures in docs/benchmarks.md.

`python -m tests.benchmarks.scale` writes them between the two marks of the document. With `--check` it reports whether
they are up to date.
"""

import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.aws.costs import DPU_HOUR
from glue_jobs.commit_log import BYTES_PER_CORE, MAX_OBJECTS

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- computed: python -m tests.benchmarks.scale -->", "<!-- end of the computed part -->"

# Assumed, not measured here. Prices: aws.amazon.com/glue/pricing, us-east-1.
LEAST_SECONDS = 60  # billed minimum of a run, without its start-up
CORES = 4  # per G.1X worker, which is one DPU; one worker is the driver
S3_SECONDS = 0.0023  # archiving an object: three requests of 50 ms, 64 at a time
ITEMS_PER_OBJECT = 500
JSON_PER_ITEM = 3_270  # bytes in Spotify's answers, as `tests/benchmarks/playlists.py` makes them

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Costs:
    """CPU seconds on the driver and on executors: per run, and per additional batch, object and item."""

    run: float
    batch: float
    driver_object: float
    driver_item: float
    executor_object: float
    executor_item: float

    @classmethod
    def from_benchmarks(cls, text: str) -> "Costs":
        """The costs in docs/benchmarks.md; a negative cost is too small to measure and becomes 0."""

        def cost(name: str) -> float:
            match = re.search(rf"^\| {name} \| ([-0-9.e+]+) (us|ms|s) \|$", text, re.MULTILINE)
            if not match:
                sys.exit(f'docs/benchmarks.md has no cost "{name}": make bench BENCH="--only cluster" first')
            return max(0.0, float(match[1]) * _SECONDS[match[2]])

        return cls(
            cost("driver, a run"),
            cost("driver, one more batch"),
            cost("driver, one more object"),
            cost("driver, one more item"),
            cost("executors, one more object"),
            cost("executors, one more item"),
        )


@dataclass(frozen=True)
class Estimate:
    """The estimate of a run: seconds in which only the driver works, seconds of the executors, and dollars."""

    driver: float
    executors: float
    dollars: float

    @property
    def seconds(self) -> float:
        """Seconds of the whole run: the driver plans and commits while executors wait."""
        return self.driver + self.executors


def estimate(costs: Costs, items: int, workers: int) -> Estimate:
    """The model: the driver's work is serial, and the executors' work is divided by their cores."""
    objects = math.ceil(items / ITEMS_PER_OBJECT)
    cores = CORES * (workers - 1)
    batches = max(1, math.ceil(items * JSON_PER_ITEM / (BYTES_PER_CORE * cores)), math.ceil(objects / MAX_OBJECTS))
    driver = costs.run + (batches - 1) * costs.batch + objects * (costs.driver_object + S3_SECONDS)
    driver += items * costs.driver_item
    executors = (objects * costs.executor_object + items * costs.executor_item) / cores
    return Estimate(driver, executors, dollars(driver + executors, workers))


def dollars(seconds: float, workers: int) -> float:
    """Dollars that Glue bills for a run: each worker per second, for at least a minute."""
    return workers * DPU_HOUR / 3600 * max(LEAST_SECONDS, seconds)


def most_useful_workers(costs: Costs) -> int:
    """The number of workers at which an additional item takes the executors as long as the driver."""
    per_object = costs.driver_object + S3_SECONDS
    driver = costs.driver_item + per_object / ITEMS_PER_OBJECT
    executors = costs.executor_item + costs.executor_object / ITEMS_PER_OBJECT
    return 1 + max(1, math.ceil(executors / (CORES * driver)))


def tables(costs: Costs) -> str:
    """The computed part of docs/scale.md."""
    lines = [
        "| items | objects | workers | driver s | executors s | run | cost of the run |",
        "|---|---|---|---|---|---|---|",
    ]
    for items in (1_000_000, 10_000_000, 100_000_000):
        for workers in (2, 10, 50):
            run = estimate(costs, items, workers)
            lines.append(
                f"| {items:,} | {items // ITEMS_PER_OBJECT:,} | {workers} | {run.driver:,.0f} | {run.executors:,.0f} "
                f"| {_duration(run.seconds)} | ${run.dollars:,.2f} |"
            )
    small = estimate(costs, 5_000, 2)
    lines += [
        "",
        "| a run that finds 5,000 changed items, two workers | runs in 30 days | dollars in 30 days |",
        "|---|---|---|",
    ]
    for name, runs in (("every minute", 43_200), ("every hour", 720), ("every day", 30)):
        lines.append(f"| {name} | {runs:,} | ${runs * small.dollars:,.2f} |")
    advice = (
        f"More than {most_useful_workers(costs)} workers shorten a large run by less than half of what they cost: from "
        "there on the driver's serial work (listing, log entry, archiving) is the longer part."
    )
    lines += ["", advice]
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    return f"{seconds / 60:,.1f} min" if seconds < 3600 else f"{seconds / 3600:,.1f} h"


def main(arguments: list[str]) -> None:
    """Write the tables into the document, or with --check report that they are stale."""
    document = DOCS / "scale.md"
    text = document.read_text(encoding="utf-8")
    computed = tables(Costs.from_benchmarks((DOCS / "benchmarks.md").read_text(encoding="utf-8")))
    fresh = f"{text.partition(BEGIN)[0]}{BEGIN}\n{computed}\n{END}{text.partition(END)[2]}"
    if "--check" in arguments:
        if fresh != text:
            sys.exit("docs/scale.md is not fresh: python -m tests.benchmarks.scale")
        return
    document.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
