"""Progress of the steps on a terminal and elsewhere, and the final lines."""

import io
import os
import sys
import time
from pathlib import Path

import pytest

from deploy.local import steps
from deploy.local.steps import Steps, show_next
from tests.waiting import finished, wait_for

ROOT = Path(__file__).parents[3]


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_without_a_terminal_a_step_is_two_plain_lines() -> None:
    stream = io.StringIO()

    assert Steps(3, stream).run("Snowpipe loads the warehouse", lambda: 7) == 7

    first, second = stream.getvalue().splitlines()
    assert first == "[1/3] Snowpipe loads the warehouse …"
    assert second.endswith(" s")


def test_on_a_terminal_seconds_and_notes_show_while_a_step_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_TICK_SECONDS", 0.01)
    stream = Screen()
    shown = Steps(1, stream)

    def step() -> None:
        shown.note("writing songs, 3 of 9")
        wait_for(lambda: " s, writing songs, 3 of 9" in stream.getvalue(), "the note")

    shown.run("The Glue job makes tables", step)

    assert stream.getvalue().splitlines()[-1].endswith(" s")


def test_a_step_that_prints_its_own_progress_is_not_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_TICK_SECONDS", 0.01)
    stream = Screen()

    Steps(1, stream).run("The Lambda asks Spotify", lambda: time.sleep(0.1), is_silent=False)

    assert stream.getvalue().count("\r") == stream.getvalue().count("\n") == 2


def test_the_last_lines_are_the_report_and_three_commands_with_real_arguments(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    show_next(tmp_path / "out" / "my demo", tmp_path / "out" / "my demo" / "report.html", "6rqhFgbbKwnb9MLmUQDhG6")

    assert capsys.readouterr().out.splitlines()[-5:] == [
        f"Report: {tmp_path}/out/my demo/report.html (open it in a browser)",
        "Next:",
        "  make why OUT='out/my demo' TABLE=songs ID=6rqhFgbbKwnb9MLmUQDhG6",
        "  make status OUT='out/my demo'",
        "  make notebook OUT='out/my demo'",
    ]


@pytest.mark.parametrize("display", [":1", None], ids=["on a desktop", "without one"])
def test_open_shows_the_page_only_on_a_desktop(tmp_path: Path, display: str | None) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n', encoding="utf-8")
    browser.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    environment |= {"BROWSER": f"{browser} %s"} | ({"DISPLAY": display} if display else {})

    show = "import pathlib, sys; from deploy.local.steps import open_page; open_page(pathlib.Path(sys.argv[1]))"
    done = finished([sys.executable, "-c", show, str(tmp_path / "report.html")], cwd=ROOT, env=environment)

    assert done.returncode == 0, done.stderr
    if display:
        assert (tmp_path / "opened").read_text(encoding="utf-8").strip() == f"file://{tmp_path}/report.html"
    else:
        assert not (tmp_path / "opened").exists()
