"""Documents of plays, and listening histories that were dropped without `make import`."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from glue_jobs.log_entry import Input
from glue_jobs.reading.document import read_document
from glue_jobs.reading.model import UnreadableDocumentError
from glue_jobs.reading.part import Part, PartReport, read_part
from shared.plays import Package, write_plays
from shared.store import open_store

PACKAGE = Package(account="me", source="extended", package_id="k1", packaged_at="2026-11-20T12:00:00Z")
PLAY: dict[str, Any] = {
    "play_id": "x1",
    "played_at": "2026-02-11T18:05:44Z",
    "played_at_precision": "second",
    "song_id": "s1",
    "ms_played": 5,
    "shuffle": True,
}


def read(tmp_path: Path, *plays: dict[str, Any]) -> PartReport:
    store = open_store(str(tmp_path), create=True)
    store.put("raw/pending/plays/me/a.ndjson.gz", write_plays(PACKAGE, plays))
    inputs = tuple(Input(each.key, each.token, each.size, each.time) for each in store.list("raw/"))
    return read_part(Part(0, inputs, str(tmp_path), "b1"))


def test_plays_are_typed_and_dated_by_their_package(tmp_path: Path) -> None:
    report = read(tmp_path, PLAY, PLAY | {"play_id": "x2", "shuffle": None})

    rows = pq.read_table(tmp_path / "staging/b1/observed_plays").to_pylist()
    assert [
        (row["play_id"], row["source_position"], row["played_at"], row["ms_played"], row["shuffle"]) for row in rows
    ] == [
        ("x1", 0, datetime(2026, 2, 11, 18, 5, 44), 5, True),
        ("x2", 1, datetime(2026, 2, 11, 18, 5, 44), 5, None),
    ]
    at = datetime(2026, 11, 20, 12)
    assert {(row["account"], row["source"], row["package_id"]) for row in rows} == {("me", "extended", "k1")}
    assert {(row["packaged_at"], row["extracted_at"]) for row in rows} == {(at, at)}
    assert (report.made["plays"], report.documents[0].plays, report.documents[0].kinds.total()) == (2, 2, 0)


@pytest.mark.parametrize(
    ("broken", "reject"),
    [
        ({"played_at": "yesterday"}, "plays.played_at"),
        ({"ms_played": None}, "plays.ms_played"),
        ({"ms_played": 2**31}, "plays.ms_played"),
        ({"play_id": None}, "plays.play_id"),
    ],
)
def test_a_play_that_breaks_the_contract_is_refused_alone(tmp_path: Path, broken: dict[str, Any], reject: str) -> None:
    report = read(tmp_path, PLAY, PLAY | broken, PLAY | {"play_id": "x3"})

    assert (report.made["plays"], report.refused["plays"], dict(report.rejects)) == (3, 1, {reject: 1})


HISTORY = [{"ts": "2024-01-01T10:00:00Z", "ms_played": 1, "ip_addr": "203.0.113.7"}]


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(HISTORY).encode(),
        json.dumps(HISTORY, indent=1).encode()[:-5],
        json.dumps([{"track": {"id": "s1"}}, *HISTORY]).encode(),
        b"\xef\xbb\xbf" + json.dumps(HISTORY).encode(),
        json.dumps(HISTORY).encode("utf-16"),
    ],
)
def test_an_extended_history_goes_to_quarantine_whole_and_unquoted(data: bytes) -> None:
    with pytest.raises(UnreadableDocumentError, match="make import") as raised:
        read_document(data)

    assert "203.0.113" not in str(raised.value)


def test_a_song_named_like_a_key_of_a_history_is_no_history() -> None:
    rows = [{"added_at": "2024-01-01T10:00:00Z", "track": {"id": "s1", "name": '"ms_played":', "uri": "ms_played"}}]

    assert len(read_document(json.dumps(rows).encode()).checks) == 1
