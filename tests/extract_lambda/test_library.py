"""Odd library entries affect no other entry, and a refusal is explained by the request that was refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from extract_lambda.failures import ADVICE
from extract_lambda.result import FailedRunError
from tests.extract_lambda.api import Api, Playlist, rows
from tests.extract_lambda.conftest import Lake, Run
from tests.extract_lambda.test_incomplete import MANIFEST, PENDING, change

FORBIDDEN = '{"error": {"status": 403, "message": "Forbidden"}}'
NOT_FOUND = '{"error": {"status": 404, "message": "Resource not found"}}'
PREMIUM = '{"error": {"status": 403, "message": "Active premium subscription required for the owner of the app."}}'
SCOPE = '{"error": {"status": 403, "message": "Insufficient client scope"}}'
UNREGISTERED = "User not registered in the Developer Dashboard"
BEARER = '{"error": {"status": 400, "message": "Only valid bearer authentication supported"}}'
BAD_ID = '{"error": {"status": 400, "message": "Invalid playlist Id"}}'
ME, LIBRARY, LIKED = r"/v1/me/$", "/me/playlists", "/me/tracks"


# --- entries with missing fields


def entry(patch: Callable[[dict[str, Any]], object]) -> Callable[[str, Any], None]:
    """Changes the entry 1odd in each page of the library."""

    def changed(path: str, body: Any) -> None:
        if "/me/playlists" in path:
            for each in body["items"]:
                if each and each["id"] == "1odd":
                    patch(each)

    return changed


@pytest.mark.parametrize("version", [None, "", 7, [], "absent"])
def test_an_entry_without_a_snapshot_id_is_read_by_its_id(api: Api, run: Run, lake: Lake, version: object) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    change(
        api, entry(lambda each: each.pop("snapshot_id") if version == "absent" else each.update(snapshot_id=version))
    )

    run(20)
    api.asked.clear()
    again = run(21)

    assert sorted(lake.checks(MANIFEST)) == [("1good", "read", None), ("1odd", "read", None)]
    lines = lake.lines(f"{PENDING}/1odd.ndjson.gz")
    assert [line["snapshot_id"] for line in lines] == ["snap1", "snap1"]
    assert lines[0]["asked"] == "/playlists/1odd?additional_types=track,episode"
    assert again.count("unchanged") == 2
    assert (api.asked_of("/playlists/1odd"), api.asked_of("/items")) == (1, 0)


def test_null_entries_and_entries_without_an_id_do_not_affect_others(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    junk = [None, {}, {"id": None}, {"id": 7}, "text", [], {"id": "1no-name", "name": None}]

    def add(path: str, body: Any) -> None:
        if "/me/playlists" in path:
            body["items"][1:1] = junk
            body["total"] += len(junk)

    change(api, add)

    result = run()

    assert sorted(lake.checks(MANIFEST)) == [("1good", "read", None), ("1odd", "read", None)]
    assert (result.unreadable, result.not_mine) == (7, 0)


@pytest.mark.parametrize(
    "contents", [{"total": None}, {"total": "2"}, {"total": 2.0}, None, [], {"total": True}, {"total": {"value": 1}}]
)
def test_an_entry_with_an_odd_total_is_read(api: Api, run: Run, lake: Lake, contents: object) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    change(api, entry(lambda each: each.update(items=contents)))

    run()

    assert sorted(lake.checks(MANIFEST)) == [("1good", "read", None), ("1odd", "read", None)]


def test_a_library_page_without_a_total_is_read_until_a_page_is_empty(api: Api, run: Run) -> None:
    api.playlists = {f"1p{n:02}": Playlist([]) for n in range(60)}
    change(api, lambda path, body: body.update(total=None) if "/me/playlists" in path else None)

    assert run().count("read") == 60


@pytest.mark.usefixtures("no_waiting")
def test_an_entry_that_is_null_now_is_read_by_its_id_if_it_was_read_before(api: Api, run: Run) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    run(20)

    def blank(path: str, body: Any) -> None:
        if "/me/playlists" in path:
            body["items"][0] = None

    change(api, blank)
    api.playlists["1odd"] = Playlist(rows("s1", "s2"), snapshot_id="snap2")

    result = run(21)

    assert {(check.playlist_id, check.status, check.item_count) for check in result.checks} == {
        ("1odd", "read", 2),
        ("1good", "unchanged", None),
    }


# --- classes of refusals


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("status", "body", "failure_class"),
    [
        (403, FORBIDDEN, "app_refused"),
        (403, "", "app_refused"),
        (403, PREMIUM, "premium_lapsed"),
        (403, SCOPE, "wrong_scope"),
        (403, UNREGISTERED, "not_allow_listed"),
        (404, NOT_FOUND, "account_not_found"),
        (400, BEARER, "auth"),
        (401, '{"error": {"status": 401, "message": "Access token missing"}}', "auth"),
        (400, "{}", "malformed"),
        (500, "upstream", "server"),
    ],
)
@pytest.mark.parametrize("endpoint", [ME, LIBRARY])
def test_a_refusal_of_the_account_is_explained(
    api: Api, run: Run, endpoint: str, status: int, body: str, failure_class: str
) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.fail(endpoint, status, body, times=99)

    with pytest.raises(FailedRunError) as raised:
        run()

    ended_by = raised.value.result.ended_by
    assert ended_by is not None
    assert ended_by.kind == failure_class
    assert str(raised.value).endswith(f"; {ADVICE[failure_class]}.")
    assert "copy" not in str(raised.value)
    assert "no such playlist" not in str(raised.value)
    assert raised.value.result.as_dict()["advice"] == {failure_class: ADVICE[failure_class]}


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("owner", "answer", "failure_class"),
    [
        ("me", (403, FORBIDDEN), "app_refused"),
        ("me", (403, "<html>"), "app_refused"),
        ("me", (403, PREMIUM), "premium_lapsed"),
        ("me", (403, SCOPE), "wrong_scope"),
        ("me", (403, UNREGISTERED), "not_allow_listed"),
        ("me", (404, NOT_FOUND), "own_not_found"),
        ("friend", (403, FORBIDDEN), "not_owner"),
        ("friend", (403, PREMIUM), "premium_lapsed"),
        ("friend", (403, UNREGISTERED), "not_allow_listed"),
        ("friend", (404, NOT_FOUND), "removed"),
        ("spotify", (403, FORBIDDEN), "editorial"),
        ("spotify", (404, NOT_FOUND), "editorial"),
        ("friend", (400, BAD_ID), "invalid_id"),
        ("friend", (400, '{"error": {"status": 400, "message": "Invalid base62 id"}}'), "invalid_id"),
        ("friend", (400, "{}"), "malformed"),
        ("friend", (503, ""), "server"),
    ],
)
@pytest.mark.parametrize("playlists", [("1odd", "1good"), ("mine", "1odd")])
def test_the_class_of_a_refused_playlist_depends_on_its_owner(
    api: Api, run: Run, playlists: tuple[str, ...], owner: str, answer: tuple[int, str], failure_class: str
) -> None:
    api.playlists = {"1odd": Playlist(rows("s1"), owner=owner), "1good": Playlist(rows("s2"))}
    api.fail("/1odd/items", *answer, times=99)
    messages: list[str] = []

    result = run(playlists=playlists, report=lambda each: messages.append(each.outcome) if each.failure_class else None)

    assert result.failures == {failure_class: 1}
    assert messages[0].endswith(f"; {ADVICE[failure_class]}")
    assert ("copy" in messages[0]) == (failure_class in {"not_owner", "editorial"})


def test_a_refusal_of_liked_songs_is_about_the_account(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1good": Playlist(rows("s2"))}
    api.fail(LIKED, 403, FORBIDDEN)
    api.fail(LIKED, 404, NOT_FOUND)

    run(20, liked_songs=True)
    second = run(21, liked_songs=True)

    assert ("liked:me", "failed", "app_refused") in lake.checks(MANIFEST)
    assert second.failures == {"account_not_found": 1}


def test_advice_for_own_playlists_names_the_dashboard_and_premium() -> None:
    assert ADVICE["app_refused"] == (
        "Spotify refuses access to the login's own data; check in its Developer Dashboard that the user is in the "
        "app's user list (User Management), that the app's owner has Premium, and that the app is not restricted"
    )
    assert ADVICE["account_not_found"] == (
        "Spotify does not find the login's own data; check SPOTIFY_API_URL, then in the Developer Dashboard whether "
        "the app is restricted; the next run tries again"
    )
    assert ADVICE["own_not_found"] == (
        "the library shows this playlist, but Spotify does not return its contents; the next run tries again"
    )
    assert ADVICE["invalid_id"] == "Spotify knows no playlist with such an id; check the id in the settings"


def test_the_owner_does_not_matter_if_the_user_is_unknown(api: Api, run: Run) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    api.fail("/1odd/items", 403, FORBIDDEN)
    api.fail(ME, 403, json.dumps({"error": {"status": 403, "message": "Forbidden"}}))

    assert run(playlists=("1odd", "1good")).failures == {"not_owner": 1}
