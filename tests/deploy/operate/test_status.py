"""Status says that raw, lake, warehouse and log agree, or names the differences."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from deploy.commands import run_command
from deploy.operate.status import as_json, as_text, doublings, main, status
from deploy.snowflake.embedded import EmbeddedSnowflake
from extract_lambda.progress import Progress
from glue_jobs.log_entry import CommittedInput, Entry
from shared.store import ObjectStore
from tests.deploy.operate.conftest import take

SONGS_1 = "processed/songs/ingest_date=2026-11-16/00000000000000000001-00000.parquet"
SONGS_2 = "processed/songs/ingest_date=2026-11-17/00000000000000000002-00000.parquet"
BATCHES_1 = "processed/batches/ingest_date=2026-11-16/00000000000000000001-00000.parquet"
REJECTS_2 = "rejects/ingest_date=2026-11-17/00000000000000000002-00000.json.gz"
RAW_1 = "raw/processed/00000000000000000001/run=20261116T100000Z/p1.ndjson.gz"
HERS_2 = "raw/quarantine/00000000000000000002/drop/at=20261117T090000Z/hers.json"
RESTORE = "restore it from a backup or from an earlier version in the bucket"
OR_REPLAY_1 = f"{RESTORE}, or remove it and run the job with --replay 1..1, which writes its rows in a new batch"
OR_REPLAY_2 = f"{RESTORE}, or remove it and run the job with --replay 2..2, which writes its rows in a new batch"
NO_REPLAY = f"{RESTORE}; a replay cannot write its rows, as the archive lacks an intact copy of what the batch read"
LEFT_OUT = f"{RESTORE}; its rows are in the lake, and a replay leaves it out"
BATCHES_ADVICE = f"{RESTORE}; a replay does not write this row again, the log entry has the same numbers"
NOT_BEFORE = f"{RESTORE}, and do not replay it before; its rows are in the lake"


def path_of(lake: ObjectStore, key: str) -> str:
    return f"{lake.uri.removeprefix('file://')}/{key}"


def test_lake_and_warehouse_agree_after_job_and_pipes(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    result = status(lake, warehouse)

    assert result.differences == []
    # Monday: 2 songs, 2 popularities, 2 positions, 2 checks, 1 batch; Tuesday: of s3 the song is rejected.
    assert [(batch.number, batch.objects, batch.items, batch.rejects) for batch in result.batches] == [
        (1, 2, 2, 0),
        (2, 3, 2, 2),
    ]
    assert [(batch.rows, batch.in_lake, batch.in_warehouse) for batch in result.batches] == [(9, 9, 9), (8, 8, 8)]
    assert as_text(result).endswith("0 raw objects are pending.\nEverything agrees.")


def test_a_row_missing_in_the_warehouse_is_named(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    warehouse.query("delete from SPOTIFY.LANDING.SONGS where SONG_ID = 's2'")

    result = status(lake, warehouse)

    assert result.differences == [
        f"batch 1: songs: the log says 2 rows, the warehouse has 1 of {SONGS_1}: load it again as docs/status.md says"
    ]
    assert as_text(result).endswith(f"1 differences:\n- {result.differences[0]}")


def test_rows_of_a_file_that_the_warehouse_has_twice_are_named(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    warehouse.query("insert into SPOTIFY.LANDING.SONGS select * from SPOTIFY.LANDING.SONGS where SONG_ID = 's2'")

    result = status(lake, warehouse)

    assert result.differences == [
        (
            f"batch 1: songs: the warehouse has 1 rows of {SONGS_1} more than once: the current views show them once; "
            "delete the later load from LANDING.SONGS as docs/status.md says"
        )
    ]
    assert [(batch.rows, batch.in_warehouse) for batch in result.batches] == [(9, 9), (8, 8)]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (SONGS_1, f"batch 1: songs: {SONGS_1} is not in the lake: {OR_REPLAY_1}"),
        (
            RAW_1,
            f"batch 1: raw: {RAW_1} is not in the archive: {LEFT_OUT}",
        ),
        (
            HERS_2,
            f"batch 2: raw: {HERS_2} is not in the archive: {LEFT_OUT}",
        ),
    ],
)
def test_what_is_missing_in_the_lake_is_named(lake: ObjectStore, key: str, message: str) -> None:
    lake.delete(key)

    assert status(lake, None).differences == [message]


def test_a_published_file_with_fewer_rows_is_named(lake: ObjectStore) -> None:
    file = path_of(lake, SONGS_1)
    pq.write_table(pq.read_table(file).slice(1), file)

    assert status(lake, None).differences == [f"batch 1: songs: the log says 2 rows, {SONGS_1} has 1: {OR_REPLAY_1}"]


def test_a_document_that_is_not_accounted_for_is_named(lake: ObjectStore) -> None:
    key = "log/00000000000000000001.json"
    fetched = lake.get(key)
    assert fetched is not None
    entry = json.loads(fetched.data)
    entry["reconciliation"]["documents"] = {}
    lake.put(key, json.dumps(entry).encode())

    assert status(lake, None).differences == [
        f"batch 1: its documents have 0 items, the batch 2: somebody changed {key}, {RESTORE}"
    ]


def test_a_file_of_no_batch_is_named(lake: ObjectStore) -> None:
    stray = "processed/songs/ingest_date=2026-11-16/00000000000000000009-00000.parquet"
    lake.copy(SONGS_1, stray)

    assert status(lake, None).differences == [
        f"{stray} is in the lake, but no batch published it: move it out, Athena and the pipes read it"
    ]


def test_unreadable_pending_objects_are_counted_and_named(folder_store: ObjectStore) -> None:
    folder_store.put("raw/pending/drop/a.json", b"[]")
    for name in ("b.json", "c.json"):
        Path(path_of(folder_store, f"raw/pending/drop/{name}")).symlink_to("/etc/passwd")

    result = status(folder_store, None)

    reason = "it is a symbolic link, no regular file; put a copy of the file there instead"
    assert as_text(result).splitlines() == [
        "The log has no batches.",
        "1 raw objects are pending.",
        "2 more are left in place by every run of the job:",
        f"- raw/pending/drop/b.json: {reason}",
        f"- raw/pending/drop/c.json: {reason}",
        "Everything agrees.",
    ]
    assert json.loads(as_json(result))["left"] == {
        "raw/pending/drop/b.json": reason,
        "raw/pending/drop/c.json": reason,
    }


# --- present, but damaged


def data_of(lake: ObjectStore, key: str) -> bytes:
    fetched = lake.get(key)
    assert fetched is not None
    return fetched.data


def flipped(data: bytes, place: int, count: int = 1) -> bytes:
    """The data with `count` bytes changed from this place on."""
    changed = bytes(byte ^ 0x55 for byte in data[place : place + count])
    return data[:place] + changed + data[place + count :]


def forget_digests(lake: ObjectStore) -> None:
    """Turns the log into that of an older version, which had no sha256."""
    for listed in list(lake.list("log/0")):
        entry = json.loads(data_of(lake, listed.key))
        del entry["reconciliation"]["sha256"]
        lake.put(listed.key, json.dumps(entry).encode())


DAMAGE: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("500 bytes of its middle", lambda data: flipped(data, len(data) // 3, 500)),
    ("the first byte", lambda data: flipped(data, 0)),
    ("the last byte", lambda data: flipped(data, len(data) - 1)),
    ("the length of the footer", lambda data: flipped(data, len(data) - 8)),
    ("the footer", lambda data: flipped(data, len(data) - 200, 150)),
    ("the first page", lambda data: flipped(data, 40)),
    ("cut", lambda data: data[: min(200, len(data) // 2)]),
    ("a byte is missing", lambda data: data[:-1]),
    ("longer", lambda data: data + b"x"),
    ("empty", lambda _: b""),
    ("zeros", lambda data: bytes(len(data))),
    ("another file", lambda _: b"PAR1PAR1"),
]


@pytest.mark.parametrize("damage", [damage for _, damage in DAMAGE], ids=[name for name, _ in DAMAGE])
@pytest.mark.parametrize(
    ("key", "message"),
    [
        (SONGS_1, f"batch 1: songs: {SONGS_1} is damaged: {OR_REPLAY_1}"),
        (BATCHES_1, f"batch 1: batches: {BATCHES_1} is damaged: {BATCHES_ADVICE}"),
        (REJECTS_2, f"batch 2: rejects: {REJECTS_2} is damaged: {OR_REPLAY_2}"),
        (RAW_1, f"batch 1: raw: {RAW_1} is damaged: {NOT_BEFORE}"),
        (HERS_2, f"batch 2: raw: {HERS_2} is damaged: {NOT_BEFORE}"),
    ],
)
def test_a_damaged_object_is_named(lake: ObjectStore, key: str, message: str, damage: Callable[[bytes], bytes]) -> None:
    lake.put(key, damage(data_of(lake, key)))

    assert status(lake, None).differences == [message]


def test_a_changed_byte_anywhere_is_reported(lake: ObjectStore) -> None:
    for key in (SONGS_2, BATCHES_1, REJECTS_2):
        data = data_of(lake, key)
        for place in range(0, len(data), max(1, len(data) // 25)):
            lake.put(key, flipped(data, place))
            assert len(status(lake, None).differences) == 1, (key, place)
        lake.put(key, data)


@pytest.mark.parametrize("damage", [damage for _, damage in DAMAGE], ids=[name for name, _ in DAMAGE])
@pytest.mark.parametrize("key", [SONGS_1, BATCHES_1, REJECTS_2])
def test_an_older_log_has_no_sha256_and_most_damage_is_named(
    lake: ObjectStore, key: str, damage: Callable[[bytes], bytes]
) -> None:
    forget_digests(lake)
    assert status(lake, None).differences == []

    lake.put(key, damage(data_of(lake, key)))

    assert len(status(lake, None).differences) == 1


def test_a_valid_file_in_the_place_of_another_is_named(lake: ObjectStore) -> None:
    lake.put(SONGS_1, data_of(lake, SONGS_2))
    assert status(lake, None).differences == [f"batch 1: songs: the log says 2 rows, {SONGS_1} has 1: {OR_REPLAY_1}"]

    file = path_of(lake, SONGS_1)
    pq.write_table(pq.read_table(file).append_column("x", [[1]]), file)
    pq.write_table(pa.concat_tables([pq.read_table(file)] * 2), file)
    assert status(lake, None).differences == [f"batch 1: songs: {SONGS_1} is damaged: {OR_REPLAY_1}"]


def test_a_batch_that_cannot_be_replayed_must_be_restored(lake: ObjectStore) -> None:
    lake.put(RAW_1, data_of(lake, RAW_1)[:200])
    lake.delete(SONGS_1)

    assert status(lake, None).differences == [
        f"batch 1: raw: {RAW_1} is damaged: {NOT_BEFORE}",
        f"batch 1: songs: {SONGS_1} is not in the lake: {NO_REPLAY}",
    ]


def test_after_removal_and_replay_everything_agrees(
    lake: ObjectStore,
    warehouse: EmbeddedSnowflake,
    spark: object,
) -> None:
    lake.put(SONGS_1, b"damaged")
    take(Path(path_of(lake, "")), lambda: datetime(2026, 11, 20, tzinfo=UTC), "--replay", "1..1")
    assert status(lake, None).differences == [
        f"batch 1: songs: {SONGS_1} is damaged: remove it, a later batch has replayed its rows"
    ]

    lake.delete(SONGS_1)
    warehouse.load_new()

    assert status(lake, warehouse).differences == []
    lake.delete("processed/songs/ingest_date=2026-11-20/00000000000000000003-00000.parquet")
    assert len(status(lake, warehouse).differences) == 1


def test_the_text_has_each_difference_and_the_progress_each_batch(lake: ObjectStore) -> None:
    lake.put(SONGS_1, b"")
    lake.put(RAW_1, b"")
    reported: list[Progress] = []

    result = status(lake, None, report=reported.append)

    assert as_text(result).splitlines()[-3:] == [
        "2 differences:",
        f"- batch 1: raw: {RAW_1} is damaged: {NOT_BEFORE}",
        f"- batch 1: songs: {SONGS_1} is damaged: {NO_REPLAY}",
    ]
    assert [(progress.name, progress.number, progress.of) for progress in reported] == [
        ("batch 1", 1, 2),
        ("batch 2", 2, 2),
    ]


def test_damage_in_a_bucket_is_named(lake: ObjectStore, s3_store: ObjectStore) -> None:
    for listed in lake.list(""):
        s3_store.put(listed.key, data_of(lake, listed.key))
    s3_store.put(SONGS_1, flipped(data_of(lake, SONGS_1), 40))

    assert status(s3_store, None).differences == [f"batch 1: songs: {SONGS_1} is damaged: {OR_REPLAY_1}"]


def test_the_exit_status_is_1_if_anything_differs(lake: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    agrees = main(["--lake", lake.uri])
    lake.delete(SONGS_1)
    differs = main(["--lake", lake.uri, "--json"])

    assert (agrees, differs) == (0, 1)
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (printed["agrees"], printed["rows"], printed["in_lake"]) == (False, 17, 15)


def test_a_missing_lake_is_one_sentence(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("status", main, ["--lake", f"{tmp_path}/nowhere"]) == 1
    assert capsys.readouterr().err == (
        f"status: there is no folder {tmp_path}/nowhere: `make demo` makes a lake of made-up playlists, `make run` one "
        "of yours; OUT=folder (without make: --lake) names another\n"
    )


def an_entry(number: int, *inputs: CommittedInput) -> Entry:
    on = datetime(2026, 11, 20, tzinfo=UTC)
    return Entry(number, f"b{number}", on, on.date(), inputs, (), {}, {}, {})


def test_a_raw_object_in_two_batches_is_named_unless_it_was_replayed() -> None:
    at = "2026-11-20T10:00:00Z"
    key, other = "raw/pending/drop/a.json", "raw/pending/drop/b.json"
    replayed = CommittedInput("raw/processed/00000000000000000001/drop/a.json", "t1", 1, "d1", at, "source")

    doubled, repeated = doublings(
        [
            an_entry(
                1,
                CommittedInput(key, "t1", 1, "d1", at, "processed"),
                CommittedInput(other, "t2", 1, "d2", at, "processed"),
            ),
            an_entry(2, CommittedInput(key, "t1", 1, "d1", at, "processed")),
            an_entry(3, replayed),
            an_entry(4, replayed, CommittedInput(other, "t3", 1, "d3", at, "processed")),
            an_entry(5, CommittedInput(key, "t4", 1, "d2", at, "processed")),
            an_entry(
                6,
                CommittedInput(key, "t5", 1, "", at, "quarantine"),
                CommittedInput(other, "t6", 1, "", at, "quarantine"),
            ),
        ]
    )

    assert doubled == [
        (
            "batch 2: raw: raw/pending/drop/a.json was already taken by batch 1. Unless it was put there twice, its "
            "rows are doubled: the current views show them once; in queries of published files and landing tables, "
            "leave out batch_id b2 for this object"
        )
    ]
    assert repeated == [
        (
            "batch 5: raw: raw/pending/drop/a.json is the same document as raw/pending/drop/b.json of batch 1: the "
            "current views show its rows once, published files and landing tables have them twice, with document_id d2"
        )
    ]


def test_a_doubling_is_a_difference(folder_store: ObjectStore) -> None:
    committed = CommittedInput("raw/pending/drop/a.json", "t1", 1, "d1", "2026-11-20T10:00:00Z", "source")
    for number in (1, 2):
        folder_store.put(f"log/0000000000000000000{number}.json", an_entry(number, committed).as_bytes())
        folder_store.put(f"log/done/0000000000000000000{number}", b"")

    result = status(folder_store, None)

    assert len(result.differences) == 1
    assert result.differences[0].startswith("batch 2: raw: raw/pending/drop/a.json was already taken by batch 1.")
    assert json.loads(as_json(result))["agrees"] is False
