"""Keys of the lake, typed by hand, so that they are not changed by accident."""

import re
from datetime import date

import pytest

from shared import lake

FRIDAY = date(2026, 11, 20)
KEYS = {
    lake.raw_object("20261120T100000Z", "p1"): "raw/pending/run=20261120T100000Z/p1.ndjson.gz",
    lake.raw_object("r1", "liked:me"): "raw/pending/run=r1/liked-me.ndjson.gz",
    lake.manifest("r1"): "raw/pending/run=r1/_manifest.json",
    lake.no_change_manifest("r1"): "raw/quiet/run=r1.json",
    lake.staging("b1"): "staging/b1/",
    lake.staging("b1", "songs"): "staging/b1/songs/",
    lake.processed_file("songs", FRIDAY, 42, 7): (
        "processed/songs/ingest_date=2026-11-20/00000000000000000042-00007.parquet"
    ),
    lake.rejects_file(FRIDAY, 42, 0): "rejects/ingest_date=2026-11-20/00000000000000000042-00000.json.gz",
    lake.log_entry(42): "log/00000000000000000042.json",
    lake.completion_marker(42): "log/done/00000000000000000042",
    lake.attempt("b1"): "log/attempts/b1.json",
}


@pytest.mark.parametrize(("made", "spelt"), KEYS.items())
def test_a_key_has_its_fixed_spelling_and_no_colon(made: str, spelt: str) -> None:
    assert made == spelt
    assert ":" not in made


ARCHIVED = {
    "raw/pending/run=r1/p1.ndjson.gz": "/run=r1/p1.ndjson.gz",
    "raw/pending/drop/at=20261120T100000Z/a page.json": "/drop/at=20261120T100000Z/a page.json",
    "raw/pending/drop/quiet/a.json": "/drop/quiet/a.json",
    "raw/pending/quiet/run=r1.json": "/quiet/run=r1.json",
    "raw/quiet/run=r1.json": "-quiet/run=r1.json",
}


@pytest.mark.parametrize(("key", "rest"), ARCHIVED.items())
def test_the_archived_key_contains_the_pending_key(key: str, rest: str) -> None:
    processed = lake.archived(42, key)
    quarantined = lake.archived(42, key, quarantined=True)

    assert processed == f"raw/processed/00000000000000000042{rest}"
    assert quarantined == f"raw/quarantine/00000000000000000042{rest}"
    assert lake.pending_key(processed) == lake.pending_key(quarantined) == key


@pytest.mark.parametrize(
    "key",
    [
        "raw/pending/run=r1/p1.ndjson.gz",
        "raw/quiet/run=r1.json",
        "raw/processed/42/p1.json",
        "raw/processed/00000000000000000042/",
        "s3://bucket/raw/processed/00000000000000000042/p1.json",
        "file:///home/me/page.json",
    ],
)
def test_the_pending_key_of_an_object_that_was_never_archived_is_its_key(key: str) -> None:
    assert lake.pending_key(key) == key


@pytest.mark.parametrize(
    ("key", "is_manifest"),
    [
        (lake.manifest("r1"), True),
        (lake.no_change_manifest("r1"), True),
        (lake.raw_object("r1", "p1"), False),
        ("raw/pending/drop/my_manifest.json", False),
    ],
)
def test_a_manifest_is_recognised_by_its_key(key: str, *, is_manifest: bool) -> None:
    assert lake.is_manifest(key) is is_manifest


@pytest.mark.parametrize("number", [1, 42, 10**19])
def test_a_log_key_gives_its_number_back(number: int) -> None:
    assert lake.log_number(lake.log_entry(number)) == number
    assert lake.log_number(lake.completion_marker(number)) == number


@pytest.mark.parametrize("key", ["log/frontier.json", "log/attempts/b1.json", "log/42.json", "log/done/", "log/"])
def test_other_keys_under_log_have_no_number(key: str) -> None:
    assert lake.log_number(key) is None


@pytest.mark.parametrize(("number", "part"), [(1, 0), (42, 7), (10**19, 99999)])
def test_a_processed_file_has_a_name_that_the_pipes_load(number: int, part: int) -> None:
    name = lake.processed_file("songs", FRIDAY, number, part).removeprefix("processed/songs/")

    assert re.fullmatch(lake.PROCESSED_NAME, name)


@pytest.mark.parametrize(
    "name",
    [
        "ingest_date=2026-11-20/part-00000.parquet",
        "ingest_date=2026-11-20/00000000000000000042-00007xparquet",
        "ingest_date=2026-11-20/.00000000000000000042-00007.parquet.tmp",
        "00000000000000000042-00007.parquet",
    ],
)
def test_a_file_of_another_name_is_not_loaded(name: str) -> None:
    assert not re.fullmatch(lake.PROCESSED_NAME, name)


def test_log_keys_sort_as_their_numbers_do() -> None:
    numbers = [1, 2, 9, 10, 99, 100, 10**19]

    assert sorted(map(lake.log_entry, reversed(numbers))) == [lake.log_entry(n) for n in numbers]
