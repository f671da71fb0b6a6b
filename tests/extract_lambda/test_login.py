"""The login, from the first prompt to the stored file; a thread or a small program replaces the browser."""

import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import socket
import stat
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, quote, urlsplit

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
import requests

from deploy.local.spotify import Catalogue, SpotifyStub
from extract_lambda import login, login_place
from extract_lambda.failures import LoginError
from extract_lambda.login import App, Login
from tests.extract_lambda.api import Api
from tests.waiting import PATIENCE, started

ROOT = Path(__file__).parents[2]
APP = App("stub-client", "stub-secret")
SECRETS = ("stub-secret", "stub-code", "stub-refresh-token", "stub-access-token")
# A browser as a program: requests a page and follows redirects.
BROWSER = f"{sys.executable} -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1])' %s"


@pytest.fixture
def stub() -> Iterator[SpotifyStub]:
    with SpotifyStub(Catalogue(size="small")) as stub:
        yield stub


@pytest.fixture
def environment(stub: SpotifyStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a user without any login."""
    for name in [name for name in os.environ if name.startswith("SPOTIFY_")]:
        monkeypatch.delenv(name)
    made = {"HOME": str(tmp_path), "SPOTIFY_API_URL": f"{stub.url}/v1", "SPOTIFY_ACCOUNTS_URL": stub.url}
    for name, value in made.items():
        monkeypatch.setenv(name, value)
    return made


def visit(*addresses: str) -> None:
    """Requests the addresses one after another in another thread, as a browser does."""
    threading.Thread(
        target=lambda: [requests.get(address, timeout=PATIENCE) for address in addresses], daemon=True
    ).start()


def back(page: str, answer: str) -> str:
    """The address of Spotify's redirect with this answer; `{state}` becomes the page's state."""
    asked = parse_qs(urlsplit(page).query)
    return f"{asked['redirect_uri'][0]}?{answer.format(state=quote(asked['state'][0]))}"


def kept(home: Path) -> dict[str, str]:
    stored: dict[str, str] = json.loads((home / ".config/spotify-playlist-suite/credentials.json").read_text())
    return stored


def test_the_consent_page_has_spotifys_parameters_and_its_code_is_exchanged(stub: SpotifyStub) -> None:
    messages: list[str] = []
    pages: list[str] = []
    shown: list[requests.Response] = []

    def open_page(page: str) -> None:
        pages.append(page)
        browser = threading.Thread(target=lambda: shown.append(requests.get(page, timeout=PATIENCE)))
        browser.start()
        browsers.append(browser)

    browsers: list[threading.Thread] = []

    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    credentials = Login(
        say=messages.append, open_page=open_page, accounts_url=stub.url, port=0, seconds=PATIENCE, clock=lambda: at
    ).consent(APP)

    browsers[0].join()
    assert shown[0].text.endswith("<p>Spotify has answered. Close this tab and go back to the terminal.")
    assert (shown[0].status_code, shown[0].headers["Cache-Control"]) == (200, "no-store")
    asked = parse_qs(urlsplit(pages[0]).query)
    assert urlsplit(pages[0]).path == "/authorize"
    redirect_uri, state = asked.pop("redirect_uri")[0], asked.pop("state")[0]
    assert asked == {
        "response_type": ["code"],
        "client_id": ["stub-client"],
        "scope": ["playlist-read-collaborative playlist-read-private user-library-read"],
        "show_dialog": ["true"],
    }
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/callback", redirect_uri)
    assert len(state) == 32
    assert f"    {redirect_uri}" in messages
    assert f"    {pages[0]}" in messages
    assert credentials.refresh_token == "stub-refresh-token"
    assert credentials.client_secret == "stub-secret"
    assert credentials.consented_at == "2026-11-20T10:00:00Z"
    assert credentials.scope == "playlist-read-collaborative playlist-read-private user-library-read user-read-private"
    assert [secret for secret in SECRETS if secret in "\n".join(messages)] == []


def test_an_answer_to_another_login_is_ignored(stub: SpotifyStub) -> None:
    messages: list[str] = []
    shown: list[tuple[int, str]] = []

    def open_page(page: str) -> None:
        for answer in ("code=stolen&state=other", "code=stolen", "error=access_denied&state=other"):
            response = requests.get(back(page, answer), timeout=PATIENCE)
            shown.append((response.status_code, response.text.rpartition(">")[2]))
        icon = requests.get(back(page, "").replace("/callback?", "/favicon.ico"), timeout=PATIENCE)
        shown.append((icon.status_code, icon.text.rpartition(">")[2]))
        visit(page)

    Login(say=messages.append, open_page=open_page, accounts_url=stub.url, port=0, seconds=PATIENCE).consent(APP)

    other = (400, "This page belongs to another login. Use the address that the terminal shows.")
    assert shown == [other, other, other, (404, "There is nothing here.")]
    assert sum("An answer to another login arrived (its state differs)" in line for line in messages) == 3
    assert stub.calls["token"] == 1


def refused(api_url: str, open_page: Callable[[str], None], app: App = APP, **more: object) -> str:
    """The error of a failed login."""
    settings: dict[str, object] = {"port": 0, "seconds": 5, **more}
    with pytest.raises(LoginError) as raised:
        Login(say=lambda _: None, open_page=open_page, accounts_url=api_url, **settings).consent(app)  # type: ignore[arg-type]
    return str(raised.value)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            "error=access_denied&state={state}",
            "You did not agree on Spotify's page, so there is no login; `make login` asks again.",
        ),
        (
            "error=server%1b[2Jerror&state={state}",
            "Spotify's page refused the login (server\ufffd[2Jerror). Run `make login` again in a minute.",
        ),
        (
            "state={state}",
            "Spotify's page refused the login (neither a code nor an error). Run `make login` again in a minute.",
        ),
    ],
)
def test_a_refusal_on_the_page_is_reported(stub: SpotifyStub, answer: str, sentence: str) -> None:
    assert refused(stub.url, lambda page: visit(back(page, answer))) == sentence
    assert stub.calls["token"] == 0


def test_a_wrong_secret_is_reported_without_showing_it(stub: SpotifyStub) -> None:
    assert refused(stub.url, visit, App("stub-client", "wrong")) == (
        "Spotify does not know this client id with this secret (400, invalid_client, Invalid client secret): copy both "
        "from https://developer.spotify.com/dashboard and run `make login` again; --new-app asks for them again."
    )


@pytest.mark.parametrize(
    ("status", "body", "beginning"),
    [
        (
            400,
            '{"error": "invalid_grant", "error_description": "Invalid redirect URI"}',
            "Spotify refuses the redirect URI (400, invalid_grant, Invalid redirect URI): your app in https://developer.",
        ),
        (
            400,
            '{"error": "invalid_grant", "error_description": "Authorization code expired"}',
            "Spotify no longer accepts its code (400, invalid_grant, Authorization code expired), which is valid for",
        ),
        (503, "<html>the-secret", "Spotify cannot exchange the code now (503). Run `make login` again in a minute."),
        (200, "[]", "Spotify's answer has no refresh token. Run `make login` again."),
        (200, "cut", "Spotify's answer has no refresh token. Run `make login` again."),
        (
            200,
            '{"refresh_token": "the-secret", "scope": "playlist-read-private"}',
            "Spotify granted less than requested: playlist-read-collaborative user-library-read is missing. Run `make",
        ),
    ],
)
def test_a_code_that_cannot_be_exchanged_is_reported(api: Api, status: int, body: str, beginning: str) -> None:
    api.fail("/api/token", status, body)

    messages = refused(
        api.url, lambda page: visit(back(page, "code=the-secret&state={state}")), App("id", "the-secret")
    )

    assert messages.startswith(beginning)
    assert "the-secret" not in messages


def test_without_a_network_the_exchange_fails_with_one_sentence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed_port = f"http://127.0.0.1:{free.getsockname()[1]}"

    messages = refused(closed_port, lambda page: visit(back(page, "code=c&state={state}")))

    assert messages == (
        f"{closed_port} cannot be reached (the connection failed): check the network, then run `make login` again."
    )


def test_a_timeout_names_the_possible_causes(stub: SpotifyStub) -> None:
    messages = refused(stub.url, lambda _: None, seconds=0.2)

    assert re.fullmatch(
        r"No answer came within 0 seconds\. If Spotify's page said that the redirect URI is invalid or does not match, "
        r"add http://127\.0\.0\.1:[0-9]+/callback to your app in https://developer\.spotify\.com/dashboard; if it said "
        r"that the client is invalid, check the client id .*Then run `make login` again\.",
        messages,
    )


def test_a_port_in_use_is_reported_before_the_consent_page_opens(stub: SpotifyStub) -> None:
    opened: list[str] = []
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        messages = refused(stub.url, opened.append, port=port)
    never = refused(stub.url, opened.append, port=99999)

    assert messages == (
        f"Port {port} cannot be used (another program uses it). Choose another, such as --port 8888, and add the "
        "redirect URI http://127.0.0.1:8888/callback to your app in https://developer.spotify.com/dashboard."
    )
    assert never.startswith("Port 99999 cannot be used (bind(): port must be 0-65535.)")
    assert opened == []


def test_a_second_login_keeps_the_app_and_restarts_the_six_months(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment
    monkeypatch.setattr("sys.stdin", io.StringIO("stub-client\n stub-secret \n"))
    first = login.main(["--port", "0"], open_page=visit, clock=lambda: datetime(2026, 11, 20, 10, tzinfo=UTC))
    first_kept, first_messages = kept(tmp_path), capsys.readouterr()
    second = login.main(["--port", "0"], open_page=visit, clock=lambda: datetime(2027, 4, 30, 10, tzinfo=UTC))
    second_kept, second_messages = kept(tmp_path), capsys.readouterr()

    assert (first, second) == (0, 0)
    assert first_kept == {
        "client_id": "stub-client",
        "client_secret": "stub-secret",
        "refresh_token": "stub-refresh-token",
        "consented_at": "2026-11-20T10:00:00Z",
        "scope": "playlist-read-collaborative playlist-read-private user-library-read user-read-private",
    }
    assert second_kept == {**first_kept, "consented_at": "2027-04-30T10:00:00Z"}
    assert "Using the app of the earlier login, client id stub-client" not in first_messages.err
    assert "Using the app of the earlier login, client id stub-client" in second_messages.err
    assert "this one until about 2027-05-19." in first_messages.err
    assert "this one until about 2027-10-27." in second_messages.err
    shown = first_messages.out + first_messages.err + second_messages.out + second_messages.err
    assert [secret for secret in SECRETS if secret in shown] == []


def test_without_id_or_secret_the_browser_is_not_opened(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment
    opened: list[str] = []
    monkeypatch.setattr("sys.stdin", io.StringIO("stub-client\ntwo words\n"))

    for arguments in ([], ["--client-id", "stub-client"]):
        assert login.main(["--port", "0", "--seconds", "1", *arguments], open_page=opened.append) == 1

    messages = capsys.readouterr().err
    assert (
        messages.count("login: The client secret is empty, or has characters that no client secret has: copy it from")
        == 2
    )
    assert "two words" not in messages
    assert opened == []
    assert not (tmp_path / ".config").exists()


def test_a_login_that_spotify_refuses_is_kept_and_reported(
    environment: dict[str, str],
    stub: SpotifyStub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environment
    monkeypatch.setenv("SPOTIFY_CLIENT_ID", "stub-client")
    monkeypatch.setenv("SPOTIFY_CLIENT_SECRET", "stub-secret")
    stub.faults.add("not_allow_listed", path="/v1/me", times=None)

    assert login.main(["--port", "0"], open_page=visit) == 1

    assert kept(tmp_path)["refresh_token"] == "stub-refresh-token"
    assert capsys.readouterr().err.endswith(
        "Dashboard: add the user to the app's users (User Management) in Spotify's Developer Dashboard.\n"
    )


def test_a_token_rotated_at_once_is_stored(
    environment: dict[str, str], stub: SpotifyStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment
    monkeypatch.setattr("sys.stdin", io.StringIO("stub-client\nstub-secret\n"))
    stub.rotates = True

    assert login.main(["--port", "0"], open_page=visit) == 0

    assert kept(tmp_path)["refresh_token"] == stub.refresh_token != "stub-refresh-token"


def test_with_a_secret_the_login_is_stored_on_aws_and_no_file_is_written(
    environment: dict[str, str],
    s3_endpoint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert environment
    assert s3_endpoint
    secret_arn = boto3.client("secretsmanager").create_secret(Name="login-test")["ARN"]  # as Terraform: without a value
    monkeypatch.setattr("sys.stdin", io.StringIO("stub-client\nstub-secret\n"))
    arguments = ["--port", "0", "--secret-arn", secret_arn]

    first = login.main(arguments, open_page=visit, clock=lambda: datetime(2026, 11, 20, 10, tzinfo=UTC))
    second = login.main(arguments, open_page=visit, clock=lambda: datetime(2027, 4, 30, 10, tzinfo=UTC))

    assert (first, second) == (0, 0)
    value = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId=secret_arn)["SecretString"])
    assert value["client_secret"] == "stub-secret"
    assert value["refresh_token"] == "stub-refresh-token"
    assert value["consented_at"] == "2027-04-30T10:00:00Z"
    assert f"Kept in the secret {secret_arn}." in capsys.readouterr().err
    assert not (tmp_path / ".config").exists()


def test_a_missing_secret_is_reported_before_the_consent_page_opens(
    environment: dict[str, str], s3_endpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert environment
    assert s3_endpoint
    opened: list[str] = []

    assert login.main(["--secret-arn", "no-such-secret"], open_page=opened.append) == 1

    messages = capsys.readouterr().err
    assert messages.startswith("login: The secret no-such-secret cannot be used (")
    assert "check that it exists, the region, and that you may secretsmanager:DescribeSecret" in messages
    assert opened == []


def test_two_places_for_the_login_are_refused() -> None:
    with pytest.raises(LoginError, match=r"^SPOTIFY_SECRET_ARN and SPOTIFY_CREDENTIALS_FILE are set, .*: unset one\.$"):
        login_place.place_of({"SPOTIFY_SECRET_ARN": "arn", "SPOTIFY_CREDENTIALS_FILE": "file"})


def test_the_extractor_uses_the_file_unless_the_environment_names_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/mira")
    file = {
        "SPOTIFY_CREDENTIALS_FILE": "/home/mira/.config/spotify-playlist-suite/credentials.json",
        "SPOTIFY_CLIENT_ID": "",
        "SPOTIFY_CLIENT_SECRET": "",
        "SPOTIFY_REFRESH_TOKEN": "",
    }
    three = {"SPOTIFY_CLIENT_ID": "i", "SPOTIFY_CLIENT_SECRET": "s", "SPOTIFY_REFRESH_TOKEN": "r"}

    assert login_place.login_variables({}) == file
    assert login_place.login_variables({"SPOTIFY_CLIENT_ID": "i", "SPOTIFY_CLIENT_SECRET": "s"}) == file
    assert login_place.login_variables({"SPOTIFY_CREDENTIALS_FILE": " "}) == file
    assert login_place.login_variables({"SPOTIFY_CREDENTIALS_FILE": "elsewhere"}) == {}
    assert login_place.login_variables({"SPOTIFY_SECRET_ARN": "arn"}) == {}
    assert login_place.login_variables(three) == {}


# --- started as a program ----------------------------------------------------------------------------------------


def until(text: str, stream: IO[bytes]) -> str:
    """The output up to and including this text."""
    written, end = b"", time.monotonic() + PATIENCE
    while text not in written.decode(errors="replace"):
        assert select.select([stream], [], [], end - time.monotonic())[0], written
        written += os.read(stream.fileno(), 1000)
    return written.decode()


def test_at_a_terminal_it_prompts_hides_the_secret_and_opens_the_browser(
    environment: dict[str, str], tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    with (
        open(ours, "r+b", buffering=0) as terminal,  # noqa: PTH123  # a descriptor
        started(
            [sys.executable, "-m", "extract_lambda.login", "--port", "0"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "BROWSER": BROWSER, **environment},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # getpass reads from the controlling terminal
        ) as program,
    ):
        os.close(theirs)
        shown = until("Client id: ", terminal)
        terminal.write(b"stub-client\n")
        shown += until("Client secret (not shown): ", terminal)
        terminal.write(b"stub-secret\n")
        shown += until("Run `make login` before that.", terminal)
        status = program.wait(PATIENCE)

    assert status == 0
    assert "It is the login of me." in shown
    assert [secret for secret in SECRETS if secret in shown] == []
    file = tmp_path / ".config/spotify-playlist-suite/credentials.json"
    assert f"Kept in {file} (mode 600: only you may read it)." in shown
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept(tmp_path)["refresh_token"] == "stub-refresh-token"


def test_ctrl_c_ends_it_with_a_sentence_and_stores_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    variables = {
        "PATH": os.environ["PATH"],
        **environment,
        "SPOTIFY_CLIENT_ID": "stub-client",
        "SPOTIFY_CLIENT_SECRET": "stub-secret",
    }
    command = [sys.executable, "-m", "extract_lambda.login", "--port", "0", "--no-browser"]
    with started(command, cwd=ROOT, env=variables, stderr=subprocess.PIPE) as program:
        assert program.stderr is not None
        shown = until("ssh -L", program.stderr)
        program.send_signal(signal.SIGINT)
        shown += program.communicate(timeout=PATIENCE)[1].decode()

    assert program.returncode == 130
    assert re.search(r"ssh -L ([0-9]+):127\.0\.0\.1:\1 ", shown)
    assert shown.endswith("login: stopped. Unless a line above says that a login was kept, nothing has changed.\n")
    assert not (tmp_path / ".config").exists()
