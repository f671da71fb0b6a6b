"""Builds what is uploaded: `python -m deploy.build` makes dist/glue_jobs.zip, for spark-submit and for Glue.

Deterministic: the same files give the same bytes, so a content hash changes only with the content.
"""

import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_SUFFIXES = {".py", ".properties"}


def write_zip(target: Path, rooms: Iterable[str], root: Path = _ROOT) -> None:
    """The rooms' modules as a zip, sorted, without times and modes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for room in sorted(rooms):
            for path in sorted((root / room).rglob("*")):
                if path.suffix in _SUFFIXES and path.is_file():
                    entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _EPOCH)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.external_attr = 0o644 << 16
                    archive.writestr(entry, path.read_bytes())


def main(dist: Path = _ROOT / "dist") -> int:
    """Writes the job's zip into the folder."""
    target = dist / "glue_jobs.zip"
    write_zip(target, ["glue_jobs", "shared"])
    print(f"{target.relative_to(_ROOT)}: {target.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
