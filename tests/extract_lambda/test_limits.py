"""Spotify's limits, transient errors and the deadline."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from extract_lambda.budget import Budget
from extract_lambda.failures import ADVICE, SpotifyError
from extract_lambda.progress import Progress
from extract_lambda.result import FailedRunError
from tests.extract_lambda.api import Api, Playlist, rows
from tests.extract_lambda.conftest import Lake, Run

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
SLOW = json.dumps({"error": {"status": 429, "message": "slow"}})
QUOTA = json.dumps({"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}})


def test_after_a_429_the_run_waits_and_goes_on(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.retry_after = "7"
    api.fail("/items", 429, SLOW, times=2)

    result = run()

    assert (result.status, result.throttled) == ("ok", 2)
    assert len(api.slept) == 2
    assert all(7.0 <= seconds <= 8.4 for seconds in api.slept)


def test_waits_are_limited(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.retry_after = "1"
    api.fail("/items", 429, SLOW, times=99)

    assert run().failures == {"rate": 1}
    assert api.asked_of("/items") == 6


def test_a_429_without_a_retry_after_is_waited_out(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.retry_after = None
    api.fail("/items", 429, "Too many requests")

    assert run().status == "ok"
    assert 5.0 <= api.slept[0] <= 6.0


def test_a_wait_beyond_the_end_is_left_to_the_next_run(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows("s1")), "1other": Playlist(rows("s1"))}
    api.retry_after = "60"
    api.fail("/items", 429, SLOW)

    result = run(clock=lambda: TEN, end=TEN + timedelta(seconds=50))

    assert (result.failures, result.left, api.slept) == ({"rate": 1}, ("1other",), [])
    assert result.cool_down_until == TEN + timedelta(seconds=60)


def test_during_a_cool_down_runs_only_report_its_end(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.retry_after = "7200"
    api.fail("/items", 429, QUOTA)
    first = run(20)
    before = {key: lake.text(key) for key in lake.keys("")}
    api.asked.clear()

    during = run(20, run_at="20261120T110000Z")

    assert (first.status, during.status, during.checks) == ("partial", "partial", ())
    assert during.as_dict()["cool_down_until"] == "2026-11-20T12:00:05Z"
    assert api.asked == []
    assert {key: lake.text(key) for key in lake.keys("")} == before
    assert run(23).status == "ok"


def test_a_quota_exhausted_at_the_first_call_ends_the_run_orderly(api: Api, run: Run) -> None:
    api.retry_after = None
    api.fail("/me/playlists", 429, QUOTA)

    result = run()

    assert (result.status, result.checks) == ("partial", ())
    assert result.as_dict()["cool_down_until"] == "2026-11-20T11:00:05Z"
    assert api.asked_of("/me/playlists") == 1


def test_playlists_read_before_the_quota_ended_are_stored(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {f"1p{n}": Playlist(rows("s1")) for n in range(5)}
    api.fail("/1p3/items", 429, QUOTA)

    result = run()

    assert [(check.playlist_id, check.status) for check in result.checks] == [
        ("1p3", "failed"),
        ("1p0", "read"),
        ("1p1", "read"),
        ("1p2", "read"),
    ]
    assert result.left == ("1p4",)
    assert len(lake.keys(".ndjson.gz")) == 3


def test_the_budget_of_a_day_ends_a_run_and_frees_itself_by_the_hour(api: Api, run: Run) -> None:
    api.playlists = {f"1p{n}": Playlist(rows("s1")) for n in range(5)}

    first = run(20, calls_per_day=3)
    again = run(20, calls_per_day=3)
    second = run(21, calls_per_day=3)
    third = run(22, calls_per_day=3)

    assert (first.status, first.count("read"), len(first.left)) == ("partial", 3, 2)
    assert first.as_dict()["ended_by"] == {
        "kind": "budget",
        "message": (
            "3 calls of the kind playlist_items were made within 24 hours, as many as SPOTIFY_CALLS_PER_DAY "
            "allows; the "
            "next is free at 2026-11-21T11:00Z"
        ),
    }
    assert first.calls_left["playlist_items"] == 0
    assert again.is_repeat
    assert (second.status, second.count("read"), len(second.left)) == ("partial", 0, 2)
    assert (third.status, third.count("read"), third.count("unchanged")) == ("ok", 2, 3)
    assert first.failures == second.failures == {}


def test_a_call_counts_for_24_hours_after_its_hour() -> None:
    budget = Budget(per_day=2)
    budget.spend("me", TEN + timedelta(minutes=59))
    budget.spend("me", TEN + timedelta(hours=1))

    assert budget.left(TEN + timedelta(hours=24, minutes=59))["me"] == 0
    with pytest.raises(SpotifyError, match="free at 2026-11-21T11:00Z"):
        budget.spend("me", TEN + timedelta(hours=24, minutes=59))
    assert budget.left(TEN + timedelta(hours=25))["me"] == 1
    budget.spend("playlist", TEN)


def test_calls_have_a_minimum_interval(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}

    run(min_request_interval=0.3)

    assert api.slept == [0.3, 0.3, 0.3]
    assert len([path for path in api.asked if path.startswith("/v1/")]) == 4


@pytest.mark.parametrize(("times", "status"), [(2, "ok"), (3, "failed")])
def test_a_refused_token_is_renewed_once(api: Api, run: Run, times: int, status: str) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.fail("/items", 401, '{"error": {"status": 401, "message": "Access token missing"}}', times=times)

    try:
        result = run()
    except FailedRunError as error:
        result = error.result

    assert result.status == status
    assert (api.asked_of("/api/token"), api.asked_of("/items")) == (2, 3)
    assert result.failures == ({} if status == "ok" else {"auth": 1})


@pytest.mark.parametrize(("status", "body"), [(503, "no"), (200, '{"cut'), (200, "[]"), (200, "{}")])
def test_transient_errors_are_retried_with_increasing_waits(api: Api, run: Run, status: int, body: str) -> None:
    api.playlists = {"1bad": Playlist(rows("s1")), "1good": Playlist(rows("s1"))}
    api.fail("/1bad/items", status, body, times=99)

    result = run()

    assert (result.count("failed"), result.count("read")) == (1, 1)
    assert api.asked_of("/1bad/items") == 6
    waits = [0.5, 1.0, 2.0, 4.0, 8.0]
    assert all(0.5 * wait <= slept <= 1.5 * wait for wait, slept in zip(waits, api.slept, strict=True))


def test_a_server_that_is_down_gets_no_further_calls(api: Api, run: Run) -> None:
    api.playlists = {f"1p{n}": Playlist(rows("s1")) for n in range(9)}
    api.fail("/items", 503, "no", times=99)

    with pytest.raises(FailedRunError) as raised:
        run()

    assert (raised.value.result.failures, len(raised.value.result.left)) == ({"server": 5}, 4)


def test_a_page_with_another_offset_is_malformed(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows(*(f"s{n}" for n in range(60))))}
    api.fail("offset=50&additional", 200, json.dumps({"items": rows(*(10 * ["s"])), "total": 60, "offset": 0}))

    assert run().status == "ok"
    assert api.asked_of("/1mine/items") == 3


def test_a_long_playlist_is_dropped_in_the_middle_at_the_deadline(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1short": Playlist(rows("s1")), "1long": Playlist(rows(*(f"s{n}" for n in range(500))))}

    result = run(clock=lambda: TEN + timedelta(seconds=api.asked_of("/items")), deadline=TEN + timedelta(seconds=5))

    assert (result.status, result.left, result.failures) == ("partial", ("1long",), {})
    assert api.asked_of("/1long/items") == 4
    assert lake.checks("raw/pending/run=20261120T100000Z/_manifest.json") == [("1short", "read", None)]


def test_after_the_end_no_request_is_sent(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {f"1p{n}": Playlist(rows("s1")) for n in range(3)}

    result = run(clock=lambda: TEN + timedelta(seconds=api.asked_of("/items")), end=TEN + timedelta(seconds=2))

    assert (result.status, result.checks, result.left) == ("partial", (), ("1p0", "1p1", "1p2"))
    assert api.asked_of("/items") == 2
    assert lake.keys(".ndjson.gz") == []


def test_a_playlist_of_ten_thousand_items_is_read_whole(api: Api, run: Run) -> None:
    api.playlists = {"1long": Playlist(rows(*(f"s{n}" for n in range(10_000))))}
    messages: list[Progress] = []

    result = run(report=messages.append)

    assert (result.status, result.item_count, api.asked_of("/1long/items")) == ("ok", 10_000, 200)
    assert [p.outcome for p in messages if not p.is_over][:2] == ["50 of 10,000 items", "100 of 10,000 items"]


def test_spotifys_own_playlists_are_distinguished_from_removed_playlists(api: Api, run: Run) -> None:
    api.playlists = {"1spotifys": Playlist(rows("s1"), owner="spotify"), "1mine": Playlist(rows("s1"))}
    api.fail("/1spotifys/items", 404)

    result = run(playlists=("1spotifys", "37i9dQZF1DXcBWIGoYBM5M", "1gone", "1mine"))

    assert {check.playlist_id: check.failure_class for check in result.checks} == {
        "1spotifys": "editorial",
        "37i9dQZF1DXcBWIGoYBM5M": "editorial",
        "1gone": "removed",
        "1mine": None,
    }
    assert result.as_dict()["advice"] == {
        "editorial": (
            "Spotify's own playlists are closed to new apps since November 2024; copy its songs into a playlist "
            "of your "
            "own, and remove this one from the settings"
        ),
        "removed": (
            "the playlist does not exist any more, or it is private; check the id, or remove it from the settings"
        ),
    }


def test_every_class_of_failure_says_what_to_do() -> None:
    assert sorted(ADVICE) == [
        "account_not_found",
        "app_refused",
        "auth",
        "budget",
        "editorial",
        "invalid_id",
        "malformed",
        "not_allow_listed",
        "not_owner",
        "own_not_found",
        "premium_lapsed",
        "quota",
        "rate",
        "redirect",
        "removed",
        "server",
        "wrong_scope",
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"error": "invalid_grant", "error_description": "Refresh token expired"}',
            (
                "Spotify no longer accepts the login (invalid_grant: Refresh token expired): it lasts six months or "
                "until it "
                "is revoked. Run `make login`."
            ),
        ),
        (
            '{"error": "invalid_client", "error_description": "Invalid client secret"}',
            (
                "Spotify does not know the app (invalid_client: Invalid client secret): check its client id and "
                "secret in the "
                "dashboard. Run `make login`."
            ),
        ),
        ('{"error": "invalid_scope"}', "Spotify refuses the login (400 invalid_scope). Run `make login`."),
    ],
)
def test_a_login_that_is_refused_is_final_and_says_what_to_do(api: Api, run: Run, body: str, message: str) -> None:
    api.fail("/api/token", 400, body, times=9)

    with pytest.raises(FailedRunError) as raised:
        run()

    assert str(raised.value) == f"Run 20261120T100000Z: no playlist could be checked. {message}"
    assert (api.asked_of("/api/token"), api.slept) == (1, [])


def test_the_user_is_requested_once_per_login(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    run(20)
    api.asked.clear()

    run(21)

    assert api.asked == ["/api/token", "/v1/me/playlists?limit=50&offset=0"]


def test_a_playlist_that_moved_to_another_page_during_the_run_is_read(api: Api, run: Run) -> None:
    api.playlists = {f"1p{n:03}": Playlist([]) for n in range(50)}

    def add_a_playlist(path: str) -> None:
        if "/1p000/items" in path and "1new" not in api.playlists:
            api.playlists = {"1new": Playlist([]), **api.playlists}

    api.before = add_a_playlist

    result = run()

    assert (result.status, result.count("read")) == ("ok", 50)
    assert api.asked_of("/playlists/1p049[?]") == 0


def test_a_playlist_that_moved_and_changed_is_read_again(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {f"1p{n:03}": Playlist([]) for n in range(50)}

    def add_one_and_edit_another(path: str) -> None:
        if "/1p049/items" in path and "1new" not in api.playlists:
            api.playlists = {"1new": Playlist([]), **api.playlists, "1p049": Playlist(rows("s1"), snapshot_id="snap2")}

    api.before = add_one_and_edit_another

    assert run().status == "ok"
    lines = lake.lines("raw/pending/run=20261120T100000Z/1p049.ndjson.gz")
    assert {(line["snapshot_id"], line["attempt"]) for line in lines} == {("snap2", 2)}


def test_a_library_that_grows_during_paging_is_read_whole(api: Api, run: Run) -> None:
    api.playlists = {f"1p{n:03}": Playlist([]) for n in range(60)}

    def add_a_playlist(path: str) -> None:
        if "/me/playlists?limit=50&offset=50" in path and "1new" not in api.playlists:
            api.playlists = {"1new": Playlist([]), **api.playlists}

    api.before = add_a_playlist

    assert run().count("read") == 61
