"""Starts Spark sooner: `python -m deploy.local.spark_class_archive`, once, as `make` does before a test or a run.

Java reads and checks thousands of classes whenever it starts Spark. Here it runs the job once and keeps them, as they
then are, in a file of this environment (a class data sharing archive) that glue_jobs.runtime gives it from then on.
Nothing depends on the file.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from glue_jobs.java import RuntimeProblemError, find_java
from glue_jobs.runtime import CLASSES
from shared import lake
from shared.terminal import set_up_output

_ROOT = Path(__file__).parents[2]
_ARTIST = {"id": "a1", "name": "An artist"}
_SONG = {"type": "track", "id": "s1", "name": "A song", "artists": [_ARTIST], "album": {"id": "al1", "artists": []}}
_PAGE = {"items": [{"added_at": "2026-07-01T08:00:00Z", "item": _SONG}]}


def main() -> int:
    """Write the archive again. The exit status is 0 even if this Java cannot write it; one sentence then says so."""
    set_up_output()
    with tempfile.TemporaryDirectory(dir=CLASSES.parent) as folder:
        made = Path(folder) / CLASSES.name
        page = Path(folder) / lake.DROP / "at=20261120T100000Z" / "page.json"
        page.parent.mkdir(parents=True)
        page.write_text(json.dumps(_PAGE), encoding="utf-8")
        CLASSES.unlink(missing_ok=True)
        try:
            java = find_java()
        except RuntimeProblemError as error:
            return _done_without(str(error))
        # Java writes the file when it ends, which is after Python has: run() waits for the last that may say something.
        said = subprocess.run(  # noqa: S603  # our own program
            [sys.executable, "-m", "glue_jobs.explode_playlists", "--lake", folder],
            cwd=_ROOT,
            env=os.environ | {"JAVA_TOOL_OPTIONS": f"-XX:ArchiveClassesAtExit={made}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        ).stdout
        if not made.is_file():
            return _done_without(said)
        if not _is_whole(java, made):
            return _done_without("the file was not written whole")
        made.replace(CLASSES)
    return 0


def _is_whole(java: str, made: Path) -> bool:
    """Java takes what it does not know for what it is; of half a file, as a full disk leaves it, it dies."""
    options = [f"-XX:SharedArchiveFile={made}", "-Xshare:auto", f"-XX:ErrorFile={os.devnull}"]
    looked = subprocess.run([java, *options, "-version"], capture_output=True, check=False)  # noqa: S603  # Spark's Java
    return looked.returncode == 0


def _done_without(why: str) -> int:
    why = why.strip()[-500:]
    print(f"Spark will take seconds longer to start, since Java keeps no classes: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
