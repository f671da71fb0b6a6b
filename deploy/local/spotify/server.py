"""The stub over HTTP: paths, tokens, limits and error bodies of the Spotify Web API.

with SpotifyStub(Catalogue(), app_class="A", day=0) as stub:
    client.prefix = stub.url + "/v1/"
    stub.faults.add("server", path="/items", times=3)
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
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Self

from deploy.local.spotify.answers import Answers, AppClass, Json, Page
from deploy.local.spotify.catalogue import Catalogue
from deploy.local.spotify.faults import ON_THE_WIRE, Fault, Rule, Switchboard
from deploy.local.spotify.wire import Answer, RefusedError, Request, Server
from deploy.local.spotify.world import LIKED, Person, Playlist

CLIENT_ID = "stub-client"
CLIENT_SECRET = "stub-secret"  # noqa: S105  # valid only for the stub
AUTHORIZATION_CODE = "stub-code"
REFRESH_TOKEN = "stub-refresh-token"  # noqa: S105  # likewise
SCOPE = "playlist-read-collaborative playlist-read-private user-library-read user-read-private"

PAGE_LIMIT = 50
OLD_PAGE_LIMIT = 100  # of /playlists/{id}/tracks


def _refusal(status: int, message: str, *, reason: str | None = None, retry_after: int | None = None) -> Answer:
    error: Json = {"status": status, "message": message}
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(status, {"error": error | ({"reason": reason} if reason else {})}, headers)


# Texts as users of the API report them.
_REFUSALS: Mapping[Fault, Answer] = {
    Fault.UNAUTHORISED: _refusal(401, "Access token missing"),
    Fault.NOT_OWNER: _refusal(403, "Forbidden"),
    Fault.NOT_ALLOW_LISTED: Answer(
        403, "User not registered in the Developer Dashboard", {"Content-Type": "text/plain; charset=utf-8"}
    ),
    Fault.PREMIUM_LAPSED: _refusal(403, "Active premium subscription required for the owner of the app."),
    Fault.WRONG_SCOPE: _refusal(403, "Insufficient client scope"),
    Fault.NOT_FOUND: _refusal(404, "Resource not found"),
}
_SERVER_STATUSES = (500, 502, 503, 504)
_QUOTA_SECONDS = 48_925


@dataclass(frozen=True)
class Token:
    """An access token; `user` is None for client credentials, `expires_at` is a time of the monotonic clock."""

    user: Person | None
    expires_at: float


class SpotifyStub:
    """The API for an app of one class on one day of a catalogue; the catalogue's listener has logged in to the app.

    `day` may be set at any time. `calls` counts requests per kind of endpoint, `failed` the requests that got one of
    the `faults`, `edits` how often each playlist was edited. With `rotates`, each refresh returns a new refresh token
    and ends the old one.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        app_class: str = "A",
        day: int = 0,
        port: int = 0,
        token_seconds: int = 3600,
        stall_seconds: float = 30.0,
    ) -> None:
        self.catalogue = catalogue
        self.app = AppClass(app_class)
        self.day = day
        self.calls: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.edits: Counter[str] = Counter()
        self.faults = Switchboard()
        self.rotates = False
        self.refresh_token = REFRESH_TOKEN
        self.stall_seconds = stall_seconds
        self.is_closed = threading.Event()
        self._revoked: str | None = None
        self._edited: dict[str, tuple[Playlist, Playlist]] = {}  # the catalogue's version, and the edited version
        self._routes: tuple[tuple[str, str, str, Callable[..., Answer]], ...] = (
            ("POST", r"/stub/day", "stub", self._set_day),
            ("GET", r"/stub/calls", "stub", self._show_calls),
            ("POST", r"/stub/faults", "stub", self._set_faults),
            ("GET", r"/stub/faults", "stub", self._show_faults),
            ("POST", r"/stub/tokens", "stub", self._set_tokens),
            ("POST", r"/stub/change", "stub", self._change),
            ("GET", r"/authorize", "authorize", self._authorize),
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
        self._server = Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """The stub's address, without a slash at the end: the API is under /v1, the token endpoint is /api/token."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which the extractor calls this stub as its listener, without pauses."""
        return {
            "SPOTIFY_API_URL": f"{self.url}/v1",
            "SPOTIFY_ACCOUNTS_URL": self.url,
            "SPOTIFY_CLIENT_ID": CLIENT_ID,
            "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET,
            "SPOTIFY_REFRESH_TOKEN": REFRESH_TOKEN,
            "SPOTIFY_MIN_REQUEST_INTERVAL": "0",
        }

    def __enter__(self) -> Self:
        """Start to answer."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Accept no more connections."""
        self.is_closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: Request) -> Answer:
        """The API's answer to a request; every request comes here."""
        kind, respond, parts = self._route(request)
        if kind == "stub":
            return self._answer_of(request, respond, parts)
        rule = self.faults.next(kind, request.target)
        with self._lock:
            self.calls[kind] += 1
            self.failed[kind] += rule is not None
        if rule is None:
            return self._answer_of(request, respond, parts)
        return self._faulty(rule, request, respond, parts)

    def _answer_of(self, request: Request, respond: Callable[..., Answer], parts: tuple[str, ...]) -> Answer:
        try:
            return respond(request, *parts)
        except RefusedError as refused:
            return refused.answer

    def _faulty(self, rule: Rule, request: Request, respond: Callable[..., Answer], parts: tuple[str, ...]) -> Answer:
        refused = self._refused(rule)
        if refused:
            return refused
        if rule.fault is Fault.CHANGED and parts:
            self.change(parts[0])
        answer = self._answer_of(request, respond, parts)
        if rule.fault in ON_THE_WIRE:
            return replace(answer, fault=rule.fault)
        if isinstance(answer.body, dict) and isinstance(answer.body.get("items"), list):
            return replace(answer, body=self._untrue(answer.body, rule.fault))
        return answer

    def _refused(self, rule: Rule) -> Answer | None:
        match rule.fault:
            case Fault.RATE:
                return _refusal(429, "API rate limit exceeded", retry_after=rule.retry_after or 1)
            case Fault.QUOTA:
                wait = rule.retry_after or _QUOTA_SECONDS
                return _refusal(429, "Too many requests", reason="QUOTA_EXCEEDED", retry_after=wait)
            case Fault.SERVER:
                status = _SERVER_STATUSES[self.faults.met[rule.fault.value] % len(_SERVER_STATUSES)]
                return Answer(status, "upstream connect error", {"Content-Type": "text/plain"})
        return _REFUSALS.get(rule.fault)

    def _untrue(self, page: Json, fault: Fault) -> Json:
        rows, total = page["items"], page["total"]
        if fault is Fault.LYING_TOTAL and isinstance(total, int):
            return page | {"total": total + 3 if self.faults.met[fault.value] % 2 else max(0, total - 1)}
        if fault is Fault.SHORT_PAGE and isinstance(rows, list):
            return page | {"items": rows[:-1]}
        return page

    def _route(self, request: Request) -> tuple[str, Callable[..., Answer], tuple[str, ...]]:
        for method, pattern, kind, respond in self._routes:
            match = re.fullmatch(pattern + "/?", request.path)  # spotipy requests /me/
            if match and method == request.method:
                return kind, respond, match.groups()
        return "unknown", self._unknown, ()

    # Playlists of today, with edits

    def playlists(self) -> tuple[Playlist, ...]:
        """The listener's library as it is now."""
        return tuple(self._now(playlist) for playlist in self.catalogue.playlists(self.day))

    def playlist(self, playlist_id: str) -> Playlist:
        """A playlist as it is now; KeyError if there is none."""
        return self._now(self.catalogue.playlist(playlist_id, self.day))

    def change(self, playlist_id: str) -> None:
        """Edit the playlist: alternately removes the first item and moves it to the end."""
        was = self.catalogue.playlist(playlist_id, self.day)
        now = self._now(was)
        first, rest = now.items[:1], now.items[1:]
        items = rest if now.version % 2 else (*rest, *first)
        self.edits[playlist_id] += 1
        self._edited[playlist_id] = (was, replace(now, items=items, version=now.version + 1))

    def _now(self, playlist: Playlist) -> Playlist:
        """The playlist with its edits; a change of the catalogue's own discards them."""
        was, now = self._edited.get(playlist.id, (None, playlist))
        return now if was == playlist else playlist

    # The stub's own switches

    def _set_faults(self, request: Request) -> Answer:
        """{"rules": [{"fault": "server", "path": "/items", "times": 3}], "seed": 1, "share": 0.2} replaces all."""
        try:
            settings = json.loads(request.body)
            rules = [Rule(**{**rule, "fault": Fault(rule["fault"])}) for rule in settings.get("rules", [])]
            seed, share = int(settings.get("seed", 0)), float(settings.get("share", 0))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"No faults: {error}") from None
        self.faults.rules = rules
        self.faults.at_random(seed, share)
        return self._show_faults(request)

    def _show_faults(self, _: Request) -> Answer:
        return Answer(HTTPStatus.OK, {**self.faults.met})

    def _set_tokens(self, request: Request) -> Answer:
        """{"expire": true} ends the access tokens, {"rotate": true} as `rotates`, {"revoke": "…"} ends the consent."""
        try:
            settings = json.loads(request.body)
            rotates, revoked, expires = settings.get("rotate"), settings.get("revoke"), settings.get("expire")
        except (ValueError, AttributeError):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The body must be an object") from None
        self.rotates = self.rotates if rotates is None else bool(rotates)
        if revoked:
            self.revoke(str(revoked))
        if expires:
            self.expire_tokens()
        return Answer(HTTPStatus.OK, {})

    def expire_tokens(self) -> None:
        """End all access tokens."""
        with self._lock:
            self._tokens = {name: replace(token, expires_at=0.0) for name, token in self._tokens.items()}

    def revoke(self, description: str = "Refresh token revoked") -> None:
        """End the consent; the token endpoint then answers with this description."""
        self._revoked = description

    def _change(self, request: Request) -> Answer:
        try:
            self.change(json.loads(request.body)["playlist_id"])
        except (ValueError, TypeError, KeyError):
            raise RefusedError(HTTPStatus.BAD_REQUEST, 'The body must be {"playlist_id": "…"}') from None
        return Answer(HTTPStatus.OK, {})

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

    def _authorize(self, request: Request) -> Answer:
        """The consent page; the person agrees at once, so it redirects to the redirect URI with a code."""
        if request.query.get("client_id") != CLIENT_ID:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "INVALID_CLIENT: Invalid client")
        redirect_uri = request.query.get("redirect_uri", "")
        if not re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", redirect_uri):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "INVALID_CLIENT: Invalid redirect URI")
        back = urllib.parse.urlencode({"code": AUTHORIZATION_CODE, "state": request.query.get("state", "")})
        return Answer(HTTPStatus.FOUND, {}, {"Location": f"{redirect_uri}?{back}"})

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
                return self._refreshed(form.get("refresh_token"))
            case "authorization_code":
                if form.get("code") != AUTHORIZATION_CODE:
                    raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_grant", "Invalid authorization code")
                return self._token(self.catalogue.me, {"scope": SCOPE, "refresh_token": self.refresh_token})
        expected = "grant_type must be client_credentials, authorization_code or refresh_token"
        raise RefusedError(HTTPStatus.BAD_REQUEST, "unsupported_grant_type", expected)

    def _refreshed(self, refresh_token: str | None) -> Answer:
        if refresh_token != self.refresh_token:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_grant", "Invalid refresh token")
        if self._revoked:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "invalid_grant", self._revoked)
        if not self.rotates:
            return self._token(self.catalogue.me, {"scope": SCOPE})
        self.refresh_token = f"{REFRESH_TOKEN}-{len(self._tokens) + 1}"
        return self._token(self.catalogue.me, {"scope": SCOPE, "refresh_token": self.refresh_token})

    def _token(self, user: Person | None, more: dict[str, str]) -> Answer:
        with self._lock:
            name = f"stub-access-token-{len(self._tokens) + 1}"
            self._tokens[name] = Token(user, time.monotonic() + self._token_seconds)
        shown: Json = {"access_token": name, "token_type": "Bearer", "expires_in": self._token_seconds}
        return Answer(HTTPStatus.OK, shown | more)

    def _answers(self, request: Request) -> Answers:
        """The answers for the caller's app and user; 401 without a valid token."""
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
        """Also serves /users/{id}/playlists, to which the links of an unrestricted app point."""
        answers = self._answers_to_user(request)
        me = self.catalogue.me
        if user_id is not None and (self.app.is_restricted or user_id != me.id):
            raise RefusedError(HTTPStatus.FORBIDDEN, "Forbidden")
        path = "/me/playlists" if self.app.is_restricted else f"/users/{urllib.parse.quote(me.id)}/playlists"
        page = _page(request, path)
        return Answer(HTTPStatus.OK, page.of(self.playlists(), answers.playlist_in_list))

    def _my_tracks(self, request: Request) -> Answer:
        answers = self._answers_to_user(request)
        return Answer(HTTPStatus.OK, _page(request, "/me/tracks").of(self.catalogue.liked(answers.day), answers.liked))

    def _playlist(self, request: Request, playlist_id: str) -> Answer:
        answers = self._answers(request)
        playlist = self._playlist_or_404(playlist_id, answers)
        return Answer(HTTPStatus.OK, answers.playlist(playlist, tuple(request.query.items())))

    def _items(self, request: Request, playlist_id: str, key: str) -> Answer:
        answers = self._answers(request)
        if key == "tracks" and self.app.is_restricted:
            raise RefusedError(HTTPStatus.FORBIDDEN, "Forbidden")
        playlist = self._playlist_or_404(playlist_id, answers)
        if not answers.may_read(playlist):
            raise RefusedError(HTTPStatus.FORBIDDEN, "Forbidden")
        page = _page(request, f"/playlists/{playlist_id}/{key}", OLD_PAGE_LIMIT if key == "tracks" else PAGE_LIMIT)
        return Answer(HTTPStatus.OK, page.of(playlist.items, answers.row))

    def _playlist_or_404(self, playlist_id: str, answers: Answers) -> Playlist:
        """404 for unknown ids, and for Spotify's own playlists in development mode."""
        try:
            playlist = self.playlist(playlist_id)
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
