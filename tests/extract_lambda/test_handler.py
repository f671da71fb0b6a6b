"""The entry points: the Lambda handler and the command."""

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
from moto import mock_aws

from extract_lambda import handler
from extract_lambda.result import FailedRunError
from tests.extract_lambda.api import Api, Playlist, rows
from tests.extract_lambda.conftest import Lake
from tests.waiting import PATIENCE

NOW = datetime(2026, 11, 20, 11, 22, 33, 44, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


class Context:
    """The part of the Lambda context that the handler uses."""

    def __init__(self, milliseconds: int = 900_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture
def in_environment(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("event", "run_id"),
    [
        ({"scheduled_at": "2026-11-20T10:00:00Z"}, "20261120T100000Z"),
        ({"scheduled_at": "2026-11-20T12:00:00+02:00"}, "20261120T100000Z"),
        ({"time": "2026-11-20T10:00:00"}, "20261120T100000Z"),
        ({}, "20261120T112233Z"),
        (None, "20261120T112233Z"),
    ],
)
def test_the_run_id_is_the_time_of_the_schedule(event: object, run_id: str) -> None:
    assert handler.run_id_of(event, NOW) == run_id


def test_an_event_with_a_malformed_time_is_refused() -> None:
    with pytest.raises(handler.EventError, match=r"write <aws.scheduler.scheduled-time>"):
        handler.run_id_of({"scheduled_at": "<aws.scheduler.scheduled-time"}, NOW)


def test_a_missing_login_is_an_outcome_and_no_failure(monkeypatch: pytest.MonkeyPatch, logged: io.StringIO) -> None:
    for name, value in {
        "LAKE_URI": "s3://lake",
        "SPOTIFY_SECRET_ARN": "spotify",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SPOTIFY_CREDENTIALS_FILE", raising=False)
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="spotify")

        answer = handler.handle({"scheduled_at": "2026-11-20T10:00:00Z"}, Context())

    assert answer == {"run_id": "20261120T100000Z", "status": "no login"}
    [line] = [json.loads(text) for text in logged.getvalue().splitlines()]
    assert (line["level"], line["message"][:35]) == ("WARNING", "The secret spotify has no value yet")


@pytest.mark.usefixtures("in_environment")
def test_the_lambda_answers_with_its_result_and_logs_json_with_the_run_id(
    api: Api, lake: Lake, logged: io.StringIO
) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"), name="Fr\u00fch\x1b[2J")}

    made = handler.handle({"scheduled_at": "2026-11-20T10:00:00Z"}, Context())

    assert (made["status"], made["counts"]["items"]) == ("ok", 1)
    assert "raw/pending/run=20261120T100000Z/_manifest.json" in lake.keys("raw/")
    checked, over = (json.loads(line) for line in logged.getvalue().splitlines())
    assert checked["correlation_id"] == over["correlation_id"] == "20261120T100000Z"
    assert (checked["playlist"], checked["number"], checked["of"], checked["outcome"]) == (
        "Fr\u00fch\x1b[2J",
        1,
        1,
        "read",
    )
    assert over["counts"]["read"] == 1


@pytest.mark.usefixtures("in_environment")
def test_a_lambda_without_time_reads_nothing_and_says_what_is_left(api: Api) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}

    made = handler.handle({}, Context(milliseconds=0))

    assert (made["status"], made["counts"]["read"]) == ("partial", 0)
    assert api.asked == []


def metrics(printed: str) -> dict[str, object]:
    """Metric values by name; those of a failure class as Name.class."""
    values: dict[str, object] = {}
    for line in printed.splitlines():
        blob = json.loads(line)
        for declared in blob.get("_aws", {}).get("CloudWatchMetrics", []):
            assert (declared["Namespace"], blob["service"]) == ("SpotifyPlaylistSuite", "extract_lambda")
            for metric in declared["Metrics"]:
                name = metric["Name"] + (f".{blob['FailureClass']}" if "FailureClass" in blob else "")
                (values[name],) = blob[metric["Name"]]
    return values


@pytest.mark.usefixtures("in_environment", "logged")
def test_a_run_writes_its_metrics(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.playlists = {"1a": Playlist(rows("s1", "s2")), "1b": Playlist(rows("s1")), "1c": Playlist(rows("s1"))}
    api.fail("/1b/items", 403)
    api.fail("/1c/items", 404)

    handler.handle({"scheduled_at": "2026-11-20T10:00:00Z"}, Context())

    values = metrics(capsys.readouterr().out)
    seconds = values.pop("SecondsSinceLastSuccess")
    assert values.pop("OldestPendingSeconds") >= 0
    assert isinstance(seconds, float)
    assert 0 <= seconds < PATIENCE  # of the real clock
    assert values == {
        "PlaylistsRead": 1,
        "PlaylistsSkipped": 0,
        "PlaylistsGone": 0,
        "PlaylistsFailed": 2,
        "PlaylistsLeft": 0,
        "PlaylistsFailedByClass.app_refused": 1,
        "PlaylistsFailedByClass.own_not_found": 1,
        "Items": 2,
        "Calls": 6,
        "Throttled": 0,
        "QuotaLeft": 497,
    }


@pytest.mark.usefixtures("in_environment")
def test_a_run_without_success_raises_and_writes_its_metrics(
    api: Api, logged: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    api.playlists = {"1a": Playlist(rows("s1"))}
    api.fail("/1a/items", 403)

    with pytest.raises(FailedRunError):
        handler.handle({"scheduled_at": "2026-11-20T10:00:00Z"}, Context())

    assert metrics(capsys.readouterr().out)["PlaylistsFailedByClass.app_refused"] == 1
    levels = [json.loads(line)["level"] for line in logged.getvalue().splitlines()]
    assert levels == ["WARNING", "INFO", "ERROR"]


def start(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "extract_lambda", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_can_be_started_as_a_command(api: Api, lake: Lake, environment: dict[str, str]) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"), name="Früh\x1b[2J\n\u202edaeh"), "1no": Playlist(rows("s2"))}
    api.fail("/1no/items", 403, '{"error": {"status": 403, "message": "For\\u0007bidden"}}')

    done = start(environment, "--at", "2026-11-20T10:00:00Z")

    assert done.returncode == 0
    assert json.loads(done.stdout)["counts"]["read"] == 1
    assert done.stderr.replace("\ufffd", "?") == (
        "1/2 Früh?[2J??daeh: read\n"
        "2/2 Morning: failed, app_refused: /playlists/1no/items?limit=50&offset=0&additional_types=track,episode: "
        "403 For?bidden; Spotify refuses access to the login's own data; check in its Developer Dashboard that the "
        "user is in the app's user list (User Management), that the app's owner has Premium, and that the app is not "
        "restricted\n"
    )
    [_, line] = lake.lines("raw/pending/run=20261120T100000Z/1mine.ndjson.gz")
    assert line["extracted_at"].startswith("2026-11-20T10:00:0")


@pytest.mark.slow
def test_a_failure_of_the_command_is_one_sentence(api: Api, environment: dict[str, str]) -> None:
    api.playlists = {"1no": Playlist(rows("s2"))}
    api.fail("/items", 404)

    failed = start(environment, "--at", "2026-11-20T10:00:00Z")
    unset = start({"LAKE_URI": "/nowhere"})
    nowhere = start(environment | {"LAKE_URI": "/nowhere"})
    never = start(environment, "--at", "noon")

    assert [each.returncode for each in (failed, unset, nowhere, never)] == [1, 1, 1, 1]
    assert json.loads(failed.stdout)["status"] == "failed"
    assert failed.stderr.splitlines()[-1].startswith("Run 20261120T100000Z: all 1 playlists failed")
    assert unset.stderr.startswith("SPOTIFY_CLIENT_ID, SPOTIFY_CLIENT_SECRET, SPOTIFY_REFRESH_TOKEN not set")
    assert nowhere.stderr.startswith("There is no lake at /nowhere")
    assert never.stderr.startswith("'noon' is not a time")


def test_the_lambda_imports_within_a_second() -> None:
    script = (
        "import time; begun = time.process_time(); import extract_lambda.handler; print(time.process_time() - begun)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert float(done.stdout) < 1.0


def test_the_lambda_imports_neither_spark_nor_data_frames() -> None:
    script = "import sys, extract_lambda.handler; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "spotipy" in loaded
    assert loaded & {"pyspark", "pandas", "numpy", "pyarrow", "glue_jobs", "deploy", "boto3"} == set()
