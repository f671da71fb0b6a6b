"""The stub answers over HTTP as Spotify does, to spotipy and to plain requests."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
import requests
import spotipy
from spotipy.oauth2 import SpotifyOAuth, SpotifyOauthError

from deploy.local.spotify import Catalogue, SpotifyStub
from deploy.local.spotify.server import AUTHORIZATION_CODE, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from deploy.local.spotify.world import Song
from tests.waiting import PATIENCE, started

Client = Callable[[SpotifyStub], spotipy.Spotify]
Login = Callable[..., SpotifyOAuth]
Ask = Callable[..., requests.Response]

MORNING = "1playlistMorning000000"
KITCHEN = "1playlistKitchen000000"
THEIRS = "1playlistTheirs0000000"
BRIEF = "1playlistBrief00000000"

FORBIDDEN = {"error": {"status": 403, "message": "Forbidden"}}
NOT_FOUND = {"error": {"status": 404, "message": "Resource not found"}}


def id_of(catalogue: Catalogue, name: str) -> str:
    (playlist_id,) = (playlist.id for playlist in catalogue.playlists(0) if playlist.name == name)
    return playlist_id


def status_and_body(response: requests.Response) -> tuple[int, object]:
    return response.status_code, response.json()


# What spotipy reads


def test_spotipy_pages_through_a_playlist_of_over_a_thousand(demo: Catalogue, client: Client) -> None:
    playlist_id = id_of(demo, "Everything, always")
    with SpotifyStub(demo) as stub:
        spotify = client(stub)
        pages = [spotify.playlist_items(playlist_id, limit=50, offset=offset) for offset in range(0, 1043, 50)]

    read = [row["item"] and row["item"]["name"] for page in pages for row in page["items"]]
    truth = [item.content and item.content.name for item in demo.items(playlist_id, 0)]
    assert [len(page["items"]) for page in pages] == [50] * 20 + [43]
    assert {page["total"] for page in pages} == {1043}
    assert read == truth


def test_spotipy_reads_the_library_with_snapshots_and_totals(demo: Catalogue, client: Client) -> None:
    with SpotifyStub(demo, day=1) as stub:
        page = client(stub).current_user_playlists(limit=50)

    assert (page["total"], len(page["items"])) == (24, 24)
    for shown, truth in zip(page["items"], demo.playlists(1), strict=True):
        assert shown["snapshot_id"] == truth.snapshot_id
        assert shown["items"]["total"] == len(truth.items)
        assert shown["owner"]["display_name"] == truth.owner.display_name


def test_spotipy_reads_liked_songs_newest_first_as_track(demo: Catalogue, client: Client) -> None:
    with SpotifyStub(demo) as stub:
        spotify = client(stub)
        rows = [row for offset in (0, 50, 100) for row in spotify.current_user_saved_tracks(50, offset)["items"]]

    liked = [item.content.id for item in demo.liked(0) if isinstance(item.content, Song)]
    assert [row["track"]["id"] for row in rows] == liked


def test_spotipy_sees_the_changes_of_the_next_day(small: Catalogue, client: Client) -> None:
    with SpotifyStub(small) as stub:
        spotify = client(stub)
        before = spotify.playlist_items(MORNING)["items"]
        stub.day = 1
        after = spotify.playlist_items(MORNING)["items"]
        with pytest.raises(spotipy.SpotifyException) as gone:
            spotify.playlist(BRIEF)

    assert [row["item"]["name"] for row in before] == ["Tide", 'Lamp, "lit"', "Tide", "First talk", "雨のワルツ"]
    assert [row["item"]["name"] for row in after] == ["Tide", "Tide", "First talk", "雨のワルツ", "Crossing"]
    assert after[-1]["added_at"] == "2026-11-20T08:00:00Z"
    assert gone.value.http_status == 404


# Pages


def test_links_are_spotifys_own_and_keep_the_other_parameters(demo: Catalogue, ask: Ask) -> None:
    playlist_id = id_of(demo, "Everything, always")
    link = f"https://api.spotify.com/v1/playlists/{playlist_id}/items"
    with SpotifyStub(demo) as stub:
        page = ask(stub, f"/v1/playlists/{playlist_id}/items?additional_types=track,episode&limit=30&offset=40").json()

    assert page["href"] == f"{link}?offset=40&limit=30&additional_types=track%2Cepisode"
    assert page["next"] == f"{link}?offset=70&limit=30&additional_types=track%2Cepisode"
    assert page["previous"] == f"{link}?offset=10&limit=30&additional_types=track%2Cepisode"
    assert (page["limit"], page["offset"], page["total"], len(page["items"])) == (30, 40, 1043, 30)


def test_the_first_page_has_no_previous_and_the_last_no_next(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small) as stub:
        first = ask(stub, "/v1/me/playlists?limit=2").json()
        second = ask(stub, "/v1/me/playlists?limit=2&offset=1").json()
        last = ask(stub, "/v1/me/playlists?limit=2&offset=3").json()

    assert first["previous"] is None
    assert first["next"] == "https://api.spotify.com/v1/me/playlists?offset=2&limit=2"
    assert second["previous"] == "https://api.spotify.com/v1/me/playlists?offset=0&limit=2"
    assert last["next"] is None


def test_a_page_beyond_the_end_is_empty_and_has_the_total(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small) as stub:
        page = ask(stub, f"/v1/playlists/{MORNING}/items?offset=100").json()

    assert (page["items"], page["total"], page["offset"], page["limit"], page["next"]) == ([], 5, 100, 20, None)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=51", "Invalid limit"),
        ("limit=0", "Invalid limit"),
        ("limit=ten", "Invalid limit"),
        ("offset=-1", "Invalid offset"),
    ],
)
@pytest.mark.parametrize("path", [f"/v1/playlists/{MORNING}/items", "/v1/me/playlists", "/v1/me/tracks"])
def test_a_page_out_of_bounds_is_refused(small: Catalogue, ask: Ask, path: str, query: str, message: str) -> None:
    with SpotifyStub(small) as stub:
        assert status_and_body(ask(stub, f"{path}?{query}")) == (400, {"error": {"status": 400, "message": message}})


def test_the_page_inside_a_playlist_has_a_hundred_rows(demo: Catalogue, client: Client) -> None:
    playlist_id = id_of(demo, "Everything, always")
    with SpotifyStub(demo) as stub:
        inside = client(stub).playlist(playlist_id)["items"]

    assert (len(inside["items"]), inside["limit"], inside["total"]) == (100, 100, 1043)
    link = f"https://api.spotify.com/v1/playlists/{playlist_id}/items?offset=100&limit=100&additional_types=track"
    assert inside["next"] == link


# Classes of apps


def test_a_new_app_sees_items_only_of_own_and_collaborative_playlists(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small, "A") as stub:
        theirs = ask(stub, f"/v1/playlists/{THEIRS}").json()
        assert theirs["name"] == "Not mine"
        assert "items" not in theirs
        assert status_and_body(ask(stub, f"/v1/playlists/{THEIRS}/items")) == (403, FORBIDDEN)
        assert ask(stub, f"/v1/playlists/{KITCHEN}/items").json()["total"] == 4
        assert ask(stub, f"/v1/playlists/{MORNING}").json()["items"]["total"] == 5


def test_a_new_app_does_not_get_withdrawn_fields_and_endpoints(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small, "A") as stub:
        row = ask(stub, f"/v1/playlists/{MORNING}/items").json()["items"][0]
        me = ask(stub, "/v1/me").json()
        assert status_and_body(ask(stub, f"/v1/playlists/{MORNING}/tracks")) == (403, FORBIDDEN)
        assert status_and_body(ask(stub, "/v1/users/me/playlists")) == (403, FORBIDDEN)

    assert "track" not in row
    assert row["item"]["track"] is True
    assert row["item"]["external_ids"] == {"isrc": "GBABC7400001"}
    assert not {"popularity", "available_markets", "linked_from", "preview_url"} & row["item"].keys()
    assert not {"country", "email", "product"} & me.keys()
    assert me["account_id"]


def test_an_older_app_sees_the_old_keys_and_all_playlists(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small, "B") as stub:
        page = ask(stub, f"/v1/playlists/{THEIRS}/tracks").json()
        whole = ask(stub, f"/v1/playlists/{THEIRS}").json()
        new = ask(stub, f"/v1/playlists/{THEIRS}/items").json()

    assert page["href"] == f"https://api.spotify.com/v1/playlists/{THEIRS}/tracks?offset=0&limit=100"
    assert "item" not in page["items"][0]
    assert page["items"][0]["track"]["name"] == "Tide"
    assert page["items"][0]["track"]["popularity"] == small.song("1songTide0000000000000").popularity(0)
    assert "DE" in page["items"][0]["track"]["available_markets"]
    assert whole["tracks"]["total"] == new["total"] == 2
    assert "items" not in whole


def test_an_app_with_extended_quota_sees_both_keys(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small, "C") as stub:
        whole = ask(stub, f"/v1/playlists/{THEIRS}").json()
        listed = ask(stub, "/v1/me/playlists").json()

    assert whole["tracks"]["items"] == whole["items"]["items"]
    assert whole["items"]["items"][0]["item"] == whole["items"]["items"][0]["track"]
    assert listed["items"][0]["tracks"]["total"] == listed["items"][0]["items"]["total"] == 5


def test_the_library_of_an_unrestricted_app_links_to_an_endpoint_that_new_apps_lost(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small, "C") as stub:
        page = ask(stub, "/v1/me/playlists?limit=2").json()
        following = ask(stub, "/v1/users/me/playlists?offset=2&limit=2").json()

    assert page["next"] == "https://api.spotify.com/v1/users/me/playlists?offset=2&limit=2"
    assert [playlist["name"] for playlist in following["items"]] == ["Brief", "Not mine"]


@pytest.mark.parametrize(("app_class", "status"), [("A", 404), ("B", 404), ("C", 200)])
def test_spotifys_own_playlists_are_for_extended_quota(demo: Catalogue, ask: Ask, app_class: str, status: int) -> None:
    chart = id_of(demo, "Nowhere Top 50")
    with SpotifyStub(demo, app_class) as stub:
        assert ask(stub, f"/v1/playlists/{chart}").status_code == status
        items = ask(stub, f"/v1/playlists/{chart}/items")

    assert items.status_code == status
    if status == 404:
        assert items.json() == NOT_FOUND


def test_a_token_without_a_user_cannot_read_contents(small: Catalogue, ask: Ask) -> None:
    app_only = "client_credentials"
    with SpotifyStub(small, "A") as stub:
        assert "items" not in ask(stub, f"/v1/playlists/{MORNING}", app_only).json()
        assert status_and_body(ask(stub, f"/v1/playlists/{MORNING}/items", app_only)) == (403, FORBIDDEN)
        assert status_and_body(ask(stub, f"/v1/playlists/{BRIEF}", app_only)) == (404, NOT_FOUND)
        assert ask(stub, "/v1/me", app_only).status_code == 401


def test_missing_resources_are_404(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small) as stub:
        assert status_and_body(ask(stub, "/v1/playlists/0000000000000000000000")) == (404, NOT_FOUND)
        assert status_and_body(ask(stub, "/v1/playlists/liked/items")) == (404, NOT_FOUND)
        missing = {"error": {"status": 404, "message": "Service not found"}}
        assert status_and_body(ask(stub, "/v1/nothing")) == (404, missing)


def test_a_row_has_added_by_and_added_at_if_known(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small) as stub:
        crossing, tape, empty, late = ask(stub, f"/v1/playlists/{KITCHEN}/items").json()["items"]

    assert (crossing["added_at"], crossing["added_by"]["id"]) == ("2026-02-01T18:00:00Z", "friend")
    assert (tape["is_local"], tape["item"]["id"], tape["item"]["uri"]) == (
        True,
        None,
        "spotify:local:Ada::Demo+tape:95",
    )
    assert (empty["item"], empty["added_by"]["id"]) == (None, "")
    assert (late["added_at"], late["added_by"]) == (None, None)


def test_a_restricted_song_has_its_restriction(small: Catalogue, ask: Ask) -> None:
    with SpotifyStub(small) as stub:
        rain = ask(stub, f"/v1/playlists/{MORNING}/items").json()["items"][4]["item"]

    assert (rain["is_playable"], rain["restrictions"], rain["external_ids"]) == (False, {"reason": "market"}, {})


# Tokens


def test_without_a_good_token_there_is_no_answer(small: Catalogue) -> None:
    def refused(header: dict[str, str]) -> tuple[int, object]:
        return status_and_body(requests.get(f"{stub.url}/v1/me", headers=header, timeout=PATIENCE))

    def body(message: str) -> dict[str, object]:
        return {"error": {"status": 401, "message": message}}

    with SpotifyStub(small) as stub:
        assert refused({}) == (401, body("No token provided"))
        assert refused({"Authorization": "Bearer other"}) == (401, body("Invalid access token"))


def test_a_token_expires(small: Catalogue, ask: Ask) -> None:
    expired = {"error": {"status": 401, "message": "The access token expired"}}
    with SpotifyStub(small, token_seconds=0) as stub:
        assert status_and_body(ask(stub, "/v1/me")) == (401, expired)


def test_spotipy_raises_for_a_revoked_refresh_token(small: Catalogue, login: Login) -> None:
    with SpotifyStub(small) as stub, pytest.raises(SpotifyOauthError) as refused:
        login(stub, refresh_token="dead").validate_token(login(stub, refresh_token="dead").get_cached_token())

    assert refused.value.error == "invalid_grant"


def test_spotipy_raises_for_a_wrong_secret(small: Catalogue, login: Login) -> None:
    with SpotifyStub(small) as stub, pytest.raises(SpotifyOauthError) as refused:
        login(stub, secret="wrong").refresh_access_token(REFRESH_TOKEN)

    assert refused.value.error == "invalid_client"


def test_each_grant_returns_spotifys_fields(small: Catalogue) -> None:
    def grant(**form: str) -> tuple[int, dict[str, object]]:
        answer = requests.post(f"{stub.url}/api/token", form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=PATIENCE)
        return answer.status_code, answer.json()

    with SpotifyStub(small) as stub:
        _, refreshed = grant(grant_type="refresh_token", refresh_token=REFRESH_TOKEN)
        _, login = grant(grant_type="authorization_code", code=AUTHORIZATION_CODE, redirect_uri="http://127.0.0.1/")
        _, app_only = grant(grant_type="client_credentials")
        status, wrong_code = grant(grant_type="authorization_code", code="guessed")
        _, other = grant(grant_type="password")

    assert refreshed.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (refreshed["token_type"], refreshed["expires_in"]) == ("Bearer", 3600)
    assert login["refresh_token"] == REFRESH_TOKEN
    assert app_only.keys() == {"access_token", "token_type", "expires_in"}
    assert (status, wrong_code["error"]) == (400, "invalid_grant")
    assert other["error"] == "unsupported_grant_type"


# The stub itself


def test_calls_are_counted_by_kind(small: Catalogue, client: Client) -> None:
    with SpotifyStub(small) as stub:
        spotify = client(stub)
        spotify.current_user_playlists()
        spotify.playlist_items(MORNING)
        spotify.playlist_items(MORNING, offset=2)
        counted = requests.get(f"{stub.url}/stub/calls", timeout=PATIENCE).json()

    assert counted == {"token": 1, "me_playlists": 1, "playlist_items": 2}


def test_it_runs_as_a_program_whose_day_is_set_over_http(small: Catalogue) -> None:
    command = [
        sys.executable,
        "-m",
        "deploy.local.spotify",
        "--port",
        "0",
        "--day",
        "0",
        "--class",
        "B",
        "--size",
        "small",
    ]
    with started(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        moved = requests.post(f"{url}/stub/day", json={"day": 1}, timeout=PATIENCE)
        wrong = requests.post(f"{url}/stub/day", data=json.dumps({"day": -1}), timeout=PATIENCE)
        form = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        token = requests.post(f"{url}/api/token", form, auth=(CLIENT_ID, CLIENT_SECRET), timeout=PATIENCE).json()
        header = {"Authorization": f"Bearer {token['access_token']}"}
        library = requests.get(f"{url}/v1/me/playlists", headers=header, timeout=PATIENCE).json()

    assert status_and_body(moved) == (200, {"day": 1})
    assert wrong.status_code == 400
    assert [playlist["name"] for playlist in library["items"]] == ["Morning", "Kitchen radio", "Not mine", "Empty"]
    assert library["items"][0]["tracks"]["total"] == len(small.items(MORNING, 1))
