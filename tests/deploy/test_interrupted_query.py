"""Ctrl-C during a query of the local warehouse ends a command like Ctrl-C at any other time."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, started

ROOT = Path(__file__).parents[2]
# The query ends by itself: at its exit Python waits for the threads of DuckDB that still work on it.
PROGRAM = """
import sys
import duckdb
from deploy.commands import run_command

def body(argv):
    print("begun", flush=True)
    duckdb.sql("select sum(a.range * b.range) from range(40000) a, range(50000) b").fetchall()
    return 0

sys.exit(run_command("command", body, [], stopped="stopped; run it again."))
"""


@pytest.mark.slow
def test_ctrl_c_during_a_query_is_the_commands_sentence() -> None:
    with started([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout
        assert program.stderr
        assert program.stdout.readline() == b"begun\n"
        time.sleep(1)
        program.send_signal(signal.SIGINT)
        message = program.communicate(timeout=PATIENCE)[1].decode()

    assert (program.returncode, message) == (130, "command: stopped; run it again.\n")
