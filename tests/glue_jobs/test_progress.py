"""Progress of the tables: one rewritten line with seconds on a terminal, log lines elsewhere."""

import io
import logging

import pytest

from glue_jobs.summary import TableProgress


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_elsewhere_it_is_a_plain_line_per_table(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stream = io.StringIO()
    progress = TableProgress(9, stream, clock=lambda: 0.0)

    for name in ("artists", "albums", "songs"):
        progress.begin(name)
    progress.close()

    assert [record.getMessage() for record in caplog.records] == [
        "writing artists, 1 of 9",
        "writing albums, 2 of 9",
        "writing songs, 3 of 9",
    ]
    assert stream.getvalue() == ""


def test_on_a_terminal_one_line_is_rewritten_and_shows_the_seconds(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stream = Screen()
    times = iter([10.0, 10.2, 14.4])
    progress = TableProgress(9, stream, clock=lambda: next(times))

    progress.begin("artists")
    progress.begin("songs")
    progress.close()

    assert stream.getvalue() == ("\r\x1b[2Kwriting artists, 1 of 9 (0 s)\r\x1b[2Kwriting songs, 2 of 9 (4 s)\r\x1b[2K")
    assert caplog.records == []
