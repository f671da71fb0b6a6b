"""The job's own memory does not grow with what is pending: batches are bounded."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.glue_jobs.builders import page_body, song

ROOT = Path(__file__).parents[2]
# The peak of this process alone: Spark's Java is another.
RUNS = """
import resource, sys
from glue_jobs.explode_playlists import main
for lake in sys.argv[1:]:
    assert main(["--lake", lake, "--max-objects", "500"]) == 0
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def fill(lake: Path, count: int) -> None:
    """So many small documents, each of another playlist."""
    drop = lake / "raw/pending/drop/at=20261120T100000Z"
    drop.mkdir(parents=True)
    for number in range(count):
        rows = [song(f"s{number}-{n}", artists=["a1", "a2"], popularity=n) for n in range(20)]
        file = drop / f"{number:05d}.json.gz"
        file.write_bytes(gzip.compress(json.dumps(page_body(*rows, playlist_id=f"p{number}")).encode(), 1))
        os.utime(file, (0, 0))


@pytest.mark.jvm
def test_four_times_the_objects_take_no_more_memory(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    fill(small, 500)
    fill(large, 2000)

    done = subprocess.run(
        [sys.executable, "-c", RUNS, str(small), str(large)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    peaks = [int(line.split()[1]) / 1024 for line in told if line.startswith("peak")]
    batches = [len(json.loads(line)["batches"]) for line in told if line.startswith("{")]
    assert peaks[1] - peaks[0] < 15, peaks  # MB
    assert batches == [1, 4]
