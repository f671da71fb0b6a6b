"""Secrets come in and go to Spotify, and nowhere else."""

import io
import logging
import traceback

import boto3
import pytest
from moto import mock_aws

from extract_lambda import handler
from extract_lambda.credentials import Credentials, CredentialsError
from extract_lambda.spotify import SCOPE
from tests.extract_lambda.api import ACCESS_TOKEN, Api, Playlist, rows
from tests.extract_lambda.conftest import CLIENT_SECRET, REFRESH_TOKEN, Lake, Run
from tests.extract_lambda.test_handler import Context

BASIC = "dGhlLWNsaWVudC1pZDp0aGUtY2xpZW50LXNlY3JldA=="  # printf the-client-id:the-client-secret | base64
SECRETS = (CLIENT_SECRET, REFRESH_TOKEN, ACCESS_TOKEN, BASIC)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("pattern", "status", "body"),
    [
        ("nothing", 200, ""),
        ("/items", 403, "no"),
        ("/items", 200, '{"cut'),
        ("/items", 503, "no"),
        ("/me/playlists", 401, '{"error": {"status": 401, "message": "Access token missing"}}'),
        ("/api/token", 400, '{"error": "invalid_grant"}'),
        ("/api/token", 200, "{}"),
        ("/api/token", 503, "<html>"),
    ],
)
def test_no_secret_is_logged_raised_or_stored(  # noqa: PLR0913, PLR0917  (all that it looks at)
    api: Api,
    lake: Lake,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    logged: io.StringIO,
    pattern: str,
    status: int,
    body: str,
) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.fail(pattern, status, body, times=9)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG)
    for name in ("spotipy", "spotipy.client", "spotipy.oauth2"):
        logging.getLogger(name).setLevel(logging.DEBUG)

    raised = ""
    try:
        handler.handle({}, Context())
    except Exception:  # noqa: BLE001  (whatever it is)
        raised = traceback.format_exc()

    assert (raised == "") == (pattern == "nothing")
    printed = capfd.readouterr()
    shown = "\n".join(
        [caplog.text, raised, printed.out, printed.err, logged.getvalue(), *(lake.text(key) for key in lake.keys(""))]
    )
    assert "DEBUG" in shown
    assert ("The run failed." in logged.getvalue()) == (raised != "")
    assert [secret for secret in SECRETS if secret in shown] == []


def test_the_token_is_asked_for_with_the_secrets_and_without_a_login(api: Api, run: Run) -> None:
    run()

    assert api.asked[0] == "/api/token"
    assert SCOPE == "playlist-read-collaborative playlist-read-private user-library-read"
    assert SCOPE.split() == sorted(SCOPE.split())


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.mark.usefixtures("aws")
def test_credentials_come_from_the_secret_and_hide_themselves(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = (
        '{"client_id": "the-client-id", "client_secret": "the-client-secret", "refresh_token": "the-refresh-token", '
        '"consented_at": "2026-11-01T00:00:00Z"}'
    )
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="spotify", SecretString=text)
        caplog.clear()
        credentials = Credentials.from_secret("spotify")

    assert credentials.refresh_token == "the-refresh-token"
    assert repr(credentials) == "Credentials(consented_at='2026-11-01T00:00:00Z')"
    assert [secret for secret in SECRETS if secret in caplog.text] == []


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ('{"client_id": "i", "refresh_token": ""}', "client_secret, refresh_token"),
        ("the-refresh-token", "client_id, client_secret, refresh_token"),
        ('["the-refresh-token"]', "client_id, client_secret, refresh_token"),
    ],
)
def test_a_secret_that_is_not_whole_is_named_and_not_shown(text: str, missing: str) -> None:
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="spotify", SecretString=text)
        with pytest.raises(CredentialsError) as raised:
            Credentials.from_secret("spotify")

    assert str(raised.value) == (
        f"The secret spotify lacks {missing}: it must be a JSON object with the texts client_id, client_secret, "
        "refresh_token and consented_at."
    )
    assert raised.value.__context__ is None


@pytest.mark.usefixtures("aws")
def test_a_secret_that_is_not_there_is_named() -> None:
    with mock_aws(), pytest.raises(CredentialsError, match=r"The secret spotify cannot be read .*SPOTIFY_SECRET_ARN"):
        Credentials.from_secret("spotify")
