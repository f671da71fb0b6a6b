"""Every command that README shows is run: here, or by `make ci` itself."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.waiting import finished

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Each block of commands, and the lines that README shows below it.
BLOCKS = re.findall(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", README, re.MULTILINE | re.DOTALL)
RUN_BY_CI = {"make demo", "make test"}


def test_ci_runs_the_two_commands() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    ci = makefile.partition("\nci:\n")[2].partition("\n\n")[0]

    assert {block.strip() for block, _ in BLOCKS} >= RUN_BY_CI
    for command in RUN_BY_CI:
        assert f"timed,{command.removeprefix('make ')}," in ci


@pytest.mark.jvm
@pytest.mark.parametrize(("block", "shown"), [pair for pair in BLOCKS if pair[0].strip() not in RUN_BY_CI])
def test_a_readme_command_runs_and_prints_what_is_shown(block: str, shown: str, tmp_path: Path) -> None:
    # In a clone, so that no file of this folder is used or left behind; the environment is that of `make setup`.
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    (clone / ".venv").symlink_to(ROOT / ".venv")
    for path in clone.rglob("*"):  # else make would install the environment again, because its sources are newer
        if path.is_file() and not path.is_relative_to(clone / ".venv"):
            os.utime(path, (0, 0))

    done = finished(["sh", "-e"], block, cwd=clone, env=os.environ | {"PYTHONPATH": str(clone)})

    assert "setup:" not in done.stderr

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in shown.splitlines() if line.strip() not in done.stdout] == []


def test_every_document_is_in_the_index_and_every_link_has_a_target() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    documents = [
        path for path in (ROOT / "docs").glob("*") if path.suffix in {".md", ".ipynb"} and path.stem != "index"
    ]
    assert [path.name for path in documents if f"({path.name})" not in index] == []
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path}: {target}"
