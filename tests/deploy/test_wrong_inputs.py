"""Every wrong input is answered with one sentence that names what was typed and says what to do."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from deploy.aws.__main__ import main as aws
from deploy.commands import run_command
from deploy.local import notebook
from deploy.local.bi_preview import main as bi_preview
from deploy.local.demo import main as demo
from deploy.local.import_plays import main as import_plays
from deploy.local.report.__main__ import main as report
from deploy.local.run import main as run
from deploy.local.screenshot import main as screenshot
from deploy.operate.doctor import main as doctor
from deploy.operate.forget import main as forget
from deploy.operate.forget_plays import main as forget_plays
from deploy.operate.retention import main as retention
from deploy.operate.status import main as status
from deploy.operate.why import main as why
from deploy.snowflake.deploy import main as snowflake
from glue_jobs.log_entry import Entry
from tests.waiting import PATIENCE, finished, started

ROOT = Path(__file__).parents[2]
Main = Callable[[Sequence[str]], int]
NAME_ANOTHER = "OUT=folder (without make: --lake)"
READ: dict[str, tuple[Main, list[str]]] = {
    "status": (status, []),
    "why": (why, ["--table=songs", "--id=s1"]),
    "forget": (forget, ["--user=u1"]),
    "retention": (retention, ["--days=400"]),
}
WRITE: dict[str, tuple[Main, list[str]]] = {
    "demo": (demo, []),
    "run": (run, []),
    "load": (run, ["--load-only"]),
    "report": (report, []),
    "notebook": (notebook.main, []),
    "import": (import_plays, [f"--file={ROOT}/tests/golden"]),
    "doctor": (doctor, ["--offline"]),
    "bi_preview": (bi_preview, []),
}


@pytest.fixture
def answer(capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must refuse; its sentence."""

    def ask(name: str, main: Main, *arguments: str, expected: int = 1) -> str:
        capfd.readouterr()
        assert run_command(name, main, arguments) == expected
        message = capfd.readouterr().err
        lines = [line for line in message.splitlines() if line.startswith(f"{name}: ")]
        assert message.splitlines()[-1:] == lines, message
        assert [word for word in ("Traceback", "Errno", "Error:", "usage:", "LOG_LEVEL") if word in message] == []
        return lines[0].removeprefix(f"{name}: ")

    return ask


# --- folders


@pytest.mark.parametrize("name", READ)
def test_a_folder_that_is_not_there_is_named(answer: Callable[..., str], tmp_path: Path, name: str) -> None:
    main, more = READ[name]
    out = tmp_path / "büro & mix 音楽"

    message = answer(name, main, f"--lake={out}/lake", *more)

    assert message == (
        f"there is no folder {out}: `make demo` makes a lake of made-up playlists, `make run` one of yours; "
        f"{NAME_ANOTHER} names another"
    )
    assert not out.exists()


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("what", ["empty", "of other files", "a file in place of the lake"])
def test_a_folder_without_a_lake_is_named(answer: Callable[..., str], tmp_path: Path, name: str, what: str) -> None:
    main, more = READ[name]
    out = tmp_path / "a b"
    out.mkdir()
    if what == "of other files":
        (out / "lake").mkdir()
        (out / "lake" / "letter.txt").touch()
    if what == "a file in place of the lake":
        (out / "lake").touch()

    message = answer(name, main, f"--lake={out}/lake", *more)

    assert message.startswith(
        f"{out} is a file, not a folder" if what.startswith("a file") else f"{out} holds no lake: name"
    )
    assert NAME_ANOTHER in message


@pytest.mark.parametrize("name", READ)
def test_a_file_in_place_of_the_folder_is_named(answer: Callable[..., str], tmp_path: Path, name: str) -> None:
    main, more = READ[name]
    (tmp_path / "out").touch()

    assert answer(name, main, f"--lake={tmp_path}/out/lake", *more) == (
        f"{tmp_path}/out is a file, not a folder with a lake: name one, {NAME_ANOTHER}"
    )


@pytest.mark.parametrize("name", WRITE)
def test_a_file_named_as_folder_is_refused_before_anything_starts(
    answer: Callable[..., str], tmp_path: Path, name: str
) -> None:
    main, more = WRITE[name]
    file = tmp_path / "letter.txt"
    file.touch()

    for out in (file, file / "deeper"):
        message = answer(name, main, f"--out={out}", *more, expected=2)
        assert message == f"--out: {file} is a file: name a folder, such as OUT=out/mine; --help shows all options"
    assert file.is_file()


@pytest.mark.parametrize("name", WRITE)
def test_an_empty_name_is_no_folder(answer: Callable[..., str], name: str) -> None:
    main, more = WRITE[name]

    message = answer(name, main, "--out= ", *more, expected=2)

    assert message.startswith("--out: it is empty: name a folder, such as OUT=out/mine")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "load",
            "there is no lake in {out}: put files into {out}/lake/raw/pending/drop/ first, or name",
        ),
        ("report", "there is no warehouse in {out}: make load OUT={out} makes it from the lake there"),
        ("notebook", "{out} has no lake with a warehouse: `make demo` makes both"),
        ("bi_preview", "there is no warehouse in {out}: `make demo` makes one"),
    ],
)
@pytest.mark.parametrize("is_there", [True, False])
def test_an_empty_folder_is_named(
    answer: Callable[..., str], tmp_path: Path, name: str, words: str, *, is_there: bool
) -> None:
    main, more = WRITE[name]
    out = tmp_path / "größer als"
    if is_there:
        out.mkdir()

    assert answer(name, main, f"--out={out}", *more).startswith(words.format(out=out))
    assert list(tmp_path.rglob("*")) == ([out] if is_there else [])


@pytest.mark.parametrize("name", ["demo", "import", "load", "report", "notebook"])
def test_a_folder_that_may_not_be_written_is_named_without_a_number(
    answer: Callable[..., str], others_lake: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, more = WRITE[name]
    monkeypatch.setenv("HOME", str(others_lake))
    out = others_lake / "shut"
    out.mkdir()
    if name in {"load", "report", "notebook"}:
        (out / "lake").mkdir()
        (out / "warehouse").mkdir()
        (out / "warehouse" / "SPOTIFY.db").touch()
        (out / "warehouse").chmod(0o500)
    out.chmod(0o500)

    message = answer(name, main, f"--out={out}", *more)

    assert str(out) in message
    assert "permission" in message.lower() or "another program" in message


@pytest.mark.parametrize("name", ["status", "retention"])
def test_a_lake_that_may_not_be_read_is_named(answer: Callable[..., str], others_lake: Path, name: str) -> None:
    main, more = READ[name]
    (others_lake / "log").mkdir()
    others_lake.chmod(0)
    try:
        message = answer(name, main, f"--lake={others_lake}", *more)
    finally:
        others_lake.chmod(0o700)

    assert str(others_lake) in message
    assert "permission denied" in message.lower()


def test_a_folder_of_other_files_is_left_alone_by_the_demo(answer: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()

    message = answer("demo", demo, f"--out={tmp_path}")

    assert message == f"{tmp_path} holds files that no demo made: name an empty folder, make demo OUT=folder"
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("version", "words"),
    [(0, "An older version of the suite wrote this lake"), (99, "A newer version of the suite wrote this log entry")],
)
def test_a_lake_of_another_version_is_named(
    answer: Callable[..., str], tmp_path: Path, version: int, words: str
) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / f"{1:020}.json").write_text(f'{{"version": {version}, "number": 1}}', encoding="utf-8")

    assert Entry  # whose version this is
    for name in ("forget", "retention"):
        main, more = READ[name]
        assert words in answer(name, main, f"--lake={tmp_path}", *more)


def test_a_warehouse_that_is_a_file_is_named(answer: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "w").touch()

    message = answer("status", status, f"--lake={tmp_path}", f"--warehouse={tmp_path}/w")

    assert message == f"{tmp_path}/w is a file: --warehouse is the folder of a warehouse on this machine"


# --- values


@pytest.mark.parametrize("days", ["abc", "-5", "0", "1.5", "1e3", "", " ", "9999999", "vier"])
def test_days_that_are_no_number_are_named(answer: Callable[..., str], days: str) -> None:
    message = answer("retention", retention, f"--days={days}", expected=2)

    assert message == f"--days: {days!r} is no whole number from 1 to 999999; --help shows all options"


def test_too_few_days_and_more_than_the_calendar_has(
    answer: Callable[..., str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    message = answer("retention", retention, "--days=3", f"--lake={tmp_path}")
    assert message.startswith("3 days are too few: ")
    assert message.endswith("keep at least 60, DAYS=60")

    assert run_command("retention", retention, ["--days=999999", f"--lake={tmp_path}"]) == 0
    assert capfd.readouterr().out == "Nothing to remove.\n"


@pytest.mark.parametrize("first", ["0", "-1", "x"])
def test_a_first_batch_that_is_no_number_is_named(answer: Callable[..., str], first: str) -> None:
    message = answer("status", status, f"--first={first}", expected=2)

    assert message.startswith(f"--first: {first!r} is no whole number")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a table and an id, make why TABLE=songs ID=…; tables are songs, "),
        (["--table=song"], "there is no table song; there are songs, albums, "),
        (["--table=songs;drop"], "there is no table songs;drop; there are songs, "),
        (["--table=songs"], "name an id, make why TABLE=songs ID=…: song_id; the report's links, the BI views and"),
        (["--table=songs", "--id=nix"], "songs has no row with song_id nix"),
        (["--table=songs", "--id=a,b"], "an id of songs is song_id: name the first of them or all"),
        (["--table=songs", "--id=é 音"], "songs has no row with song_id é 音"),
    ],
)
def test_why_says_what_it_needs(answer: Callable[..., str], tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "processed").mkdir()

    assert answer("why", why, f"--lake={tmp_path}", *arguments).startswith(words)


@pytest.mark.parametrize("user", ["", "  ", "spotify:user:"])
def test_an_empty_user_is_no_person_to_forget(answer: Callable[..., str], tmp_path: Path, user: str) -> None:
    message = answer("forget", forget, f"--lake={tmp_path}", f"--user={user}")

    assert message == "USER is empty: name the person, USER=id as in spotify:user:id, or USER=ALL"


@pytest.mark.parametrize("label", ["Me", "a b", "me@example.org", "x" * 33, ""])
def test_a_label_that_is_none_is_named(answer: Callable[..., str], tmp_path: Path, label: str) -> None:
    message = answer("forget", forget_plays, f"--lake={tmp_path}", f"--account={label}")
    assert message.startswith(f"ACCOUNT={label} is no label: write the one that the history was imported under")

    message = answer("import", import_plays, f"--file={tmp_path}", f"--account={label}", f"--out={tmp_path}/out")
    assert message.startswith(f"ACCOUNT={label} is no label: write at most 32 of a-z")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--file=nix.zip"], "there is no file nix.zip: name the download, such as FILE=my_spotify_data.zip"),
        (["--file=.", "--keep=country,phone"], "KEEP has no phone: write any of platform, country, private"),
        (["--file=.", "--packaged=gestern"], "PACKAGED=gestern is no ISO time: write it such as 2026-11-20T10:00:00Z"),
    ],
)
def test_import_names_what_is_wrong_and_makes_no_folder(
    answer: Callable[..., str], tmp_path: Path, arguments: list[str], words: str
) -> None:
    assert answer("import", import_plays, f"--out={tmp_path}/out", *arguments).startswith(words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "main", "arguments", "words"),
    [
        ("demo", demo, ["--days=0"], "--days: '0' is no whole number"),
        ("demo", demo, ["--days=-3"], "--days: '-3' is no whole number"),
        ("demo", demo, ["--class=X"], "--class: invalid choice: 'X'"),
        ("run", run, ["--nonsense"], "unrecognized arguments: --nonsense"),
        ("status", status, ["--lake"], "--lake: expected one argument"),
        ("stack", aws, ["deploi"], "command: invalid choice: 'deploi'"),
        ("stack", aws, ["destroy", "--now"], "unrecognized arguments: --now"),
        ("snowflake", snowflake, ["--lag=1"], "unrecognized arguments: --lag=1"),
        ("screenshot", screenshot, ["a", "b", "--width=wide"], "--width: 'wide' is no whole number"),
    ],
)
def test_an_argument_that_does_not_exist_is_one_sentence(
    answer: Callable[..., str], name: str, main: Main, arguments: list[str], words: str
) -> None:
    message = answer(name, main, *arguments, expected=2)

    assert message.startswith(words)
    assert message.endswith("; --help shows all options")


@pytest.mark.parametrize("environment", ["", "Dev", "dev prod", "../x", "ä"])
@pytest.mark.parametrize("command", ["deploy", "destroy", "plan", "show"])
def test_an_environment_that_is_no_name_is_named(
    answer: Callable[..., str], command: str, environment: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "terraform").write_text('#!/bin/sh\necho \'{"terraform_version": "1.12.0"}\'\n', encoding="utf-8")
    (tmp_path / "terraform").chmod(0o755)
    monkeypatch.setenv("TERRAFORM", str(tmp_path / "terraform"))

    message = answer("stack", aws, command, f"--env={environment}")

    assert message.startswith(f"{environment!r} is no name of an environment: small letters and digits")


def test_snowflake_without_a_stack_names_the_command_that_makes_it(
    answer: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "terraform").write_text('#!/bin/sh\necho \'{"terraform_version": "1.12.0"}\'\n', encoding="utf-8")
    (tmp_path / "terraform").chmod(0o755)
    outputs = tmp_path / "outputs.json"
    outputs.write_text("{}", encoding="utf-8")

    message = answer("snowflake", snowflake, "--env=dev", f"--outputs={outputs}")
    assert message == (
        "environment dev has no stack on AWS, and Snowflake loads from there: `make deploy ENV=dev` makes it "
        "(docs/deploy.md)"
    )

    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.delenv("TERRAFORM", raising=False)
    message = answer("snowflake", snowflake, "--env=dev")
    assert message.startswith(
        "Snowflake loads from the stack that `make deploy ENV=dev` makes on AWS: there is no terra"
    )


# --- the job


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lake={tmp}", "--source={tmp}/nix"], "There is no file or folder {tmp}/nix: check --source."),
        (["--lake={tmp}", "--source="], "--source: it is empty: name a folder, a file or s3://bucket/prefix"),
        (["--lake= "], "--lake: it is empty: name a folder, a file or s3://bucket/prefix"),
        (["--lake={tmp}/nix"], "There is no lake at {tmp}/nix: create the folder or check --lake."),
        (["--lake={tmp}/file"], "{tmp}/file is a file, and a lake is a folder: check --lake."),
        (
            ["--lake={tmp}", "--replay=abc"],
            "--replay: no number of a batch such as 3, and no range such as 3..7: 'abc'",
        ),
        (["--lake={tmp}", "--replay=7"], "--replay 7..7: the log of file://{tmp} is empty"),
    ],
)
@pytest.mark.jvm
def test_the_job_names_what_is_wrong(tmp_path: Path, arguments: list[str], words: str) -> None:
    (tmp_path / "file").touch()
    job = [sys.executable, "glue_jobs/explode_playlists.py", *(each.format(tmp=tmp_path) for each in arguments)]

    done = finished(job, cwd=ROOT)

    assert done.returncode in {1, 2}
    [line] = done.stderr.splitlines()
    assert words.format(tmp=tmp_path) in line
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# --- a closed pipe, and Ctrl-C


PRINTING = {
    "status": [sys.executable, "-m", "deploy.operate.status", "--lake={tmp}"],
    "retention": [sys.executable, "-m", "deploy.operate.retention", "--days=400", "--lake={tmp}"],
    "doctor": [sys.executable, "-m", "deploy.operate.doctor", "--offline", "--out={tmp}"],
    "help": [sys.executable, "-m", "deploy.local.demo", "--help"],
}


@pytest.mark.parametrize("is_unbuffered", [False, True])
@pytest.mark.parametrize("name", PRINTING)
def test_a_closed_output_pipe_is_no_error_to_show(tmp_path: Path, name: str, *, is_unbuffered: bool) -> None:
    (tmp_path / "log").mkdir()
    command = [each.format(tmp=tmp_path) for each in PRINTING[name]]
    reader, writer = os.pipe()
    os.close(reader)  # as `head` does when it has seen enough

    plain = {key: value for key, value in os.environ.items() if key not in {"PYTHONUNBUFFERED", "MAKEFLAGS"}}
    environment = plain | ({"PYTHONUNBUFFERED": "1"} if is_unbuffered else {})
    with started(command, cwd=ROOT, env=environment, stdout=writer, stderr=subprocess.PIPE, text=True) as program:
        os.close(writer)
        message = program.communicate(timeout=PATIENCE)[1]

    assert [word for word in ("Traceback", "Errno", "Exception", "Error:") if word in message] == [], message


def test_the_list_of_commands_can_be_cut_by_head() -> None:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    for _ in range(3):
        done = finished(["sh", "-c", "make | head -1"], cwd=ROOT, env=plain)
        assert (done.stdout, done.stderr) == ("Try it\n", "")


# In Python's own start-up: sends the program Ctrl-C when it begins to import a module.
INTERRUPT = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["AT"]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
"""
PROGRAMS = {
    "demo": (["-m", "deploy.local.demo"], ["deploy.commands", "duckdb", "fakesnow"]),
    "run": (["-m", "deploy.local.run"], ["deploy.local.chain", "extract_lambda.login_place"]),
    "report": (["-m", "deploy.local.report"], ["deploy.local.report.covers"]),
    "status": (["-m", "deploy.operate.status"], ["shared.tables.songs", "pyarrow"]),
    "deploy": (["-m", "deploy.aws", "plan"], ["deploy.aws.destroy", "boto3"]),
    "the Lambda": (["-m", "extract_lambda"], ["spotipy", "extract_lambda.settings"]),
    "the job": ([f"{ROOT}/glue_jobs/explode_playlists.py", "--lake", "x"], ["glue_jobs.commit_log", "pyspark"]),
}


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, (_, places) in PROGRAMS.items() for at in places])
def test_ctrl_c_shows_no_trace_however_early(tmp_path: Path, name: str, at: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPT, encoding="utf-8")

    done = finished(
        [sys.executable, *PROGRAMS[name][0]],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": ":".join([str(tmp_path), str(ROOT), os.environ.get("PYTHONPATH", "")]), "AT": at},
    )

    assert done.returncode in {-signal.SIGINT, 130}
    assert done.stderr.splitlines()[-1].endswith(("stopped before it began.", "run again at any time."))
    assert "Traceback" not in done.stderr
