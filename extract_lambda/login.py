"""`python -m extract_lambda.login`: the one-off consent of the person whose playlists are read.

The authorisation code flow of Spotify's documentation: its consent page opens in a browser, sends the browser back to
this machine with a code, and the code is exchanged for a refresh token. What is kept is for the extractor alone; no
secret and no token is ever shown.
"""

import argparse
import errno
import getpass
import json
import os
import platform
import queue
import re
import secrets
import sys
import threading
import urllib.parse
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Never, Protocol, Self

import requests

from extract_lambda.credentials import (
    LIFETIME,
    Credentials,
    CredentialsError,
    FileStore,
    SecretsManagerStore,
    save_credentials,
)
from extract_lambda.failures import ADVICE, OutOfTimeError, SpotifyError
from extract_lambda.spotify import ACCOUNTS_URL, API_URL, SCOPE, Spotify
from extract_lambda.transport import DirectSession, reason_of
from shared.terminal import printable, set_up_output

CREDENTIALS_FILE: Final = "~/.config/spotify-playlist-suite/credentials.json"
DASHBOARD: Final = "https://developer.spotify.com/dashboard"
PORT: Final = 8888
_PATH = "/callback"
_SECONDS = 300.0  # to read the consent page and perhaps to find a password
_CHECK_SECONDS = 30.0
_THREE = ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN")


class LoginError(Exception):
    """There is no login; the message says why and what to do, and holds no secret."""


def login_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables by which the extractor finds the login of this machine; none if the environment names one itself.

    An id and a secret alone, as set for `make login`, are no login: they give way to the file.
    """
    given = {name for name, value in environ.items() if value.strip()}
    if given & {"SPOTIFY_SECRET_ARN", "SPOTIFY_CREDENTIALS_FILE"} or given.issuperset(_THREE):
        return {}
    return {"SPOTIFY_CREDENTIALS_FILE": str(Path(CREDENTIALS_FILE).expanduser())} | dict.fromkeys(_THREE, "")


@dataclass(frozen=True)
class App:
    """An app of Spotify's dashboard."""

    client_id: str
    client_secret: str = field(repr=False)


class Place(Protocol):
    """Where the login is kept."""

    def earlier(self) -> Credentials | None:
        """What an earlier login kept there. Raises LoginError if nothing can be kept there."""

    def keep(self, credentials: Credentials) -> None:
        """Replace the stored credentials. Raises LoginError or CredentialsError."""

    def __str__(self) -> str:
        """Its name for people."""


@dataclass(frozen=True)
class FilePlace:
    """A file that only its owner may read."""

    path: Path

    def earlier(self) -> Credentials | None:
        """What an earlier login kept there."""
        try:
            return FileStore(self.path).load()
        except CredentialsError:
            return None

    def keep(self, credentials: Credentials) -> None:
        """Replace the file. Raises CredentialsError."""
        save_credentials(self.path, credentials)

    def __str__(self) -> str:
        """Path and mode."""
        return f"{self.path} (mode 600: only you may read it)"


@dataclass(frozen=True)
class SecretPlace:
    """A secret in AWS Secrets Manager, which is there already: Terraform makes it."""

    secret_arn: str

    def earlier(self) -> Credentials | None:
        """What an earlier login kept there. Raises LoginError if there is no such secret, before anybody consents."""
        self._do(lambda client: client.describe_secret(SecretId=self.secret_arn))
        try:
            return SecretsManagerStore(self.secret_arn).load()
        except CredentialsError:
            return None

    def keep(self, credentials: Credentials) -> None:
        """Give the secret a new version. Raises LoginError."""
        names = ("client_id", "client_secret", "refresh_token", "consented_at", "scope")
        text = json.dumps({name: getattr(credentials, name) for name in names})
        self._do(lambda client: client.put_secret_value(SecretId=self.secret_arn, SecretString=text))

    def _do(self, action: Callable[[Any], object]) -> None:
        import boto3  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  (one machine needs no boto3)
        from botocore.exceptions import (  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415
            BotoCoreError,
            ClientError,
        )

        try:
            action(boto3.client("secretsmanager"))
        except (BotoCoreError, ClientError) as error:
            message = (
                f"The secret {self.secret_arn} cannot be used ({error}): check that it is there, the region, and that "
                "you may secretsmanager:DescribeSecret, GetSecretValue and PutSecretValue."
            )
            raise LoginError(message) from error

    def __str__(self) -> str:
        """The secret's name."""
        return f"the secret {self.secret_arn}"


def place_of(environ: Mapping[str, str], secret_arn: str | None = None) -> Place:
    """Where the login is to be kept: in the secret if one is named, else in a file. Raises LoginError."""
    path = environ.get("SPOTIFY_CREDENTIALS_FILE", "").strip()
    named = environ.get("SPOTIFY_SECRET_ARN", "").strip()
    if named and path and not secret_arn:
        message = "SPOTIFY_SECRET_ARN and SPOTIFY_CREDENTIALS_FILE are set, and the login is kept in one: unset one."
        raise LoginError(message)
    if secret_arn or named:
        return SecretPlace(secret_arn or named)
    return FilePlace(Path(path or CREDENTIALS_FILE).expanduser())


# --- the browser's way back ---------------------------------------------------------------------------------------


class Listener:
    """Waits on 127.0.0.1 for the browser that Spotify sends back; an answer to another login is reported and ignored.

    Raises LoginError if the port is not available; port 0 takes a free one.
    """

    def __init__(self, port: int, say: Callable[[str], None]) -> None:
        self.state = secrets.token_urlsafe(24)
        self._say = say
        self._answers: queue.Queue[dict[str, str]] = queue.Queue()
        try:
            self._server = _Server(("127.0.0.1", port), self)
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            reason = "another program has it" if taken else str(error)
            other = PORT if port != PORT else PORT + 1
            message = (
                f"Port {port} cannot be used ({reason}). Take another one, such as --port {other}, and add the "
                f"redirect URI http://127.0.0.1:{other}{_PATH} to your app in {DASHBOARD}."
            )
            raise LoginError(message) from error
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def redirect_uri(self) -> str:
        """Where Spotify sends the browser; an IP, since Spotify refuses the name localhost."""
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def __enter__(self) -> Self:
        """Begins to listen."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Frees the port."""
        self._server.shutdown()
        self._server.server_close()

    def code(self, seconds: float) -> str:
        """The code that Spotify gave the browser. Raises LoginError if none came in time, or a refusal."""
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            message = (
                f"No answer came within {seconds:.0f} seconds. If Spotify's page said that the redirect URI is invalid "
                f"or does not match, add {self.redirect_uri} to your app in {DASHBOARD}; if it said that the client is "
                "invalid, check the client id (--new-app asks for another). Then run `make login` again."
            )
            raise LoginError(message) from None
        if answer.get("error") == "access_denied":
            message = "You did not agree on Spotify's page, so there is no login; `make login` asks again."
            raise LoginError(message)
        if not answer.get("code"):
            said = printable(answer.get("error", "neither a code nor an error"))[:100]
            message = f"Spotify's page refused the login ({said}). Run `make login` again in a minute."
            raise LoginError(message)
        return answer["code"]

    def answer(self, target: str) -> tuple[int, str, dict[str, str] | None]:
        """For what the browser asked for: status, a sentence, and Spotify's answer if it is one."""
        parts = urllib.parse.urlsplit(target)
        if parts.path != _PATH:
            return 404, "There is nothing here.", None
        query = dict(urllib.parse.parse_qsl(parts.query))
        if not secrets.compare_digest(query.get("state", "").encode(), self.state.encode()):
            self._say(
                "An answer came that belongs to another login (its state is another): perhaps an old tab. It is left "
                "alone; use the page above."
            )
            return 400, "This page belongs to another login. Use the address that the terminal shows.", None
        return 200, "Spotify has answered. Close this tab and go back to the terminal.", query

    def take(self, answer: dict[str, str]) -> None:
        """Spotify's answer; the first one counts."""
        self._answers.put(answer)


class _Server(ThreadingHTTPServer):  # threads: a browser may open a connection that it does not use
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], listener: Listener) -> None:
        super().__init__(address, _Handler)
        self.listener = listener


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        status, sentence, answer = self.server.listener.answer(self.path)
        try:
            self._show(status, sentence)
        finally:  # in this order, since the program may end once it has the answer
            if answer is not None:
                self.server.listener.take(answer)

    def _show(self, status: int, sentence: str) -> None:
        body = f"<!doctype html><meta charset=utf-8><title>Login</title><p>{sentence}".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the request holds the code."""


# --- the login ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Login:
    """One login: where Spotify and this machine listen, how long to wait, and how to reach the person."""

    say: Callable[[str], None]
    open_page: Callable[[str], None]
    accounts_url: str = ACCOUNTS_URL
    api_url: str = API_URL
    port: int = PORT
    seconds: float = _SECONDS
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def consent(self, app: App) -> Credentials:
        """What the person consents to now. Raises LoginError."""
        with Listener(self.port, self.say) as listener:
            self.say(f"Redirect URI, which your app in {DASHBOARD} must have letter for letter:")
            self.say(f"    {listener.redirect_uri}")
            self.say("Spotify's consent page, if no browser opens by itself:")
            page = _page(self.accounts_url, app, listener)
            self.say(f"    {page}")
            self.say(f"Waiting {self.seconds:.0f} seconds for you to agree; Ctrl-C gives up …")
            self.open_page(page)
            code = listener.code(self.seconds)
            self.say("Spotify has answered; exchanging its code for a refresh token …")
            return self._exchanged(app, code, listener.redirect_uri)

    def _exchanged(self, app: App, code: str, redirect_uri: str) -> Credentials:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        try:
            with DirectSession() as session:
                response = session.post(
                    f"{self.accounts_url}/api/token", form, auth=(app.client_id, app.client_secret), timeout=(5, 20)
                )
        except requests.TooManyRedirects as error:
            message = f"{error}; {ADVICE['redirect']}. Then run `make login` again."
            raise LoginError(message) from None  # the request in it holds the secret
        except requests.RequestException as error:
            message = (
                f"{self.accounts_url} cannot be reached ({reason_of(error)}): check the network, then run "
                "`make login` again."
            )
            raise LoginError(message) from None  # the request in it holds the secret
        answer = _object(response)
        if response.status_code != requests.codes.ok:
            raise LoginError(_refusal(response.status_code, answer, redirect_uri))
        token = answer.get("refresh_token")
        if not isinstance(token, str) or not token:
            message = "Spotify's answer holds no refresh token. Run `make login` again."
            raise LoginError(message)
        scope = answer.get("scope")
        scope = scope if isinstance(scope, str) and scope else SCOPE  # it may be left out where it is what was asked
        missing = set(SCOPE.split()) - set(scope.split())
        if missing:
            message = f"Spotify granted less than was asked: {' '.join(sorted(missing))} lacks. Run `make login` again."
            raise LoginError(message)
        return Credentials(
            client_id=app.client_id,
            client_secret=app.client_secret,
            refresh_token=token,
            consented_at=f"{self.clock():%Y-%m-%dT%H:%M:%SZ}",
            scope=scope,
        )

    def who(self, credentials: Credentials, place: Place) -> str:
        """The id of the person, asked with the stored login. Raises LoginError if it does not work."""
        spotify = Spotify(
            credentials,
            api_url=self.api_url,
            accounts_url=self.accounts_url,
            end=datetime.now(UTC) + timedelta(seconds=_CHECK_SECONDS),
            on_new_token=lambda token: place.keep(replace(credentials, refresh_token=token)),
        )
        try:
            return spotify.me()
        except OutOfTimeError:
            message = "The login is kept, but Spotify does not answer now; `make doctor` tries again."
        except SpotifyError as error:
            message = f"The login is kept, but Spotify does not take it. {error}: {ADVICE[error.kind]}."
        raise LoginError(message)


def _page(accounts_url: str, app: App, listener: Listener) -> str:
    """The consent page's address; show_dialog, so that the consent page is shown again and six more months begin."""
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "scope": SCOPE,
        "redirect_uri": listener.redirect_uri,
        "state": listener.state,
        "show_dialog": "true",
    }
    return f"{accounts_url}/authorize?{urllib.parse.urlencode(query)}"


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(status: int, answer: Mapping[str, Any], redirect_uri: str) -> str:
    """Only the two texts that OAuth names are repeated, never the whole answer."""
    error, description = (answer.get(name) for name in ("error", "error_description"))
    texts = [printable(text)[:100] for text in (error, description) if isinstance(text, str)]
    said = ", ".join([str(status), *texts])
    if error == "invalid_client":
        return (
            f"Spotify does not know this client id with this secret ({said}): copy both from {DASHBOARD} and run "
            "`make login` again; --new-app asks for both again."
        )
    if error == "invalid_grant" and "redirect" in str(description).lower():
        return (
            f"Spotify refuses the redirect URI ({said}): your app in {DASHBOARD} must have {redirect_uri}, letter for "
            "letter. Then run `make login` again."
        )
    if error == "invalid_grant":
        return f"Spotify does not take its code any more ({said}): it lives for minutes. Run `make login` again."
    return f"Spotify cannot exchange the code now ({said}). Run `make login` again in a minute."


# --- the command --------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Never:
        """One sentence; argparse would print all options first."""
        _say(f"login: {printable(message.removeprefix('argument '))}; --help shows all options")
        raise SystemExit(2)


def main(
    argv: Sequence[str],
    *,
    open_page: Callable[[str], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Steps and problems go to stderr; 0 when the login is kept and works, 1 if not, 130 after Ctrl-C."""
    set_up_output()
    parser = _Parser(prog="python -m extract_lambda.login", description=__doc__, allow_abbrev=False)
    parser.add_argument("--client-id", help="of your app (default: SPOTIFY_CLIENT_ID, the earlier login's, or asked)")
    parser.add_argument("--new-app", action="store_true", help="ask for id and secret, as at the first login")
    parser.add_argument("--secret-arn", help="keep the login in this secret of AWS Secrets Manager, not in a file")
    parser.add_argument("--port", type=int, default=PORT, help="of the redirect URI (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="to wait for the consent (default: 300)")
    parser.add_argument("--no-browser", action="store_true", help="only show the consent page's address")
    given = parser.parse_args(argv)
    urls = {name: os.environ.get(name, "").strip().rstrip("/") for name in ("SPOTIFY_API_URL", "SPOTIFY_ACCOUNTS_URL")}
    login = Login(
        say=_say,
        open_page=open_page or (_no_page if given.no_browser else _open_page),
        accounts_url=urls["SPOTIFY_ACCOUNTS_URL"] or ACCOUNTS_URL,
        api_url=urls["SPOTIFY_API_URL"] or API_URL,
        port=given.port,
        seconds=given.seconds,
        clock=clock,
    )
    try:
        place = place_of(os.environ, given.secret_arn)
        app = _app(given, os.environ, place)
        credentials = login.consent(app)
        place.keep(credentials)
        _say(f"Kept in {place}.")
        _say("Asking Spotify whose login it is …")
        person = login.who(credentials, place)
    except (LoginError, CredentialsError) as error:
        _say(f"login: {printable(str(error))}")
        return 1
    except KeyboardInterrupt:
        _say("\nlogin: stopped. Unless it says above that a login was kept, all is as it was.")
        return 130
    until = datetime.fromisoformat(str(credentials.consented_at)) + LIFETIME
    _say(f"It is the login of {printable(person)}.")
    _say(f"A login lasts six months, used or not: this one until about {until:%Y-%m-%d}. Run `make login` before that.")
    return 0


def _app(given: argparse.Namespace, environ: Mapping[str, str], place: Place) -> App:
    """The app by arguments, environment, earlier login or question. Raises LoginError."""
    earlier = place.earlier()
    earlier = None if given.new_app else earlier
    named = given.client_id or ("" if given.new_app else environ.get("SPOTIFY_CLIENT_ID", "").strip())
    secret = "" if given.new_app else environ.get("SPOTIFY_CLIENT_SECRET", "").strip()
    if earlier and named in {"", earlier.client_id}:
        if not secret:
            _say(f"Using the app of the earlier login, client id {earlier.client_id}; --new-app asks for another.")
        return App(earlier.client_id, secret or earlier.client_secret)
    if not (named and secret):
        _say(f"Client id and secret are on your app's page in {DASHBOARD}.")
    client_id = _clean("client id", named or _asked("Client id: ", is_secret=False))
    return App(client_id, _clean("client secret", secret or _asked("Client secret (not shown): ", is_secret=True)))


def _asked(question: str, *, is_secret: bool) -> str:
    try:
        if not sys.stdin.isatty():
            return sys.stdin.readline()
        return getpass.getpass(question, sys.stderr) if is_secret else input(question)
    except EOFError:
        return ""


def _clean(name: str, text: str) -> str:
    text = text.strip()
    if not re.fullmatch("[!-~]+", text):
        message = f"No {name} was given, or it holds spaces or signs that none has: copy it from {DASHBOARD}."
        raise LoginError(message)
    return text


def _open_page(page: str) -> None:
    """In the person's browser. Without a screen it would be one of text, in the middle of this terminal."""
    if sys.platform in {"darwin", "win32"} or any(os.environ.get(n) for n in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")):
        threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()  # some return when they are closed
    else:
        _no_page(page)


def _no_page(page: str) -> None:
    port = urllib.parse.urlsplit(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page).query))["redirect_uri"]).port
    _say("Open it in a browser on this machine; if that is elsewhere, first let the port through from there:")
    _say(f"    ssh -L {port}:127.0.0.1:{port} {platform.node()}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
