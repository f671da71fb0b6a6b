"""Every answer of the stub has exactly the keys and types of Spotify's own answers, which are typed by hand."""

import itertools
from collections.abc import Callable

import pytest
import requests

from deploy.local.spotify import Catalogue, SpotifyStub, shapes
from deploy.local.spotify.answers import AppClass
from deploy.local.spotify.server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from deploy.local.spotify.world import Song
from tests.waiting import PATIENCE

Ask = Callable[..., requests.Response]


@pytest.fixture(params=itertools.product(AppClass, ("demo", "small")), ids="-".join)
def stub(request: pytest.FixtureRequest, demo: Catalogue, small: Catalogue) -> SpotifyStub:
    app_class, size = request.param
    return SpotifyStub(demo if size == "demo" else small, app_class)


def test_playlists_and_their_items(stub: SpotifyStub, ask: Ask) -> None:
    old = [] if stub.app is AppClass.A else ["tracks"]
    differences = []
    with stub:
        for playlist in stub.catalogue.playlists(0):
            whole = ask(stub, f"/v1/playlists/{playlist.id}")
            if whole.ok:
                differences += shapes.differences(shapes.playlist(stub.app), whole.json())
            for key in ("items", *old):
                page = ask(stub, f"/v1/playlists/{playlist.id}/{key}?limit=10")
                shape = shapes.items(stub.app) if page.ok else shapes.ERROR
                differences += shapes.differences(shape, page.json())

    assert differences == []


def test_the_library_liked_songs_and_the_profile(stub: SpotifyStub, ask: Ask) -> None:
    with stub:
        playlists = ask(stub, "/v1/me/playlists?limit=50").json()
        tracks = ask(stub, "/v1/me/tracks?limit=50").json()
        me = ask(stub, "/v1/me").json()

    assert shapes.differences(shapes.my_playlists(stub.app), playlists) == []
    assert shapes.differences(shapes.my_tracks(stub.app), tracks) == []
    assert shapes.differences(shapes.me(stub.app), me) == []


def test_tokens_and_refusals(stub: SpotifyStub, ask: Ask) -> None:
    def grant(**form: str) -> object:
        return requests.post(f"{stub.url}/api/token", form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=PATIENCE).json()

    with stub:
        assert shapes.differences(shapes.TOKEN, grant(grant_type="refresh_token", refresh_token=REFRESH_TOKEN)) == []
        assert shapes.differences(shapes.TOKEN, grant(grant_type="client_credentials")) == []
        assert shapes.differences(shapes.TOKEN_ERROR, grant(grant_type="refresh_token")) == []
        assert shapes.differences(shapes.ERROR, ask(stub, "/v1/me/tracks?limit=51").json()) == []


def test_the_compared_answers_hold_a_row_of_every_kind(demo: Catalogue, small: Catalogue) -> None:
    library = (*demo.playlists(0), *small.playlists(0))
    contents = [item.content for playlist in library for item in playlist.items[:50]]

    assert {type(content).__name__ for content in contents} == {"Song", "Episode", "LocalFile", "NoneType"}
    songs = [content for content in contents if isinstance(content, Song)]
    assert any(song.linked_from_id for song in songs)
    assert any(song.restriction for song in songs)
    assert any(song.isrc is None for song in songs)


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"a": 1}, ".b is missing"),
        ({"a": 1, "b": [], "d": 1}, ".d is unknown"),
        ({"a": True, "b": []}, ".a is bool"),
        ({"a": 1, "b": ["x", 2]}, ".b[1] is int"),
        ({"a": 1, "b": [], "c": 2}, ".c is int"),
        (None, " is NoneType"),
    ],
)
def test_a_difference_is_reported_with_its_place(value: object, line: str) -> None:
    shape: shapes.Shape = {"a": int, "b": [str], "c?": (str, None)}

    assert shapes.differences(shape, value) == [line]
    assert shapes.differences(shape, {"a": 1, "b": ["x"], "c": None}) == []
