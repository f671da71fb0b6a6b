"""The stub over HTTP: paths, tokens, limits and error bodies of the Spotify Web API.

with SpotifyStub(Catalogue(), app_class="A", day=0) as stub:
    client.prefix = stub.url + "/v1/"
"""

import base64
import binascii
import json
import re
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from deploy.local.spotify.answers import Answers, AppClass, Json, Page
from deploy.local.spotify.catalogue import LIKED, Catalogue, Person, Playlist

CLIENT_ID = "stub-client"
CLIENT_SECRET = "stub-secret"  # noqa: S105 (opens nothing but the stub)
AUTHORIZATION_CODE = "stub-code"
REFRESH_TOKEN = "stub-refresh-token"  # noqa: S105 (likewise)
SCOPE = "playlist-read-collaborative playlist-read-private user-library-read user-read-private"

PAGE_LIMIT = 50
OLD_PAGE_LIMIT = 100  # of /playlists/{id}/tracks


@dataclass(frozen=True)
class Request:
    """What a client asked, taken apart; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back: `body` as JSON."""

    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """Ends a request with an error body of the API or, with a description, of the token endpoint."""

    def __init__(self, status: int, message: str, description: str | None = None) -> None:
        super().__init__(message)
        body: Json = {"error": {"status": status, "message": message}}
        self.answer = Answer(status, {"error": message, "error_description": description} if description else body)


@dataclass(frozen=True)
class Token:
    """An access token: `user` is None for one of client credentials; `expires_at` is monotonic."""

    user: Person | None
    expires_at: float


class SpotifyStub:
    """One app of a class, on one day of a catalogue, for whom the catalogue's listener has logged in.

    `day` may be set at any time; `calls` counts requests per kind of endpoint.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        app_class: str = "A",
        day: int = 0,
        port: int = 0,
        token_seconds: int = 3600,
    ) -> None:
        self.catalogue = catalogue
        self.app = AppClass(app_class)
        self.day = day
        self.calls: Counter[str] = Counter()
        self._routes: tuple[tuple[str, str, str, Callable[..., Answer]], ...] = (
            ("POST", r"/stub/day", "stub", self._set_day),
            ("GET", r"/stub/calls", "stub", self._show_calls),
            ("POST", r"/api/token", "token", self._grant),
            ("GET", r"/v1/me", "me", self._me),
            ("GET", r"/v1/me/playlists", "me_playlists", self._my_playlists),
            ("GET", r"/v1/users/([^/]+)/playlists", "me_playlists", self._my_playlists),
            ("GET", r"/v1/me/tracks", "me_tracks", self._my_tracks),
            ("GET", r"/v1/playlists/([^/]+)", "playlist", self._playlist),
            ("GET", r"/v1/playlists/([^/]+)/(items)", "playlist_items", self._items),
            ("GET", r"/v1/playlists/([^/]+)/(tracks)", "playlist_tracks", self._items),
        )
        self._token_seconds = token_seconds
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end: the API is under /v1, the token endpoint is /api/token."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Begins to answer."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Takes no more connections."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: Request) -> Answer:
        """The one place that every request comes through, whole, with what the API says to it."""
        kind, respond, parts = self._route(request)
        if kind != "stub":
            with self._lock:
                self.calls[kind] += 1
        try:
            return respond(request, *parts)
        except RefusedError as refused:
            return refused.answer

    def _route(self, request: Request) -> tuple[str, Callable[..., Answer], tuple[str, ...]]:
        for method, pattern, kind, respond in self._routes:
            match = re.fullmatch(pattern + "/?", request.path)  # spotipy asks for /me/
            if match and method == request.method:
                return kind, respond, match.groups()
        return "unknown", self._unknown, ()

    # The stub's own switches

    def _set_day(self, request: Request) -> Answer:
        try:
            day = int(json.loads(request.body)["day"])
            self.catalogue.playlists(day)
        except (ValueError, TypeError, KeyError):
            raise RefusedError(HTTPStatus.BAD_REQUEST, 'The body must be {"day": n}, n >= 0') from None
        self.day = day
        return Answer(HTTPStatus.OK, {"day": day})

    def _show_calls(self, _: Request) -> Answer:
        with self._lock:
            return Answer(HTTPStatus.OK, dict(self.calls))

    # Tokens

    def _grant(self, request: Request) -> Answer:
        form = dict(urllib.parse.parse_qsl(request.body.decode()))
        client_id, client_secret = _basic(request.headers.get("authorization", ""))
        if (client_id, client_secret) != (CLIENT_ID, CLIENT_SECRET):
            what = "Invalid client secret" if client_id == CLIENT_ID else "Invalid client"
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_client", what)
        match form.get("grant_type"):
            case "client_credentials":
                return self._token(None, {})
            case "refresh_token":
                if form.get("refresh_token") != REFRESH_TOKEN:
                    raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_grant", "Invalid refresh token")
                return self._token(self.catalogue.me, {"scope": SCOPE})
            case "authorization_code":
                if form.get("code") != AUTHORIZATION_CODE:
                    raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_grant", "Invalid authorization code")
                return self._token(self.catalogue.me, {"scope": SCOPE, "refresh_token": REFRESH_TOKEN})
        expected = "grant_type must be client_credentials, authorization_code or refresh_token"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", expected)

    def _token(self, user: Person | None, more: dict[str, str]) -> Answer:
        with self._lock:
            name = f"stub-access-token-{len(self._tokens) + 1}"
            self._tokens[name] = Token(user, time.monotonic() + self._token_seconds)
        shown: Json = {"access_token": name, "token_type": "Bearer", "expires_in": self._token_seconds}
        return Answer(HTTPStatus.OK, shown | more)

    def _answers(self, request: Request) -> Answers:
        """The wording for whoever asks; 401 without a good token."""
        scheme, _, name = request.headers.get("authorization", "").partition(" ")
        if not name:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "No token provided")
        token = self._tokens.get(name)
        if scheme.lower() != "bearer" or token is None:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "Invalid access token")
        if time.monotonic() >= token.expires_at:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "The access token expired")
        return Answers(self.app, self.day, token.user)

    def _answers_to_user(self, request: Request) -> Answers:
        answers = self._answers(request)
        if answers.me is None:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "Valid user authentication required")
        return answers

    # The API

    def _me(self, request: Request) -> Answer:
        return Answer(HTTPStatus.OK, self._answers_to_user(request).profile(self.catalogue.me))

    def _my_playlists(self, request: Request, user_id: str | None = None) -> Answer:
        """Also as /users/{id}/playlists, which the links of an unrestricted app point to."""
        answers = self._answers_to_user(request)
        me = self.catalogue.me
        if user_id is not None and (self.app.is_restricted or user_id != me.id):
            raise RefusedError(HTTPStatus.FORBIDDEN, "Forbidden")
        path = "/me/playlists" if self.app.is_restricted else f"/users/{urllib.parse.quote(me.id)}/playlists"
        page = _page(request, path)
        return Answer(HTTPStatus.OK, page.of(self.catalogue.playlists(answers.day), answers.playlist_in_list))

    def _my_tracks(self, request: Request) -> Answer:
        answers = self._answers_to_user(request)
        return Answer(HTTPStatus.OK, _page(request, "/me/tracks").of(self.catalogue.liked(answers.day), answers.liked))

    def _playlist(self, request: Request, playlist_id: str) -> Answer:
        answers = self._answers(request)
        playlist = self._found(playlist_id, answers)
        return Answer(HTTPStatus.OK, answers.playlist(playlist, tuple(request.query.items())))

    def _items(self, request: Request, playlist_id: str, key: str) -> Answer:
        answers = self._answers(request)
        if key == "tracks" and self.app.is_restricted:
            raise RefusedError(HTTPStatus.FORBIDDEN, "Forbidden")
        playlist = self._found(playlist_id, answers)
        if not answers.may_read(playlist):
            raise RefusedError(HTTPStatus.FORBIDDEN, "Forbidden")
        page = _page(request, f"/playlists/{playlist_id}/{key}", OLD_PAGE_LIMIT if key == "tracks" else PAGE_LIMIT)
        return Answer(HTTPStatus.OK, page.of(playlist.items, answers.row))

    def _found(self, playlist_id: str, answers: Answers) -> Playlist:
        """404 for what is not there, and for Spotify's own playlists in development mode."""
        try:
            playlist = self.catalogue.playlist(playlist_id, answers.day)
        except KeyError:
            raise RefusedError(HTTPStatus.NOT_FOUND, "Resource not found") from None
        is_hidden = playlist.id == LIKED or (playlist.owner.id == "spotify" and self.app is not AppClass.C)
        if is_hidden or (answers.me is None and not playlist.is_public):
            raise RefusedError(HTTPStatus.NOT_FOUND, "Resource not found")
        return playlist

    def _unknown(self, request: Request) -> Answer:
        if request.path.startswith("/v1/"):
            self._answers(request)
        raise RefusedError(HTTPStatus.NOT_FOUND, "Service not found")


def _page(request: Request, path: str, most: int = PAGE_LIMIT) -> Page:
    numbers = {"limit": 20 if most == PAGE_LIMIT else most, "offset": 0}
    for name, least, highest in (("limit", 1, most), ("offset", 0, None)):
        text = request.query.get(name, str(numbers[name]))
        if not re.fullmatch(r"\d{1,9}", text) or int(text) < least or (highest and int(text) > highest):
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"Invalid {name}")
        numbers[name] = int(text)
    others = tuple((name, value) for name, value in request.query.items() if name not in numbers)
    return Page(path, numbers["limit"], numbers["offset"], others)


def _basic(header: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client's open connection must not hold up the end

    def __init__(self, address: tuple[str, int], stub: SpotifyStub) -> None:
        super().__init__(address, _Handler)
        self.stub = stub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the end of an answer waits 40 ms for the acknowledgement of its beginning
    wbufsize = -1  # head and body in as few packets as may be
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        """Ask, answer, send: a fault would come between two of them."""
        self._send(self.server.stub.answer(self._request()))

    def _request(self) -> Request:
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(
            self.command, urllib.parse.unquote(url.path), dict(urllib.parse.parse_qsl(url.query)), headers, body
        )

    def _send(self, answer: Answer) -> None:
        body = json.dumps(answer.body, ensure_ascii=False).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: requests are counted, not printed."""
