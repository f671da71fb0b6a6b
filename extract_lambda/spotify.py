"""The Spotify Web API as the extractor asks it; spotipy is its transport and authorisation.

spotipy is given its own sessions, since its defaults sleep for hours on a 429, lose Retry-After and have no timeout for
tokens (measured with spotipy 2.26.0). Answers are returned as they came.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

import requests
import spotipy  # type: ignore[import-untyped, unused-ignore]
from requests.adapters import HTTPAdapter
from spotipy.cache_handler import MemoryCacheHandler  # type: ignore[import-untyped, unused-ignore]
from spotipy.oauth2 import SpotifyOAuth, SpotifyOauthError  # type: ignore[import-untyped, unused-ignore]
from urllib3 import Retry

from extract_lambda.credentials import Credentials
from extract_lambda.settings import ACCOUNTS_URL, API_URL

Kind = Literal["forbidden", "not_found", "rate", "quota", "server", "malformed", "auth"]

# Sorted, as spotipy sorts it: a cached token with another scope makes spotipy ask for a login at the terminal.
SCOPE = "playlist-read-collaborative playlist-read-private user-library-read"
LIMIT = 50  # the most that a page may hold: reference pages of the three paths below

_ID = re.compile("[0-9A-Za-z]+")
_KINDS: Mapping[int, Kind] = {401: "auth", 403: "forbidden", 404: "not_found", 429: "rate"}
_REDIRECT = "http://127.0.0.1:8888/callback"  # as registered for the login; a refresh does not use it
_SAID = 200  # characters of an answer that an error repeats


class SpotifyError(Exception):
    """An answer that is no answer; `kind` says what it means for the run, the message what Spotify said."""

    def __init__(self, message: str, kind: Kind) -> None:
        """The message carries no secrets and no more of the answer than its beginning."""
        super().__init__(message)
        self.kind = kind


class Answer(NamedTuple):
    """What the API answered, and the path and query it was asked."""

    asked: str
    body: Mapping[str, Any]


class Spotify:
    """A person's view of Spotify. Every method raises SpotifyError."""

    def __init__(self, credentials: Credentials, *, api_url: str = API_URL, accounts_url: str = ACCOUNTS_URL) -> None:
        """Nothing is asked yet."""
        for name in ("spotipy", "spotipy.client", "spotipy.oauth2"):  # at DEBUG they log the tokens
            logging.getLogger(name).setLevel(logging.WARNING)
        token = {"access_token": "", "expires_at": 0, "refresh_token": credentials.refresh_token, "scope": SCOPE}
        auth = SpotifyOAuth(
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            redirect_uri=_REDIRECT,
            scope=SCOPE,
            cache_handler=MemoryCacheHandler(token),
            open_browser=False,
            requests_session=_session("POST"),
            requests_timeout=(3, 10),
        )
        auth.OAUTH_TOKEN_URL = f"{accounts_url}/api/token"
        self._api = spotipy.Spotify(auth_manager=auth, requests_session=_session("GET"), requests_timeout=(3, 15))
        self._api.prefix = f"{api_url}/"

    def me(self) -> str:
        """The id of the person who gave the consent."""
        found = _asked("/me", self._api.me).body.get("id")
        if not isinstance(found, str) or not found:
            message = "/me: the answer lacks the id."
            raise SpotifyError(message, "malformed")
        return found

    def my_playlists(self) -> Iterator[Answer]:
        """The playlists in the person's library, followed ones too, one by one and unpaged.

        Offsets are our own: `next` has pointed to a path that no longer exists. A short page is no end.
        """
        offset, total = 0, 1
        while offset < total:
            asked = f"/me/playlists?limit={LIMIT}&offset={offset}"
            page = _asked_page(asked, partial(self._api.current_user_playlists, limit=LIMIT, offset=offset))
            for entry in page.body["items"]:
                yield Answer(asked, entry if isinstance(entry, dict) else {})
            offset, total = offset + LIMIT, page.body["total"]

    def playlist(self, playlist_id: str) -> Answer:
        """A playlist's own description, with whatever rows the API embeds."""
        types = ("track", "episode")
        return _asked(
            f"/playlists/{playlist_id}?additional_types=track,episode",
            lambda: self._api.playlist(playlist_id, additional_types=types),
        )

    def items_page(self, playlist_id: str, offset: int) -> Answer:
        """Up to LIMIT rows of a playlist; a page is known to have `items`, a list, and `total`, a number."""
        return _asked_page(
            f"/playlists/{playlist_id}/items?limit={LIMIT}&offset={offset}&additional_types=track,episode",
            lambda: self._api.playlist_items(playlist_id, limit=LIMIT, offset=offset),
        )

    def liked_page(self, offset: int) -> Answer:
        """Up to LIMIT liked songs, newest first; a page as above."""
        return _asked_page(
            f"/me/tracks?limit={LIMIT}&offset={offset}",
            lambda: self._api.current_user_saved_tracks(limit=LIMIT, offset=offset),
        )


def spotify_id(playlist: Mapping[str, Any]) -> str | None:
    """The id of a playlist object, if it is one that may stand in a path and in a key."""
    found = playlist.get("id")
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _session(method: str) -> requests.Session:
    retry = Retry(
        total=4,
        connect=3,
        read=2,
        status=3,
        backoff_factor=0.5,
        backoff_jitter=0.3,
        status_forcelist=(500, 502, 503, 504),
        allowed_methods=frozenset([method]),
        respect_retry_after_header=False,
        raise_on_status=False,
    )
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _asked(asked: str, call: Callable[[], object]) -> Answer:
    # AttributeError and the like come out of spotipy where an answer has not the shape it expects.
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
    ) as error:
        message = f"{asked}: {_said(error)}"
        raise SpotifyError(message, _kind(error)) from error
    if not isinstance(body, dict):
        message = f"{asked}: the answer is cut off or no JSON object."
        raise SpotifyError(message, "malformed")
    return Answer(asked, body)


def _asked_page(asked: str, call: Callable[[], object]) -> Answer:
    answer = _asked(asked, call)
    if not isinstance(answer.body.get("items"), list) or type(answer.body.get("total")) is not int:
        message = f"{asked}: the answer is no page, it lacks items or total."
        raise SpotifyError(message, "malformed")
    return answer


def _kind(error: Exception) -> Kind:
    status = _status(error)
    if status is None:
        return "server" if isinstance(error, requests.RequestException) else "malformed"
    if isinstance(error, spotipy.SpotifyException) and error.reason == "QUOTA_EXCEEDED":
        return "quota"
    if status >= 500:  # noqa: PLR2004  (a server's own fault, RFC 9110)
        return "server"
    # Whatever else the accounts service refuses, it is the login: 400 invalid_grant, 400 invalid_client.
    return _KINDS.get(status, "auth" if isinstance(error, SpotifyOauthError) else "malformed")


def _status(error: Exception) -> int | None:
    if isinstance(error, spotipy.SpotifyException):
        return int(error.http_status)
    response = getattr(error.__context__, "response", None)  # what spotipy was handling when it stumbled
    return None if response is None else int(response.status_code)


def _said(error: Exception) -> str:
    if isinstance(error, spotipy.SpotifyException):
        said = str(error.msg).rpartition(":\n ")[2]
        wait = error.headers.get("Retry-After")
        return f"{error.http_status} {said[:_SAID]}" + (f" (again after {wait} s)" if wait else "")
    return f"{type(error).__name__}: {str(error)[:_SAID]}"
