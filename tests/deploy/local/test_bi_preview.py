"""The picture of the BI model's page."""

import struct
from pathlib import Path

import pytest

from deploy.local.bi_preview import NOTE, draw, main
from tests.deploy.bi.world import fill
from tests.deploy.snowflake.bi.landing import Landing, deployed, landing  # noqa: F401  # fixtures


def test_the_picture_is_as_wide_as_the_page(landing: Landing, tmp_path: Path) -> None:  # noqa: F811  # a fixture
    fill(landing)
    picture = tmp_path / "page.png"

    draw(landing._warehouse, picture)

    header = picture.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (1536, 900)


def test_the_picture_says_that_it_is_no_screenshot() -> None:
    assert "not a screenshot of Power BI, Tableau or QuickSight" in NOTE


def test_a_folder_without_a_demo_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"bi_preview: there is no warehouse in {tmp_path}. `make demo` makes one.\n"
