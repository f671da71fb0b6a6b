"""`make demo`: daily checks, a weekly job, and a folder with the history."""

import re
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from deploy.local.demo import DAYS, _weeks
from deploy.local.spotify import Catalogue
from deploy.local.spotify.history import write_packages
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
    assert "[2/9] Days 1 to 7: the Lambda asks the API, once a day …" in lines
    assert "      22 Oct: 23 playlists read, 0 unchanged, 2 couldn't be read" in lines
    assert "[5/9] Days 8 to 11: the Lambda asks the API, once a day …" in lines
    assert "[9/9] The report …" in lines


@pytest.mark.jvm
def test_an_expected_refusal_is_introduced_and_its_message_is_in_the_log(
    eleven_days: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    out, done = eleven_days

    assert "made-up examples of a refusal" in done.stderr
    assert "403" not in done.stderr
    assert "20/25 Friday office: failed, not_owner: " in (out / "demo.log").read_text(encoding="utf-8")


@pytest.mark.jvm
def test_a_year_of_plays_is_imported_from_two_downloads_that_overlap(
    eleven_days: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    out, done = eleven_days

    assert "Two made-up account data downloads are imported …" in done.stderr
    warehouse = duckdb.connect(str(out / "warehouse" / "SPOTIFY.db"), read_only=True)
    loaded = warehouse.sql("select source, min(played_at), max(played_at) from LANDING.PLAYS group by all order by all")
    (account, first, last), (extended, first_extended, last_extended) = loaded.fetchall()
    assert (account, extended) == ("account", "extended")
    assert abs(first - first_extended) < timedelta(minutes=1)
    assert timedelta(days=13) < last - last_extended < timedelta(days=15)
    assert timedelta(days=360) < last - first < timedelta(days=366)
    select = "select source, min(played_at) > $1 from CORE.PLAYS group by all order by all"
    shown = warehouse.sql(select, params=[last_extended])
    assert shown.fetchall() == [("account", True), ("extended", False)]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert '<section id="listening"' in page
    assert "The data on this page are made up" in page


def test_the_downloads_of_the_demo_follow_from_the_seed_and_hold_nothing_of_a_person(tmp_path: Path) -> None:
    until = datetime(2026, 11, 20, 8, tzinfo=UTC)
    packages = write_packages(tmp_path / "a", Catalogue(), until)
    again = write_packages(tmp_path / "b", Catalogue(), until)

    assert [each.read_bytes() for each in packages] == [each.read_bytes() for each in again]
    texts = []
    for package in packages:
        with zipfile.ZipFile(package) as archive:
            texts += [archive.read(name).decode() for name in archive.namelist()]
    addresses = {address for text in texts for address in re.findall(r"[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+", text)}
    mails = {mail for text in texts for mail in re.findall(r"[^\" ]+@[^\" ]+", text)}
    assert addresses == {"203.0.113.7"}  # RFC 5737: for documents
    assert mails == {"mira@example.invalid"}
