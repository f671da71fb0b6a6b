"""`python -m extract_lambda.login`: the person whose playlists are read gives consent, once in six months.

This is Spotify's authorisation code flow: its consent page opens in a browser and sends the browser back to this
machine with a code, which is exchanged for a refresh token. No secret and no token is shown.
"""

import argparse
import getpass
import os
import platform
import re
import sys
import threading
import urllib.parse
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Never

import requests

from extract_lambda.credentials import LIFETIME, Credentials, CredentialsError
from extract_lambda.failures import ADVICE, LoginError, OutOfTimeError, SpotifyError
from extract_lambda.login_listener import DASHBOARD, PORT, Listener
from extract_lambda.login_place import Place, place_of
from extract_lambda.spotify import ACCOUNTS_URL, API_URL, SCOPE, Spotify
from extract_lambda.transport import DirectSession, reason_of
from shared.terminal import printable, set_up_output

_SECONDS = 300.0  # for the person to read the consent page, and perhaps to find a password
_CHECK_SECONDS = 30.0


@dataclass(frozen=True)
class App:
    """An app of Spotify's dashboard."""

    client_id: str
    client_secret: str = field(repr=False)


# --- the login ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Login:
    """One login: Spotify's and this machine's addresses, how long to wait, and how to show pages and messages."""

    say: Callable[[str], None]
    open_page: Callable[[str], None]
    accounts_url: str = ACCOUNTS_URL
    api_url: str = API_URL
    port: int = PORT
    seconds: float = _SECONDS
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def consent(self, app: App) -> Credentials:
        """The credentials after the person's consent. Raises LoginError."""
        with Listener(self.port, self.say) as listener:
            self.say(f"Redirect URI, which your app in {DASHBOARD} must have exactly:")
            self.say(f"    {listener.redirect_uri}")
            self.say("Spotify's consent page, if no browser opens by itself:")
            page = _page(self.accounts_url, app, listener)
            self.say(f"    {page}")
            self.say(f"Waiting {self.seconds:.0f} seconds for you to agree; Ctrl-C stops …")
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
            raise LoginError(
                f"{error}; {ADVICE['redirect']}. Then run `make login` again."
            ) from None  # the request in it contains the secret
        except requests.RequestException as error:
            raise LoginError(
                f"{self.accounts_url} cannot be reached ({reason_of(error)}): check the network, then run "
                "`make login` again."
            ) from None  # the request in it contains the secret
        answer = _object(response)
        if response.status_code != requests.codes.ok:
            raise LoginError(_refusal(response.status_code, answer, redirect_uri))
        token = answer.get("refresh_token")
        if not isinstance(token, str) or not token:
            raise LoginError("Spotify's answer has no refresh token. Run `make login` again.")
        scope = answer.get("scope")
        scope = scope if isinstance(scope, str) and scope else SCOPE  # absent where it equals the requested scope
        missing = set(SCOPE.split()) - set(scope.split())
        if missing:
            raise LoginError(
                f"Spotify granted less than requested: {' '.join(sorted(missing))} is missing. Run `make login` again."
            )
        return Credentials(
            client_id=app.client_id,
            client_secret=app.client_secret,
            refresh_token=token,
            consented_at=f"{self.clock():%Y-%m-%dT%H:%M:%SZ}",
            scope=scope,
        )

    def who(self, credentials: Credentials, place: Place) -> str:
        """The person's Spotify id, requested with the new login. Raises LoginError if the login does not work."""
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
            reason = "Spotify does not answer now; `make doctor` tries again."
        except SpotifyError as error:
            reason = f"Spotify does not accept it. {error}: {ADVICE[error.kind]}."
        raise LoginError(f"The login is kept, but {reason}")


def _page(accounts_url: str, app: App, listener: Listener) -> str:
    """The consent page's address; with show_dialog the page is shown every time, so that six more months begin."""
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
    """The message for a refusal; of the answer it repeats only OAuth's fields error and error_description."""
    error, description = (answer.get(name) for name in ("error", "error_description"))
    texts = [printable(text)[:100] for text in (error, description) if isinstance(text, str)]
    details = ", ".join([str(status), *texts])
    if error == "invalid_client":
        return (
            f"Spotify does not know this client id with this secret ({details}): copy both from {DASHBOARD} and run "
            "`make login` again; --new-app asks for them again."
        )
    if error == "invalid_grant" and "redirect" in str(description).lower():
        return (
            f"Spotify refuses the redirect URI ({details}): your app in {DASHBOARD} must have exactly "
            f"{redirect_uri}. Then run `make login` again."
        )
    if error == "invalid_grant":
        return f"Spotify no longer accepts its code ({details}), which is valid for minutes. Run `make login` again."
    return f"Spotify cannot exchange the code now ({details}). Run `make login` again in a minute."


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
    options = parser.parse_args(argv)
    urls = {name: os.environ.get(name, "").strip().rstrip("/") for name in ("SPOTIFY_API_URL", "SPOTIFY_ACCOUNTS_URL")}
    login = Login(
        say=_say,
        open_page=open_page or (_no_page if options.no_browser else _open_page),
        accounts_url=urls["SPOTIFY_ACCOUNTS_URL"] or ACCOUNTS_URL,
        api_url=urls["SPOTIFY_API_URL"] or API_URL,
        port=options.port,
        seconds=options.seconds,
        clock=clock,
    )
    try:
        place = place_of(os.environ, options.secret_arn)
        app = _app(options, os.environ, place)
        credentials = login.consent(app)
        place.keep(credentials)
        _say(f"Kept in {place}.")
        _say("Asking Spotify whose login it is …")
        person = login.who(credentials, place)
    except (LoginError, CredentialsError) as error:
        _say(f"login: {printable(str(error))}")
        return 1
    except KeyboardInterrupt:
        _say("\nlogin: stopped. Unless a line above says that a login was kept, nothing has changed.")
        return 130
    until = datetime.fromisoformat(str(credentials.consented_at)) + LIFETIME
    _say(f"It is the login of {printable(person)}.")
    _say(f"A login lasts six months, used or not: this one until about {until:%Y-%m-%d}. Run `make login` before that.")
    return 0


def _app(options: argparse.Namespace, environ: Mapping[str, str], place: Place) -> App:
    """The app from arguments, environment, an earlier login or prompts. Raises LoginError."""
    earlier = place.earlier()
    earlier = None if options.new_app else earlier
    named = options.client_id or ("" if options.new_app else environ.get("SPOTIFY_CLIENT_ID", "").strip())
    secret = "" if options.new_app else environ.get("SPOTIFY_CLIENT_SECRET", "").strip()
    if earlier and named in {"", earlier.client_id}:
        if not secret:
            _say(f"Using the app of the earlier login, client id {earlier.client_id}; --new-app asks for another.")
        return App(earlier.client_id, secret or earlier.client_secret)
    if not (named and secret):
        _say(f"Client id and secret are on your app's page in {DASHBOARD}.")
    client_id = _clean("client id", named or _prompt("Client id: ", is_secret=False))
    return App(client_id, _clean("client secret", secret or _prompt("Client secret (not shown): ", is_secret=True)))


def _prompt(question: str, *, is_secret: bool) -> str:
    try:
        if not sys.stdin.isatty():
            return sys.stdin.readline()
        return getpass.getpass(question, sys.stderr) if is_secret else input(question)
    except EOFError:
        return ""


def _clean(name: str, text: str) -> str:
    text = text.strip()
    if not re.fullmatch("[!-~]+", text):
        raise LoginError(f"The {name} is empty, or has characters that no {name} has: copy it from {DASHBOARD}.")
    return text


def _open_page(page: str) -> None:
    """Open the page in the person's browser; without a screen only show it: a text browser would fill the terminal."""
    if sys.platform in {"darwin", "win32"} or any(os.environ.get(n) for n in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")):
        threading.Thread(
            target=webbrowser.open, args=(page,), daemon=True
        ).start()  # some browsers return only when they are closed
    else:
        _no_page(page)


def _no_page(page: str) -> None:
    port = urllib.parse.urlsplit(dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page).query))["redirect_uri"]).port
    _say("Open it in a browser on this machine; if you work on another one, forward the port first:")
    _say(f"    ssh -L {port}:127.0.0.1:{port} {platform.node()}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
