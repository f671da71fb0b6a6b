"""Foreign text in the programs' output contains no terminal commands, and lines for machines stay whole."""

import ast
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.terminal import printable
from tests.extract_lambda.api import Api, Playlist, rows, running
from tests.waiting import PATIENCE, started

ROOT = Path(__file__).parents[1]
# Escape, bell, return, newline, tab, DEL; C1's CSI and NEL; bidirectional, invisible and tag characters; a separator.
HOSTILE = "\x1b]0;x\x07\r\n\t\x7f\x9b2J\x85\u202e\u2066\u200f\u061c\u200b\ufeff\U000e0041\u2028"
# As a JSON document writes it, typed by hand.
HOSTILE_JSON = r"\u001b]0;x\u0007\r\n\t\u007f\u009b2J\u0085\u202e\u2066\u200f\u061c\u200b\ufeff\udb40\udc41\u2028"
# The same for people, with a replacement character for each.
SEEN = "\ufffd]0;x" + "\ufffd" * 6 + "2J" + "\ufffd" * 9
# Replaces AWS's own runtime, so it imports nothing of the suite.
NO_PROGRAMS = {"deploy.local.aws.bootstrap"}
# They take no arguments and start working at once.
WITHOUT_ARGUMENTS = {"deploy.aws.build", "deploy.local.aws.jars", "deploy.local.spark_class_archive"}


def programs() -> dict[str, ast.Module]:
    """Every module that can be started, by name."""
    modules = {}
    for package in ("shared", "glue_jobs", "extract_lambda", "deploy"):
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if any(isinstance(node, ast.If) and "__main__" in ast.unparse(node.test) for node in tree.body):
                modules[".".join(path.relative_to(ROOT).with_suffix("").parts)] = tree
    return {name: tree for name, tree in modules.items() if name not in NO_PROGRAMS}


def start(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, *arguments]
    env = {"PATH": os.environ["PATH"], "JAVA_HOME": os.environ.get("JAVA_HOME", "")} | (environment or {})
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(command, cwd=ROOT, env=env, **pipes) as program:
        stdout, stderr = program.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(command, program.returncode, stdout, stderr)


def unprintable(printed: bytes) -> str:
    """The characters that a terminal would obey or hide, except newlines between lines."""
    return "".join(character for character in printed.decode() if character != "\n" and not character.isprintable())


def assert_printable(done: subprocess.CompletedProcess[bytes]) -> None:
    assert (unprintable(done.stdout), unprintable(done.stderr)) == ("", ""), (done.stdout, done.stderr)


def test_a_value_for_people_is_one_line_of_visible_characters() -> None:
    assert printable(f"Früh {HOSTILE}深夜 \ud800") == f"Früh {SEEN}深夜 \ufffd"


def test_every_program_sets_its_output_up_before_anything_else() -> None:
    modules = programs()
    assert len(modules) >= 23
    forgotten = []
    for name, tree in modules.items():
        [start_of] = [node for node in tree.body if isinstance(node, ast.If)]
        [main] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
        first = ast.unparse(main.body[1])  # after the docstring
        if "run_command(" not in ast.unparse(start_of) and first != "set_up_output()":
            forgotten.append(name)
    assert forgotten == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(programs().keys() - WITHOUT_ARGUMENTS))
def test_an_argument_is_shown_without_its_commands(name: str) -> None:
    done = start("-m", name, f"--{HOSTILE}", environment={"HOME": "/nonexistent"})

    assert done.returncode in {1, 2}
    assert done.stderr
    assert_printable(done)


LOGGING = """
import json, logging, sys
from shared.terminal import set_up_output
set_up_output()
set_up_output()  # once is enough, twice does no harm
logging.basicConfig(stream=sys.stderr, format="%(message)s")
hostile = json.loads(sys.argv[1])
log = logging.getLogger("a")
log.warning("message " + hostile.replace("%", ""))
log.warning("argument %s", hostile)
try:
    raise ValueError(hostile + "\\nforged line")
except ValueError:
    log.exception("trace of %s", hostile)
print(json.dumps({"name": hostile}, ensure_ascii=False))
print("name", hostile, "\\ud800")
raise ValueError(hostile)
"""


def test_log_lines_their_arguments_and_traces_are_printable() -> None:
    done = start("-c", LOGGING, f'"{HOSTILE_JSON}"')

    assert_printable(done)
    lines = done.stderr.decode().splitlines()
    assert [line[:7] for line in lines[:4]] == ["message", "argumen", "trace o", "    Tra"]
    assert "forged line" in done.stderr.decode()
    assert "forged line" not in lines  # lines of a trace are indented, so none can pass for a log record
    assert done.stderr.decode().count("]0;x") == 5
    assert json.loads(done.stdout.splitlines()[0]) == {"name": HOSTILE}


HOSTILE_SONG = f"""{{"items": [{{"added_at": "2026-11-01T08:00:00Z", "added_by": {{"id": "{HOSTILE_JSON}"}},
"item": {{"type": "track", "id": "s1", "name": "{HOSTILE_JSON}", "duration_ms": 1000,
"explicit": null, "disc_number": 1, "track_number": 1, "album": null, "uri": null,
"artists": [{{"id": "a1", "name": "{HOSTILE_JSON}", "uri": null}}]}}}}], "total": 1}}"""
NAMES = [f"{HOSTILE}{number}.json" for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[bytes]]:
    """A lake with files of hostile names and contents, and the job's output."""
    lake = tmp_path_factory.mktemp("lake")
    contents = (f'{{"type": "{HOSTILE_JSON}"}} {HOSTILE}', f'{{"type": "{HOSTILE_JSON}"}}', HOSTILE_SONG, "{}")
    for name, text in zip((*NAMES, f"{HOSTILE}\udcc3.json"), contents, strict=True):
        file = lake / "raw" / "pending" / "drop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        os.utime(file, (0, 0))
    return lake, start("glue_jobs/explode_playlists.py", "--lake", str(lake))


@pytest.mark.jvm
def test_the_job_reads_files_of_any_name_and_its_lines_stay_whole(
    job: tuple[Path, subprocess.CompletedProcess[bytes]],
) -> None:
    _, done = job

    assert done.returncode == 0, done.stderr
    assert_printable(done)
    [line] = done.stdout.decode().splitlines()
    assert list(json.loads(line)["quarantined"]) == [f"raw/pending/drop/{name}" for name in NAMES[:2]]
    messages = done.stderr.decode().splitlines()
    assert sum(" goes to quarantine: " in text for text in messages) == 2
    assert sum(text.startswith("  quarantined: ") for text in messages) == 2
    assert any("its name is not UTF-8; rename it" in text for text in messages)


@pytest.mark.jvm
@pytest.mark.parametrize(
    "command",
    [
        ("deploy.operate.why", "--table", "songs", "--id", "s1"),
        ("deploy.operate.why", "--table", f"songs{HOSTILE}", "--id", "s1"),
        ("deploy.operate.why", "--table", "songs", "--id", HOSTILE),
        ("deploy.operate.status",),
        ("deploy.operate.forget", "--dry-run", "--user", HOSTILE),
        ("deploy.operate.retention", "--days", "60"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_command_shows_the_lake_without_commands_to_the_terminal(
    job: tuple[Path, subprocess.CompletedProcess[bytes]], command: tuple[str, ...], more: tuple[str, ...]
) -> None:
    lake, _ = job

    done = start("-m", *command, "--lake", str(lake), *more)

    assert done.stdout + done.stderr
    assert_printable(done)
    if more and done.stdout:
        assert len(done.stdout.splitlines()) == 1
        json.loads(done.stdout)


@pytest.mark.jvm
def test_the_json_of_a_command_keeps_a_name_as_it_is(job: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    lake, _ = job

    done = start("-m", "deploy.operate.why", "--table", "songs", "--id", "s1", "--lake", str(lake), "--json")

    [seen] = json.loads(done.stdout)["observations"]
    assert seen["row"]["name"] == HOSTILE
    assert seen["place"]["raw_object"] == f"raw/processed/00000000000000000001/drop/{NAMES[2]}"


@pytest.fixture
def spotify(tmp_path: Path) -> Iterator[tuple[Api, dict[str, str]]]:
    """A Spotify stub with hostile names and errors, and the environment of a run that reads it."""
    with running(Api()) as api:
        api.playlists = {"1a": Playlist(rows("s1"), name=HOSTILE), "1b": Playlist(rows("s2"), name=HOSTILE)}
        api.fail("/1b/items", 403, f'{{"error": {{"status": 403, "message": "{HOSTILE_JSON}"}}}}')
        yield (
            api,
            {
                "LAKE_URI": str(tmp_path),
                "SPOTIFY_CLIENT_ID": "id",
                "SPOTIFY_CLIENT_SECRET": "secret",
                "SPOTIFY_REFRESH_TOKEN": "token",
                "SPOTIFY_API_URL": f"{api.url}/v1",
                "SPOTIFY_ACCOUNTS_URL": api.url,
                "SPOTIFY_MIN_REQUEST_INTERVAL": "0",
            },
        )


def test_the_extractor_prints_names_and_errors_on_one_line_each(spotify: tuple[Api, dict[str, str]]) -> None:
    done = start("-m", "extract_lambda", environment=spotify[1])

    assert_printable(done)
    assert [text[:4] for text in done.stderr.decode().splitlines()] == ["1/2 ", "2/2 "]
    assert json.loads(done.stdout)["counts"]["read"] == 1


def test_at_a_terminal_only_its_own_line_is_erased(spotify: tuple[Api, dict[str, str]]) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "extract_lambda"]
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "200", **spotify[1]}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=theirs, check=False, timeout=300
    )
    os.close(theirs)
    shown = os.read(ours, 100_000)
    os.close(ours)

    assert done.returncode == 0
    assert shown.startswith(f"\r\x1b[2K1/2 {SEEN}: ".encode())
    assert shown.endswith(b"\r\x1b[2K")
    assert unprintable(shown.replace(b"\r\x1b[2K", b"").replace(b"\r\n", b"\n")) == ""


LAMBDA = """
import contextlib, json, logging, sys
handler = logging.StreamHandler(open(2, "w"))  # as the runtime of AWS puts in before it imports the function
handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
logging.getLogger().addHandler(handler)
from extract_lambda.handler import FailedRunError, handle
class Context:
    def get_remaining_time_in_millis(self):
        return 900_000
logging.getLogger("shared.store").warning("Left out %s", json.loads(sys.argv[1]))
with contextlib.suppress(FailedRunError):
    handle({"scheduled_at": "2026-11-20T10:00:00Z"}, Context())
"""


@pytest.mark.parametrize("status", [403, 503])
def test_the_log_of_the_lambda_is_json_with_the_names_as_they_are(
    spotify: tuple[Api, dict[str, str]], status: int
) -> None:
    api, environment = spotify
    api.fail("/1a/items", status, HOSTILE)

    done = start("-c", LAMBDA, f'"{HOSTILE_JSON}"', environment=environment)

    assert_printable(done)
    logged = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["playlist"] for line in logged if "playlist" in line} == {HOSTILE}
    assert done.stderr.decode().splitlines() == [f"[WARNING] Left out {SEEN}"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deploy.local.report", "deploy.local.demo", "deploy.local.run"])
def test_a_sentence_that_names_a_folder_is_one_line(tmp_path: Path, name: str) -> None:
    out = tmp_path / HOSTILE
    out.mkdir()
    (out / "file").touch()
    if name == "deploy.local.run":
        (out / ".made-by-make-demo").touch()

    done = start("-m", name, "--out", str(out))

    assert_printable(done)
    [sentence] = done.stderr.decode().splitlines()
    assert f"/{SEEN}" in sentence


@pytest.mark.jvm
def test_why_names_a_raw_object_in_one_line(job: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    lake, _ = job

    done = start("-m", "deploy.operate.why", "--table", "songs", "--id", "s1", "--lake", str(lake))

    first = done.stdout.decode().splitlines()[0]
    assert first.startswith(f"songs, current: raw/processed/00000000000000000001/drop/{SEEN}3.json")
