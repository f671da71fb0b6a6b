"""A part of a batch: raw objects in; a Parquet part, rejects and a report out."""

import gc
import gzip
import json
import random
import time
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.log_entry import Input
from glue_jobs.reading import part
from glue_jobs.reading.part import Part, PartReport, read_part
from shared import lake
from shared.document import Manifest, PlaylistCheck, write_document
from shared.store import Fetched, ObjectStore, UnreadableObjectError, open_store
from shared.store.folder import FolderStore
from tests.corpus import FOLDER
from tests.glue_jobs.documents import Json, album, as_bytes, episode, local, ndjson, page_body, raw_line, row, song
from tests.glue_jobs.mutations import mutated

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILE_TIME = datetime(2026, 11, 19, 8, tzinfo=UTC)
AT = f"{lake.DROP}at=20261120T120000Z/"


class Lake:
    """A lake in a folder, with raw objects."""

    def __init__(self, folder: Path, **documents: bytes) -> None:
        """Puts the documents under drop/at=<2026-11-20, noon>/, by name."""
        self.uri = str(folder)
        self.store: ObjectStore = open_store(self.uri, create=True)
        for name, data in documents.items():
            self.put(f"{AT}{name}", data)

    def put(self, key: str, data: bytes) -> None:
        self.store.put(key, data)

    def inputs(self) -> tuple[Input, ...]:
        return tuple(Input(raw.key, raw.token, raw.size, FILE_TIME) for raw in self.store.list("raw/"))

    def read(self, **fields: Any) -> PartReport:
        return read_part(Part(**({"number": 0, "inputs": self.inputs(), "lake": self.uri, "batch_id": "b1"} | fields)))

    def rows(self, folder: str) -> list[Json]:
        """The staged rows of `items` or `checks`, in reading order."""
        keys = [staged.key for staged in self.store.list(lake.staging("b1", folder))]
        rows = [row for key in keys for row in pq.ParquetFile(pa.BufferReader(self.data(key))).read().to_pylist()]
        return sorted(rows, key=lambda row: (row["source_object"], row["source_position"]))

    def rejects(self) -> list[Json]:
        keys = [staged.key for staged in self.store.list(lake.staging("b1", "rejects"))]
        texts = [gzip.decompress(self.data(key)).decode() for key in keys]
        return [json.loads(line) for text in texts for line in text.split("\n") if line]

    def data(self, key: str) -> bytes:
        fetched = self.store.get(key)
        assert fetched
        return fetched.data


def own(rows: list[Json], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


# --- what is staged


def test_every_row_has_its_place_its_kind_and_its_typed_fields(tmp_path: Path) -> None:
    data = as_bytes([page_body(song("s1", duration_ms=5), None, offset=50), page_body(episode("e1"), playlist_id="p2")])
    raw_lake = Lake(tmp_path, doc=data)

    report = raw_lake.read()

    items, checks = raw_lake.rows("items"), raw_lake.rows("checks")
    identity = sha256(data).hexdigest()
    noon = datetime(2026, 11, 20, 12)
    assert own(items, "source_object", "document_id", "extracted_at") == [(f"{AT}doc", identity, noon)] * 3
    assert own(items, "source_position", "playlist_id", "snapshot_id", "position", "kind") == [
        (0, "p1", f"document:{identity}#0", 50, "song"),
        (1, "p1", f"document:{identity}#0", 51, "empty"),
        (2, "p2", f"document:{identity}#1", 0, "episode"),
    ]
    assert own(items, "added_at", "refused") == [
        (datetime(2026, 7, 1, 8), None),
        (None, None),
        (datetime(2026, 7, 1, 8), None),
    ]
    assert [item["item"] and (item["item"]["id"], item["item"]["duration_ms"]) for item in items] == [
        ("s1", 5),
        None,
        ("e1", None),
    ]
    assert own(checks, "source_position", "playlist_id", "run_id", "status", "item_count", "is_complete") == [
        (0, "p1", f"document:{identity}", "read", 2, False),
        (1, "p2", f"document:{identity}", "read", 1, True),
    ]
    assert [check["playlist"]["items"]["total"] for check in checks] == [52, 1]
    (document,) = report.documents
    assert (document.document_id, document.extracted_at, document.reason) == (identity, NOON, None)
    assert document.kinds == {"song": 1, "empty": 1, "episode": 1}
    assert report.made == {"songs": 1, "episodes": 1, "playlist_items": 3, "playlist_checks": 2}
    assert (report.refused, report.rejects, report.files) == ({}, {}, [])


def test_a_manifest_has_checks_and_no_items(tmp_path: Path) -> None:
    check = PlaylistCheck(
        playlist_id="p1", status="unchanged", snapshot_id="v1", playlist={"name": "Mine", "items": {"total": 5}}
    )
    manifest = Manifest(run_id="r1", extracted_at="2026-11-20T10:00:00Z", checks=(check,)).as_bytes()
    raw_lake = Lake(tmp_path, manifest=manifest)

    report = raw_lake.read()

    assert raw_lake.rows("items") == []
    (staged,) = raw_lake.rows("checks")
    assert (staged["status"], staged["snapshot_id"], staged["run_id"]) == ("unchanged", "v1", "r1")
    assert (staged["playlist"]["name"], staged["playlist"]["items"]["total"]) == ("Mine", 5)
    assert report.made == {"playlist_checks": 1}


def test_the_total_of_the_pages_wins_over_that_of_the_playlist_object(tmp_path: Path) -> None:
    lines = [
        raw_line(asked="/playlists/p1", offset=None, body={"id": "p1", "name": "Mine", "items": {"total": 9}}),
        raw_line(body=page_body(song("s1"))),
    ]
    raw_lake = Lake(tmp_path, doc=write_document(lines))

    raw_lake.read()

    (check,) = raw_lake.rows("checks")
    assert (check["playlist"]["name"], check["playlist"]["items"]["total"]) == ("Mine", 1)


def test_parts_are_named_after_their_number_so_that_a_second_attempt_replaces_the_first(tmp_path: Path) -> None:
    raw_lake = Lake(tmp_path, doc=as_bytes(page_body(song("s1"), 5)))

    for _ in range(2):
        report = raw_lake.read(number=7)

    staged = [file.key for file in raw_lake.store.list("staging/")]
    assert staged == [
        "staging/b1/checks/part-00007.parquet",
        "staging/b1/items/part-00007.parquet",
        "staging/b1/rejects/part-00007.json.gz",
    ]
    assert [(file.table, file.staged, file.rows) for file in report.files] == [("rejects", staged[2], 1)]


# --- objects that cannot be read


def test_a_file_without_playlist_data_goes_to_quarantine_and_the_others_are_read(tmp_path: Path) -> None:
    raw_lake = Lake(tmp_path, a=b"<html>\\ud83d", b=as_bytes(page_body(song("s1"))), c=b"")

    report = raw_lake.read()

    assert [document.reason for document in report.documents] == [
        "no JSON at line 1, column 1: it begins like a web page; request the answer again",
        None,
        "the file is empty",
    ]
    assert report.rejects == {"file quarantined": 2}
    assert report.made["songs"] == 1
    assert raw_lake.rejects()[1] == {
        "reason": "the file is empty",
        "source_object": f"{AT}c",
        "document_id": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "batch_id": "b1",
        "row": None,
    }


def test_a_quarantined_file_alone_stages_no_rows(tmp_path: Path) -> None:
    raw_lake = Lake(tmp_path, a=b"")

    raw_lake.read()

    assert [file.key for file in raw_lake.store.list("staging/")] == ["staging/b1/rejects/part-00000.json.gz"]


def test_a_poison_object_goes_to_quarantine_unread(tmp_path: Path) -> None:
    data = as_bytes(page_body(song("s1")))
    raw_lake = Lake(tmp_path, a=data)

    (document,) = raw_lake.read(is_poison=True).documents

    assert document.reason == "the job failed each time it read this file, also alone; it was not read again"
    assert document.document_id == ""
    assert raw_lake.rows("items") == []


def test_an_unreadable_part_of_a_file_is_a_reject_with_its_line(tmp_path: Path) -> None:
    raw_lake = Lake(tmp_path, a=ndjson(page_body(song("s1"))) + b'{"broken\n')

    report = raw_lake.read()

    assert report.rejects == {"part of a file unreadable": 1}
    (line,) = raw_lake.rejects()
    assert (line["row"], line["source_object"], line["batch_id"]) == (None, f"{AT}a", "b1")
    assert line["reason"].startswith("line 2 is no JSON")
    assert report.documents[0].kinds == {"song": 1}


@pytest.mark.parametrize("change", ["gone", "replaced"])
def test_a_vanished_or_replaced_object_is_reported_and_nothing_is_staged(tmp_path: Path, change: str) -> None:
    raw_lake = Lake(tmp_path, a=as_bytes(page_body(song("s1"), 5)), b=as_bytes(page_body(song("s2"))), c=b"")
    planned = raw_lake.inputs()
    if change == "gone":
        raw_lake.store.delete(planned[1].key, planned[1].token)
    else:
        raw_lake.put(planned[1].key, as_bytes(page_body(song("other"))))

    report = raw_lake.read(inputs=planned)

    assert report == PartReport(vanished=f"{AT}b")
    assert list(raw_lake.store.list("staging/")) == []


def test_more_objects_than_are_fetched_ahead_are_read_in_their_order(tmp_path: Path) -> None:
    documents = {f"{n:02d}": as_bytes(page_body(song(f"s{n}"))) for n in range(30)}
    raw_lake = Lake(tmp_path, **documents)

    report = raw_lake.read()

    assert [document.input.key for document in report.documents] == [f"{AT}{n:02d}" for n in range(30)]
    assert [item["item"]["id"] for item in raw_lake.rows("items")] == [f"s{n}" for n in range(30)]


def test_a_source_file_is_read_from_its_own_store(tmp_path: Path) -> None:
    source = Lake(tmp_path / "source", a=as_bytes(page_body(song("s1"))))
    raw_lake = Lake(tmp_path / "lake")
    (planned,) = source.inputs()
    uri = source.store.object_uri(planned.key)

    report = raw_lake.read(inputs=(planned._replace(key=uri),), source=source.uri)

    assert report.documents[0].kinds == {"song": 1}
    assert own(raw_lake.rows("items"), "source_object") == [(uri,)]


def test_garbage_collection_is_on_again_after_a_part(tmp_path: Path) -> None:
    Lake(tmp_path, a=b"[]").read()

    assert gc.isenabled()


# --- identity and time


def test_a_document_that_is_known_under_another_id_keeps_it(tmp_path: Path) -> None:
    rows = as_bytes([song("s1"), 5])
    raw_lake = Lake(tmp_path, a=rows, b=b"", c=b'[{"item": null}]')

    report = raw_lake.read(document_ids={f"{AT}a": "known", f"{AT}b": "known, too"})

    third = "document:" + sha256(b'[{"item": null}]').hexdigest()
    assert [document.document_id for document in report.documents][:2] == ["known", "known, too"]
    assert own(raw_lake.rows("items"), "document_id", "playlist_id")[0] == ("known", "document:known#0")
    assert own(raw_lake.rows("checks"), "run_id") == [("document:known",), (third,)]
    assert {line["document_id"] for line in raw_lake.rejects()} >= {"known", "known, too"}


OURS = write_document([raw_line(extracted_at="2026-11-18T10:00:00Z", body=page_body(song("s1")))])
DROPPED = as_bytes(page_body(song("s1")))
LATER = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "data", "default", "expected", "used_file_time"),
    [
        ("raw/pending/run=r1/p1.ndjson.gz", OURS, None, datetime(2026, 11, 18, 10, tzinfo=UTC), False),
        (f"{AT}ours", OURS, LATER, datetime(2026, 11, 18, 10, tzinfo=UTC), False),
        (f"{AT}doc", DROPPED, LATER, NOON, False),
        ("raw/pending/drop/at=2026-11-20T13:00:00+01:00/doc", DROPPED, None, NOON, False),
        ("raw/pending/drop/at=2026-11-20/doc", DROPPED, None, datetime(2026, 11, 20, tzinfo=UTC), False),
        ("raw/pending/drop/a/at=20261120T120000Z/b/doc", DROPPED, None, NOON, False),
        ("raw/pending/drop/doc", DROPPED, LATER, LATER, False),
        ("raw/pending/drop/doc", DROPPED, None, FILE_TIME, True),
        # A replayed object keeps the time that the commit log recorded.
        (f"raw/processed/{1:020d}/drop/doc", DROPPED, None, FILE_TIME, False),
    ],
)
def test_extracted_at_comes_from_the_document_else_its_folder_else_the_argument_else_the_file_time(  # a table
    tmp_path: Path, key: str, data: bytes, default: datetime | None, expected: datetime, *, used_file_time: bool
) -> None:
    raw_lake = Lake(tmp_path)
    raw_lake.put(key, data)

    (document,) = raw_lake.read(extracted_at=default).documents

    assert (document.extracted_at, document.used_file_time) == (expected, used_file_time)
    assert own(raw_lake.rows("items"), "extracted_at") == [(expected.replace(tzinfo=None),)]


@pytest.mark.parametrize(
    ("key", "stated", "reason"),
    [
        ("doc", "yesterday", "extracted_at is no ISO time such as 2026-11-20T10:00:00Z"),
        ("doc", "0001-01-01T00:00:00+01:00", "extracted_at is no ISO time such as 2026-11-20T10:00:00Z"),
        ("at=soon/doc", None, "the folder's at= is no ISO time such as 2026-11-20T10:00:00Z"),
    ],
)
def test_a_malformed_extraction_time_quarantines_the_file(
    tmp_path: Path, key: str, stated: str | None, reason: str
) -> None:
    raw_lake = Lake(tmp_path)
    ours = write_document([raw_line(extracted_at=stated, body=page_body(song("s1")))])
    raw_lake.put(f"{lake.DROP}{key}", DROPPED if stated is None else ours)

    (document,) = raw_lake.read().documents

    assert (document.reason, document.extracted_at) == (reason, FILE_TIME)
    assert raw_lake.rows("items") == []


# --- rejects hold the row unchanged


@pytest.mark.parametrize(
    "raw_row",
    [
        song("s1", duration_ms=2**31),
        song("s1", duration_ms=1.5),
        song("s1", explicit="perhaps"),
        song("s1", name=["a", "list"]),
        song("s1", album="text"),
        song("s1", artists=[{"id": "a1", "name": {}}]),
        song("s1", available_markets={"SE": True}),
        song("s1", row_fields={"added_at": "2026-07-01"}),
        song("s1", row_fields={"added_by": "u1"}),
        row({"id": "s1", "artists": [None]}),
        row({"id": "s1", "type": "track", "name": []}, key="track"),
        {"item": {"id": "s1", "name": []}, "track": {"id": "other"}, "images_first": 1},
        song("s1", name=[], album={"id": "al1", "images": [{"url": "u"}], "images_first": "theirs"}),
        song("s1", name=[], album=album("al1"), available_markets=["SE"], available_markets_count="theirs"),
        song("s1", name=[], refused=["songs"]),
        local("spotify:local:A:B:C:1", duration_ms=5, artists=[{"name": 5, "id": {}}, "text"]),
        row("s1"),
        row({"id": "c1", "type": "chapter"}),
        [song("s1")],
        "text",
        5,
    ],
)
def test_a_reject_has_the_row_unchanged(tmp_path: Path, raw_row: object) -> None:
    raw_lake = Lake(tmp_path, a=as_bytes(page_body(song("s0"), raw_row, song("s2"), offset=10)))

    raw_lake.read()

    lines = raw_lake.rejects()
    assert lines
    assert {json.dumps(json.loads(line["row"])) for line in lines} == {json.dumps(raw_row)}
    assert {line["source_position"] for line in lines} == {1}


@pytest.mark.parametrize(
    "raw_row",
    [
        song("s1", duration_ms=1000, popularity=0, explicit=False, available_markets=["SE"], unknown={"x": [None]}),
        song("s1", duration_ms="1000", explicit="false", name=5, album=album("al1", name="")),
        song("s1", row_fields={"added_at": None, "added_by": None, "video_thumbnail": {"url": None}}),
        song("s1", artists=["a1", "a1"]),
        episode("e1", show={"id": "sh1"}, languages=[]),
        local("spotify:local:A:B:C:1", artists=[None, {}]),
        row({"id": None, "name": "Gone"}),
        row(None),
        None,
    ],
)
def test_a_row_that_no_table_refuses_is_in_no_rejects(tmp_path: Path, raw_row: object) -> None:
    raw_lake = Lake(tmp_path, a=as_bytes(page_body(raw_row)))

    report = raw_lake.read()

    assert (report.rejects, report.refused, raw_lake.rejects()) == ({}, {}, [])


def test_a_reject_names_the_refusing_table_and_the_place_of_the_row(tmp_path: Path) -> None:
    rows = [song("s1"), song("s2", duration_ms="n/a", popularity="high"), row("s3")]
    data = as_bytes(page_body(*rows))
    raw_lake = Lake(tmp_path, a=data)

    report = raw_lake.read()

    place = {
        "source_object": f"{AT}a",
        "document_id": sha256(data).hexdigest(),
        "extracted_at": "2026-11-20T12:00:00Z",
        "batch_id": "b1",
    }
    second, third = as_bytes(rows[1]).decode(), as_bytes(rows[2]).decode()
    refused = {"row": second, "source_position": 1}
    assert raw_lake.rejects() == [
        {"table": "songs", "column": "duration_ms", "reason": "no int: n/a", **refused, **place},
        {"table": "song_popularity", "column": "popularity", "reason": "no int: high", **refused, **place},
        {
            "table": "playlist_items",
            "column": None,
            "reason": 'the entry is no object but "s3"',
            "row": third,
            "source_position": 2,
            **place,
        },
    ]
    assert report.rejects == {"songs.duration_ms": 1, "song_popularity.popularity": 1, "playlist_items": 1}
    assert report.refused == {"songs": 1, "song_popularity": 1}
    assert report.made["playlist_items"] == 3


def test_a_position_that_breaks_the_contract_counts_as_rejected_whatever_its_entry(tmp_path: Path) -> None:
    rows = [song("s1", name=[]), episode("e1", uri={}), row(5), song("s2", duration_ms="n/a"), song("s3")]
    raw_lake = Lake(tmp_path, a=as_bytes(page_body(*rows)))

    (document,) = raw_lake.read().documents

    assert {kind: count for kind, count in document.kinds.items() if count} == {"rejected": 3, "song": 2}
    assert own(raw_lake.rows("items"), "source_position", "kind", "refused") == [
        (0, "song", ["songs", "playlist_items"]),
        (1, "episode", ["episodes", "playlist_items"]),
        (2, "rejected", ["playlist_items"]),
        (3, "song", ["songs"]),
        (4, "song", None),
    ]


def test_the_reject_of_a_check_has_the_playlist_unchanged(tmp_path: Path) -> None:
    playlist = {"type": "playlist", "id": "p1", "public": "perhaps", "images": [{"url": "u"}], "items": page_body()}
    raw_lake = Lake(tmp_path, a=as_bytes(playlist))

    report = raw_lake.read()

    (line,) = raw_lake.rejects()
    assert (line["table"], line["column"], line["reason"]) == ("playlist_checks", "is_public", "no boolean: perhaps")
    assert json.loads(line["row"])["images"] == [{"url": "u"}]
    assert "images_first" not in line["row"]
    assert report.refused == {"playlist_checks": 1}


def test_rows_over_a_million_characters_are_truncated_in_rejects(tmp_path: Path) -> None:
    raw_row = song("s1", name="n" * 1_000_001)
    raw_lake = Lake(tmp_path, a=as_bytes(page_body(raw_row)))

    raw_lake.read()

    for line in raw_lake.rejects():
        assert line["row"] == json.dumps(raw_row)[:1_000_000]


def test_a_lone_surrogate_becomes_a_question_mark_everywhere(tmp_path: Path) -> None:
    entry = '{"id": "s1", "name": "n\\ud83d", "uri": {"\\ud83d": 1}}'
    text = f'{{"type": "playlist", "id": "p\\ud83d", "items": {{"items": [{{"item": {entry}}}]}}}}'
    raw_lake = Lake(tmp_path, a=text.encode())

    raw_lake.read()

    (item,) = raw_lake.rows("items")
    assert (item["playlist_id"], item["item"]["name"]) == ("p?", "n?")
    assert {json.loads(line["row"])["item"]["name"] for line in raw_lake.rejects()} == {"n?"}
    assert {line["reason"] for line in raw_lake.rejects()} == {'no string: {"?": 1}'}


@pytest.mark.parametrize("day", ["0001-01-01", "1582-10-10", "9999-12-31"])
def test_a_time_of_any_year_is_kept(tmp_path: Path, day: str) -> None:
    raw_lake = Lake(tmp_path, a=as_bytes(page_body(song("s1", row_fields={"added_at": f"{day}T00:00:00Z"}))))

    raw_lake.read()

    (item,) = raw_lake.rows("items")
    assert item["added_at"].isoformat() == f"{day}T00:00:00"


def test_a_page_that_would_exceed_the_greatest_position_begins_at_0(tmp_path: Path) -> None:
    raw_lake = Lake(tmp_path, a=as_bytes({"items": [song("s1"), song("s2")], "offset": 2**31 - 1}), b=DROPPED)

    report = raw_lake.read()

    assert report.made["playlist_items"] == 3
    assert own(raw_lake.rows("items"), "position") == [(0,), (1,), (0,)]


def deepest() -> int:
    """How many levels this Python can parse here: 3.11 counts those of its stack too, 3.13 takes ten times as many."""
    parsed, refused = 100, 1_000_000
    while refused - parsed > 1:
        depth = (parsed + refused) // 2
        try:
            json.loads("[" * depth + "]" * depth)
        except RecursionError:
            refused = depth
        else:
            parsed = depth
    return parsed


@pytest.mark.parametrize(
    "text",
    [
        '[{"item": {"id": "s1", "name": DEEP}}]',
        '[{"item": DEEP}, {"item": null}]',
        '[DEEP, {"item": null}]',
        '{"type": "playlist", "id": "p1", "name": DEEP, "tracks": []}',
        '{"href": "/playlists/p1/items", "items": [], "total": DEEP}',
    ],
)
def test_a_value_that_can_just_be_parsed_but_not_written_again_does_not_end_the_job(tmp_path: Path, text: str) -> None:
    depths = range(deepest() - 99, deepest() + 1)
    documents = {f"{depth}": text.replace("DEEP", "[" * depth + "]" * depth).encode() for depth in depths}
    raw_lake = Lake(tmp_path, **documents)

    report = raw_lake.read()

    reasons = {document.reason for document in report.documents}
    assert len(report.documents) == 100
    assert {reason for reason in reasons if reason} <= {"nested too deeply"}
    assert None in reasons
    assert set(report.rejects) > {"file quarantined"}


@pytest.mark.slow
def test_ten_thousand_rows_are_read_within_20_cpu_seconds(tmp_path: Path) -> None:
    rows = [song(f"s{n}", artists=["a1", "a2"], album={"id": "al1", "name": "A"}) for n in range(10_000)]
    raw_lake = Lake(tmp_path, a=as_bytes(page_body(*rows)))
    begun = time.process_time()

    report = raw_lake.read()

    assert time.process_time() - begun < 20  # quadratic work would take minutes
    assert report.made["song_artists"] == 20_000


@pytest.mark.slow
def test_damaged_documents_are_read_or_quarantined_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    corpus = [file.read_bytes() for file in sorted(FOLDER.rglob("*")) if file.is_file()]
    chance = random.Random("damaged documents")
    raw_lake = Lake(tmp_path, **{f"{n:03d}": mutated(corpus, chance) for n in range(500)})

    report = raw_lake.read()

    kinds = sum((document.kinds for document in report.documents), Counter[str]())
    items = raw_lake.rows("items")
    assert len(report.documents) == 500
    assert 50 < sum(document.reason is not None for document in report.documents) < 450
    assert report.made["playlist_items"] == kinds.total() == len(items)
    assert report.made["playlist_checks"] == len(raw_lake.rows("checks"))
    assert kinds["rejected"] == sum("playlist_items" in (item["refused"] or ()) for item in items)
    assert sum(report.rejects.values()) == len(raw_lake.rejects())
    refused = Counter(line["table"] for line in raw_lake.rejects() if "table" in line)
    del refused["playlist_items"]
    assert refused == report.refused
    assert report.left_out.keys() == report.absent_keys.keys()
    assert report.left_out.total() > 0


def test_an_object_that_cannot_be_read_is_reported_and_nothing_is_staged(tmp_path: Path) -> None:
    raw_lake = Lake(tmp_path, a=as_bytes(page_body(song("s1"))), b=as_bytes(page_body(song("s2"))))

    class BadSector(FolderStore):
        def get(self, key: str) -> Fetched | None:
            if key.endswith("b"):
                raise UnreadableObjectError(key, "Input/output error; check the disk")
            return super().get(key)

    store = BadSector(tmp_path)
    report = part._read(Part(0, raw_lake.inputs(), raw_lake.uri, "b1"), store, store, {})

    assert report == PartReport(left={f"{AT}b": "Input/output error; check the disk"})
    assert list(store.list("staging/")) == []
