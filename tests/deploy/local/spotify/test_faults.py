"""The stub's faults occur by rule or by seed, and are like those of the real API."""

from collections import Counter
from collections.abc import Callable

import pytest
import requests
from spotipy.oauth2 import SpotifyOAuth, SpotifyOauthError

from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.spotify.faults import Fault, Switchboard
from deploy.local.spotify.server import REFRESH_TOKEN
from tests.waiting import PATIENCE

Ask = Callable[..., requests.Response]
Login = Callable[..., SpotifyOAuth]
MORNING = "1playlistMorning000000"
ITEMS = f"/v1/playlists/{MORNING}/items?limit=50&offset=0"


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ("rate", 429, '{"error": {"status": 429, "message": "API rate limit exceeded"}}'),
        ("quota", 429, '{"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}'),
        ("unauthorised", 401, '{"error": {"status": 401, "message": "Access token missing"}}'),
        ("not_owner", 403, '{"error": {"status": 403, "message": "Forbidden"}}'),
        ("not_allow_listed", 403, "User not registered in the Developer Dashboard"),
        (
            "premium_lapsed",
            403,
            '{"error": {"status": 403, "message": "Active premium subscription required for the owner of the app."}}',
        ),
        ("wrong_scope", 403, '{"error": {"status": 403, "message": "Insufficient client scope"}}'),
        ("not_found", 404, '{"error": {"status": 404, "message": "Resource not found"}}'),
    ],
)
def test_a_refusal_has_the_apis_wording(small: Catalogue, ask: Ask, fault: str, status: int, text: str) -> None:
    with SpotifyStub(small) as stub:
        stub.faults.add(fault, "/items", retry_after=9)
        answer = ask(stub, ITEMS)
        after = ask(stub, ITEMS)

    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers.get("Retry-After") == ("9" if status == 429 else None)
    assert after.status_code == 200


def test_server_errors_have_several_statuses(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small) as stub:
        stub.faults.add("server", "/items", times=4)
        statuses = {ask(stub, ITEMS).status_code for _ in range(4)}

    assert statuses == {500, 502, 503, 504}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset", requests.ConnectionError),
        ("stall", requests.ConnectionError),
        ("truncated", requests.exceptions.ChunkedEncodingError),
        ("garbled", requests.JSONDecodeError),
    ],
)
def test_an_answer_is_lost(small: Catalogue, ask: Ask, fault: str, error: type[Exception]) -> None:
    with SpotifyStub(small, stall_seconds=0.2) as stub:
        stub.faults.add(fault, "/items")
        with pytest.raises(error):
            ask(stub, ITEMS).json()
        assert ask(stub, ITEMS).json()["total"] == 5


def test_a_page_has_a_wrong_total_or_lacks_a_row(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small) as stub:
        stub.faults.add("lying_total", "/items", times=2)
        stub.faults.add("short_page", "/items")
        pages = [ask(stub, ITEMS).json() for _ in range(4)]

    assert [(page["total"], len(page["items"])) for page in pages] == [(8, 5), (4, 5), (5, 4), (5, 5)]


def test_a_playlist_is_edited_while_it_is_read(small: Catalogue, ask: Ask) -> None:
    def names(page: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
        return [row["item"]["name"] for row in page["items"]]

    with SpotifyStub(small) as stub:
        was = stub.playlist(MORNING).snapshot_id
        stub.faults.add("changed", "/items", skip=1, times=2)
        seen = [names(ask(stub, ITEMS).json()) for _ in range(3)]
        now = stub.playlist(MORNING)
        listed = ask(stub, "/v1/me/playlists").json()["items"][0]
        edits = dict(stub.edits)
        stub.day = 1
        tomorrow = stub.playlist(MORNING)

    assert seen == [
        ["Tide", 'Lamp, "lit"', "Tide", "First talk", "雨のワルツ"],
        ['Lamp, "lit"', "Tide", "First talk", "雨のワルツ"],
        ["Tide", "First talk", "雨のワルツ", 'Lamp, "lit"'],
    ]
    assert (now.version, len(now.items), edits) == (3, 4, {MORNING: 2})
    assert (listed["snapshot_id"], listed["items"]["total"]) == (now.snapshot_id, 4)
    assert now.snapshot_id != was
    assert tomorrow == small.playlist(MORNING, 1)


def test_random_faults_follow_the_seed() -> None:
    def drawn(seed: int) -> list[Fault | None]:
        faults = Switchboard()
        faults.at_random(seed, 0.2)
        rules = [faults.next("playlist_items", ITEMS) for _ in range(6000)]
        return [rule.fault if rule else None for rule in rules]

    counted = Counter(drawn(1))

    assert drawn(1) == drawn(1) != drawn(2)
    assert 4650 < counted[None] < 4950
    assert counted.keys() == {None, *Fault}


def test_faults_are_switched_and_counted_over_http(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small) as stub:
        rules = {"rules": [{"fault": "not_found", "path": "/items", "times": None}]}
        requests.post(f"{stub.url}/stub/faults", json=rules, timeout=PATIENCE)
        statuses = [ask(stub, ITEMS).status_code for _ in range(2)]
        counted = requests.get(f"{stub.url}/stub/faults", timeout=PATIENCE).json()
        requests.post(f"{stub.url}/stub/change", json={"playlist_id": MORNING}, timeout=PATIENCE)
        wrong = requests.post(f"{stub.url}/stub/faults", json={"rules": [{"fault": "rain"}]}, timeout=PATIENCE)
        requests.post(f"{stub.url}/stub/faults", json={}, timeout=PATIENCE)
        after = ask(stub, ITEMS)

    assert (statuses, counted) == ([404, 404], {"not_found": 2})
    assert (wrong.status_code, wrong.json()["error"]["message"]) == (400, "No faults: 'rain' is not a valid Fault")
    assert (after.status_code, after.json()["total"]) == (200, 4)
    assert stub.failed == {"token": 0, "playlist_items": 2}


def test_tokens_expire_rotate_and_are_revoked(small: Catalogue, login: Login) -> None:
    with SpotifyStub(small) as stub:
        first = login(stub).refresh_access_token(REFRESH_TOKEN)
        header = {"Authorization": f"Bearer {first['access_token']}"}
        good = requests.get(f"{stub.url}/v1/me", headers=header, timeout=PATIENCE).status_code
        stub.expire_tokens()
        expired = requests.get(f"{stub.url}/v1/me", headers=header, timeout=PATIENCE)
        requests.post(f"{stub.url}/stub/tokens", json={"rotate": True}, timeout=PATIENCE)
        second = login(stub).refresh_access_token(REFRESH_TOKEN)["refresh_token"]
        with pytest.raises(SpotifyOauthError, match="Invalid refresh token"):
            login(stub).refresh_access_token(REFRESH_TOKEN)
        third = login(stub).refresh_access_token(second)["refresh_token"]
        requests.post(f"{stub.url}/stub/tokens", json={"revoke": "Refresh token revoked"}, timeout=PATIENCE)
        with pytest.raises(SpotifyOauthError, match="Refresh token revoked"):
            login(stub).refresh_access_token(third)

    assert first["refresh_token"] == REFRESH_TOKEN
    assert (good, expired.status_code, expired.json()["error"]["message"]) == (200, 401, "The access token expired")
    assert len({REFRESH_TOKEN, second, third}) == 3


def test_the_storm_has_its_documented_size() -> None:
    playlists = Catalogue(size="storm").playlists(0)

    assert (len(playlists), sum(len(playlist.items) for playlist in playlists)) == (300, 60_000)
    assert max(len(playlist.items) for playlist in playlists) == 10_000
    assert Catalogue(size="storm").playlists(5) == playlists
