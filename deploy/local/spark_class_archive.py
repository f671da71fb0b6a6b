"""Makes Spark start faster: `python -m deploy.local.spark_class_archive`; `make` runs it before the first test or run.

Java loads and verifies thousands of classes whenever it starts Spark. This program runs the job once and lets Java save
the loaded classes to a file of this environment (a class data sharing archive). glue_jobs.runtime then passes the file
to Java. Everything also works without the file.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.commands import run_command
from deploy.local.steps import end_on_sigterm
from glue_jobs.java import RuntimeProblemError, find_java
from glue_jobs.runtime import CLASSES
from shared import lake

_ROOT = Path(__file__).parents[2]
_ARTIST = {"id": "a1", "name": "An artist"}
_SONG = {"type": "track", "id": "s1", "name": "A song", "artists": [_ARTIST], "album": {"id": "al1", "artists": []}}
_PAGE = {"items": [{"added_at": "2026-07-01T08:00:00Z", "item": _SONG}]}
_FOLDER = "spark-classes-"  # the temporary folder beside the archive
_LEFT_SECONDS = 3600
_STOPPED = "stopped; no unfinished file is left. The next `make run` prepares Spark's classes again."


def main(_: Sequence[str] = ()) -> int:
    """Write the archive again. The exit status is 0 even if this Java cannot write it; then a sentence says so."""
    print("preparing Spark's classes (once, about half a minute) …", file=sys.stderr, flush=True)
    _remove_what_killed_runs_left()
    with tempfile.TemporaryDirectory(dir=CLASSES.parent, prefix=_FOLDER) as folder:
        made = Path(folder) / CLASSES.name
        page = Path(folder) / lake.DROP / "at=20261120T100000Z" / "page.json"
        page.parent.mkdir(parents=True)
        page.write_text(json.dumps(_PAGE), encoding="utf-8")
        CLASSES.unlink(missing_ok=True)
        try:
            java = find_java()
        except RuntimeProblemError as error:
            return _done_without(str(error))
        output = _run_job(folder, made)
        if not made.is_file():
            return _done_without(output)
        if not _is_whole(java, made):
            return _done_without("the file was not written whole")
        made.replace(CLASSES)
    return 0


def _remove_what_killed_runs_left() -> None:
    for left in CLASSES.parent.glob(f"{_FOLDER}*/"):
        if time.time() - left.stat().st_mtime > _LEFT_SECONDS:  # else another run may be using it
            shutil.rmtree(left, ignore_errors=True)


def _run_job(folder: str, made: Path) -> str:
    """Run the job; Java writes the archive at its end. Returns the output. Ctrl-C ends the job and its Java, too."""
    job = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-m", "glue_jobs.explode_playlists", "--lake", folder],
        cwd=_ROOT,
        env=os.environ | {"JAVA_TOOL_OPTIONS": f"-XX:ArchiveClassesAtExit={made}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        # Java ends after Python and then writes the file; communicate() waits until both have closed the pipe.
        return job.communicate()[0]
    except BaseException:  # else Java would continue and write into a folder that is being removed
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()
        raise


def _is_whole(java: str, made: Path) -> bool:
    """Whether Java can read the archive: it crashes on an incomplete file, such as a full disk leaves."""
    options = [f"-XX:SharedArchiveFile={made}", "-Xshare:auto", f"-XX:ErrorFile={os.devnull}"]
    tried = subprocess.run([java, *options, "-version"], capture_output=True, check=False)  # noqa: S603  # Spark's Java
    return tried.returncode == 0


def _done_without(why: str) -> int:
    why = why.strip()[-500:]
    print(f"Spark will take some seconds longer to start, since Java saved no classes: {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    end_on_sigterm()
    sys.exit(run_command("spark-classes", main, sys.argv[1:], stopped=_STOPPED))
