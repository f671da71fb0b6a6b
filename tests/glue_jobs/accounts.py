"""Invariants of a lake after any input: every document and every row is accounted for."""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shared.tables import TABLES
from shared.tables.batches import BATCHES

KINDS = {"song", "episode", "local", "empty", "unavailable", "rejected"}


def names(lake: Path, folder: str) -> list[str]:
    """The keys of the files under a folder of the lake."""
    return sorted(path.relative_to(lake).as_posix() for path in (lake / folder).rglob("*") if path.is_file())


def entries(lake: Path) -> list[dict[str, Any]]:
    """The entries of the commit log in order."""
    return [json.loads(path.read_bytes()) for path in sorted((lake / "log").glob("*[0-9].json"))]


def table(lake: Path, name: str) -> pa.Table | None:
    """All published rows of a table; None if it has no file."""
    files = [pq.ParquetFile(path).read() for path in sorted((lake / "processed" / name).rglob("*.parquet"))]
    return pa.concat_tables(files) if files else None


def rejects(lake: Path) -> list[dict[str, Any]]:
    """Every row under rejects/."""
    texts = [gzip.decompress(path.read_bytes()).decode() for path in sorted((lake / "rejects").rglob("*.json.gz"))]
    return [json.loads(line) for text in texts for line in text.split("\n") if line]


def assert_accounted_for(lake: Path, dropped: Mapping[str, bytes]) -> None:
    """Each dropped object is in the log exactly once, archived or quarantined with a reason, and all counts agree."""
    log = entries(lake)
    committed = Counter(raw["key"] for entry in log for raw in entry["inputs"])
    assert committed == Counter(dict.fromkeys(dropped, 1))
    assert names(lake, "raw/pending") == names(lake, "raw/quiet") == names(lake, "staging") == []
    assert names(lake, "log/attempts") == []
    assert names(lake, "log/done") == [f"log/done/{entry['number']:020d}" for entry in log]
    assert names(lake, "processed") == sorted(
        file["final"] for entry in log for file in entry["files"] if file["table"] != "rejects"
    )
    _assert_archived(lake, log, dropped)
    for entry in log:
        _assert_balanced(entry)
        for file in entry["files"]:
            if file["table"] != "rejects":
                assert pq.ParquetFile(lake / file["final"]).metadata.num_rows == file["rows"], file
    assert len(rejects(lake)) == sum(sum(entry["rejects"].values()) for entry in log)
    for raw in TABLES:
        _assert_whole(lake, raw.name, set(dropped))


def _assert_archived(lake: Path, log: list[dict[str, Any]], dropped: Mapping[str, bytes]) -> None:
    reasons = {(raw["source_object"], raw["reason"]) for raw in rejects(lake) if raw.get("row") is None}
    rest = set(names(lake, "raw"))
    for entry in log:
        for raw in entry["inputs"]:
            place = "quarantine" if raw["reason"] else "processed"
            assert raw["place"] == place, raw
            assert not raw["reason"] or (raw["key"], raw["reason"]) in reasons, raw
            at = f"raw/{place}/{entry['number']:020d}/{raw['key'].removeprefix('raw/pending/')}"
            rest.remove(at)
            data = (lake / at).read_bytes()
            assert data == dropped[raw["key"]], raw
            assert raw["document_id"] == hashlib.sha256(_plain(data)).hexdigest(), raw
    assert rest == set()


def _plain(data: bytes) -> bytes:
    try:
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except Exception:  # noqa: BLE001  # not gzip
        return data


def _assert_balanced(entry: Mapping[str, Any]) -> None:
    reconciliation = entry["reconciliation"]
    accepted = {raw["key"] for raw in entry["inputs"] if not raw["reason"]}
    assert reconciliation["documents"].keys() == accepted
    summed: Counter[str] = Counter()
    for kinds in reconciliation["documents"].values():
        assert kinds.keys() <= KINDS
        assert min(kinds.values(), default=1) > 0
        summed.update(kinds)
    assert summed == Counter({kind: n for kind, n in reconciliation["kinds"].items() if n})
    for name, of in reconciliation["tables"].items():
        assert of["made"] == of["refused"] + of.get("left_out", 0) + of["superseded"] + of["published"], (name, of)
        assert min(of.values()) >= 0, (name, of)
        assert entry["rows"].get(name, 0) == of["published"], name
    if summed:
        assert reconciliation["tables"]["playlist_items"]["made"] == summed.total()
        # A song that breaks the contract of a position is a song all the same: some of the rejected are songs.
        for kind, name in (("song", "songs"), ("episode", "episodes")):
            made = reconciliation["tables"].get(name, {"made": 0})["made"]  # no rows, no entry
            assert 0 <= made - summed[kind] <= summed["rejected"]
    assert entry["rows"][BATCHES.name] == 1


def _assert_whole(lake: Path, name: str, dropped: set[str]) -> None:
    rows = table(lake, name)
    contract = next(candidate for candidate in TABLES if candidate.name == name)
    if rows is None:
        return
    assert rows.column_names == [column.name for column in contract.all_columns], name
    for column in contract.all_columns:
        if not column.nullable:
            assert rows.column(column.name).null_count == 0, f"{name}.{column.name}"
    if contract.newest_per:  # histories keep every observation, that of a copy under another name as well
        key = [*contract.key, "batch_id"]
        assert rows.group_by(key).aggregate([]).num_rows == rows.num_rows, f"{name} has a key twice in a batch"
    for field in rows.schema:
        if pa.types.is_string(field.type):
            assert "" not in rows.column(field.name).unique().to_pylist(), f"{name}.{field.name}"
    if "source_object" in rows.column_names:
        assert set(rows.column("source_object").unique().to_pylist()) <= dropped
