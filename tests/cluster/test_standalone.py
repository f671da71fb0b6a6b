"""A cluster leaves no process behind."""

import subprocess
import sys
from pathlib import Path

from tests.cluster.lakes import ROOT
from tests.cluster.standalone import processes_in
from tests.waiting import PATIENCE, started, wait_for


def test_a_cluster_whose_tests_are_terminated_ends_with_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.cluster.standalone", str(tmp_path), "1"]
    with started(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout
        assert program.stdout.readline().startswith(b"spark://127.0.0.1:")
        assert len(processes_in(tmp_path)) == 2  # master and worker

        program.terminate()
        program.wait(PATIENCE)

        wait_for(lambda: not processes_in(tmp_path), "master and worker to end")
