"""Values passed to make reach the program unchanged; neither make nor the shell executes any part of them."""

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import finished

ROOT = Path(__file__).parents[2]
# A program in Python's place that prints its arguments.
STUB = """#!/bin/sh
exec python3 -c 'import json, os, sys; print(json.dumps([sys.argv[1:], os.environ.get("OUT")]))' "$@"
"""
VALUES = [
    "$(shell touch mark)",
    "$(touch mark)",
    "${HOME}",
    "$HOME",
    "u3$x",
    "u3$$x",
    "`touch mark`",
    "; touch mark",
    "& touch mark #",
    '" ; touch mark ; "',
    "'; touch mark ; '",
    "a b",
    "it's",
    'say "x"',
    "two\nlines",
    "two\ntouch mark",
    "back\\slash\\",
    "a#b",
    "-x",
    "a=b",
    "*",
    "%",
    "$(VENV)",
    "$(eval PYTHON := touch mark)",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with the real Makefile, whose programs only print their arguments."""
    for name in (
        "requirements.txt",
        "deploy/local/requirements.txt",
        "extract_lambda/requirements.txt",
        "deploy/setup.sh",
        "deploy/local/spark_class_archive.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text(STUB, encoding="utf-8")
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)
    for name in ("ready", "ready-tests", "spark-classes"):
        (tmp_path / ".venv" / name).touch()
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    return tmp_path


def make(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs make with these environment variables."""
    names = ("OUT", "ENV", "TABLE", "ID", "DAYS", "APPLY", "DATA", "N", "BENCH", "LAKE")
    plain = {key: value for key, value in os.environ.items() if not key.startswith("MAKE") and key not in names}
    return finished(["make", *words], cwd=folder, env=plain | variables)


# They print which folder they use if none is named.
USE_A_FOLDER = {"notebook", "report", "load", "status", "why", "forget", "retention"}


def started(folder: Path, *words: str, **variables: str) -> list[str]:
    """The arguments of the program that make started; asserts that it ran nothing else."""
    done = make(folder, *words, **variables)
    is_default = words[0] in USE_A_FOLDER and "OUT" not in variables and not any(w.startswith("OUT=") for w in words)
    assert (done.returncode, done.stderr) == (0, "in out/demo (OUT=folder names another)\n" if is_default else "")
    assert not (folder / "mark").exists()
    arguments, _ = json.loads(done.stdout)
    return [str(word) for word in arguments]


WHY = ["-m", "deploy.operate.why"]


@pytest.mark.parametrize("value", VALUES)
def test_an_id_arrives_as_it_was_typed(folder: Path, value: str) -> None:
    expected = [*WHY, "--lake=out/demo/lake", "--table=songs", f"--id={value}"]

    assert started(folder, "why", "TABLE=songs", f"ID={value}") == expected
    assert started(folder, "why", "TABLE=songs", ID=value) == expected


@pytest.mark.parametrize("value", VALUES)
def test_a_folder_arrives_as_it_was_typed(folder: Path, value: str) -> None:
    expected = ["-m", "deploy.operate.status", f"--lake={value}/lake", f"--warehouse={value}/warehouse"]

    assert started(folder, "status", f"OUT={value}") == expected
    assert started(folder, "run", OUT=value) == ["-m", "deploy.local.run", f"--out={value}"]


LAKE = ["--lake=out/demo/lake", "--warehouse=out/demo/warehouse"]


@pytest.mark.parametrize(
    ("target", "name", "before"),
    [
        ("why", "TABLE", ["deploy.operate.why", "--lake=out/demo/lake", "--table={}", "--id="]),
        ("demo", "OUT", ["deploy.local.demo", "--out={}"]),
        ("report", "OUT", ["deploy.local.report", "--out={}"]),
        ("load", "OUT", ["deploy.local.run", "--out={}", "--load-only"]),
        ("run", "OUT", ["deploy.local.run", "--out={}"]),
        ("doctor", "OUT", ["deploy.operate.doctor", "--out={}"]),
        ("deploy-plan", "ENV", ["deploy.aws", "plan", "--env={}"]),
        ("deploy", "ENV", ["deploy.aws", "deploy", "--env={}"]),
        ("destroy", "ENV", ["deploy.aws", "destroy", "--env={}"]),
        ("snowflake", "ENV", ["deploy.snowflake.deploy", "--env={}"]),
        ("snowflake-status", "ENV", ["deploy.operate.snowflake_status", "--env={}"]),
        ("snowflake-trust", "ENV", ["deploy.snowflake.trust", "--env={}"]),
        ("snowflake-pipe", "TABLE", ["deploy.snowflake.pipe", "--env=dev", "--table={}"]),
        ("bench-snowflake", "LAKE", ["tests.benchmarks.snowflake", "--lake={}"]),
        ("fuzz", "N", ["pytest", "-q", "tests/glue_jobs/test_fuzz.py", "--mutations={}"]),
        ("retention", "DAYS", ["deploy.operate.retention", *LAKE, "--days={}"]),
        ("forget", "USER", ["deploy.operate.forget", *LAKE, "--user={}"]),
        ("forget", "ACCOUNT", ["deploy.operate.forget_plays", *LAKE, "--account={}"]),
        ("import", "FILE", ["deploy.local.import_plays", "--file={}", "--out=out/mine"]),
    ],
)
def test_every_value_arrives_as_it_was_typed(folder: Path, target: str, name: str, before: list[str]) -> None:
    value = 'u3$x it\'s "$(shell touch mark)" `touch mark`; touch mark\ntouch mark'
    expected = ["-m", *(word.replace("{}", value) for word in before)]

    assert started(folder, target, f"{name}={value}") == expected
    if target != "forget":  # USER of the environment is the shell's own, and ACCOUNT may be anything's
        assert started(folder, target, **{name: value}) == expected


def test_a_space_at_the_beginning_arrives_from_the_environment(folder: Path) -> None:
    assert started(folder, "why", "TABLE=songs", ID="  a  b ")[-1] == "--id=  a  b "


@pytest.mark.parametrize("value", ["it's", 'a "b"', "$(shell touch mark)", "`touch mark`"])
def test_a_folder_is_shown_as_it_was_typed(folder: Path, value: str) -> None:
    assert started(folder, "notebook", f"OUT={value}") == ["-m", "deploy.local.notebook", f"--out={value}"]
    assert f"(OUT={value})" in make(folder, f"OUT={value}").stdout
    assert not (folder / "mark").exists()


def test_options_of_a_benchmark_are_words_and_no_patterns(folder: Path) -> None:
    (folder / "x.py").touch()

    assert started(folder, "bench", "BENCH=--sizes 100 --only *.py") == [
        *("-m", "tests.benchmarks", "--sizes", "100", "--only", "*.py"),
    ]
    assert started(folder, "bench", "BENCH=$(shell touch mark);`touch mark`") == [
        *("-m", "tests.benchmarks", "$(shell", "touch", "mark);`touch", "mark`"),
    ]


def test_unset_values_have_their_defaults(folder: Path) -> None:
    assert started(folder, "run") == ["-m", "deploy.local.run", "--out=out/mine"]
    assert started(folder, "fuzz")[-1] == "--mutations=100000"
    assert started(folder, "bench") == ["-m", "tests.benchmarks"]
    assert started(folder, "bench-snowflake") == ["-m", "tests.benchmarks.snowflake"]


NO_LOGIN = (
    "run: there is no Spotify login on this machine yet. `make login` makes one in a few minutes (docs/run.md says "
    "how); `make demo` needs none.\n"
)


def test_without_a_login_a_fresh_checkout_is_not_prepared_for_a_run(folder: Path) -> None:
    (folder / ".venv" / "ready").unlink()
    (folder / "deploy" / "setup.sh").write_text("touch mark", encoding="utf-8")
    home = folder / "home"
    environment = {"HOME": str(home), **dict.fromkeys(("SPOTIFY_SECRET_ARN", "SPOTIFY_CREDENTIALS_FILE"), "")}

    done = make(folder, "run", **environment)

    assert (done.returncode, done.stderr.splitlines(keepends=True)[0]) == (2, NO_LOGIN)
    assert not (folder / "mark").exists()
    for login in (
        {"SPOTIFY_SECRET_ARN": "arn"},
        {"SPOTIFY_REFRESH_TOKEN": "r"},
        {"SPOTIFY_CREDENTIALS_FILE": "Makefile"},
    ):
        (folder / "mark").unlink(missing_ok=True)
        make(folder, "run", **environment | login)
        assert (folder / "mark").exists()
    (folder / "mark").unlink()
    file = home / ".config/spotify-playlist-suite/credentials.json"
    file.parent.mkdir(parents=True)
    file.touch()
    make(folder, "run", **environment)
    assert (folder / "mark").exists()


def test_without_a_login_no_class_archive_is_made(folder: Path) -> None:
    (folder / ".venv" / "spark-classes").unlink()
    python = folder / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\necho "$@" >> started\nexit 1\n', encoding="utf-8")

    assert make(folder, "run").returncode == 2

    assert (folder / "started").read_text(encoding="utf-8") == "-m deploy.local.run --out=out/mine --check-login\n"
    python.write_text('#!/bin/sh\necho "$@" >> started\n', encoding="utf-8")
    assert make(folder, "run").returncode == 0
    assert (folder / "started").read_text(encoding="utf-8").splitlines()[1:] == [
        "-m deploy.local.run --out=out/mine --check-login",
        "-m deploy.local.spark_class_archive",
        "-m deploy.local.run --out=out/mine",
    ]


def test_yes_is_the_word_yes(folder: Path) -> None:
    person = ("forget", "USER=u3")

    assert started(folder, *person, "APPLY=yes")[-2:] == ["--user=u3", "--apply"]
    assert started(folder, *person, "APPLY=no")[-1] == "--user=u3"
    assert started(folder, *person, "APPLY=$(shell touch mark)yes")[-1] == "--user=u3"
    assert started(folder, "retention", "DAYS=400", "APPLY=yes")[-2:] == ["--days=400", "--apply"]
    assert started(folder, "deploy", APPLY="$(shell touch mark)")[-1] == "--env=dev"


@pytest.mark.parametrize("name", ["VENV", "PYTHON", "TOOL", "READY", "CLASSES", "ANYTHING"])
def test_a_variable_of_another_name_is_not_executed_either(folder: Path, name: str) -> None:
    make(folder, "why", f"{name}=$(shell touch mark);touch mark;")

    assert not (folder / "mark").exists()


def test_a_nested_make_gets_the_same_values(folder: Path) -> None:
    with (folder / "Makefile").open("a", encoding="utf-8") as file:
        file.write("\nnested:\n\t@$(MAKE) --no-print-directory status\n")

    assert started(folder, "nested", "OUT=$(shell touch mark)`touch mark` a'b")[2:] == [
        "--lake=$(shell touch mark)`touch mark` a'b/lake",
        "--warehouse=$(shell touch mark)`touch mark` a'b/warehouse",
    ]


def test_the_shells_user_is_never_forgotten(folder: Path) -> None:
    done = make(folder, "forget", USER="u3")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("forget: name the person, make forget USER=id, USER=ALL or ACCOUNT=label; APPLY=yes")


# --- the real programs


@pytest.fixture
def real(folder: Path, deployed: Path) -> Path:
    """The checkout with the real programs, and a lake in which u3 and u4 own a playlist each."""
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\ncd "{ROOT}" && exec "{sys.executable}" "$@"\n', encoding="utf-8")
    archive = folder / "it's a lake" / "lake" / "raw" / "processed" / "00000000000000000001"
    archive.mkdir(parents=True)
    shutil.copytree(deployed, folder / "it's a lake" / "warehouse")
    for user_id in ("u3", "u4"):
        document = {"type": "playlist", "owner": {"id": user_id}}
        (archive / f"{user_id}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def owners(real: Path) -> list[str]:
    """The contents of the two documents, if they exist."""
    archive = real / "it's a lake" / "lake" / "raw" / "processed"
    return [path.read_text(encoding="utf-8").strip() for path in sorted(archive.rglob("*.json"))]


U3, U4 = '{"type": "playlist", "owner": {"id": "u3"}}', '{"type": "playlist", "owner": {"id": "u4"}}'
WITHOUT_OWNER = '{"type": "playlist", "owner": null}'
NOTHING_DONE = "Nothing was removed. To do this, add APPLY=yes (without make: --apply)."


def typed(real: Path, text: str, *words: str) -> str:
    """Runs make at a terminal where this text is typed; its output."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "wb", buffering=0) as keyboard, os.fdopen(theirs, "rb", buffering=0) as terminal:
        keyboard.write(text.encode())
        done = subprocess.run(
            ["make", *words], cwd=real, stdin=terminal, capture_output=True, text=True, check=False, timeout=300
        )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_a_person_is_shown_and_forgotten_only_when_it_is_confirmed(real: Path) -> None:
    command = ("forget", f"OUT={real}/it's a lake", "USER=u3")

    shown = make(real, *command)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines() == [
        "u3 would be removed from:",
        "           1 raw documents",
        f"This cannot be undone. To keep a copy of the lake first: cp -r '{real}/it'\"'\"'s a lake/lake' COPY",
        NOTHING_DONE,
    ]
    assert NOTHING_DONE in typed(real, "yes\n", *command)
    assert NOTHING_DONE in typed(real, "\x04", *command)
    assert owners(real) == [U3, U4]

    assert "Type u3 to do this: u3 was removed from:" in typed(real, "u3\n", *command)
    assert owners(real) == [WITHOUT_OWNER, U4]


@pytest.mark.slow
def test_everything_is_forgotten_only_when_it_is_confirmed(real: Path) -> None:
    command = ("forget", f"OUT={real}/it's a lake", "USER=ALL")

    assert NOTHING_DONE in make(real, *command).stdout
    assert NOTHING_DONE in typed(real, "all\n", *command)
    assert owners(real) == [U3, U4]
    assert "Type ALL to do this: Everything was removed from:" in typed(real, "ALL\n", *command)
    assert owners(real) == []


@pytest.mark.slow
@pytest.mark.parametrize("user_id", ["u3$x", "$(shell touch mark)u3", "`echo u3`", "u3;", "u3 "])
def test_a_person_of_another_id_stays(real: Path, user_id: str) -> None:
    done = make(real, "forget", f"OUT={real}/it's a lake", f"USER={user_id}", "APPLY=yes")

    assert (done.returncode, done.stderr) == (0, "")
    assert owners(real) == ([WITHOUT_OWNER, U4] if user_id == "u3 " else [U3, U4])
    assert not (real / "mark").exists()


@pytest.mark.slow
def test_forgetting_with_apply_asks_nothing(real: Path) -> None:
    assert make(real, "forget", f"OUT={real}/it's a lake", "USER=u4", "APPLY=yes").returncode == 0
    assert owners(real) == [U3, WITHOUT_OWNER]


@pytest.mark.slow
def test_why_answers_for_the_id_that_was_typed(real: Path) -> None:
    done = make(real, "why", f"OUT={real}/it's a lake", "TABLE=songs", "ID=$(shell touch mark)`touch mark`")

    assert done.returncode == 2
    assert "$(shell touch mark)`touch mark`" in done.stderr
    assert not (real / "mark").exists()


def test_commands_that_read_a_folder_use_your_own_if_it_exists(folder: Path) -> None:
    targets = ("status", "why", "report", "load")
    words = {target: started(folder, target, "TABLE=songs", "ID=s1") for target in targets}
    assert [" ".join(words[target]).count("out/demo") > 0 for target in targets] == [True] * 4

    (folder / "out/mine/lake").mkdir(parents=True)

    for target in targets:
        done = make(folder, target, "TABLE=songs", "ID=s1")
        assert "out/mine" in done.stdout
        assert done.stderr == "in out/mine (OUT=folder names another)\n"
        assert "out/demo" in make(folder, target, "TABLE=songs", "ID=s1", "OUT=out/demo").stdout
    assert started(folder, "demo")[-1] == "--out=out/demo"
