"""Files of one folder below drop/ form a set: pages of one read that were saved in several files become one read."""

from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from glue_jobs.log_entry import Input
from glue_jobs.reading.part import PartReport
from glue_jobs.reading.sets import set_of
from shared import lake
from tests.glue_jobs.documents import Json, as_bytes, page_body, song
from tests.glue_jobs.reading.test_part import FILE_TIME, Lake, own

FIRST = as_bytes(page_body(song("s1"), song("s2"), total=3))
SECOND = as_bytes(page_body(song("s3"), offset=2, total=3))
IDS = [sha256(FIRST).hexdigest(), sha256(SECOND).hexdigest()]


def read(raw_lake: Lake, **later: int) -> PartReport:
    """The report; `later` moves the time of a file by that many minutes."""
    inputs = [
        planned._replace(time=FILE_TIME + timedelta(minutes=later.get(planned.key.rpartition("/")[2], 0)))
        for planned in raw_lake.inputs()
    ]
    return raw_lake.read(inputs=tuple(inputs))


def dropped(folder: Path, *, place: str = "morning/", **documents: bytes) -> Lake:
    raw_lake = Lake(folder)
    for name, data in documents.items():
        raw_lake.put(f"{lake.DROP}{place}{name}", data)
    return raw_lake


def checks(raw_lake: Lake) -> list[tuple[object, ...]]:
    return own(raw_lake.rows("checks"), "playlist_id", "item_count", "is_complete")


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_pages_in_one_folder_are_one_read(tmp_path: Path, names: tuple[str, str]) -> None:
    raw_lake = dropped(tmp_path, **dict(zip(names, (FIRST, SECOND), strict=True)))

    report = read(raw_lake, b=9)

    joined = "document:" + sha256("".join(IDS).encode()).hexdigest()
    items = sorted(raw_lake.rows("items"), key=lambda item: item["position"])
    assert checks(raw_lake) == [("p1", 3, True)]
    assert own(raw_lake.rows("checks"), "run_id", "snapshot_id") == [(joined, f"{joined}#0")]
    assert own(items, "position", "document_id", "snapshot_id") == [
        (0, IDS[0], f"{joined}#0"),
        (1, IDS[0], f"{joined}#0"),
        (2, IDS[1], f"{joined}#0"),
    ]
    assert len({(item["extracted_at"], item["source_object"]) for item in items}) == 1  # one observation
    assert sorted(document.kinds["song"] for document in report.documents) == [1, 2]
    assert report.incomplete == 0
    assert len(report.reads) == 1


def _playlist(page: Json, snapshot_id: str = "v1") -> bytes:
    return as_bytes({"id": "p1", "type": "playlist", "snapshot_id": snapshot_id, "tracks": page})


def test_a_playlist_object_joins_with_the_pages_after_it(tmp_path: Path) -> None:
    raw_lake = dropped(tmp_path, a=_playlist(page_body(song("s1"), song("s2"), total=3)), b=SECOND)

    read(raw_lake)

    assert checks(raw_lake) == [("p1", 3, True)]
    assert own(raw_lake.rows("checks"), "snapshot_id") == [("v1",)]


@pytest.mark.parametrize(
    ("documents", "minutes"),
    [
        ({"a": FIRST, "b": SECOND}, 11),
        ({"a": FIRST, "b": as_bytes(page_body(song("s3"), offset=2, total=4))}, 0),
        ({"a": FIRST, "b": as_bytes(page_body(song("s3"), offset=1, total=3))}, 0),
        ({"a": FIRST, "b": as_bytes(page_body(song("s3"), offset=2, total=3, playlist_id="p2"))}, 0),
        (
            {
                "a": _playlist(page_body(song("s1"), song("s2"), total=3)),
                "b": _playlist(page_body(song("s3"), offset=2, total=3), "v2"),
            },
            0,
        ),
    ],
)
def test_pages_of_different_reads_never_join(tmp_path: Path, documents: dict[str, bytes], minutes: int) -> None:
    raw_lake = dropped(tmp_path, **documents)

    report = read(raw_lake, b=minutes)

    assert [is_complete for _, _, is_complete in checks(raw_lake)] == [False, False]
    assert report.incomplete == 2


def test_pages_do_not_join_where_two_would_fit(tmp_path: Path) -> None:
    raw_lake = dropped(tmp_path, a=FIRST, b=SECOND, c=as_bytes(page_body(song("s4"), offset=2, total=3)))

    read(raw_lake)

    assert [is_complete for _, _, is_complete in checks(raw_lake)] == [False, False, False]


def test_pages_in_two_folders_or_in_none_do_not_join(tmp_path: Path) -> None:
    raw_lake = dropped(tmp_path, a=FIRST)
    raw_lake.put(f"{lake.DROP}evening/b", SECOND)
    raw_lake.put(f"{lake.DROP}c", SECOND)

    read(raw_lake)

    assert [is_complete for _, _, is_complete in checks(raw_lake)] == [False, False, False]


ROWS = as_bytes([song("s1"), song("s2")])


@pytest.mark.parametrize(
    ("place", "is_whole", "is_complete"),
    [("", False, False), ("", True, True), ("complete/", False, True), ("complete/mine/", False, True)],
)
def test_bare_rows_are_complete_when_the_user_says_so(
    tmp_path: Path, place: str, *, is_whole: bool, is_complete: bool
) -> None:
    raw_lake = dropped(tmp_path, place=place, a=ROWS)

    report = raw_lake.read(is_whole=is_whole)

    assert own(raw_lake.rows("checks"), "item_count", "is_complete") == [(2, is_complete)]
    assert report.incomplete == (not is_complete)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("raw/pending/drop/a.json", None),
        ("raw/pending/drop/morning/a.json", "raw/pending/drop/morning"),
        ("raw/pending/drop/a/b/c.json", "raw/pending/drop/a/b"),
        (f"raw/processed/{7:020d}/drop/morning/a.json", "raw/pending/drop/morning"),
        ("raw/pending/run=r1/p1.ndjson.gz", None),
        ("file:///home/anna/mine/a.json", "file:///home/anna/mine"),
    ],
)
def test_the_set_of_a_file_is_its_folder(key: str, expected: str | None) -> None:
    at = datetime(2026, 11, 20)
    assert set_of(Input(key, "t", 1, at)) == expected
