"""`make demo`: daily checks, a weekly job, and a folder with the history."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from deploy.local.demo import DAYS, _weeks
from tests.waiting import finished

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def eleven_days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("demo")
    return out, finished([sys.executable, "-m", "deploy.local.demo", "--out", str(out), "--days", "11"], cwd=ROOT)


def test_the_demo_simulates_thirty_days() -> None:
    assert DAYS == 30


@pytest.mark.parametrize(
    ("days", "lengths"), [(1, [1]), (7, [7]), (9, [9]), (11, [7, 4]), (14, [7, 7]), (30, [7, 7, 7, 9])]
)
def test_remaining_days_belong_to_the_last_week(days: int, lengths: list[int]) -> None:
    weeks = _weeks(days)

    assert [len(week) for week in weeks] == lengths
    assert [day for week in weeks for day in week] == list(range(days))


@pytest.mark.jvm
def test_every_day_is_checked_and_the_job_runs_once_a_week(
    eleven_days: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    out, done = eleven_days

    assert done.returncode == 0, done.stderr
    warehouse = duckdb.connect(str(out / "warehouse" / "SPOTIFY.db"), read_only=True)
    days = warehouse.sql("select distinct checked_on from BI.PLAYLIST_CHECKS order by checked_on").fetchall()
    assert [day for (day,) in days] == [date(2026, 10, number) for number in range(22, 32)] + [date(2026, 11, 1)]
    assert warehouse.sql("select max(batch_number) from CORE.BATCHES").fetchall() == [(2,)]
    lines = done.stderr.splitlines()
    assert "[2/8] Days 1 to 7: the Lambda asks the API, once a day …" in lines
    assert "      22 Oct: 23 playlists read, 0 unchanged, 2 couldn't be read" in lines
    assert "[5/8] Days 8 to 11: the Lambda asks the API, once a day …" in lines
    assert "[8/8] The report …" in lines


@pytest.mark.jvm
def test_an_expected_refusal_is_introduced_and_its_message_is_in_the_log(
    eleven_days: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    out, done = eleven_days

    assert "made-up examples of a refusal" in done.stderr
    assert "403" not in done.stderr
    assert "20/25 Friday office: failed, not_owner: " in (out / "demo.log").read_text(encoding="utf-8")
