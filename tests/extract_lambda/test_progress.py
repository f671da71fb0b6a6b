"""The progress of a run on a terminal and elsewhere."""

import io

import pytest

from extract_lambda.progress import Progress, Terminal


class Tty(io.StringIO):
    """A terminal that keeps its output."""

    def isatty(self) -> bool:
        return True


def report_progress(terminal: Terminal) -> None:
    terminal(Progress(name="Früh\x1b[2J", number=1, of=2, outcome="50 of 60 items", is_over=False))
    terminal(Progress(name="Früh\x1b[2J", number=1, of=2, outcome="read"))
    terminal(Progress(name="No\r\n", number=2, of=2, outcome="failed, server: x", failure_class="server"))
    terminal.close()


def test_without_a_terminal_each_check_is_a_plain_line() -> None:
    stream = io.StringIO()

    report_progress(Terminal(stream))

    assert stream.getvalue() == "1/2 Früh\ufffd[2J: read\n2/2 No\ufffd\ufffd: failed, server: x\n"


def test_a_terminal_has_a_rewritten_line_and_a_lasting_line_per_failure() -> None:
    stream = Tty()

    report_progress(Terminal(stream))

    assert stream.getvalue() == (
        "\r\x1b[2K1/2 Früh\ufffd[2J: 50 of 60 items"
        "\r\x1b[2K1/2 Früh\ufffd[2J: read"
        "\r\x1b[2K2/2 No\ufffd\ufffd: failed, server: x\n"
        "\r\x1b[2K"
    )


def test_a_line_is_never_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "11")
    stream = Tty()

    Terminal(stream)(Progress(name="深夜のドライブ", number=1, of=9, outcome="read"))

    assert stream.getvalue() == "\r\x1b[2K1/9 深夜の"
