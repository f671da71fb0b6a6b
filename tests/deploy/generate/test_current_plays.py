"""Which plays are current where packages of an account overlap, in Snowflake's and in Athena's own SQL."""

import itertools
from collections.abc import Callable

import pytest

from shared.contract import Table
from shared.tables.plays import PLAYS

Row = dict[str, object]
Publish = Callable[..., str]
Current = Callable[[Table, str], list[tuple[object, ...]]]


def play(
    package: str, day: int, played_at: str, source: str = "extended", account: str = "me", **fields: object
) -> Row:
    """A play of a package that was packaged on this day of November 2026."""
    return {
        "play_id": f"{account} {source} {played_at}",
        "account": account,
        "source": source,
        "package_id": package,
        "packaged_at": f"2026-11-{day:02}",
        "extracted_at": f"2026-11-{day:02}",
        "played_at": played_at,
        "played_at_precision": "second" if source == "extended" else "minute",
        "ms_played": 1,
        "document_id": f"document {package}",
    } | fields


def shown(current: Current) -> list[tuple[object, ...]]:
    return [(str(at), package) for at, package in current(PLAYS, "played_at, package_id")]


# Old and new overlap from March to June; new lacks the play of April and has that of May at another second.
OLD = [play("old", 1, at) for at in ("2026-01-01 10:00:00", "2026-04-01 10:00:00", "2026-05-01 10:00:00")]
NEW = [play("new", 2, at) for at in ("2026-03-01 10:00:00", "2026-05-01 10:00:07", "2026-08-01 10:00:00")]
OLDEST = [play("oldest", 0o1, at, packaged_at="2026-10-01") for at in ("2025-12-01 10:00:00", "2026-02-01 10:00:00")]
ACCOUNT = [
    play("year", 20, at, "account")
    for at in ("2025-11-30 10:00", "2025-12-01 10:00", "2026-02-01 10:00", "2026-08-01 10:00", "2026-08-01 10:01")
]
EXPECTED = [
    ("2025-11-30 10:00:00", "year"),  # before the extended history
    ("2025-12-01 10:00:00", "oldest"),  # also decides the minute in which it begins
    ("2026-01-01 10:00:00", "old"),
    ("2026-03-01 10:00:00", "new"),
    ("2026-05-01 10:00:07", "new"),
    ("2026-08-01 10:00:00", "new"),
    ("2026-08-01 10:01:00", "year"),  # after the extended history
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::6])
def test_the_newest_package_decides_inside_its_range_and_extended_history_before_account_history(
    publish: Publish, current: Current, order: tuple[int, ...]
) -> None:
    packages = [OLDEST, OLD, NEW, ACCOUNT]
    for batch, number in enumerate(order, start=1):
        publish(PLAYS, *packages[number], batch=batch)

    assert shown(current) == EXPECTED


def test_a_play_that_only_the_oldest_package_has_inside_a_newer_range_stays_hidden(
    publish: Publish, current: Current
) -> None:
    # The middle package shares its last play with the new one; its range still hides what the oldest has before that.
    publish(
        PLAYS,
        play("a", 1, "2026-01-02 10:00:00"),
        play("b", 2, "2026-01-01 10:00:00"),
        play("b", 2, "2026-01-03 10:00:00"),
        play("c", 3, "2026-01-03 10:00:00"),
    )

    assert shown(current) == [("2026-01-01 10:00:00", "b"), ("2026-01-03 10:00:00", "c")]


def test_the_same_package_twice_changes_nothing(publish: Publish, current: Current) -> None:
    publish(PLAYS, *NEW, batch=1)
    publish(PLAYS, *(row | {"batch_id": "b2", "extracted_at": "2026-11-09"} for row in NEW), batch=2)

    assert [package for _, package in shown(current)] == ["new", "new", "new"]


def test_packages_of_other_accounts_have_no_effect(publish: Publish, current: Current) -> None:
    publish(PLAYS, play("a", 1, "2026-01-01 10:00:00"), play("a", 1, "2026-01-03 10:00:00"), batch=1)
    publish(PLAYS, play("b", 2, "2026-01-02 10:00:00", account="you"), batch=2)

    assert len(shown(current)) == 3


def test_exactly_one_of_two_packages_of_equal_time_decides(publish: Publish, current: Current) -> None:
    publish(PLAYS, play("a", 1, "2026-01-01 10:00:00"), play("b", 1, "2026-01-01 10:00:00"))

    assert shown(current) == [("2026-01-01 10:00:00", "b")]


def test_equal_rows_of_one_package_are_plays_of_their_own(publish: Publish, current: Current) -> None:
    row = play("a", 1, "2026-01-01 10:00:00")
    publish(PLAYS, row, row | {"play_id": "again", "source_position": 1})

    assert len(shown(current)) == 2
