"""One warehouse for all pages, rolled back after each test; one browser, if installed."""

# fixtures shadow their imports
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from deploy.local.report.report import report
from deploy.local.screenshot import Browser, browser, has_browser
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.local.report.worlds import hostile_names, listening, two_days
from tests.deploy.snowflake.bi.landing import Landing, deployed, landing  # noqa: F401  # fixtures of this folder
from tests.deploy.snowflake.bi.test_plays import play

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser. Without one its tests are skipped, except in CI, where they fail."""
    if not has_browser():
        message = "no Chromium here: apt-get install chromium chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with browser() as made:
        yield made


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, which `make tools` installs. Without it tests are skipped, except in CI."""
    scripts = sorted(ROOT.glob(".venv/tools/axe/lib/python*/site-packages/axe_playwright_python/axe.min.js"))
    if not scripts:
        message = "axe-core is not installed: make tools"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return scripts[-1].read_text(encoding="utf-8")


@pytest.fixture(scope="package")
def pages(deployed: EmbeddedSnowflake, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each world, by the world's name."""
    folder = tmp_path_factory.mktemp("pages")
    worlds = {
        "two_days": two_days,
        "hostile_names": hostile_names,
        "many_days": many_days,
        "listening": listening,
        "empty": no_rows,
    }
    for name, world in worlds.items():
        deployed.query("begin")
        try:
            world(Landing(deployed))
            (folder / f"{name}.html").write_text(report(deployed).html(), encoding="utf-8")
        finally:
            deployed.query("rollback")
    return {name: folder / f"{name}.html" for name in worlds}


def no_rows(_: Landing) -> None:
    """No rows, as in a new warehouse."""


def many_days(landing: Landing) -> None:
    """Enough playlists, days, years and artists to fill the charts."""
    songs = [f"s{number}" for number in range(30)]
    for number, song_id in enumerate(songs):
        landing.album(f"l{song_id}", release_year=1958 + 2 * number)
        landing.song(song_id, artists=(f"a{number}", f"a{number % 7}"), album_id=f"l{song_id}", popularity=3 * number)
    landing.artists(*(f"a{number}" for number in range(30)))
    for number in range(32):
        landing.read("2026-08-31 10:00", songs[number % 30], playlist=f"p{number}", name=f"List {number} " * 9)
    for day in range(1, 40):
        at = f"{date(2026, 8, 31) + timedelta(days=day)} 10:00"
        if day % 9:
            landing.read(at, songs[day % 30], songs[(day + 7) % 30], playlist="p7", name="Seven")
            landing.check(at, "unchanged" if day % 4 else "failed", "p8")
    for number in range(120):  # of 500 days, which are drawn as months
        at = f"{date(2025, 5, 1) + timedelta(days=number * 500 // 120)} {number % 24:02}:30"
        account = ("me", "you")[number % 2]
        play(landing, at, songs[number % 30], 200_000 + number, account=account, artist_name=f"Artist {number} " * 9)
