"""Raw, lake, warehouse and log agree, or the first difference has a name."""

import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from deploy.commands import run_command
from deploy.local.status import as_json, as_text, doublings, main, status
from deploy.local.warehouse import Warehouse
from glue_jobs.commit_log import Entry, Taken
from shared.store import ObjectStore

SONGS_1 = "processed/songs/ingest_date=2026-11-16/00000000000000000001-00000.parquet"


def path_of(lake: ObjectStore, key: str) -> str:
    return f"{lake.uri.removeprefix('file://')}/{key}"


def test_what_job_and_pipes_left_agrees(lake: ObjectStore, warehouse: Warehouse) -> None:
    found = status(lake, warehouse)

    assert found.differences == []
    # Monday: 2 songs, 2 observations of popularity, 2 positions, 2 looks, 1 batch; Tuesday: of s3 the song is rejected.
    assert [(one.number, one.objects, one.items, one.rejects) for one in found.batches] == [(1, 2, 2, 0), (2, 3, 2, 2)]
    assert [(one.rows, one.in_lake, one.in_warehouse) for one in found.batches] == [(9, 9, 9), (8, 8, 8)]
    assert as_text(found).endswith("0 raw objects are pending.\nEverything agrees.")


def test_a_row_missing_in_the_warehouse_is_named(lake: ObjectStore, warehouse: Warehouse) -> None:
    warehouse.query("delete from SPOTIFY.LANDING.SONGS where SONG_ID = 's2'")

    found = status(lake, warehouse)

    assert found.differences == [f"batch 1: songs: the log says 2 rows, the warehouse has 1 of {SONGS_1}"]
    assert as_text(found).endswith(f"1 differences, the first: {found.differences[0]}")


def test_a_file_loaded_twice_counts_once(lake: ObjectStore, warehouse: Warehouse) -> None:
    warehouse.query("insert into SPOTIFY.LANDING.SONGS select * from SPOTIFY.LANDING.SONGS")

    assert status(lake, warehouse).differences == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (SONGS_1, f"batch 1: songs: {SONGS_1} is not in the lake"),
        (
            "raw/processed/00000000000000000001/run=20261116T100000Z/p1.ndjson.gz",
            "batch 1: raw: raw/processed/00000000000000000001/run=20261116T100000Z/p1.ndjson.gz is not in the archive",
        ),
        (
            "raw/quarantine/00000000000000000002/drop/at=20261117T090000Z/hers.json",
            (
                "batch 2: raw: raw/quarantine/00000000000000000002/drop/at=20261117T090000Z/hers.json"
                " is not in the archive"
            ),
        ),
    ],
)
def test_what_is_missing_in_the_lake_is_named(lake: ObjectStore, key: str, said: str) -> None:
    lake.delete(key)

    assert status(lake, None).differences == [said]


def test_a_published_file_with_fewer_rows_is_named(lake: ObjectStore) -> None:
    file = path_of(lake, SONGS_1)
    pq.write_table(pq.read_table(file).slice(1), file)

    assert status(lake, None).differences == [f"batch 1: songs: the log says 2 rows, {SONGS_1} has 1"]


def test_a_document_that_is_not_accounted_for_is_named(lake: ObjectStore) -> None:
    key = "log/00000000000000000001.json"
    fetched = lake.get(key)
    assert fetched is not None
    entry = json.loads(fetched.data)
    entry["account"]["documents"] = {}
    lake.put(key, json.dumps(entry).encode())

    assert status(lake, None).differences == ["batch 1: its documents have 0 items, the batch 2"]


def test_a_file_of_no_batch_is_named(lake: ObjectStore) -> None:
    stray = "processed/songs/ingest_date=2026-11-16/00000000000000000009-00000.parquet"
    lake.copy(SONGS_1, stray)

    assert status(lake, None).differences == [f"{stray} is in the lake, but no batch published it"]


def test_the_exit_status_tells(lake: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    agrees = main(["--lake", lake.uri])
    lake.delete(SONGS_1)
    differs = main(["--lake", lake.uri, "--json"])

    assert (agrees, differs) == (0, 1)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["agrees"], told["rows"], told["in_lake"]) == (False, 17, 15)


def test_a_lake_that_is_not_there_is_one_sentence(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("status", main, ["--lake", f"{tmp_path}/nowhere"]) == 1
    assert capsys.readouterr().err == (
        f"status: There is no lake at {tmp_path}/nowhere: create the folder or check --lake.\n"
    )


def an_entry(number: int, *inputs: Taken) -> Entry:
    on = datetime(2026, 11, 20, tzinfo=UTC)
    return Entry(number, f"b{number}", on, on.date(), inputs, (), {}, {}, {})


def test_a_raw_object_that_two_batches_took_is_named_and_what_was_replayed_is_not() -> None:
    at = "2026-11-20T10:00:00Z"
    key, other = "raw/pending/drop/a.json", "raw/pending/drop/b.json"
    replayed = Taken("raw/processed/00000000000000000001/drop/a.json", "t1", 1, "d1", at, "source")

    doubled, repeated = doublings(
        [
            an_entry(1, Taken(key, "t1", 1, "d1", at, "processed"), Taken(other, "t2", 1, "d2", at, "processed")),
            an_entry(2, Taken(key, "t1", 1, "d1", at, "processed")),
            an_entry(3, replayed),
            an_entry(4, replayed, Taken(other, "t3", 1, "d3", at, "processed")),
            an_entry(5, Taken(key, "t4", 1, "d2", at, "processed")),
            an_entry(6, Taken(key, "t5", 1, "", at, "quarantine"), Taken(other, "t6", 1, "", at, "quarantine")),
        ]
    )

    assert doubled == [
        (
            "batch 2: raw: raw/pending/drop/a.json was already taken by batch 1. Unless it was put there twice, its "
            "rows are doubled: the current views show them once, in published files and landing tables leave out "
            "batch_id b2 for this object"
        )
    ]
    assert repeated == [
        (
            "batch 5: raw: raw/pending/drop/a.json is the same document as raw/pending/drop/b.json of batch 1: the "
            "current views show its rows once, in published files and landing tables they are there twice, as "
            "document_id d2"
        )
    ]


def test_a_doubling_is_a_difference(folder_store: ObjectStore) -> None:
    taken = Taken("raw/pending/drop/a.json", "t1", 1, "d1", "2026-11-20T10:00:00Z", "source")
    for number in (1, 2):
        folder_store.put(f"log/0000000000000000000{number}.json", an_entry(number, taken).as_bytes())
        folder_store.put(f"log/done/0000000000000000000{number}", b"")

    found = status(folder_store, None)

    assert len(found.differences) == 1
    assert found.differences[0].startswith("batch 2: raw: raw/pending/drop/a.json was already taken by batch 1.")
    assert json.loads(as_json(found))["agrees"] is False
