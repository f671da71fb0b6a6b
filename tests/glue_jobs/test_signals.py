"""A signal to the whole process group, as service managers and `timeout` send it, ends the job orderly."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.glue_jobs.accounts import names
from tests.glue_jobs.test_explode_playlists import drop
from tests.waiting import PATIENCE, finished, started

ROOT = Path(__file__).parents[2]
JOB = str(ROOT / "glue_jobs" / "explode_playlists.py")


IGNORED_BY_PYTHON = """
import os, signal, time
from glue_jobs.runtime import glue_job

class Dying:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1000):
            time.sleep(0.001)

try:
    with glue_job("test", []):
        Dying()
        time.sleep(30)
        print("not ended")
except KeyboardInterrupt:
    print("ended in order")
"""


def test_a_signal_that_python_would_ignore_in_a_finalizer_ends_the_job() -> None:
    done = finished([sys.executable, "-c", IGNORED_BY_PYTHON], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})

    assert (done.returncode, done.stdout, done.stderr) == (0, "ended in order\n", "")


@pytest.mark.jvm
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seen", ["Spark 3", "playlist items read"])
def test_a_signal_to_the_group_ends_the_job_with_one_sentence(tmp_path: Path, sent: signal.Signals, seen: str) -> None:
    drop(tmp_path, "many_artists/page.json")
    command = [sys.executable, JOB, "--lake", str(tmp_path)]
    with started(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as job:
        assert job.stdout is not None
        for line in job.stdout:
            if seen in line:
                os.killpg(job.pid, sent)
                os.killpg(job.pid, sent)  # a second signal, as impatient users send
                break
        shown = job.stdout.readlines()
        status = job.wait(PATIENCE)

    sentence = "explode_playlists: stopped; what was committed stays, the rest is still pending: run again.\n"
    assert (status, shown[-1]) == (130, sentence)
    assert [line for line in shown if not line[:2].isdigit()] == [sentence]  # except the job's own progress
    assert names(tmp_path, "log/attempts") == []
