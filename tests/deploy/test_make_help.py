"""`make` alone prints an aligned list of targets in groups."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
GROUPS = [
    "Try it",
    "Your playlists",
    "Look into it (out/mine if it is there, else out/demo; OUT=folder names another)",
    "AWS",
    "Snowflake",
    "Develop",
]
# Targets called by other targets, or for tools of tests.
INTERNAL = {"help", "login-exists", "setup", "spark-classes", "tools", "ci", "test-glue-pyarrow"}


def printed() -> list[str]:
    made = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stderr == ""
    return made.stdout.splitlines()


def test_the_list_has_its_groups_in_order() -> None:
    assert [line for line in printed() if line and not line.startswith(" ")] == GROUPS


def test_every_command_is_in_the_list_and_the_list_is_aligned() -> None:
    lines = [line for line in printed() if line.startswith(" ")]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {name for names in re.findall(r"^\.PHONY:(.*)", makefile, re.MULTILINE) for name in names.split()}

    commands = [re.fullmatch(r"  make (\S+)( \S.*?)?  +(\S.*)", line) for line in lines]

    assert all(commands), [line for line, command in zip(lines, commands, strict=True) if not command]
    assert {command[1] for command in commands if command} == targets - INTERNAL
    assert len({command.start(3) for command in commands if command}) == 1
    assert max(map(len, lines)) <= 115
