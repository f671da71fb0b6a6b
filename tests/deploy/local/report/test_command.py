"""The command: where it writes the page, and its errors if there is nothing to report."""

import subprocess
import sys
from pathlib import Path

import pytest

# A process can open only one warehouse, and this process has one open. So each command runs as its own program.
MAKE = (
    "import sys, pathlib; from deploy.snowflake.embedded import EmbeddedSnowflake; "
    "EmbeddedSnowflake(pathlib.Path(sys.argv[1])).close()"
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def make_report(out: Path) -> subprocess.CompletedProcess[str]:
    return run("-m", "deploy.local.report", "--out", str(out))


def test_without_a_warehouse_it_says_so_on_one_line(tmp_path: Path) -> None:
    done = make_report(tmp_path / "nowhere")

    assert done.returncode == 1
    assert done.stderr == (
        f"report: there is no warehouse in {tmp_path / 'nowhere'}: make load OUT={tmp_path / 'nowhere'} "
        "makes it from the lake there, and make demo makes a lake of made-up playlists\n"
    )
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_warehouse_is_an_error_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "SPOTIFY.db").write_bytes(b"not a database" * 1000)

    done = make_report(tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith(f"report: {tmp_path / 'warehouse'} cannot be opened")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "report.html").exists()


def test_the_page_is_beside_the_warehouse_and_opens_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("-c", MAKE, str(tmp_path / "warehouse"))
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n', encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    monkeypatch.setenv("DISPLAY", ":1")

    done = run("-m", "deploy.local.report", "--out", str(tmp_path), "--open")

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "opened").read_text(encoding="utf-8") == f"file://{tmp_path}/report.html\n"
    assert done.stdout.startswith(f"{tmp_path / 'report.html'}: open it in a browser")
    assert "No playlist has been checked yet" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["browser", "opened", "report.html", "warehouse"]
