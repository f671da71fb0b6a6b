"""A batch is divided into parts by size, which changes no result; no test here starts a JVM."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs import read_batch as module
from glue_jobs.commit_log import Batch
from glue_jobs.log_entry import CommittedInput, Input, StagedFile
from glue_jobs.read_batch import BatchRead, InputVanishedError, ReadOptions, read_batch
from glue_jobs.runtime import GlueJob
from shared import lake
from shared.store import ObjectStore, open_store
from shared.tables.playlist_items import PLAYLIST_ITEMS
from shared.tables.song_popularity import SONG_POPULARITY
from shared.tables.songs import SONGS
from tests.corpus import FOLDER
from tests.glue_jobs.documents import as_bytes, page_body, row, song

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DROP = f"{lake.DROP}at=20261120T120000Z/"


def inputs(store: ObjectStore) -> tuple[Input, ...]:
    return tuple(Input(raw.key, raw.token, raw.size, NOON) for raw in store.list("raw/"))


def read(store: ObjectStore, planned: Iterable[Input], *, poison: bool = False, **options: Any) -> BatchRead:
    batch = Batch("b1", 0, tuple(planned), NOON, is_poison=poison)
    return read_batch(GlueJob("tests", []), store.uri, batch, ReadOptions(**options))


def store_of(folder: Path, **documents: bytes) -> ObjectStore:
    store = open_store(str(folder), create=True)
    for name, data in documents.items():
        store.put(f"{DROP}{name}", data)
    return store


def staged(store: ObjectStore) -> list[str]:
    return [file.key for file in store.list("staging/")]


def rows(store: ObjectStore, folder: str) -> list[str]:
    """The staged rows in reading order, as comparable texts."""
    read: list[dict[str, Any]] = []
    for file in store.list(lake.staging("b1", folder)):
        fetched = store.get(file.key)
        assert fetched
        read += pq.ParquetFile(pa.BufferReader(fetched.data)).read().to_pylist()
    return [repr(row) for row in sorted(read, key=lambda row: (row["source_object"], row["source_position"]))]


def test_a_batch_is_divided_by_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = {name: as_bytes(page_body(song(f"s-{name}"))) for name in "abcde"}
    store = store_of(tmp_path, **documents)
    monkeypatch.setattr(module, "PART_BYTES", 2 * len(documents["a"]))

    read(store, inputs(store))

    assert [key for key in staged(store) if "/items/" in key] == [
        "staging/b1/items/part-00000.parquet",
        "staging/b1/items/part-00001.parquet",
        "staging/b1/items/part-00002.parquet",
    ]
    assert [pq.read_metadata(tmp_path / key).num_rows for key in staged(store) if "/items/" in key] == [2, 2, 1]


def pages_of(playlist_id: str) -> list[bytes]:
    """A playlist of three songs, a page each."""
    return [as_bytes(page_body(song(f"s{n}"), playlist_id=playlist_id, offset=n, total=3)) for n in range(3)]


@pytest.mark.parametrize("name", ["{id}_{page}.json", "{page:05d}-{id}.json", "spotify_raw_{id}_offset{page}_of3.json"])
def test_a_large_folder_is_divided_between_playlists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ids = [f"{letter}9x8" for letter in "abcdefgh"]
    documents = {name.format(id=id_, page=page): data for id_ in ids for page, data in enumerate(pages_of(id_))}
    store = store_of(tmp_path, **documents)
    monkeypatch.setattr(module, "PART_BYTES", 4 * len(next(iter(documents.values()))))

    batch_read = read(store, inputs(store))

    checks = [key for key in staged(store) if "/checks/" in key]
    reads = [check for key in checks for check in pq.read_table(tmp_path / key).to_pylist()]
    assert len(checks) == 4  # parts
    assert sorted((check["playlist_id"], check["is_complete"]) for check in reads) == [(id_, True) for id_ in ids]
    assert batch_read.incomplete == 0


def test_a_read_of_too_many_pages_is_divided_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [as_bytes(page_body(song(f"s{n:02d}"), offset=n, total=20)) for n in range(20)]
    store = store_of(tmp_path, **{f"{n}.json": page for n, page in enumerate(pages)})
    monkeypatch.setattr(module, "PART_BYTES", 2 * len(pages[0]))  # eight times this is 16 pages

    batch_read = read(store, inputs(store))

    assert len([key for key in staged(store) if "/checks/" in key]) == 10
    assert batch_read.incomplete == 10


def test_a_compressed_object_counts_as_ten_times_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, **{"a.ndjson.gz": as_bytes([row(None)]), "b": as_bytes([row(None)])})
    planned = inputs(store)
    monkeypatch.setattr(module, "PART_BYTES", 5 * planned[0].size)

    read(store, planned)

    assert [key for key in staged(store) if "/items/" in key] == [
        "staging/b1/items/part-00000.parquet",
        "staging/b1/items/part-00001.parquet",
    ]


@pytest.mark.slow
def test_a_batch_has_the_same_rows_however_it_is_divided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores, reads = [], []
    for part_bytes in (1, 3_000, 2**30):
        store = open_store(str(tmp_path / str(part_bytes)), create=True)
        for file in sorted(FOLDER.rglob("*")):
            if file.is_file():
                store.put(f"{DROP}{file.relative_to(FOLDER)}", file.read_bytes())
        monkeypatch.setattr(module, "PART_BYTES", part_bytes)
        reads.append(read(store, inputs(store)))
        stores.append(store)

    parts = [len([key for key in staged(store) if "/checks/" in key]) for store in stores]
    assert parts[0] > parts[1] > parts[2] == 1
    for folder in ("items", "checks"):
        expected = rows(stores[2], folder)
        assert len(expected) > 20
        assert rows(stores[0], folder) == expected
        assert rows(stores[1], folder) == expected
    for batch_read in reads:  # their files differ in name and number
        batch_read.inputs = [replace(committed, token="") for committed in batch_read.inputs]
        assert sum(file.rows for file in batch_read.rejects_files) == sum(batch_read.rejects.values())
        assert batch_read.digests.keys() == {file.staged for file in batch_read.rejects_files}
        batch_read.rejects_files, batch_read.digests = [], {}
    assert reads[0] == reads[1] == reads[2]


def test_counts_are_summed_over_the_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(
        tmp_path,
        a=as_bytes(page_body(song("s1", artists=["a1"]), song("s2", name=[]), None)),
        b=b"no JSON",
        c=as_bytes(page_body(song("s3", duration_ms="n/a"), 5)),
    )
    monkeypatch.setattr(module, "PART_BYTES", 1)

    batch_read = read(store, inputs(store))

    assert +batch_read.kinds == Counter(song=2, rejected=2, empty=1)
    assert {key: +kinds for key, kinds in batch_read.documents.items()} == {
        f"{DROP}a": Counter(song=1, rejected=1, empty=1),
        f"{DROP}c": Counter(song=1, rejected=1),
    }
    assert batch_read.made == Counter(songs=3, artists=1, song_artists=1, playlist_items=5, playlist_checks=2)
    assert batch_read.refused == Counter(songs=2)
    assert batch_read.rejects == {
        "songs.name": 1,
        "playlist_items.item_name": 1,
        "file quarantined": 1,
        "songs.duration_ms": 1,
        "playlist_items": 1,
    }
    assert batch_read.rejects_files == [
        StagedFile("rejects", "staging/b1/rejects/part-00000.json.gz", 2),
        StagedFile("rejects", "staging/b1/rejects/part-00001.json.gz", 1),
        StagedFile("rejects", "staging/b1/rejects/part-00002.json.gz", 2),
    ]
    assert batch_read.used_file_time == 0


def test_objects_are_committed_with_their_place_identity_and_time(tmp_path: Path) -> None:
    store = store_of(tmp_path, good=b'[{"item": null}]', bad=b"")
    store.put(f"raw/processed/{1:020d}/drop/old", b"[]")

    batch_read = read(store, inputs(store), document_ids={f"{DROP}good": "known"})

    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    brackets = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    at, archived = "2026-11-20T12:00:00Z", f"raw/processed/{1:020d}/drop/old"
    assert [replace(committed, token="") for committed in batch_read.inputs] == [
        CommittedInput(f"{DROP}bad", "", 0, empty, at, "quarantine", "the file is empty"),
        CommittedInput(f"{DROP}good", "", 16, "known", at, "processed", None),
        CommittedInput(archived, "", 2, brackets, at, "source", "an empty list"),
    ]


def test_files_dated_by_their_file_time_are_counted(tmp_path: Path) -> None:
    store = store_of(tmp_path, a=b'[{"item": null}]')
    for name in ("b", "c"):
        store.put(f"{lake.DROP}{name}", b'[{"item": null}]')

    assert read(store, inputs(store)).used_file_time == 2
    assert read(store, inputs(store), extracted_at=NOON).used_file_time == 0


def test_a_poison_object_is_quarantined_unread(tmp_path: Path) -> None:
    store = store_of(tmp_path, a=as_bytes(page_body(song("s1"))))

    batch_read = read(store, inputs(store), poison=True)

    assert [committed.place for committed in batch_read.inputs] == ["quarantine"]
    assert batch_read.documents == {}


def test_a_vanished_object_ends_the_batch_and_its_part_stages_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(tmp_path, a=as_bytes(page_body(song("s1"))), b=as_bytes(page_body(song("s2"))))
    planned = inputs(store)
    store.put(planned[1].key, b"[]")

    with pytest.raises(InputVanishedError, match="at=20261120T120000Z/b"):
        read(store, planned)
    assert staged(store) == []

    monkeypatch.setattr(module, "PART_BYTES", 1)
    with pytest.raises(InputVanishedError):
        read(store, planned)
    assert [key for key in staged(store) if "part-00001" in key] == []


@pytest.mark.parametrize(
    ("documents", "is_needed"),
    [
        ({"a": page_body(song("s1")), "b": page_body(song("s2"), playlist_id="p2")}, False),
        ({"a": page_body(song("s1")), "b": page_body(song("s2"), offset=1)}, False),  # each has its own snapshot id
        ({"a": {"type": "playlist", "id": "p1", "snapshot_id": "v1", "items": page_body(song("s1"))}}, False),
        (
            {
                name: {"type": "playlist", "id": "p1", "snapshot_id": "v1", "items": page_body(song(name))}
                for name in ("a", "b")
            },
            True,
        ),
    ],
)
def test_positions_need_deduplication_only_if_a_snapshot_was_read_twice(
    tmp_path: Path,
    documents: dict[str, Any],
    is_needed: bool,
) -> None:
    store = store_of(tmp_path, **{name: as_bytes(document) for name, document in documents.items()})

    batch_read = read(store, inputs(store))

    assert batch_read.needs_choice(PLAYLIST_ITEMS) is is_needed
    assert batch_read.needs_choice(SONGS)
    assert not batch_read.needs_choice(SONG_POPULARITY)


def test_positions_that_repeat_in_a_read_need_deduplication(tmp_path: Path) -> None:
    head = {"run_id": "r", "playlist_id": "p", "snapshot_id": "v", "extracted_at": "2026-11-20T10:00:00Z", "attempt": 1}
    lines = [
        head
        | {"asked": "/playlists/p/items", "offset": offset, "body": page_body(song("s1"), song("s2"), offset=offset)}
        for offset in (0, 1)
    ]
    store = store_of(tmp_path, a=b"".join(as_bytes(line) + b"\n" for line in lines))

    assert read(store, inputs(store)).needs_choice(PLAYLIST_ITEMS)


@pytest.mark.parametrize(
    ("artists", "repeats"),
    [(["a1", "a2"], set()), (["a1", "a1"], {"song_artists"}), ([{"name": "no id"}, "a1", "a1"], {"song_artists"})],
)
def test_an_artist_who_is_credited_twice_is_a_repeat(tmp_path: Path, artists: list[Any], repeats: set[str]) -> None:
    store = store_of(tmp_path, a=as_bytes(page_body(song("s1", artists=artists), song("s2", artists=["a1"]))))

    assert read(store, inputs(store)).repeats == repeats
