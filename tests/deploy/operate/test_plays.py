"""Plays in `why`, `status`, `retention` and `forget ACCOUNT`: two packages of one account, one of another."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from deploy.operate.forget_plays import forget_account, main
from deploy.operate.retention import retain
from deploy.operate.status import status
from deploy.operate.why import why
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.plays import Package, write_plays
from shared.store import ObjectStore
from shared.tables.plays import PLAYS
from tests.deploy.operate.conftest import put_old, take

PENDING = "raw/pending/plays/me/"


def package(account: str, package_id: str, day: int, *played_at: str) -> bytes:
    plays = [
        {
            "play_id": f"{account} {at}",
            "played_at": at,
            "played_at_precision": "second",
            "ms_played": 5,
            "track_name": "Hush",
        }
        for at in played_at
    ]
    head = Package(account=account, source="extended", package_id=package_id, packaged_at=f"2026-11-{day:02}T12:00:00Z")
    return write_plays(head, plays)


@pytest.fixture
def lake(lake: ObjectStore, spark: object) -> ObjectStore:
    old = ("2026-01-01T10:00:00Z", "2026-02-01T10:00:00Z", "a time that breaks the contract, Hush")
    put_old(lake, f"{PENDING}20261101T120000Z-000.ndjson.gz", package("me", "old", 1, *old))
    you = package("you", "yours", 3, "2026-01-15T10:00:00Z")
    put_old(lake, "raw/pending/plays/you/20261103T120000Z-000.ndjson.gz", you)
    root = Path(lake.uri.removeprefix("file://"))
    take(root, lambda: datetime(2026, 11, 18, 10, 5, tzinfo=UTC))
    new = ("2026-02-01T10:00:00Z", "2026-03-01T10:00:00Z")
    put_old(lake, f"{PENDING}20261102T120000Z-000.ndjson.gz", package("me", "new", 2, *new))
    take(root, lambda: datetime(2026, 11, 18, 11, 5, tzinfo=UTC))
    return lake


def published(lake: ObjectStore) -> list[tuple[str, str]]:
    owners = []
    for listed in lake.list("processed/plays/"):
        rows = pq.read_table(Path(lake.uri.removeprefix("file://")) / listed.key).to_pylist()
        owners += [(row["account"], row["package_id"]) for row in rows]
    return sorted(owners)


def test_why_shows_the_package_that_won_and_the_line(lake: ObjectStore) -> None:
    won, lost = why(lake, PLAYS, "me 2026-02-01T10:00:00Z")

    assert (won.verdict, won.row["package_id"], won.place.line, won.place.path) == ("current", "new", 2, "$")
    assert won.place.columns["played_at"] == "$.played_at"
    assert won.place.raw_object == "raw/processed/00000000000000000004/plays/me/20261102T120000Z-000.ndjson.gz"
    assert (lost.verdict, lost.row["package_id"]) == ("lost: extracted_at 2026-11-02 12:00:00 is newer", "old")
    assert lost.place.line == 3


def test_everything_agrees_before_and_after_an_account_is_forgotten(
    lake: ObjectStore, warehouse: EmbeddedSnowflake
) -> None:
    assert status(lake, warehouse).differences == []
    shown = forget_account(lake, warehouse, "me", apply=False)
    assert len(published(lake)) == 5

    result = forget_account(lake, warehouse, "me")
    again = forget_account(lake, warehouse, "me")

    assert (
        result.removed
        == shown.removed
        == {
            "documents of plays": 2,
            "files of rejects": 1,
            "rows of plays in the lake": 4,
            "rows of plays in the warehouse": 4,
        }
    )
    assert again.removed == {}
    assert published(lake) == [("you", "yours")]
    assert warehouse.query("select account from SPOTIFY.CORE.PLAYS") == [("you",)]
    assert status(lake, warehouse).differences == []
    assert list(mentioning(lake, b"Hush")) == [
        "raw/processed/00000000000000000003/plays/you/20261103T120000Z-000.ndjson.gz"
    ]


def mentioning(lake: ObjectStore, word: bytes) -> Iterator[str]:
    for listed in lake.list(""):
        fetched = lake.get(listed.key)
        assert fetched is not None
        data = gzip.decompress(fetched.data) if fetched.data.startswith(b"\x1f\x8b") else fetched.data
        if word in data and "processed/plays" not in listed.key:
            yield listed.key


def test_pending_plays_are_forgotten_too(lake: ObjectStore) -> None:
    lake.put(f"{PENDING}20261104T120000Z-000.ndjson.gz", package("me", "late", 4, "2026-01-01T10:00:00Z"))

    assert forget_account(lake, None, "me").removed["pending documents of plays"] == 1
    assert list(lake.list(PENDING)) == []


def test_retention_removes_plays_with_their_batch(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    removed = retain(lake, warehouse, 3, apply=True)

    assert published(lake) == [("me", "new"), ("me", "new")]
    assert warehouse.query("select package_id from SPOTIFY.LANDING.PLAYS") == [("new",), ("new",)]
    assert removed.rows["plays"] == 3
    assert list(mentioning(lake, b"Hush")) == [
        "raw/processed/00000000000000000004/plays/me/20261102T120000Z-000.ndjson.gz"
    ]
    assert status(lake, warehouse).differences == []


def test_a_play_that_is_missing_in_the_warehouse_is_a_difference(
    lake: ObjectStore, warehouse: EmbeddedSnowflake
) -> None:
    warehouse.query("delete from SPOTIFY.LANDING.PLAYS where account = 'you'")

    [missing] = status(lake, warehouse).differences

    assert "plays" in str(missing)


def test_a_file_of_plays_that_is_missing_in_the_lake_is_a_difference(lake: ObjectStore) -> None:
    [key, *_] = [listed.key for listed in lake.list("processed/plays/")]
    lake.delete(key)

    assert [key in str(difference) for difference in status(lake, None).differences] == [True]


def test_a_label_is_no_pattern(lake: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lake", lake.uri, "--account", "yo", "--apply"]) == 0

    assert "There is nothing about yo in raw, lake or warehouse." in capsys.readouterr().out
    assert len(published(lake)) == 5
