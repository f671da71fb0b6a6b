"""The image of the BI model's page."""

import struct
from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.local.bi_preview import COUNTS, NOTE, draw, main, numbers
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.bi.world import fill
from tests.deploy.snowflake.bi.landing import Landing


def test_the_image_is_as_wide_as_the_page_and_the_numbers_are_counted(tmp_path: Path) -> None:
    image = tmp_path / "page.png"

    with EmbeddedSnowflake() as warehouse:
        warehouse.deploy()
        fill(Landing(warehouse))
        draw(warehouse, image)
        counted = numbers(warehouse)

    assert counted["Songs known"] == 3
    # Three songs, one of them with two artists; 30, 45 and 15 minutes.
    assert [float(str(counted[name])) for name in COUNTS] == [90, 120, 4, 3]
    header = image.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (1536, 900)


def test_the_image_says_that_it_is_no_screenshot() -> None:
    assert "not a screenshot of Power BI, Tableau or QuickSight" in NOTE


def test_a_folder_without_a_demo_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("bi_preview", main, ["--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"bi_preview: there is no warehouse in {tmp_path}: `make demo` makes one, --out names another\n"
    )
