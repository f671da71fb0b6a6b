"""The picture of the BI model's page."""

import struct
from pathlib import Path

import pytest

from deploy.commands import run_command
from deploy.local.bi_preview import NOTE, draw, main
from deploy.snowflake.embedded import EmbeddedSnowflake
from tests.deploy.bi.world import fill
from tests.deploy.snowflake.bi.landing import Landing


def test_the_picture_is_as_wide_as_the_page(tmp_path: Path) -> None:
    picture = tmp_path / "page.png"

    with EmbeddedSnowflake() as warehouse:
        warehouse.deploy()
        fill(Landing(warehouse))
        draw(warehouse, picture)

    header = picture.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (1536, 900)


def test_the_picture_says_that_it_is_no_screenshot() -> None:
    assert "not a screenshot of Power BI, Tableau or QuickSight" in NOTE


def test_a_folder_without_a_demo_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("bi_preview", main, ["--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"bi_preview: there is no warehouse in {tmp_path}: `make demo` makes one, --out names another\n"
    )
