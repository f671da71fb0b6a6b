"""Every command of every document is run, by this test or by the one that is named, or says which account it needs.

A page or section with a line `**Needs an AWS account**` (or Snowflake, or Spotify) is marked: from that line to the
section's end, or to the end of the page if the line is above the first section. `(needs an AWS account)` marks its
own line.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.waiting import finished

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# Each block of commands, and the lines that README shows below it.
BLOCKS = re.findall(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", README, re.MULTILINE | re.DOTALL)
RUN_BY_CI = {"make demo", "make test"}
NEEDS_ACCOUNT = re.compile(r"\*\*Needs an? [^*]*account[^*]*\*\*")
LINE_NEEDS_ACCOUNT = re.compile(r"\(needs an? [^)]*account\)")

# Run here, after README's own block has filled the folder; what a reader fills in has a value.
RUN_HERE = {
    "make report": "make report",
    "make forget USER=…": "make forget USER=somebody",
    "make forget USER=id": "make forget USER=somebody",
    "make forget USER=... QUARANTINE=yes": "make forget USER=somebody QUARANTINE=yes",
    "make forget ACCOUNT=me": "make forget ACCOUNT=me",
    "make retention DAYS=…": "make retention DAYS=400",
    "make why TABLE=songs ID=…": "make why TABLE=songs ID=0Song000000000000000A1",
    ".venv/bin/python glue_jobs/explode_playlists.py --lake out/drop/lake": (
        ".venv/bin/python glue_jobs/explode_playlists.py --lake out/drop/lake"
    ),
}
# Programs that another test starts, by the first words of the command.
RUN_BY = {
    "python -c": "tests/test_documents.py",  # README's block
    "make load": "tests/test_documents.py",
    "make status": "tests/test_documents.py",
    "make why": "tests/test_documents.py",
    "make forget": "tests/deploy/operate/test_forget.py",
    "make retention": "tests/deploy/operate/test_retention.py",
    "make login": "tests/extract_lambda/test_login.py",
    "make run": "tests/deploy/local/test_run.py",
    "make report": "tests/deploy/local/report/test_command.py",
    "make import": "tests/deploy/local/test_import_plays.py",
    "make notebook": "tests/test_notebook.py",
    "make doctor": "tests/deploy/operate/test_doctor.py",
    "make generate": "tests/deploy/generate/test_generate.py",
    "make new-table": "tests/deploy/generate/test_new.py",
    "make new-column": "tests/deploy/generate/test_new.py",
    "make fuzz": "tests/glue_jobs/test_fuzz.py",
    "python -m extract_lambda": "tests/deploy/local/test_run.py",
    "python -m extract_lambda.login": "tests/extract_lambda/test_login.py",
    "python -m deploy.operate.doctor": "tests/deploy/operate/test_doctor.py",
    "python -m deploy.operate.status": "tests/deploy/operate/test_status.py",
    "python -m deploy.local.bi_preview": "tests/deploy/local/test_bi_preview.py",
    "python -m deploy.local.spotify": "tests/deploy/local/spotify/test_server.py",
    "python -m deploy.generate": "tests/deploy/generate/test_generate.py",
    "python -m glue_jobs.explode_playlists": "tests/deploy/generate/test_new.py",
    "python glue_jobs/explode_playlists.py": "tests/glue_jobs/test_replay.py",
    "python -m tests.benchmarks.scale": "tests/test_benchmarks.py",
}
# Parts of the gate, and what takes many minutes: no test runs them.
GATE = {"make ci", "make format", "make bench", "make bench-snowflake", "make test-glue6"}
PROGRAMS = ("make", "aws", "docker", "dbt", "snow", "terraform", "python")


@dataclass(frozen=True)
class Shown:
    """A command of a document, without variables in front of it."""

    document: str
    command: str
    needs_account: bool

    @property
    def key(self) -> str:
        """What it starts: `make target`, `python -m module` or `python file`; else its program."""
        words = [word for word in self.command.split() if not re.match(r"[A-Z_0-9]+=", word)]
        if words[0] == "python":
            return " ".join(words[:3] if words[1] == "-m" else words[:2])
        return " ".join(words[:2]) if words[0] == "make" else words[0]


def shown(document: str, text: str) -> Iterator[Shown]:
    """The commands of fenced blocks and of code in sentences."""
    of_page = of_section = is_in_section = False
    fence = ""
    for line in text.splitlines():
        if line.startswith("```"):
            fence = "" if fence else line
            continue
        if not fence:
            if line.startswith("## "):
                is_in_section, of_section = True, False
            if NEEDS_ACCOUNT.search(line):
                of_page, of_section = of_page or not is_in_section, True
        lines = [line] if fence == "```sh" else re.findall(r"`([^`\n]+)`", line) if not fence else []
        for command in filter(None, map(command_of, lines)):
            is_marked = of_page or of_section or bool(LINE_NEEDS_ACCOUNT.search(line))
            yield Shown(document, command, is_marked)


def command_of(code: str) -> str | None:
    """The code if it is a command of a program of ours, or of a cloud's."""
    plain = re.sub(r"^(?:[A-Z_]+=\S+ )+", "", code.strip()).replace(".venv/bin/python", "python")
    words = plain.split()
    is_command = len(words) > 1 and words[0] in PROGRAMS and not re.fullmatch(r"[a-z]+\(.*", plain)
    return plain if is_command else None


ALL = [each for path in DOCUMENTS for each in shown(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))]


def targets_of_ci() -> set[str]:
    ci = MAKEFILE.partition("\nci:\n")[2].partition("\n\n")[0]
    return {f"make {target}" for target in re.findall(r"timed,([\w-]+),", ci)}


def unaccounted(commands: list[Shown]) -> list[str]:
    """Commands that are neither run nor marked."""
    here = {command.replace(".venv/bin/python", "python") for command in RUN_HERE}
    known = RUN_BY.keys() | GATE | targets_of_ci()
    return [
        f"{each.document}: {each.command}"
        for each in commands
        if not each.needs_account and each.command not in here and each.key not in known
    ]


def test_every_command_of_every_document_is_run_or_says_that_it_needs_an_account() -> None:
    assert len(ALL) > 150
    assert unaccounted(ALL) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`make deploy`\n", ["x.md: make deploy"]),
        ("```sh\naws s3 ls\n```\n", ["x.md: aws s3 ls"]),
        ("`TZ=UTC .venv/bin/python -m deploy.new_program --x`\n", ["x.md: python -m deploy.new_program --x"]),
        ("**Needs an AWS account**\n## A\n`make deploy`\n## B\n`make deploy`\n", []),
        ("## A\n**Needs a Snowflake account**: `make snowflake`\n## B\n`make snowflake`\n", ["x.md: make snowflake"]),
        ("On AWS `make deploy` (needs an AWS account)\n`make destroy`\n", ["x.md: make destroy"]),
        ("`make status`, `make demo`, `makefile`, `make`\n```text\nmake deploy\n```\n", []),
    ],
)
def test_a_planted_command_is_reported(text: str, expected: list[str]) -> None:
    assert unaccounted(list(shown("x.md", text))) == expected


@pytest.mark.parametrize(("key", "file"), RUN_BY.items())
def test_the_named_test_starts_the_program(key: str, file: str) -> None:
    """Its text has the module, as an import or as an argument; of a test of README's block, the block itself."""
    text = README if file == "tests/test_documents.py" else (ROOT / file).read_text(encoding="utf-8")
    started = key
    if key.startswith("make ") and text is not README:
        recipe = re.search(rf"^{key.removeprefix('make ')}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
        started = recipe[1].splitlines()[-1] if recipe else ""
    module = re.search(r"-m (?!pytest)([\w.]+)|([\w/]+)\.py|pytest", started)
    name = (module[1] or module[2] or "pytest").replace("/", ".") if module else key
    folder, _, last = name.rpartition(".")

    assert re.search(
        rf"{re.escape(name)}\b|from {re.escape(folder)} import [^\n]*\b{last}\b|{re.escape(name.replace('.', '/'))}",
        text,
    ), (key, name)


@pytest.mark.parametrize("command", sorted({each.command for each in ALL if each.command.startswith("make ")}))
def test_every_target_of_make_exists(command: str) -> None:
    targets = [word for word in shlex.split(command)[1:] if "=" not in word]

    assert [name for name in targets if not re.search(rf"^{re.escape(name)}:", MAKEFILE, re.MULTILINE)] == []


def test_ci_runs_the_two_commands() -> None:
    assert {block.strip() for block, _ in BLOCKS} >= RUN_BY_CI
    assert targets_of_ci() >= RUN_BY_CI


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone, so that nothing of this folder helps or is left behind; with the environment that setup makes."""
    folder = tmp_path_factory.mktemp("documents") / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    for path in folder.rglob("*"):  # else the environment, which is complete, is older than what it is made from
        if path.is_file() and not path.is_relative_to(folder / ".venv"):
            os.utime(path, (0, 0))
    return folder


def in_clone(clone: Path, commands: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return finished(["sh", "-e"], commands, cwd=clone, env=plain | {"PYTHONPATH": str(clone), "OUT": "out/drop"})


@pytest.mark.jvm
@pytest.mark.parametrize(("block", "shown"), [pair for pair in BLOCKS if pair[0].strip() not in RUN_BY_CI])
def test_a_readme_command_runs_and_prints_what_is_shown(clone: Path, block: str, shown: str) -> None:
    done = in_clone(clone, block)

    assert "setup:" not in done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in shown.splitlines() if line.strip() not in done.stdout] == []


@pytest.mark.jvm
@pytest.mark.parametrize("command", dict.fromkeys(RUN_HERE.values()))
def test_a_command_of_a_document_runs(clone: Path, command: str) -> None:
    assert (clone / "out/drop/lake").is_dir(), "README's block comes first"

    done = in_clone(clone, command)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


def test_every_document_is_in_the_index_and_every_link_leads_to_a_file() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    documents = [
        path for path in (ROOT / "docs").glob("*") if path.suffix in {".md", ".ipynb"} and path.stem != "index"
    ]
    assert [path.name for path in documents if f"({path.name})" not in index] == []
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path}: {target}"
