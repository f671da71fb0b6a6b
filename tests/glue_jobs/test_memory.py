"""Raw objects that need more memory than available are quarantined, and the others are read."""

import gzip
import os
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from glue_jobs.log_entry import Input
from glue_jobs.reading.part import Part, read_part
from tests.glue_jobs.accounts import entries, names, table
from tests.glue_jobs.documents import as_bytes, page_body, song
from tests.waiting import finished

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DROP = "raw/pending/drop/at=20261120T100000Z/"
MIB = 2**20
# Runs the job with this many MiB of address space on top of what Python and the connection to Java need.
JOB = """
import resource, sys
import psutil
from glue_jobs import explode_playlists
from glue_jobs.runtime import glue_job
with glue_job("test", []) as job:
    job.spark
    limit = psutil.Process().memory_info().vms + int(sys.argv[1]) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    status = explode_playlists.main(sys.argv[2:])
sys.exit(status)
"""


def put(lake: Path, name: str, data: bytes) -> None:
    path = lake / DROP / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (0, 0))


def page(song_id: str) -> bytes:
    return as_bytes(page_body(song(song_id)))


def run_job(lake: Path, mib: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", JOB, str(mib), "--lake", str(lake), *arguments]
    few_arenas = {"MALLOC_ARENA_MAX": "1", "ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONPATH": str(ROOT)}
    return finished(command, cwd=ROOT, env=os.environ | few_arenas)


def bomb(size: int) -> bytes:
    """A gzip stream of `size` zeros, which compresses to a thousandth."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(compressor.compress(bytes(MIB)) for _ in range(size // MIB)), compressor.flush()])


def songs(lake: Path) -> list[str]:
    rows = table(lake, "songs")
    return sorted(rows["song_id"].to_pylist()) if rows else []


@pytest.mark.jvm
def test_an_object_whose_json_does_not_fit_into_memory_is_quarantined_and_the_others_are_read(tmp_path: Path) -> None:
    poison = gzip.compress(b"[" + b"[]," * (40 * MIB) + b"[]]")  # 120 MiB of JSON: about 2.6 GiB of lists
    put(tmp_path, "a-good.json", page("s1"))
    put(tmp_path, "b-poison.json.gz", poison)
    put(tmp_path, "c-good.json", page("s2"))

    done = run_job(tmp_path, 1500)

    assert done.returncode == 0, done.stderr
    assert [[raw["key"].removeprefix(DROP) for raw in entry["inputs"]] for entry in entries(tmp_path)] == [
        ["a-good.json", "c-good.json"],
        ["b-poison.json.gz"],
    ]
    [quarantined] = entries(tmp_path)[1]["inputs"]
    assert (quarantined["place"], quarantined["document_id"]) == ("quarantine", "")
    assert quarantined["reason"] == "the job failed each time it read this file, also alone; it was not read again"
    assert songs(tmp_path) == ["s1", "s2"]
    resting = tmp_path / "raw/quarantine/00000000000000000002/drop/at=20261120T100000Z/b-poison.json.gz"
    assert resting.read_bytes() == poison
    assert names(tmp_path, "raw/pending") == names(tmp_path, "log/attempts") == names(tmp_path, "staging") == []
    assert "memory ran out" in done.stderr
    assert f"{DROP}b-poison.json.gz (0.1 MiB)" in done.stderr
    assert "a-good.json (" not in done.stderr  # only the object being read is suspected


@pytest.mark.jvm
def test_an_object_beyond_the_limit_is_quarantined_with_its_neighbours_in_the_same_batch(tmp_path: Path) -> None:
    put(tmp_path, "a-good.json", page("s1"))
    put(tmp_path, "bomb.json.gz", bomb(1024 * MIB))
    put(tmp_path, "plain.json", b" " * (3 * MIB))
    put(tmp_path, "twice.json.gz", gzip.compress(bomb(1024 * MIB)))

    done = run_job(tmp_path, 500, "--max-json-mib", "2")

    assert done.returncode == 0, done.stderr
    [entry] = entries(tmp_path)
    beyond = "it is larger than 2 MiB uncompressed, the limit (--max-json-mib of the job)"
    assert [(raw["key"].removeprefix(DROP), raw["document_id"] == "", raw["reason"]) for raw in entry["inputs"]] == [
        ("a-good.json", False, None),
        ("bomb.json.gz", True, beyond),
        ("plain.json", True, beyond),
        ("twice.json.gz", False, "no JSON: gzip in gzip: uncompress it once"),
    ]
    assert songs(tmp_path) == ["s1"]
    assert len(names(tmp_path, "raw/quarantine")) == 3
    assert names(tmp_path, "raw/pending") == []


@pytest.mark.jvm
def test_without_any_memory_left_the_job_says_so_and_quarantines_nothing(tmp_path: Path) -> None:
    put(tmp_path, "a.json", page("s1"))
    put(tmp_path, "b.json.gz", gzip.compress(b"[" + b"[]," * (60 * MIB) + b"[]]"))

    done = run_job(tmp_path, 50)

    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("explode_playlists: memory ran out: less than 64 MiB are free.")
    assert f"{DROP}b.json.gz (0.2 MiB)" in last
    assert "Traceback" not in done.stderr
    assert len(names(tmp_path, "raw/pending")) == 2
    assert names(tmp_path, "log/attempts") == []


@pytest.mark.parametrize(
    ("is_poison", "size"), [(True, 3), (False, 3 * MIB)], ids=["poison", "more than the limit as it is stored"]
)
def test_an_object_quarantined_unread_is_not_fetched(tmp_path: Path, is_poison: bool, size: int) -> None:
    # The object does not exist, so a fetch would report it as vanished.
    planned = Input(f"{DROP}x.json", "t", size, NOON)

    report = read_part(Part(0, (planned,), str(tmp_path), "b1", is_poison=is_poison, max_json_bytes=2 * MIB))

    [quarantined] = report.documents
    assert (quarantined.input, quarantined.document_id, report.vanished) == (planned, "", None)
    assert quarantined.reason
