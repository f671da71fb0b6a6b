"""Lists whose totals never fit: each is stored as an incomplete read and not retried in full every run."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from extract_lambda.progress import Progress
from glue_jobs.reading.document import read_document
from tests.extract_lambda.api import Api, Playlist, rows
from tests.extract_lambda.conftest import Lake, Run

PENDING = "raw/pending/run=20261120T100000Z"
MANIFEST = f"{PENDING}/_manifest.json"
ODD = f"{PENDING}/1odd.ndjson.gz"


def songs(count: int, first: int = 0) -> list[str]:
    return [f"s{n}" for n in range(first, first + count)]


def change(api: Api, patch: Callable[[str, Any], None]) -> None:
    """Passes each answer through `patch`, which may change it."""
    answer = api._body

    def changed(path: str) -> object:
        body = answer(path)
        if isinstance(body, dict):
            patch(path, body)
        return body

    api._body = changed  # type: ignore[method-assign]  # replaces the stub's answers in this test


def positions(lake: Lake, key: str) -> list[tuple[int, str]]:
    """Position and song of each row, as the job reads them."""
    [check] = read_document((lake.root / key).read_bytes()).checks
    return [(position, (row.get("item") or row.get("track"))["id"]) for position, row in check.rows()]


def completeness(lake: Lake, key: str) -> tuple[bool | None, object, int | None]:
    """How the job reads it: whether it is complete, its total, the number of rows."""
    [check] = read_document((lake.root / key).read_bytes()).checks
    return check.is_complete, check.total, check.item_count


def check_of(lake: Lake, key: str, playlist_id: str = "1odd") -> tuple[str, int | None, int | None]:
    [check] = [each for each in json.loads(lake.text(key))["checks"] if each["playlist_id"] == playlist_id]
    return check["status"], check["item_count"], check["missing_count"]


def test_rows_that_spotify_withholds_are_missing_at_their_place(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows(*songs(60))), "1good": Playlist(rows("s3"))}

    def withhold(path: str, body: Any) -> None:
        if "/1odd/items" in path and "offset=0" in path:
            del body["items"][-1]

    change(api, withhold)
    messages: list[Progress] = []

    result = run(report=messages.append)

    assert positions(lake, ODD) == [(n, f"s{n}") for n in range(60) if n != 49]
    assert completeness(lake, ODD) == (False, 60, 59)
    assert check_of(lake, MANIFEST) == ("read", 59, 1)
    assert [(check.playlist_id, check.status) for check in result.checks] == [("1good", "read"), ("1odd", "read")]
    assert (result.status, result.as_dict()["counts"]["incomplete"]) == ("partial", 1)
    assert [each.outcome for each in messages if each.failure_class] == [
        (
            "read incompletely, 1 of 60 items is missing: /playlists/1odd/items?limit=50&offset=0&"
            "additional_types=track,episode brought 49 items instead of 50; its items are stored, and none counts "
            "as removed"
        )
    ]


def test_an_incomplete_read_is_not_repeated_before_the_next_full_read(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows("s1", "s2"))}

    def withhold(path: str, body: Any) -> None:
        if "/1odd/items" in path:
            body["items"] = body["items"][:1]

    change(api, withhold)
    run(20, full_every=timedelta(days=3000))
    api.asked.clear()

    result = run(21, full_every=timedelta(days=3000))

    assert api.asked_of("/items") == 0
    assert [(check.status, check.snapshot_id) for check in result.checks] == [
        ("unchanged", json.loads(lake.text(MANIFEST))["checks"][0]["snapshot_id"])
    ]
    assert result.status == "ok"
    run(22, full_every=timedelta(hours=1))
    assert api.asked_of("/items") > 0
    api.playlists["1odd"].snapshot_id = "snap2"
    assert run(23, full_every=timedelta(days=3000)).count("read") == 1


def test_an_incomplete_read_has_a_snapshot_of_its_own(api: Api, run: Run, lake: Lake) -> None:
    """Otherwise its rows would replace those of the complete read of the same version."""
    api.playlists = {"1odd": Playlist(rows("s1", "s2"))}
    run(20)
    change(api, lambda path, body: body["items"].pop() if "/1odd/items" in path else None)

    run(21, full_every=timedelta(hours=1))

    lines = lake.lines("raw/pending/run=20261121T100000Z/1odd.ndjson.gz")
    # printf '2026-01-01T00:00:00Z s1\n' | sha256sum
    assert {line["snapshot_id"] for line in lines} == {"snap1~79689f5d7c12"}
    assert {line["missing"] for line in lines} == {1}


def test_a_complete_read_reports_no_missing_rows(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows("s1", "s2"))}

    run()

    assert {"missing" in line for line in lake.lines(ODD)} == {False}
    assert check_of(lake, MANIFEST) == ("read", 2, None)


def test_liked_songs_whose_total_changes_on_a_later_page_are_stored(api: Api, run: Run, lake: Lake) -> None:
    api.liked = rows(*songs(150), kind="track")

    def shrink(path: str, body: Any) -> None:
        if "/me/tracks" in path and "offset=100" in path:
            body["total"] = 140

    change(api, shrink)
    messages: list[str] = []

    run(liked_songs=True, report=lambda each: messages.append(each.outcome) if each.failure_class else None)

    assert completeness(lake, f"{PENDING}/liked-me.ndjson.gz") == (False, 150, 150)
    assert check_of(lake, MANIFEST, "liked:me") == ("read", 150, 0)
    assert messages == [
        "read incompletely: the total was 150, then 140; its items are stored, and none counts as removed"
    ]
    api.asked.clear()
    assert run(21, liked_songs=True).count("unchanged") == 1
    assert api.asked_of("/me/tracks") == 1


def test_a_total_that_grows_on_each_page_is_read_to_its_end(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows(*songs(110)))}

    def grow(path: str, body: Any) -> None:
        if "/1odd/items" in path:
            body["total"] = 60 if "offset=0" in path else 110

    change(api, grow)

    run()

    assert positions(lake, ODD) == [(n, f"s{n}") for n in range(110)]
    assert check_of(lake, MANIFEST) == ("read", 110, 0)


def test_a_snapshot_that_differs_at_each_request_is_stored_once(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    numbers = iter(range(1000))

    def renew(path: str, body: Any) -> None:
        if "/me/playlists" in path:
            body["items"][0]["snapshot_id"] = f"x{next(numbers)}"

    change(api, renew)
    messages: list[str] = []

    run(20, report=lambda each: messages.append(each.outcome) if each.failure_class else None)

    assert completeness(lake, ODD) == (False, 1, 1)
    assert positions(lake, ODD) == [(0, "s1")]
    assert check_of(lake, MANIFEST) == ("read", 1, 0)
    assert messages == [
        (
            "read incompletely: its snapshot_id was x2 before the read and x3 after it; its items are stored, and none "
            "counts as removed"
        )
    ]
    api.asked.clear()
    again = run(21, full_every=timedelta(days=3000))
    assert [(check.playlist_id, check.status) for check in again.checks] == [
        ("1good", "unchanged"),
        ("1odd", "unchanged"),
    ]
    assert api.asked_of("/1odd/items") == 1
    api.playlists["1odd"].rows = rows("s1", "s9")
    assert run(22, full_every=timedelta(days=3000)).count("read") == 1
    assert positions(lake, "raw/pending/run=20261122T100000Z/1odd.ndjson.gz") == [(0, "s1"), (1, "s9")]


def test_pages_longer_than_the_limit_keep_their_positions(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows(*songs(60)))}

    def ignore_limit(path: str, body: Any) -> None:
        if "/1odd/items" in path:
            body["items"] = rows(*songs(60))

    change(api, ignore_limit)

    run()

    assert positions(lake, ODD) == [(n, f"s{n}") for n in range(60)]
    assert completeness(lake, ODD)[0] is False
    assert check_of(lake, MANIFEST) == ("read", 60, 0)


@pytest.mark.parametrize("total", [1, 0])
def test_more_rows_than_the_total_are_all_stored(api: Api, run: Run, lake: Lake, total: int) -> None:
    api.playlists = {"1odd": Playlist(rows("s1", "s2"))}

    def shrink(path: str, body: Any) -> None:
        if "/1odd/items" in path:
            body["total"] = total

    change(api, shrink)

    run()

    assert positions(lake, ODD) == [(0, "s1"), (1, "s2")]
    assert completeness(lake, ODD) == (False, total, 2)
    assert check_of(lake, MANIFEST) == ("read", 2, 0)


def test_pages_without_a_total_are_read_until_one_is_empty(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows(*songs(60)))}

    def forget(path: str, body: Any) -> None:
        if "/1odd/items" in path:
            body["total"] = None

    change(api, forget)

    run()

    assert positions(lake, ODD) == [(n, f"s{n}") for n in range(60)]
    assert completeness(lake, ODD) == (False, None, 60)
    assert check_of(lake, MANIFEST) == ("read", 60, 0)


@pytest.mark.parametrize("has_total", [True, False])
def test_a_list_without_an_end_costs_that_playlist_alone(api: Api, run: Run, lake: Lake, *, has_total: bool) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1z": Playlist(rows("s2"))}

    def go_on(path: str, body: Any) -> None:
        if "/1odd/items" in path:
            body["items"] = rows(*["s1"] * 50)
            body["total"] = body["offset"] + 100 if has_total else None

    change(api, go_on)

    result = run(calls_per_day=500)

    _, item_count, missing = check_of(lake, MANIFEST)
    assert (item_count, missing) == ((10_100, 50) if has_total else (10_000, 0))
    assert sorted((check.playlist_id, check.status) for check in result.checks) == [("1odd", "read"), ("1z", "read")]


def test_an_absurd_total_ends_at_the_first_empty_page(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows("s1"))}
    change(api, lambda path, body: body.update(total=2**31) if "/1odd/items" in path else None)

    run()

    assert positions(lake, ODD) == [(0, "s1")]
    assert check_of(lake, MANIFEST) == ("read", 1, 2147483647)
    assert api.asked_of("/1odd/items") < 20


def test_a_run_that_was_killed_after_an_incomplete_read_keeps_it(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows("s1", "s2"))}
    change(api, lambda path, body: body["items"].pop() if "/1odd/items" in path else None)
    run(20)
    for key in (MANIFEST, *lake.keys("state/")):
        (lake.root / key).unlink()
    api.asked.clear()

    result = run(21, full_every=timedelta(days=3000))

    assert check_of(lake, MANIFEST) == ("read", 1, 1)
    assert result.count("unchanged") == 1
    assert api.asked_of("/items") == 0


@pytest.mark.parametrize("limit", [20, 1, 49])
def test_a_smaller_limit_that_the_pages_name_makes_a_complete_read(api: Api, run: Run, lake: Lake, limit: int) -> None:
    api.playlists = {"1odd": Playlist(rows(*songs(55)))}

    def lower(path: str, body: Any) -> None:
        if "/1odd/items" in path:
            body["items"], body["limit"] = body["items"][:limit], limit

    change(api, lower)

    run()

    assert positions(lake, ODD) == [(n, f"s{n}") for n in range(55)]
    assert check_of(lake, MANIFEST) == ("read", 55, None)


@pytest.mark.parametrize("limit", [0, -5, 100, "20", None, True])
def test_an_invalid_limit_is_ignored(api: Api, run: Run, lake: Lake, limit: object) -> None:
    api.playlists = {"1odd": Playlist(rows(*songs(55)))}
    change(api, lambda path, body: body.update(limit=limit) if "/1odd/items" in path else None)

    run()

    assert check_of(lake, MANIFEST) == ("read", 55, None)


def test_a_long_list_of_short_pages_needs_one_call_per_page(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist(rows(*songs(1000)))}
    change(api, lambda path, body: body["items"].pop() if "/1odd/items" in path else None)

    run()

    assert check_of(lake, MANIFEST) == ("read", 980, 20)
    assert api.asked_of("/1odd/items") == 3 + 3 + 3 + 19
