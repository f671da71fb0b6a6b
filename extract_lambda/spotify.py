"""A client of the Spotify Web API; spotipy is its transport and authorisation.

spotipy gets sessions of this project, since its defaults sleep for hours on a 429, lose Retry-After and have no timeout
for tokens (measured with spotipy 2.26.0). This module alone decides when to wait, to retry and to give up. Answers are
returned unchanged.
"""

import base64
import hashlib
import logging
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import requests
import spotipy  # type: ignore[import-untyped, unused-ignore]
from spotipy.cache_handler import CacheHandler  # type: ignore[import-untyped, unused-ignore]
from spotipy.oauth2 import SpotifyOAuth, SpotifyOauthError  # type: ignore[import-untyped, unused-ignore]

from extract_lambda.budget import Budget
from extract_lambda.credentials import Credentials
from extract_lambda.failures import Kind, OutOfTimeError, SpotifyError, Subject, kind_of
from extract_lambda.transport import (
    DirectSession,
    LargeAnswerError,
    Limits,
    SlowAnswerError,
    is_deep,
    reason_of,
    retry_after,
)

API_URL = "https://api.spotify.com/v1"
ACCOUNTS_URL = "https://accounts.spotify.com"
# Sorted, as spotipy sorts it: a cached token with another scope makes spotipy ask for a login at the terminal.
SCOPE = "playlist-read-collaborative playlist-read-private user-library-read"
LIMIT = 50  # the most that a page may hold: reference pages of the three paths below
LONGEST_WAIT = 120.0  # seconds that a run sleeps when Spotify asks it to slow down; after a longer wait it ends

_EDITORIAL = "37i9dQ"  # how the ids of Spotify's own playlists begin
_ID = re.compile("[0-9A-Za-z]{1,22}")
_REDIRECT = "http://127.0.0.1:8888/callback"  # as registered for the login; a refresh does not use it
_EXCERPT = 200  # characters of an answer that an error repeats
_TRIES = 6  # of a call that fails because of the server, the network or a malformed answer
_SLOW_COUNTS = 3  # tries that a too slow answer counts as: the request is made twice in all
_WAITS = 5  # per call, when Spotify asks to slow down
_TOKEN_TRIES = 2  # after a valid token is refused, the first with a new token (Spotify's incident of July 2026)
_DEFAULT_WAIT = 5.0  # seconds, for a 429 without Retry-After
_CHECKS = 3  # how often the library is read if its total changes between two pages

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """An answer of the API; `asked` is the path and query of the request, as the raw document stores it."""

    asked: str
    body: Mapping[str, Any]


class Entry(NamedTuple):
    """A playlist as the person's library shows it, and the offset of the library page that shows it."""

    answer: Answer
    offset: int


class Spotify:
    """Spotify for one login, one call at a time.

    Every method raises SpotifyError, and OutOfTimeError when `end` is too near. `calls` counts the requests per kind,
    `throttled` how often Spotify asked to slow down. Each call spends `budget`. `subject_of` returns who owns a
    playlist; the meaning of a refusal depends on it.
    """

    def __init__(  # noqa: PLR0913  # settings, and what tests replace
        self,
        credentials: Credentials,
        *,
        api_url: str = API_URL,
        accounts_url: str = ACCOUNTS_URL,
        min_request_interval: float = 0.0,
        timeout: tuple[float, float] = (3.0, 15.0),
        limits: Limits | None = None,
        end: datetime | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] | None = None,
        on_new_token: Callable[[str], None] = lambda _token: None,
    ) -> None:
        """Makes no call yet.

        `min_request_interval` and `timeout` are in seconds. `timeout` has two limits: for the connection, and for the
        wait for the next byte. `limits` apply to each whole answer.
        """
        for name in ("spotipy", "spotipy.client", "spotipy.oauth2"):  # they log tokens and whole answers
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.calls: Counter[str] = Counter()
        self.throttled = 0
        self.budget = Budget()
        self.subject_of: Callable[[str], Subject] = subject_by_id
        login = f"{credentials.client_id} {credentials.refresh_token}"
        self.login_mark = hashlib.sha256(login.encode()).hexdigest()[:16]
        self._min_request_interval, self._timeout, self._end, self._clock = min_request_interval, timeout, end, clock
        self._sleep = sleep or time.sleep
        self._last_call: datetime | None = None
        self._cache = _TokenCache(credentials, on_new_token)
        self._limits = limits or Limits()
        self._sessions = DirectSession(), DirectSession()
        self._auth = SpotifyOAuth(
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            redirect_uri=_REDIRECT,
            scope=SCOPE,
            cache_handler=self._cache,
            open_browser=False,
            requests_session=self._sessions[0],
            requests_timeout=timeout,
        )
        self._auth.OAUTH_TOKEN_URL = f"{accounts_url}/api/token"
        session = self._sessions[1]
        self._api = spotipy.Spotify(auth_manager=self._auth, requests_session=session, requests_timeout=timeout)
        self._api.prefix = f"{api_url}/"
        pair = f"{credentials.client_id}:{credentials.client_secret}"
        self._secrets = (credentials.client_secret, base64.b64encode(pair.encode()).decode())

    def me(self) -> str:
        """The id of the person who gave the consent."""
        return str(self._request("me", "/me", self._api.me, _is_person).body["id"])

    def library_page(self, offset: int) -> tuple[list[Entry], int | None]:
        """Up to LIMIT playlists of the person's library, followed ones included; and the total, None if not shown."""
        target = f"/me/playlists?limit={LIMIT}&offset={offset}"
        call = partial(self._api.current_user_playlists, limit=LIMIT, offset=offset)
        page = self._request("me_playlists", target, call, partial(_is_page, offset))
        shown = (entry if isinstance(entry, dict) else {} for entry in page.body["items"])
        return [Entry(Answer(target, entry), offset) for entry in shown], page.body["total"]

    def library(self) -> list[Entry]:
        """The whole library, read again if its total changes between two pages.

        Offsets are computed here, since `next` has pointed to a path that no longer exists. A short page is not the
        end. Without a total, an empty page is the end.
        """
        entries: list[Entry] = []
        for _ in range(_CHECKS):
            totals = set()
            offset, is_end = 0, False
            while not is_end:
                page, total = self.library_page(offset)
                entries += page
                totals.add(total)
                offset += LIMIT
                is_end = not page if total is None else offset >= total
            if len(totals) == 1:
                break
        return entries

    def playlist(self, playlist_id: str) -> Answer:
        """A playlist's own description, with the rows that the API embeds."""
        types = ("track", "episode")
        target = f"/playlists/{playlist_id}?additional_types=track,episode"
        call = partial(self._api.playlist, playlist_id, additional_types=types)
        return self._request("playlist", target, call, _is_any, playlist_id)

    def items_page(self, playlist_id: str, offset: int) -> Answer:
        """Up to LIMIT rows of a playlist; a page has `items`, a list, and `total`, a number or null."""
        target = f"/playlists/{playlist_id}/items?limit={LIMIT}&offset={offset}&additional_types=track,episode"
        call = partial(self._api.playlist_items, playlist_id, limit=LIMIT, offset=offset)
        return self._request("playlist_items", target, call, partial(_is_page, offset), playlist_id)

    def liked_page(self, offset: int) -> Answer:
        """Up to LIMIT liked songs, newest first; a page has `items`, a list, and `total`, a number or null."""
        target = f"/me/tracks?limit={LIMIT}&offset={offset}"
        call = partial(self._api.current_user_saved_tracks, limit=LIMIT, offset=offset)
        return self._request("me_tracks", target, call, partial(_is_page, offset))

    def _request(
        self,
        kind: str,
        target: str,
        call: Callable[[], object],
        problem_of: Callable[[Mapping[str, Any]], str],
        playlist_id: str | None = None,
    ) -> Answer:
        """The answer, after retries if they may help; `problem_of` says what is wrong with a body, if anything."""
        failures: Counter[Kind] = Counter()
        while True:
            self._before(kind)
            body, failure = self._once(target, call, playlist_id)
            self._last_call = self._clock()
            if failure is None:
                problem = problem_of(body)
                if not problem:
                    return Answer(target, body)
                failure = SpotifyError(f"{target}: {problem}", "malformed", is_passing=True)
            failures["malformed" if failure.kind == "server" else failure.kind] += (
                _SLOW_COUNTS if failure.is_slow else 1
            )
            wait = self._wait(failure, failures)
            if wait is None:
                raise failure  # outside any except block: an attached cause would contain the answer's text
            self._pause(wait, failure)

    def _before(self, kind: str) -> None:
        """Wait for the interval between requests; check the time and spend the budget."""
        now = self._clock()
        if self._min_request_interval and self._last_call is not None:
            rest = self._min_request_interval - (now - self._last_call).total_seconds()
            if rest > 0:
                self._sleep(rest)
                now = self._clock()
        limits = self._limits
        if self._end is not None:
            left = (self._end - now).total_seconds()
            if left <= 0:
                raise OutOfTimeError
            connect, read = self._timeout
            self._api.requests_timeout = self._auth.requests_timeout = (min(connect, left), min(read, left))
            limits = replace(limits, seconds=min(limits.seconds, left))
        for session in self._sessions:
            session.limits = limits
        self.budget.spend(kind, now)
        self.calls[kind] += 1

    def _once(
        self, target: str, call: Callable[[], object], playlist_id: str | None
    ) -> tuple[Mapping[str, Any], SpotifyError | None]:
        # spotipy raises AttributeError and the like where an answer does not have the expected shape.
        try:
            body = call()
        except (
            spotipy.SpotifyException,
            SpotifyOauthError,
            requests.RequestException,
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:
            return {}, self._failure(target, error, playlist_id)
        if not isinstance(body, dict):
            return {}, SpotifyError(f"{target}: the answer is cut off or no JSON object", "malformed", is_passing=True)
        if is_deep(body):
            return {}, SpotifyError(f"{target}: the answer is nested too deeply", "malformed", is_passing=True)
        return body, None

    def _wait(self, failure: SpotifyError, failures: Counter[Kind]) -> float | None:
        """Seconds until the request is repeated; None if it is not repeated."""
        if failure.kind in {"rate", "quota"}:
            self.throttled += 1
        if failure.kind == "rate":
            wait = failure.retry_after = _DEFAULT_WAIT if failure.retry_after is None else failure.retry_after
            is_short = wait <= LONGEST_WAIT and failures["rate"] <= _WAITS
            return wait * random.uniform(1.0, 1.2) if is_short else None  # noqa: S311  # not for secrets
        if failure.is_passing:
            if failure.kind == "auth":
                if failures["auth"] == 1:
                    self._cache.expire()
                return 1.0 if failures["auth"] <= _TOKEN_TRIES else None
            tries = failures["malformed"]  # of server and malformed together
            return min(8.0, 0.25 * 2**tries) * random.uniform(0.5, 1.5) if tries < _TRIES else None  # noqa: S311  # likewise
        return None

    def _pause(self, seconds: float, failure: SpotifyError) -> None:
        log.info("%s; again in %.1f s", failure, seconds)
        if self._end is not None and self._clock() + timedelta(seconds=seconds) >= self._end:
            if failure.kind == "rate":
                raise failure
            raise OutOfTimeError
        self._sleep(seconds)

    def _failure(self, target: str, error: Exception, playlist_id: str | None) -> SpotifyError:
        if isinstance(error, requests.TooManyRedirects):
            return SpotifyError(str(error), "redirect")  # perhaps of the token request
        response = getattr(error.__context__, "response", None)  # the answer that spotipy was handling
        status = int(error.http_status) if isinstance(error, spotipy.SpotifyException) else None
        if status is None and response is not None:
            status = int(response.status_code)
        if status is None:
            is_odd = isinstance(error, LargeAnswerError | requests.exceptions.InvalidJSONError)
            is_unanswered = isinstance(error, requests.RequestException) and not is_odd
            return SpotifyError(
                f"{target}: {reason_of(error)}",
                "server" if is_unanswered else "malformed",
                is_passing=not isinstance(error, LargeAnswerError),
                is_slow=isinstance(error, SlowAnswerError),
            )
        text = _text(error, response)
        excerpt = self._without_secrets(text)[:_EXCERPT]
        if isinstance(error, SpotifyOauthError):
            return _login_failure(status, error, excerpt, retry_after(response, self._clock()))
        subject = "account" if playlist_id is None else self.subject_of(playlist_id)
        kind = kind_of(status, f"{text} {getattr(error, 'reason', None)}", subject)
        wait = retry_after(error if isinstance(error, spotipy.SpotifyException) else response, self._clock())
        again = f" (again after {wait:.0f} s)" if wait is not None else ""
        return SpotifyError(
            f"{target}: {status} {excerpt}{again}", kind, retry_after=wait, is_passing=kind in {"server", "auth"}
        )

    def _without_secrets(self, text: str) -> str:
        for secret in (*self._secrets, *self._cache.secrets()):
            text = text.replace(secret, "…") if secret else text
        return text


class _TokenCache(CacheHandler):  # type: ignore[misc, unused-ignore]  # spotipy ships no types
    """Holds the tokens of one run, and reports when Spotify issues a new refresh token."""

    def __init__(self, credentials: Credentials, on_new_token: Callable[[str], None]) -> None:
        self._refresh_token = credentials.refresh_token
        self._on_new_token = on_new_token
        self._token: dict[str, Any] = {"access_token": "", "expires_at": 0, "scope": SCOPE}

    def get_cached_token(self) -> dict[str, Any]:
        """The token in spotipy's form."""
        return {**self._token, "refresh_token": self._refresh_token}

    def save_token_to_cache(self, token_info: dict[str, Any]) -> None:
        """Called by spotipy; the answer to a refresh may contain a new refresh token."""
        if not isinstance(token_info.get("access_token"), str) or not token_info["access_token"]:
            raise ValueError("the answer contains no access token")
        self._token = token_info
        new = token_info.get("refresh_token")
        if isinstance(new, str) and new and new != self._refresh_token:
            self._refresh_token = new
            self._on_new_token(new)

    def expire(self) -> None:
        """The next call gets a new access token."""
        self._token = {**self._token, "expires_at": 0}

    def secrets(self) -> tuple[str, str]:
        """The tokens, which no message may repeat."""
        return self._refresh_token, str(self._token.get("access_token") or "")


def subject_by_id(playlist_id: str) -> Subject:
    """Who owns a playlist, as far as its id shows."""
    return "spotify" if playlist_id.startswith(_EDITORIAL) else "other"


def spotify_id(playlist: Mapping[str, Any]) -> str | None:
    """The id of a playlist object, if it may be used in a path and in a key."""
    name = playlist.get("id")
    return name if isinstance(name, str) and _ID.fullmatch(name) else None


def _login_failure(status: int, error: Any, excerpt: str, wait: float | None) -> SpotifyError:  # noqa: ANN401  # no types
    if status == 429:  # noqa: PLR2004  # HTTP's own numbers, here and below
        return SpotifyError(f"The login: {status} {excerpt}", "rate", retry_after=wait)
    if status >= 500:  # noqa: PLR2004  # as above
        return SpotifyError(f"The login: {status} {excerpt}", "server", is_passing=True)
    if error.error == "invalid_grant":
        message = f"Spotify no longer accepts the login ({excerpt}): it lasts six months or until it is revoked."
    elif error.error == "invalid_client":
        message = f"Spotify does not know the app ({excerpt}): check its client id and secret in the dashboard."
    else:
        message = f"Spotify refuses the login ({status} {excerpt})."
    return SpotifyError(f"{message} Run `make login`.", "auth")


def _text(error: Exception, response: requests.Response | None) -> str:
    if isinstance(error, spotipy.SpotifyException):
        return str(error.msg).partition(":\n ")[2]
    if isinstance(error, SpotifyOauthError):
        return ": ".join(str(part) for part in (error.error, error.error_description) if part)
    return response.text if response is not None else ""


def _is_any(_body: Mapping[str, Any]) -> str:
    return ""


def _is_person(body: Mapping[str, Any]) -> str:
    return "" if isinstance(body.get("id"), str) and body["id"] else "the answer lacks the id"


def _is_page(offset: int, body: Mapping[str, Any]) -> str:
    if not isinstance(body.get("items"), list) or not (body.get("total") is None or type(body["total"]) is int):
        return "the answer is no page: it lacks items, or its total is no number"
    if type(body.get("offset")) is int and body["offset"] != offset:
        return f"the answer is another page: it begins at {body['offset']}"
    return ""
