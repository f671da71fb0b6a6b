"""A catalogue of each size, and spotipy configured for a stub as the extractor configures it."""

from collections.abc import Callable

import pytest
import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyOAuth

from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.spotify.server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SCOPE
from tests.waiting import PATIENCE


@pytest.fixture(scope="session")
def demo() -> Catalogue:
    return Catalogue()


@pytest.fixture(scope="session")
def small() -> Catalogue:
    return Catalogue(size="small")


@pytest.fixture
def login() -> Callable[[SpotifyStub], SpotifyOAuth]:
    """The authorisation of a user with a stored refresh token."""

    def of(stub: SpotifyStub, refresh_token: str = REFRESH_TOKEN, secret: str = CLIENT_SECRET) -> SpotifyOAuth:
        kept = {"access_token": "", "expires_at": 0, "refresh_token": refresh_token, "scope": SCOPE}
        auth = SpotifyOAuth(
            CLIENT_ID,
            secret,
            "http://127.0.0.1:8888/callback",
            scope=SCOPE,
            cache_handler=MemoryCacheHandler(kept),
            open_browser=False,
        )
        auth.OAUTH_TOKEN_URL = f"{stub.url}/api/token"
        return auth

    return of


@pytest.fixture
def client(login: Callable[[SpotifyStub], SpotifyOAuth]) -> Callable[[SpotifyStub], spotipy.Spotify]:
    """Real spotipy that calls a stub."""

    def of(stub: SpotifyStub) -> spotipy.Spotify:
        spotify = spotipy.Spotify(auth_manager=login(stub), retries=0, status_retries=0)
        spotify.prefix = f"{stub.url}/v1/"
        return spotify

    return of


@pytest.fixture
def ask() -> Callable[..., requests.Response]:
    """A plain GET with the token of a grant, for details that spotipy hides."""

    def of(stub: SpotifyStub, path: str, grant: str = "refresh_token") -> requests.Response:
        form = {"grant_type": grant, "refresh_token": REFRESH_TOKEN}
        token = requests.post(f"{stub.url}/api/token", form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=PATIENCE).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        return requests.get(stub.url + path, headers=headers, timeout=PATIENCE)

    return of
