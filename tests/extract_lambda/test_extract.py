"""What a run stores and reports for each playlist."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from extract_lambda.result import FailedRunError
from tests.extract_lambda.api import Api, Playlist, rows
from tests.extract_lambda.conftest import Lake, Run

PENDING = "raw/pending/run=20261120T100000Z"
MANIFEST = f"{PENDING}/_manifest.json"


def songs(count: int) -> list[str]:
    return [f"s{n}" for n in range(count)]


def test_the_first_run_reads_all_own_and_shared_playlists(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {
        "1mine": Playlist(rows(*songs(60))),
        "1shared": Playlist(rows("s1"), owner="friend", collaborative=True),
        "1followed": Playlist(rows("s2"), owner="friend"),
        "1empty": Playlist([]),
    }

    result = run()

    assert lake.keys() == [
        f"{PENDING}/1empty.ndjson.gz",
        f"{PENDING}/1mine.ndjson.gz",
        f"{PENDING}/1shared.ndjson.gz",
        MANIFEST,
    ]
    assert lake.checks(MANIFEST) == [("1mine", "read", None), ("1shared", "read", None), ("1empty", "read", None)]
    assert result.as_dict() == {
        "run_id": "20261120T100000Z",
        "status": "ok",
        "is_repeat": False,
        "ended_by": None,
        "cool_down_until": None,
        "counts": {
            "read": 3, "unchanged": 0, "failed": 0, "gone": 0, "incomplete": 0, "left": 0, "not_mine": 1,
            "unreadable": 0, "items": 61,
        },
        "failures": {},
        "advice": {},
        "calls": {"me_playlists": 2, "me": 1, "playlist_items": 4},
        "calls_left": {},
        "throttled": 0,
        "last_success": "2026-11-20T10:00:05Z",
        "token_age_days": None,
        "warnings": [],
        "manifests_written": [],
        "checks": [
            {"playlist_id": "1mine", "status": "read", "failure_class": None, "item_count": 60, "missing_count": None},
            {"playlist_id": "1shared", "status": "read", "failure_class": None, "item_count": 1, "missing_count": None},
            {"playlist_id": "1empty", "status": "read", "failure_class": None, "item_count": 0, "missing_count": None},
        ],
    }  # fmt: skip


def test_a_document_holds_the_playlist_and_its_pages_unchanged(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist([*rows("s1"), None], name="Früh \u2028 🌙")}

    run()

    head = (
        '{"run_id": "20261120T100000Z", "playlist_id": "1mine", "snapshot_id": "snap1", '
        '"extracted_at": "2026-11-20T10:00:05Z", "asked": '
    )
    expected = (
        head + '"/me/playlists?limit=50&offset=0", "offset": null, "attempt": 1, "body": '
        '{"id": "1mine", "name": "Früh \u2028 🌙", "owner": {"id": "me"}, "collaborative": false, '
        '"snapshot_id": "snap1", "items": {"total": 2}}}\n'
        + head + '"/playlists/1mine/items?limit=50&offset=0&additional_types=track,episode", "offset": 0, '
        '"attempt": 1, "body": {"items": [{"added_at": "2026-01-01T00:00:00Z", "item": {"id": "s1", "type": "track"}}, '
        'null], "offset": 0, "total": 2, "next": "http://removed/"}}\n'
    )  # fmt: skip
    assert lake.text(f"{PENDING}/1mine.ndjson.gz") == expected
    assert (lake.root / f"{PENDING}/1mine.ndjson.gz").read_bytes() == gzip.compress(expected.encode(), 6, mtime=0)
    assert json.loads(lake.text(MANIFEST)) == {
        "manifest": 1,
        "run_id": "20261120T100000Z",
        "extracted_at": "2026-11-20T10:00:05Z",
        "checks": [
            {
                "playlist_id": "1mine",
                "status": "read",
                "failure_class": None,
                "snapshot_id": "snap1",
                "object": "raw/pending/run=20261120T100000Z/1mine.ndjson.gz",
                "item_count": 2,
                "missing_count": None,
                "playlist": None,
            }
        ],
    }


def test_the_paths_in_a_document_are_those_requested(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows(*songs(51)))}

    run()

    assert [line["asked"] for line in lake.lines(f"{PENDING}/1mine.ndjson.gz")] == [
        "/me/playlists?limit=50&offset=0",
        "/playlists/1mine/items?limit=50&offset=0&additional_types=track,episode",
        "/playlists/1mine/items?limit=50&offset=50&additional_types=track,episode",
    ]
    assert [path.replace("%2C", ",") for path in api.asked] == [
        "/api/token",
        "/v1/me/playlists?limit=50&offset=0",
        "/v1/me/",
        "/v1/playlists/1mine/items?limit=50&offset=0&additional_types=track,episode",
        "/v1/playlists/1mine/items?limit=50&offset=50&additional_types=track,episode",
        "/v1/me/playlists?limit=50&offset=0",
    ]


def test_a_library_of_many_pages_is_read_whole_despite_a_short_page(api: Api, run: Run) -> None:
    api.playlists = {f"1p{n:03}": Playlist([]) for n in range(101)}
    first = {"items": [api._entry(f"1p{n:03}") for n in range(47)], "total": 101}
    api.fail(r"/me/playlists\?limit=50&offset=0", 200, json.dumps(first), times=2)

    result = run()

    assert len(result.checks) == 98
    assert api.asked_of("/1p.*/items") == 98


def test_an_unchanged_playlist_is_not_read_again(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"), name="Morning")}
    run(20)
    api.asked.clear()

    result = run(21)

    assert result.status == "ok"
    assert api.asked_of("/items") == 0
    assert lake.keys("run=20261121") == ["raw/quiet/run=20261121T100000Z.json"]
    [check] = json.loads(lake.text("raw/quiet/run=20261121T100000Z.json"))["checks"]
    assert check == {
        "playlist_id": "1mine",
        "status": "unchanged",
        "failure_class": None,
        "snapshot_id": "snap1",
        "object": None,
        "item_count": None,
        "missing_count": None,
        "playlist": {
            "id": "1mine",
            "name": "Morning",
            "owner": {"id": "me"},
            "collaborative": False,
            "snapshot_id": "snap1",
            "items": {"total": 1},
        },
    }


def test_only_changed_playlists_are_read(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1")), "1other": Playlist(rows("s2"))}
    run(20)
    api.playlists["1other"] = Playlist(rows("s2", "s3"), snapshot_id="snap2")

    run(21)

    folder = "raw/pending/run=20261121T100000Z"
    assert lake.keys("run=20261121") == [f"{folder}/1other.ndjson.gz", f"{folder}/_manifest.json"]
    assert lake.checks(f"{folder}/_manifest.json") == [("1mine", "unchanged", None), ("1other", "read", None)]


def test_each_playlist_is_read_in_full_every_few_days_on_its_own_day(api: Api, run: Run) -> None:
    api.playlists = {f"1p{n:02}": Playlist([]) for n in range(30)}
    read = []
    for day in range(20, 27):
        checks = run(day, full_every=timedelta(days=3)).checks
        read.append({check.playlist_id for check in checks if check.status == "read"})

    assert len(read[0]) == 30
    assert (read[4], read[5], read[6]) == (read[1], read[2], read[3])
    assert min(len(names) for names in read[1:4]) >= 5
    assert len(read[1] | read[2] | read[3]) == 30


def test_a_forbidden_playlist_is_reported_and_the_others_are_read(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1no": Playlist(rows("s1")), "1lost": Playlist(rows("s2")), "1yes": Playlist(rows("s3"))}
    api.fail("/1no/items", 403, '{"error": {"status": 403, "message": "Forbidden"}}')
    api.fail("/1lost/items", 404)

    result = run()

    assert result.status == "partial"
    assert lake.checks(MANIFEST) == [
        ("1no", "failed", "app_refused"),
        ("1lost", "failed", "own_not_found"),
        ("1yes", "read", None),
    ]
    assert json.loads(lake.text(MANIFEST))["checks"][0]["playlist"]["name"] == "Morning"


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("status", "body", "failure_class"),
    [
        (403, '{"error": {"status": 403, "message": "Forbidden"}}', "app_refused"),
        (403, '{"error": "a text where an object should be"}', "app_refused"),
        (403, "User not registered in the Developer Dashboard", "not_allow_listed"),
        (403, '{"error": {"message": "Active premium subscription required for the owner"}}', "premium_lapsed"),
        (403, '{"error": {"status": 403, "message": "Insufficient client scope"}}', "wrong_scope"),
        (404, '{"error": {"status": 404, "message": "Resource not found"}}', "own_not_found"),
        (400, '{"error": {"status": 400, "message": "Invalid limit"}}', "malformed"),
        (200, '{"items": [{"added_at": "2026-01', "malformed"),
        (200, '{"items": {}, "total": 1}', "malformed"),
        (200, "[]", "malformed"),
        (503, "upstream", "server"),
    ],
)
def test_a_failure_has_a_class(api: Api, run: Run, lake: Lake, status: int, body: str, failure_class: str) -> None:
    api.playlists = {"1bad": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    api.fail("/1bad/items", status, body, times=6 if failure_class in {"malformed", "server"} else 1)

    run()

    assert lake.checks(MANIFEST) == [("1bad", "failed", failure_class), ("1good", "read", None)]


@pytest.mark.usefixtures("no_waiting")
def test_a_server_error_is_retried(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.fail("/1mine/items", 502, "", times=3)
    api.fail("/api/token", 503, "", times=2)

    assert run().status == "ok"


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(("reason", "failure_class"), [(None, "rate"), ("QUOTA_EXCEEDED", "quota")])
def test_a_rate_limit_ends_the_run_and_keeps_what_was_read(
    api: Api, run: Run, lake: Lake, reason: str | None, failure_class: str
) -> None:
    api.playlists = {"1a": Playlist(rows("s1")), "1b": Playlist(rows("s2")), "1c": Playlist(rows("s3"))}
    api.fail("/1b/items", 429, json.dumps({"error": {"status": 429, "message": "slow", "reason": reason}}))

    messages: list[str] = []
    result = run(report=lambda progress: messages.append(progress.outcome) if progress.is_over else None)

    assert (result.status, result.left) == ("partial", ("1c",))
    assert "429 slow (again after 50000 s); " in messages[-1]
    assert result.as_dict()["cool_down_until"] == "2026-11-20T23:53:25Z"
    assert lake.checks(MANIFEST) == [("1b", "failed", failure_class), ("1a", "read", None)]
    assert api.asked_of("/1b/items") == 1


def test_a_run_without_success_fails_after_writing_its_manifest(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1a": Playlist(rows("s1")), "1b": Playlist(rows("s2"))}
    api.fail("/items", 403, times=2)

    with pytest.raises(FailedRunError, match=r"20261120T100000Z: all 2 playlists failed \(first: 1a, app_refused: "):
        run()

    assert lake.checks("raw/quiet/run=20261120T100000Z.json") == [
        ("1a", "failed", "app_refused"),
        ("1b", "failed", "app_refused"),
    ]
    with pytest.raises(FailedRunError):
        run()
    assert api.asked_of("/items") == 2


def test_a_login_that_has_expired_stops_the_run_before_it_begins(api: Api, run: Run, lake: Lake) -> None:
    api.fail("/api/token", 400, '{"error": "invalid_grant", "error_description": "Refresh token expired"}')

    with pytest.raises(FailedRunError, match=r"Refresh token expired.*make login") as raised:
        run()

    assert raised.value.result.ended_by is not None
    assert raised.value.result.ended_by.kind == "auth"
    assert api.asked_of("/api/token") == 1
    assert lake.keys("raw/") == []


def test_a_vanished_playlist_is_reported_gone_once(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1kept": Playlist(rows("s1")), "1lost": Playlist(rows("s2"))}
    run(20)
    del api.playlists["1lost"]

    assert run(21).status == "ok"
    run(22)

    assert sorted(lake.checks("raw/quiet/run=20261121T100000Z.json")) == [
        ("1kept", "unchanged", None),
        ("1lost", "gone", "removed"),
    ]
    assert lake.checks("raw/quiet/run=20261122T100000Z.json") == [("1kept", "unchanged", None)]


def test_a_playlist_that_only_left_the_library_is_still_read(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    run(20)
    api.playlists["1mine"] = Playlist(rows("s1", "s2"), snapshot_id="snap2", in_library=False)

    run(21)

    lines = lake.lines("raw/pending/run=20261121T100000Z/1mine.ndjson.gz")
    assert lines[0]["asked"] == "/playlists/1mine?additional_types=track,episode"
    assert len(lines[1]["body"]["items"]) == 2


def test_named_playlists_are_read_regardless_of_owner(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {
        "1mine": Playlist(rows("s1")),
        "1theirs": Playlist(rows("s2"), owner="friend"),
        "1far": Playlist(rows("s3"), owner="friend", in_library=False),
    }

    run(playlists=("1theirs", "1far", "1typo"))

    assert sorted(lake.checks(MANIFEST)) == [
        ("1far", "read", None),
        ("1theirs", "read", None),
        ("1typo", "failed", "removed"),
    ]


def test_a_manifest_shows_a_playlist_without_its_rows(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1far": Playlist(rows("s1"), in_library=False)}
    run(20, playlists=("1far",))
    run(21, playlists=("1far",))

    [check] = json.loads(lake.text("raw/quiet/run=20261121T100000Z.json"))["checks"]
    assert (check["status"], check["playlist"]["items"]) == ("unchanged", {"total": 1})


@pytest.mark.parametrize(("keep_people", "holding"), [(True, 3), (False, 0)])
def test_ids_of_people_can_be_left_out_of_everything_stored(
    api: Api, run: Run, lake: Lake, *, keep_people: bool, holding: int
) -> None:
    by_anna = [row | {"added_by": {"id": "anna"}} for row in rows("s1") if row]
    api.playlists = {
        "1read": Playlist([*by_anna], owner="bob", collaborative=True),
        "1shut": Playlist(rows("s2"), owner="bob", collaborative=True),
    }
    api.fail("/1shut/items", 403, times=2)
    run(20, keep_people=keep_people)
    run(21, keep_people=keep_people)  # 1read is unchanged by now: the manifest describes it

    stored = {key: lake.text(key) for key in lake.keys("raw/")}
    assert len(stored) == 3  # one document and two manifests
    names_people = [key for key, text in stored.items() if "anna" in text or "bob" in text or '"owner"' in text]
    assert len(names_people) == holding
    assert lake.checks(MANIFEST) == [("1shut", "failed", "not_owner"), ("1read", "read", None)]


def test_the_first_of_two_simultaneous_deliveries_wins(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    run()
    first = (lake.root / f"{PENDING}/1mine.ndjson.gz").read_bytes()
    for key in lake.keys(""):
        (lake.root / key).unlink()
    api.playlists = {"1mine": Playlist(rows("s1", "s2"), snapshot_id="snap2")}

    def other_delivery(path: str) -> None:
        if "/items" in path:
            (lake.root / f"{PENDING}/1mine.ndjson.gz").write_bytes(first)

    api.before = other_delivery

    result = run()

    assert [(check.snapshot_id, check.item_count) for check in result.checks] == [("snap1", 1)]
    assert (lake.root / f"{PENDING}/1mine.ndjson.gz").read_bytes() == first


def test_an_event_delivered_twice_makes_one_run(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    run()
    before = {key: lake.text(key) for key in lake.keys("")}
    api.playlists["1mine"].snapshot_id = "snap2"
    api.asked.clear()

    result = run()

    assert {key: lake.text(key) for key in lake.keys("")} == before
    assert api.asked == []
    assert result.as_dict()["is_repeat"] is True
    assert result.as_dict()["counts"]["items"] == 1


def test_an_event_delivered_again_after_the_job_repeats_nothing(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    run()
    for key in lake.keys("raw/pending"):
        (lake.root / key).unlink()
    api.asked.clear()

    assert run().is_repeat
    assert api.asked == []
    assert lake.keys() == []


def test_a_killed_run_is_continued(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1a": Playlist(rows("s1")), "1b": Playlist(rows("s2"))}
    run()
    for key in (MANIFEST, f"{PENDING}/1b.ndjson.gz", *lake.keys("state/")):
        (lake.root / key).unlink()
    api.asked.clear()

    run()

    assert (api.asked_of("/1a/items"), api.asked_of("/1b/items")) == (0, 1)
    assert sorted(lake.checks(MANIFEST)) == [("1a", "read", None), ("1b", "read", None)]


def test_the_next_run_writes_the_manifest_of_a_killed_run(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    run(20)
    for key in (MANIFEST, *lake.keys("state/")):
        (lake.root / key).unlink()

    result = run(21)

    assert result.manifests_written == ("20261120T100000Z",)
    assert json.loads(lake.text(MANIFEST))["extracted_at"] == "2026-11-20T10:00:05Z"
    assert lake.checks(MANIFEST) == [("1mine", "read", None)]
    assert lake.checks("raw/quiet/run=20261121T100000Z.json") == [("1mine", "unchanged", None)]


def test_a_run_with_an_archived_manifest_gets_no_second_manifest(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    run(20)
    (lake.root / MANIFEST).unlink()

    assert run(21).manifests_written == ()
    assert MANIFEST not in lake.keys("raw/")


def test_a_short_page_in_the_middle_does_not_end_the_read(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows(*songs(120)))}
    api.fail(r"/1mine/items\?limit=50&offset=50", 200, json.dumps({"items": rows(*songs(47)), "total": 120}), times=2)

    run()

    lines = lake.lines(f"{PENDING}/1mine.ndjson.gz")
    assert [len(line["body"]["items"]) for line in lines[1:]] == [50, 50, 20]
    assert {line["attempt"] for line in lines} == {1}
    assert api.asked_of("/1mine/items") == 5


def test_a_playlist_that_changes_while_it_is_read_is_read_again(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1")), "1still": Playlist(rows("s2"))}

    def edit(path: str) -> None:
        if "/1mine/items" in path and api.asked_of("/1mine/items") == 1:
            api.playlists["1mine"] = Playlist(rows("s1", "s2"), snapshot_id="snap2")

    api.before = edit

    run()

    lines = lake.lines(f"{PENDING}/1mine.ndjson.gz")
    assert [(line["snapshot_id"], line["attempt"]) for line in lines] == [("snap2", 2), ("snap2", 2)]
    assert lines[0]["body"]["snapshot_id"] == "snap2"
    assert (api.asked_of("/1mine/items"), api.asked_of("/1still/items")) == (2, 1)


def test_a_playlist_that_changes_each_time_it_is_read_is_stored_as_incomplete(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1")), "1still": Playlist(rows("s2"))}

    def edit(path: str) -> None:
        if "/1mine/items" in path:
            api.playlists["1mine"].snapshot_id = f"snap{len(api.asked)}"

    api.before = edit

    run()

    assert api.asked_of("/1mine/items") == 3
    assert lake.checks(MANIFEST) == [("1still", "read", None), ("1mine", "read", None)]
    assert [check["missing_count"] for check in json.loads(lake.text(MANIFEST))["checks"]] == [None, 0]


def test_a_playlist_without_a_version_fails_alone(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1odd": Playlist([], snapshot_id=None), "1good": Playlist([]), "../../bad": Playlist([])}

    result = run()

    assert lake.checks(MANIFEST) == [("1odd", "failed", "malformed"), ("1good", "read", None)]
    assert result.unreadable == 1


def test_liked_songs_are_a_playlist_with_a_version_of_its_own(api: Api, run: Run, lake: Lake) -> None:
    api.liked = rows("s2", "s1", kind="track")

    run(liked_songs=True)

    # printf '2026-01-01T00:00:00Z s2\n2026-01-01T00:00:00Z s1\n' | sha256sum
    version = "liked-30575b1c56feabdee11842433155b3d665a1ce0865df026f2316b4a663e391dd"
    [line] = lake.lines(f"{PENDING}/liked-me.ndjson.gz")
    assert (line["playlist_id"], line["snapshot_id"], line["asked"]) == (
        "liked:me",
        version,
        "/me/tracks?limit=50&offset=0",
    )
    assert lake.checks(MANIFEST) == [("liked:me", "read", None)]


def test_liked_songs_are_read_when_their_number_or_the_newest_changed(api: Api, run: Run) -> None:
    statuses = []
    for day, liked in enumerate((("s2", "s1"), ("s2", "s1"), ("s3", "s1"), ("s3",), ("s3",)), start=20):
        api.liked = rows(*liked, kind="track")
        statuses.append(run(day, liked_songs=True).checks[0].status)

    assert statuses == ["read", "unchanged", "read", "read", "unchanged"]


def test_liked_songs_are_read_only_if_set(api: Api, run: Run) -> None:
    api.liked = rows("s1", kind="track")

    assert run().checks == ()
    assert api.asked_of("/me/tracks") == 0


def test_playlists_left_for_lack_of_time_come_first_in_the_next_run(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {f"1{name}": Playlist(rows("s1"), name=name) for name in ("a", "b", "c")}
    ten = datetime(2026, 11, 20, 10, tzinfo=UTC)

    def clock() -> datetime:
        return ten + timedelta(minutes=api.asked_of("/items"))

    result = run(clock=clock, deadline=ten + timedelta(minutes=2))

    assert (result.status, result.left) == ("partial", ("1c",))
    assert lake.checks(MANIFEST) == [("1a", "read", None), ("1b", "read", None)]
    messages: list[str] = []
    run(21, report=lambda at: messages.append(f"{at.number}/{at.of} {at.name} {at.outcome}") if at.is_over else None)
    assert messages == ["1/3 a unchanged", "2/3 b unchanged", "3/3 c read"]


def test_an_unreadable_state_causes_only_a_full_read(api: Api, run: Run, lake: Lake) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    run(20)
    for damage in ("", "[]", '{"playlists": {"1mine": {"checked_at": 3}}}', '{"playlists": {"1mine": {"at": "x"}}}'):
        (lake.root / "state/playlists.json").write_text(damage)
        (lake.root / "state/runs/20261121T100000Z.json").unlink(missing_ok=True)
        for key in lake.keys("run=20261121"):
            (lake.root / key).unlink()

        assert run(21).checks[0].status == "read"
