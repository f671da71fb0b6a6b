"""Every command that README shows is run: here, or by `make ci` itself."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.waiting import finished

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
RUN_BY_CI = {"make demo", "make test"}


def test_ci_runs_the_two_commands() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    ci = makefile.partition("\nci:\n")[2].partition("\n\n")[0]

    assert {block.strip() for block in BLOCKS} >= RUN_BY_CI
    for command in RUN_BY_CI:
        assert f"timed,{command.removeprefix('make ')}," in ci


@pytest.mark.jvm
@pytest.mark.parametrize("block", [block for block in BLOCKS if block.strip() not in RUN_BY_CI])
def test_a_readme_command_runs(block: str, tmp_path: Path) -> None:
    # In a clone, so that nothing of this folder helps or is left behind; the environment is the one that setup makes.
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    (clone / ".venv").symlink_to(ROOT / ".venv")

    done = finished(["sh", "-e"], block, cwd=clone)

    assert done.returncode == 0, done.stdout + done.stderr
