"""What a person at a terminal sees while a run goes on."""

import io

import pytest

from extract_lambda.progress import Progress, Terminal


class Tty(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


def report_progress(terminal: Terminal) -> None:
    terminal(Progress(name="Früh\x1b[2J", number=1, of=2, outcome="50 of 60 items", is_over=False))
    terminal(Progress(name="Früh\x1b[2J", number=1, of=2, outcome="read"))
    terminal(Progress(name="No\r\n", number=2, of=2, outcome="failed, server: x", failure_class="server"))
    terminal.close()


def test_where_there_is_no_terminal_each_look_is_a_plain_line() -> None:
    stream = io.StringIO()

    report_progress(Terminal(stream))

    assert stream.getvalue() == "1/2 Früh\ufffd[2J: read\n2/2 No\ufffd\ufffd: failed, server: x\n"


def test_a_terminal_has_one_line_that_is_rewritten_and_one_that_stays_per_failure() -> None:
    stream = Tty()

    report_progress(Terminal(stream))

    assert stream.getvalue() == (
        "\r\x1b[2K1/2 Früh\ufffd[2J: 50 of 60 items"
        "\r\x1b[2K1/2 Früh\ufffd[2J: read"
        "\r\x1b[2K2/2 No\ufffd\ufffd: failed, server: x\n"
        "\r\x1b[2K"
    )


def test_a_line_never_runs_over_the_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "11")
    stream = Tty()

    Terminal(stream)(Progress(name="深夜のドライブ", number=1, of=9, outcome="read"))

    assert stream.getvalue() == "\r\x1b[2K1/9 深夜の"
