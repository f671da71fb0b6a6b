"""`make run` with the user's own login: the second run adds to the folder of the first."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.commands import run_command
from deploy.local import run
from deploy.local.chain import StepError
from deploy.local.run import run_chain
from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.snowflake.embedded import EmbeddedSnowflake
from extract_lambda.config import SettingsError
from extract_lambda.credentials import CredentialsError
from shared.store import open_store
from tests.waiting import PATIENCE, finished, started, wait_for

ROOT = Path(__file__).parents[3]
FILE = ".config/spotify-playlist-suite/credentials.json"
LOGIN = {
    "client_id": "stub-client",
    "client_secret": "stub-secret",
    "refresh_token": "stub-refresh-token",
    "consented_at": "2026-11-10T10:00:00Z",
}
SECRETS = ("stub-secret", "stub-refresh-token", "stub-access-token")


@pytest.fixture
def stub() -> Iterator[SpotifyStub]:
    with SpotifyStub(Catalogue(size="small")) as stub:
        yield stub


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user with a stored login."""
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(LOGIN), encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def environment(stub: SpotifyStub, home: Path, **more: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "JAVA_HOME"}},
        "HOME": str(home),
        "SPOTIFY_API_URL": f"{stub.url}/v1",
        "SPOTIFY_ACCOUNTS_URL": stub.url,
        "SPOTIFY_MIN_REQUEST_INTERVAL": "0",
        **more,
    }


def start(stub: SpotifyStub, home: Path, out: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.local.run", "--out", str(out)]
    return finished(command, cwd=ROOT, env=environment(stub, home, **more))


@pytest.mark.jvm
def test_two_days_with_the_users_login_are_one_history(stub: SpotifyStub, home: Path) -> None:
    out = home / "mine"
    first = start(stub, home, out)
    stub.day = 1
    second = start(stub, home, out)

    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert "[1/4] The Lambda asks Spotify" in first.stderr
    assert "      4 playlists read (10 items), 0 unchanged, 1 of other people left out\n" in first.stderr
    assert "      2 playlists read (9 items), 1 unchanged, 1 gone, 1 of other people left out\n" in second.stderr
    assert f"The folder {out} has lake/, as S3 would, and warehouse/, as Snowflake would." in second.stdout
    assert "  BI.PLAYLIST_MEMBERSHIP          8\n" in first.stdout
    assert "  BI.PLAYLIST_MEMBERSHIP          9\n" in second.stdout
    last = second.stdout.splitlines()[-5:]
    assert last[0] == f"Report: {out}/report.html (open it in a browser)"
    assert last[2].startswith(f"  make why OUT={out} TABLE=songs ID=1song")
    assert "writing songs, " in first.stderr
    assert (out / "report.html").stat().st_size > 10_000
    shown = first.stdout + first.stderr + second.stdout + second.stderr
    assert [secret for secret in SECRETS if secret in shown] == []
    with EmbeddedSnowflake(out / "warehouse", open_store(str(out / "lake"))) as warehouse:
        checks = warehouse.query(
            "select playlist_name, status, count(*) as check_count from SPOTIFY.BI.PLAYLIST_CHECKS "
            "group by playlist_name, status order by playlist_name, status"
        )
    assert checks == [
        ("Brief", "gone", 1),
        ("Brief", "read", 1),
        ("Empty", "read", 1),
        ("Empty", "unchanged", 1),
        ("Kitchen radio", "read", 2),
        ("Morning", "read", 2),
    ]


def test_without_a_login_it_says_what_to_do_and_writes_nothing(
    stub: SpotifyStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    app = {"SPOTIFY_CLIENT_ID": "stub-client", "SPOTIFY_CLIENT_SECRET": "stub-secret"}
    for name, value in environment(stub, tmp_path, **app).items():
        monkeypatch.setenv(name, value)

    assert run_command("run", run.main, ["--out", str(out)]) == 1

    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "run: there is no Spotify login on this machine yet. `make login` makes one in a few minutes (docs/run.md says "
        "how); `make demo` needs none.\n"
    )
    assert not out.exists()
    assert stub.calls == {}


@pytest.mark.parametrize("arguments", [["--check-login"], []])
def test_a_login_is_checked_before_anything_is_prepared(
    stub: SpotifyStub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    file = tmp_path / "other.json"
    for name, value in environment(stub, tmp_path, SPOTIFY_CREDENTIALS_FILE=str(file)).items():
        monkeypatch.setenv(name, value)

    assert run_command("run", run.main, ["--out", str(tmp_path / "mine"), *arguments]) == 1

    assert capfd.readouterr().err == (
        f"run: There is no credentials file {file}: run `make login`, or check SPOTIFY_CREDENTIALS_FILE.\n"
    )
    assert not (tmp_path / "mine").exists()


def test_with_a_login_the_check_says_nothing_and_writes_nothing(
    stub: SpotifyStub, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    app = {"SPOTIFY_CLIENT_ID": "stub-client", "SPOTIFY_CLIENT_SECRET": "stub-secret"}
    for name, value in environment(stub, home, **app, SPOTIFY_CREDENTIALS_FILE=str(home / FILE)).items():
        monkeypatch.setenv(name, value)

    assert run.main(["--out", str(home / "mine"), "--check-login"]) == 0

    assert capfd.readouterr() == ("", "")
    assert not (home / "mine").exists()
    assert stub.calls == {}


def test_an_expired_login_ends_the_run_and_says_what_to_do(
    stub: SpotifyStub, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(stub, home).items():
        monkeypatch.setenv(name, value)
    stub.revoke("Refresh token expired")

    assert run_command("run", run.main, ["--out", str(home / "mine")]) == 1

    printed = capfd.readouterr().err
    assert "Spotify no longer accepts the login (invalid_grant: Refresh token expired)" in printed
    assert "Run `make login`." in printed
    assert printed.endswith("run: -m extract_lambda ended with status 1\n")
    assert "Traceback" not in printed


def test_ctrl_c_ends_it_with_a_sentence(stub: SpotifyStub, home: Path) -> None:
    stub.faults.add("stall", path="/v1/me/playlists")
    with started(  # in its own process group, to which a terminal sends Ctrl-C
        [sys.executable, "-m", "deploy.local.run", "--out", str(home / "mine")],
        cwd=ROOT,
        env=environment(stub, home),
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        wait_for(lambda: stub.calls["me_playlists"], "the first call")
        os.killpg(program.pid, signal.SIGINT)
        shown = program.communicate(timeout=PATIENCE)[1]

    assert program.returncode == 130
    assert shown.endswith("run: stopped; every stored file is complete. Run it again: it continues from there.\n")
    assert "Traceback" not in shown


def test_a_folder_of_the_demo_is_refused(home: Path) -> None:
    out = home / "demo"
    out.mkdir()
    (out / ".made-by-make-demo").touch()

    with pytest.raises(
        StepError, match=r"is the folder of a demo, and the next demo empties it: name another folder, make run OUT="
    ):
        run_chain(out, {})

    assert [path.name for path in out.iterdir()] == [".made-by-make-demo"]


def test_wrong_settings_and_a_login_readable_by_others_are_reported_before_anything_is_written(home: Path) -> None:
    out = home / "mine"
    with pytest.raises(SettingsError, match=r"^SPOTIFY_PLAYLISTS: 'abc' is no playlist"):
        run_chain(out, {"SPOTIFY_PLAYLISTS": "abc"})
    (home / FILE).chmod(0o640)
    with pytest.raises(CredentialsError, match=r"can be read by others \(mode 640\): chmod 600"):
        run_chain(out, {})

    assert not out.exists()


@pytest.mark.jvm
def test_dropped_files_become_tables_warehouse_and_page_without_a_login_also_after_ctrl_c(tmp_path: Path) -> None:
    drop_a_page(tmp_path / "out")

    status, shown = interrupted_load(tmp_path / "out", "[2/3]", 0.2)
    done = load(tmp_path / "out")

    assert (status, shown[-1]) == (130, STOPPED)
    assert done.returncode == 0, done.stderr
    with EmbeddedSnowflake(tmp_path / "out/warehouse", open_store(str(tmp_path / "out/lake"))) as warehouse:
        assert warehouse.query("select count(*) as n from SPOTIFY.BI.SONGS") == [(2,)]
    assert (tmp_path / "out/report.html").is_file()


STOPPED = "load: stopped; every stored file is complete. Run it again: it continues from there."


@pytest.mark.jvm
@pytest.mark.parametrize("has_java", [False, True], ids=["while it imports", "while Spark starts"])
def test_ctrl_c_during_the_job_is_one_sentence_and_leaves_no_java(tmp_path: Path, *, has_java: bool) -> None:
    drop_a_page(tmp_path / "out")

    status, shown = interrupted_load(tmp_path / "out", "[1/3]", 0.3, has_java=has_java)

    assert (status, shown[-1]) == (130, STOPPED)
    assert [line for line in shown if "Traceback" in line or "Error" in line] == []
    assert javas_of(tmp_path / "out") == []


def drop_a_page(out: Path) -> None:
    drop = out / "lake/raw/pending/drop"
    drop.mkdir(parents=True)
    (drop / "page.json").write_bytes((ROOT / "tests/golden/new_shape_page/page.json").read_bytes())
    os.utime(drop / "page.json", (0, 0))


def javas_of(out: Path) -> list[int]:
    """Processes of Java that work on the folder."""
    processes = psutil.process_iter(["name", "environ"])
    return [
        p.pid for p in processes if p.info["name"] == "java" and f"{out}/lake" in (p.info["environ"] or {}).values()
    ]


def interrupted_load(out: Path, step: str, seconds: float, *, has_java: bool = False) -> tuple[int, list[str]]:
    """Exit status and last lines of a load that gets Ctrl-C some seconds after the step or its Java began."""
    command = [sys.executable, "-m", "deploy.local.run", "--load-only", "--out", str(out)]
    with started(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as program:
        while not program.stderr.readline().startswith(step):
            assert program.poll() is None
        wait_for(lambda: not has_java or javas_of(out), "Java")
        time.sleep(seconds)
        os.killpg(program.pid, signal.SIGINT)
        shown = program.communicate(timeout=PATIENCE)[1].splitlines()
    return program.returncode, shown


def test_a_folder_without_a_lake_is_named(tmp_path: Path) -> None:
    done = load(tmp_path / "out")

    out = tmp_path / "out"
    where = (
        f"load: there is no lake in {out}: put files into {out}/lake/raw/pending/drop/ first, or name another folder"
    )
    assert (done.returncode, done.stderr) == (1, f"{where}, make load OUT=folder\n")
    assert list(tmp_path.iterdir()) == []


def load(out: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "JAVA_HOME"}}
    command = [sys.executable, "-m", "deploy.local.run", "--load-only", "--out", str(out)]
    return finished(command, cwd=ROOT, env=environment)
