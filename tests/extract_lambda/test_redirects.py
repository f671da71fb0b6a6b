"""A redirect is a failure: credentials go to no other address, and every request counts in the budget."""

import json
from collections.abc import Iterator

import pytest
import requests

from extract_lambda import handler
from extract_lambda.failures import LoginError
from extract_lambda.login import App, Login
from extract_lambda.result import FailedRunError
from tests.extract_lambda.api import Api, Playlist, rows, running
from tests.extract_lambda.conftest import Lake, Run
from tests.extract_lambda.test_extract import MANIFEST
from tests.extract_lambda.test_handler import Context
from tests.extract_lambda.test_login import back

STATUSES = (301, 302, 303, 307, 308)
LOCATIONS = ("{other}/v1/me/", "//{other_host}/v1/me/", "{own}/v1/me/", "/v1/me/", "http://[", None)
ADVICE = (
    "redirects are not followed; check SPOTIFY_API_URL and SPOTIFY_ACCOUNTS_URL, and whether a proxy or a sign-in page "
    "of the network answers for Spotify"
)


@pytest.fixture
def other() -> Iterator[Api]:
    with running(Api()) as other:
        yield other


def aim(api: Api, other: Api, location: str | None) -> None:
    """Sets the target of the API's redirects."""
    known = {"other": other.url, "other_host": other.url.removeprefix("http://"), "own": api.url}
    api.location = location.format(**known) if location is not None else None


@pytest.fixture
def in_environment(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("in_environment", "logged", "no_waiting")
@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("status", STATUSES)
def test_a_redirect_of_the_token_endpoint_is_not_followed(
    api: Api, other: Api, status: int, location: str | None
) -> None:
    aim(api, other, location)
    api.fail("/api/token", status, '{"access_token": "of-a-redirect", "expires_in": 3600}', times=99)

    with pytest.raises(FailedRunError) as raised:
        handler.handle({"scheduled_at": "2026-11-20T10:00:00Z"}, Context())

    assert (api.asked, other.asked) == (["/api/token"], [])
    assert str(raised.value) == (
        f"Run 20261120T100000Z: no playlist could be checked. /api/token: {status}, a redirect; {ADVICE}."
    )
    ended_by = raised.value.result.ended_by
    assert ended_by is not None
    assert ended_by.kind == "redirect"


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("status", STATUSES)
def test_a_redirect_of_a_call_fails_only_its_playlist_and_each_request_is_counted(
    api: Api, other: Api, run: Run, lake: Lake, status: int, location: str | None
) -> None:
    aim(api, other, location)
    api.playlists = {"1bad": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    api.fail("/1bad/items", status, json.dumps({"items": [], "total": 0}), times=99)

    result = run()

    assert other.asked == []
    assert lake.checks(MANIFEST) == [("1bad", "failed", "redirect"), ("1good", "read", None)]
    assert result.as_dict()["advice"] == {"redirect": ADVICE}
    assert api.asked_of("/1bad/items") == 1
    assert sum(result.calls.values()) == api.asked_of("^/v1/")


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("status", STATUSES)
def test_a_redirect_of_the_code_exchange_is_not_followed(
    api: Api, other: Api, status: int, location: str | None
) -> None:
    aim(api, other, location)
    api.fail("/api/token", status, "", times=99)

    def agree(page: str) -> None:
        requests.get(back(page, "code=stub-code&state={state}"), timeout=30)

    login = Login(say=lambda _: None, open_page=agree, accounts_url=api.url, port=0, seconds=30)
    with pytest.raises(LoginError) as raised:
        login.consent(App("stub-client", "stub-secret"))

    assert (api.asked, other.asked) == (["/api/token"], [])
    assert str(raised.value) == f"/api/token: {status}, a redirect; {ADVICE}. Then run `make login` again."
