"""`make demo`: drops a handful of the project's own documents into a lake and runs the job over them."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from shared.lake import DROP, PROCESSED
from shared.tables import TABLES

_ROOT = Path(__file__).parents[2]
_CORPUS = _ROOT / "tests" / "golden"
_DROPPED = ("new_shape_page", "old_shape_playlist_in_list", "episodes", "local_files", "odd_values", "error_body")


def main() -> int:
    """The exit status of the job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/demo"), help="everything lies in this folder")
    out = parser.parse_args().out.resolve()
    lake = out / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    drop = lake / DROP / "at=20261120T100000Z"
    drop.mkdir(parents=True)
    for case in _DROPPED:
        for document in (_CORPUS / case).glob("*.json*"):
            if document.name != "expected.json":
                shutil.copyfile(document, drop / f"{case}-{document.name}")
    job = [sys.executable, str(_ROOT / "glue_jobs" / "explode_playlists.py"), "--lake", str(lake)]
    status = subprocess.run(job, check=False).returncode  # noqa: S603  # our own program
    if status == 0:
        for table in TABLES:
            files = lake / PROCESSED / table.name / "*" / "*.parquet"
            print(f"\n{table.name}: {table.grain}")
            print(duckdb.read_parquet(str(files), hive_partitioning=False).limit(3))
    return status


if __name__ == "__main__":
    sys.exit(main())
