"""Secrets go to Spotify and nowhere else."""

import io
import json
import logging
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from extract_lambda import handler
from extract_lambda.credentials import (
    Credentials,
    CredentialsError,
    FileStore,
    NoLoginError,
    SecretsManagerStore,
    save_credentials,
)
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
        ("/items", 403, f"Bearer {ACCESS_TOKEN} of {CLIENT_SECRET}"),
        ("/api/token", 400, f'{{"error": "invalid_grant", "error_description": "{REFRESH_TOKEN} {BASIC}"}}'),
    ],
)
def test_no_secret_is_logged_raised_or_stored(  # noqa: PLR0913, PLR0917  # all that it checks at
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
    except Exception:  # noqa: BLE001  # whatever it is
        raised = traceback.format_exc()

    assert (raised == "") == (pattern == "nothing")
    printed = capfd.readouterr()
    shown = "\n".join(
        [caplog.text, raised, printed.out, printed.err, logged.getvalue(), *(lake.text(key) for key in lake.keys(""))]
    )
    assert "DEBUG" in shown
    assert ("The run failed." in logged.getvalue()) == (raised != "")
    assert [secret for secret in SECRETS if secret in shown] == []


def test_the_token_request_carries_the_secrets_and_needs_no_browser(api: Api, run: Run) -> None:
    run()

    assert api.asked[0] == "/api/token"
    assert SCOPE == "playlist-read-collaborative playlist-read-private user-library-read"
    assert SCOPE.split() == sorted(SCOPE.split())


@pytest.mark.usefixtures("aws")
def test_credentials_come_from_the_secret_and_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text = (
        '{"client_id": "the-client-id", "client_secret": "the-client-secret", "refresh_token": "the-refresh-token", '
        '"consented_at": "2026-11-01T00:00:00Z"}'
    )
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="spotify", SecretString=text)
        caplog.clear()
        credentials = SecretsManagerStore("spotify").load()

    assert credentials.refresh_token == "the-refresh-token"
    assert repr(credentials) == "Credentials(consented_at='2026-11-01T00:00:00Z', scope=None)"
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
def test_an_incomplete_secret_is_named_and_not_shown(text: str, missing: str) -> None:
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="spotify", SecretString=text)
        with pytest.raises(CredentialsError) as raised:
            SecretsManagerStore("spotify").load()

    assert str(raised.value) == (
        f"The secret spotify lacks {missing}: it must be a JSON object with the texts client_id, client_secret, "
        "refresh_token and consented_at. `make login` writes one."
    )
    assert raised.value.__context__ is None


@pytest.mark.usefixtures("aws")
def test_a_secret_without_a_value_is_a_missing_login() -> None:
    with mock_aws():
        boto3.client("secretsmanager").create_secret(Name="spotify")
        with pytest.raises(NoLoginError, match=r"^The secret spotify has no value yet: run `make login`"):
            SecretsManagerStore("spotify").load()


@pytest.mark.usefixtures("aws")
def test_a_missing_secret_is_an_error_and_no_missing_login() -> None:
    with mock_aws(), pytest.raises(CredentialsError) as raised:
        SecretsManagerStore("spotify").load()

    assert not isinstance(raised.value, NoLoginError)


@pytest.mark.usefixtures("aws")
def test_a_missing_secret_is_named() -> None:
    with mock_aws(), pytest.raises(CredentialsError, match=r"The secret spotify cannot be read .*SPOTIFY_SECRET_ARN"):
        SecretsManagerStore("spotify").load()


LOGIN = {
    "client_id": "the-client-id",
    "client_secret": "the-client-secret",
    "refresh_token": "the-refresh-token",
    "consented_at": "2026-11-01T00:00:00Z",
    "scope": SCOPE,
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made" / "login.json"


def test_a_credentials_file_is_readable_only_by_its_owner(file: Path) -> None:
    save_credentials(file, Credentials(**LOGIN))

    assert json.loads(file.read_text()) == LOGIN
    assert f"{file.stat().st_mode & 0o777:o} {file.parent.stat().st_mode & 0o777:o}" == "600 700"
    assert [path.name for path in file.parent.iterdir()] == ["login.json"]
    assert FileStore(file).load() == Credentials(**LOGIN)


def test_a_rotated_token_replaces_the_old_token_in_the_file(file: Path) -> None:
    save_credentials(file, Credentials(**LOGIN))
    file.write_text(json.dumps(LOGIN | {"note": "mine"}))

    FileStore(file).keep("the-next-token")

    assert json.loads(file.read_text()) == LOGIN | {"note": "mine", "refresh_token": "the-next-token"}
    assert f"{file.stat().st_mode & 0o777:o}" == "600"


def refused(file: Path) -> str:
    with pytest.raises(CredentialsError) as raised:
        FileStore(file).load()
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
    return str(raised.value)


def test_a_file_that_cannot_be_used_is_named_with_what_to_do(file: Path) -> None:
    assert refused(file) == f"There is no credentials file {file}: run `make login`, or check SPOTIFY_CREDENTIALS_FILE."
    save_credentials(file, Credentials(**LOGIN))
    file.chmod(0o640)
    assert refused(file) == f"The credentials file {file} can be read by others (mode 640): chmod 600 {file}"
    file.chmod(0o600)
    file.write_text('{"client_id": "i", "client_secret": "the-client-secret"')
    assert refused(file) == (
        f"The credentials file {file} lacks client_id, client_secret, refresh_token: it must be a JSON object with the "
        "texts client_id, client_secret, refresh_token and consented_at. `make login` writes one."
    )
    file.write_bytes(b"\xff")
    assert refused(file) == (
        f"The credentials file {file} cannot be read (it is no UTF-8 text): check SPOTIFY_CREDENTIALS_FILE."
    )


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("a file")

    with pytest.raises(CredentialsError, match=r"made/login.json cannot be written \(.*\): check the folder, and who "):
        save_credentials(tmp_path / "made" / "login.json", Credentials(**LOGIN))


def test_a_malformed_consented_at_is_ignored() -> None:
    odd = Credentials.from_json(json.dumps(LOGIN | {"consented_at": "in May"}), "it")

    assert odd.consented_at is None
    assert odd.age(datetime(2026, 11, 20, tzinfo=UTC)) is None
    assert Credentials(**LOGIN).age(datetime(2026, 11, 20, tzinfo=UTC)) == timedelta(days=19)


def rotated(api: Api) -> None:
    answer = {"access_token": ACCESS_TOKEN, "expires_in": 3600, "refresh_token": "the-next-token"}
    api.fail("/api/token", 200, json.dumps(answer))


def test_a_run_writes_a_rotated_token_back_into_the_file(api: Api, environment: dict[str, str], file: Path) -> None:
    save_credentials(file, Credentials(**LOGIN))
    in_file = {name: value for name, value in environment.items() if name.split("_")[1] not in {"CLIENT", "REFRESH"}}
    rotated(api)

    result = handler.run("r1", in_file | {"SPOTIFY_CREDENTIALS_FILE": str(file)}, clock=lambda: datetime.now(UTC))

    assert json.loads(file.read_text()) == LOGIN | {"refresh_token": "the-next-token"}
    assert not [warning for warning in result.warnings if "new refresh token" in warning]


def test_a_credentials_file_is_used_beside_an_app_in_the_environment(
    api: Api, environment: dict[str, str], file: Path
) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    save_credentials(file, Credentials(**LOGIN))
    del environment["SPOTIFY_REFRESH_TOKEN"]
    both = environment | {"SPOTIFY_CREDENTIALS_FILE": str(file)}

    result = handler.run("20261120T100000Z", both, clock=lambda: datetime(2026, 11, 20, 10, tzinfo=UTC))

    assert result.count("read") == 1


@pytest.mark.usefixtures("aws")
def test_a_rotated_token_is_written_back_into_the_secret() -> None:
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="spotify", SecretString=json.dumps(LOGIN))

        SecretsManagerStore("spotify").keep("the-next-token")

        assert json.loads(client.get_secret_value(SecretId="spotify")["SecretString"]) == LOGIN | {
            "refresh_token": "the-next-token"
        }


@pytest.mark.usefixtures("aws")
def test_a_secret_that_refuses_a_new_token_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name="spotify", SecretString=json.dumps(LOGIN))
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
        with pytest.raises(CredentialsError, match=r"^The secret spotify cannot be read"):
            SecretsManagerStore("spotify").keep("the-next-token")


def test_a_rotated_token_that_cannot_be_stored_is_reported_and_the_run_continues(
    api: Api, environment: dict[str, str]
) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    rotated(api)

    result = handler.run("r1", environment, clock=lambda: datetime.now(UTC))

    assert result.status == "ok"
    assert result.warnings == (
        (
            "Spotify has given a new refresh token, and the environment cannot keep it: the one in "
            "SPOTIFY_REFRESH_TOKEN "
            "may not work again. Use SPOTIFY_CREDENTIALS_FILE or SPOTIFY_SECRET_ARN, and run `make login` once."
        ),
    )


@pytest.mark.parametrize(
    ("day", "warnings"),
    [
        ("2027-03-30", ()),
        ("2027-03-31", ("The login is 150 days old, and Spotify ends it about 2027-04-30: run `make login`.",)),
    ],
)
def test_an_old_consent_causes_a_warning(
    environment: dict[str, str], file: Path, day: str, warnings: tuple[str, ...]
) -> None:
    save_credentials(file, Credentials(**LOGIN))
    in_file = {name: value for name, value in environment.items() if name.split("_")[1] not in {"CLIENT", "REFRESH"}}
    now = datetime.fromisoformat(f"{day}T00:00:00Z")

    result = handler.run("r1", in_file | {"SPOTIFY_CREDENTIALS_FILE": str(file)}, clock=lambda: now)

    assert result.warnings == warnings
    assert result.token_age == now - datetime(2026, 11, 1, tzinfo=UTC)
