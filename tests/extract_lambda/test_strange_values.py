"""A strange value fails only its playlist, and the reason is a sentence."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_lambda.settings import Settings
from extract_lambda.state import CoolDown, State
from tests.extract_lambda.api import Api, Playlist, rows
from tests.extract_lambda.conftest import Lake, Run
from tests.extract_lambda.test_incomplete import MANIFEST, change

ODD_IDS = ["a" * 300, "a" * 23, "../x", "a b", "", "é" * 22, "a\n", "a/b", "."]
SLOW = '{"error": {"status": 429, "message": "slow"}}'
QUOTA = '{"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}'


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_invalid_id_fails_only_its_playlist(api: Api, run: Run, lake: Lake, odd: str) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}

    def rename(path: str, body: Any) -> None:
        if "/me/playlists" in path:
            body["items"][0]["id"] = odd

    change(api, rename)

    result = run()

    assert (result.status, result.unreadable) == ("ok", 1)
    assert lake.checks(MANIFEST) == [("1good", "read", None)]


# --- reasons


def is_sentence(reason: str) -> bool:
    """Whether the text contains no Python class name and no part of a traceback."""
    return not re.search(r"\w+(Error|Exception|Timeout|Warning)\b|Traceback|object at 0x", reason)


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, '{"items": [{"added_at": "2026-01', "the answer is cut off or no JSON object"),
        (200, "[]", "the answer is cut off or no JSON object"),
        (200, "null", "the answer is cut off or no JSON object"),
        (400, '{"error": []}', "400 "),
        (400, '{"error": {"status": 400}}', "400 "),
        (404, '{"error": {"message": 7}}', "404 "),
        (403, "[" * 5, "403 "),
        (500, '{"error": null}', "500 "),
        (503, "\x00\x01", "503 "),
    ],
)
def test_a_reason_is_a_sentence(api: Api, run: Run, status: int, body: str, reason: str) -> None:
    api.playlists = {"1odd": Playlist(rows("s1")), "1good": Playlist(rows("s2"))}
    api.fail("/1odd/items", status, body, times=99)
    messages: list[str] = []

    run(report=lambda each: messages.append(each.outcome) if each.failure_class else None)

    assert len(messages) == 1
    assert f"/playlists/1odd/items?limit=50&offset=0&additional_types=track,episode: {reason}" in messages[0]
    assert is_sentence(messages[0])


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("answer", ["{}", "[]", "7", "null", '{"access_token": null}', "<html>", '{"expires_in": "x"}'])
def test_an_odd_answer_to_the_login_is_reported_in_a_sentence(api: Api, run: Run, answer: str) -> None:
    api.playlists = {"1good": Playlist(rows("s2"))}
    api.fail("/api/token", 200, answer, times=99)

    with pytest.raises(Exception, match="no playlist could be checked") as raised:
        run()

    assert is_sentence(str(raised.value))
    assert re.search("does not have the form that Spotify documents|is cut off or no JSON", str(raised.value))


@pytest.mark.usefixtures("no_waiting")
def test_a_broken_connection_is_reported_in_a_sentence(api: Api, run: Run) -> None:
    api.playlists = {"1good": Playlist(rows("s2"))}

    def hang_up(path: str) -> None:
        if "/items" in path:
            raise ConnectionAbortedError

    api.before = hang_up
    messages: list[str] = []

    with pytest.raises(Exception, match="all 1 playlists failed"):
        run(report=lambda each: messages.append(each.outcome) if each.failure_class else None)

    assert ": the connection failed; " in messages[0]
    assert is_sentence(messages[0])


# --- cool-downs


@pytest.mark.parametrize(
    ("retry_after", "until"),
    [
        ("999999999", "2026-11-21T10:00:05Z"),
        ("9999999999", "2026-11-21T10:00:05Z"),
        ("9" * 400, "2026-11-21T10:00:05Z"),
        ("86400", "2026-11-21T10:00:05Z"),
        ("86401.5", "2026-11-21T10:00:05Z"),
        (" 7200 ", "2026-11-20T12:00:05Z"),
        ("3600.5", "2026-11-20T11:00:05.500000Z"),
        ("Fri, 20 Nov 2026 13:00:05 GMT", "2026-11-20T13:00:05Z"),
        ("Fri, 20 Nov 2099 13:00:05 GMT", "2026-11-21T10:00:05Z"),
        ("soon", "2026-11-20T11:00:05Z"),
        ("-5", "2026-11-20T11:00:05Z"),
        ("1e9", "2026-11-20T11:00:05Z"),
        ("nan", "2026-11-20T11:00:05Z"),
    ],
)
def test_a_cool_down_lasts_a_day_at_most(api: Api, run: Run, retry_after: str, until: str) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.retry_after = retry_after
    api.fail("/items", 429, QUOTA)

    result = run()

    assert result.as_dict()["cool_down_until"] == until


def test_a_cool_down_of_more_than_a_day_in_the_state_is_ignored() -> None:
    now = datetime(2026, 11, 20, 10, tzinfo=UTC)
    state = State(cool_down=CoolDown(until="2058-07-29T11:46:44Z", kind="quota", message="429"))

    assert state.cools_down_until(now) is None
    state.cool_down = CoolDown(until="2026-11-21T10:00:00Z", kind="quota", message="429")
    assert state.cools_down_until(now) == now + timedelta(days=1)


def test_a_cool_down_can_be_lifted(api: Api, run: Run) -> None:
    api.playlists = {"1mine": Playlist(rows("s1"))}
    api.fail("/items", 429, QUOTA)
    assert run(20).status == "partial"

    during = run(20, run_at="20261120T110000Z")
    lifted = run(20, run_at="20261120T120000Z", ignores_cool_down=True)
    after = run(20, run_at="20261120T130000Z")

    assert (during.status, during.checks) == ("partial", ())
    assert during.warnings == (
        (
            "Spotify accepts no calls until 2026-11-20T23:53:25Z; runs before that do nothing. To run nevertheless, "
            "set SPOTIFY_IGNORE_COOL_DOWN=yes for one run."
        ),
    )
    assert (lifted.count("read"), lifted.cool_down_until) == (1, None)
    assert (after.count("unchanged"), after.cool_down_until) == (1, None)


def test_the_command_says_how_to_lift_a_cool_down(
    api: Api, environment: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from extract_lambda.__main__ import main  # noqa: PLC0415  # it sets up the output of the test's process

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    api.fail("/me/playlists", 429, QUOTA)

    assert main(["--at", "2026-11-20T10:00:00Z"]) == 0
    assert main(["--at", "2026-11-20T11:00:00Z"]) == 0

    messages = capsys.readouterr().err
    assert messages.count("set SPOTIFY_IGNORE_COOL_DOWN=yes for one run.") == 2


def test_ignoring_a_cool_down_is_a_setting(tmp_path: Path) -> None:
    base = {"LAKE_URI": str(tmp_path), "SPOTIFY_SECRET_ARN": "arn"}

    assert Settings.from_env(base).ignores_cool_down is False
    assert Settings.from_env(base | {"SPOTIFY_IGNORE_COOL_DOWN": "yes"}).ignores_cool_down is True
