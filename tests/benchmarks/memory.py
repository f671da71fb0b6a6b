"""Measures the memory for reading one raw object, which is the memory that a task on a cluster needs.

`python -m tests.benchmarks.memory LAKE` reads the one pending object of a lake, as a task does.
"""

import sys
from pathlib import Path

from glue_jobs.log_entry import Input
from glue_jobs.reading.part import Part, read_part
from shared import lake
from shared.document import uncompressed
from shared.store import open_store
from tests.benchmarks.measure import measure
from tests.benchmarks.playlists import write_own, write_pages
from tests.benchmarks.report import circumstances, say

HEADING = "memory of one task"
_SIZES = (5_000, 40_000)  # items of one object: 22 and 173 MiB of JSON


def memory_section(folder: Path) -> str:
    """The section of the document about memory: peaks for two sizes, and MiB of memory per further MiB of JSON."""
    before = circumstances("--only memory")
    lines = [f"## {HEADING}", before, ""]
    lines += [
        "One task reads one raw object. Peak memory is of the whole Python process.",
        "",
        "| | MiB of JSON | peak MiB | MiB for one more MiB of JSON |",
        "|---|---|---|---|",
    ]
    for name in ("a document of the Lambda", "a dropped page"):
        peaks = []
        for items in _SIZES:
            root = folder / f"{name}-{items}"
            root.mkdir()
            if name == "a dropped page":
                write_pages(root, items, per_playlist=items, per_page=items)
            else:
                write_own(root, items, per_playlist=items)
                for manifest in (root / lake.PENDING).rglob("_manifest.json"):
                    manifest.unlink()
            json = _json_mib(root)
            peak = measure([sys.executable, "-m", "tests.benchmarks.memory", str(root)]).peak / 2**20
            peaks.append((json, peak))
            more = (peak - peaks[0][1]) / (json - peaks[0][0]) if len(peaks) > 1 else None
            lines.append(f"| {name} | {json:.0f} | {peak:,.0f} | {'' if more is None else f'{more:.1f}'} |")
            say(lines[-1])
    return "\n".join(lines) + "\n"


def _json_mib(root: Path) -> float:
    [path] = [path for path in (root / lake.PENDING).rglob("*") if path.is_file()]
    return len(uncompressed(path.read_bytes(), None)) / 2**20


def main(root: str) -> None:
    """Read the object."""
    store = open_store(root)
    [planned] = [Input(each.key, each.token, each.size, each.time) for each in store.list(lake.PENDING)]
    report = read_part(Part(0, (planned,), root, "b1", max_json_bytes=2**40))
    assert [document.reason for document in report.documents] == [None]


if __name__ == "__main__":
    main(sys.argv[1])
