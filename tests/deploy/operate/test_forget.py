"""Forgetting removes a person, or everything, from raw, lake and warehouse, and leaves other data unchanged."""

import gzip
import io
import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from deploy.commands import CommandError, run_command
from deploy.operate.forget import forget, forget_everything, main, statements
from deploy.operate.person import Person
from deploy.operate.status import status
from deploy.snowflake.embedded import EmbeddedSnowflake
from deploy.snowflake.embedded_pipe import LoadStatus
from shared.document import uncompressed
from shared.store import Fetched, ObjectStore, StoreError
from tests.deploy.operate.conftest import put_old, read_of, row, take, user

ADDRESSES = ("spotify:user:ann", "/user/ann", "/users/ann")
PENDING = "raw/pending/run=20261118T100000Z/p1.ndjson.gz"


def mentions(lake: ObjectStore) -> list[str]:
    """The objects that contain Ann's id or URL; her quoted id counts unless it is the playlist's name."""
    places = []
    for listed in lake.list(""):
        fetched = lake.get(listed.key)
        assert fetched is not None
        if listed.key.endswith(".parquet"):
            rows = pq.read_table(path_of(lake, listed.key)).to_pylist()
            text = json.dumps([{name: v for name, v in row.items() if name != "name"} for row in rows], default=str)
        else:
            text = uncompressed(fetched.data).decode().replace('\\"', '"')
        if '"id": "ann"' in text or '_id": "ann"' in text or any(address in text for address in ADDRESSES):
            places.append(listed.key)
    return places


def path_of(lake: ObjectStore, key: str) -> Path:
    return Path(lake.uri.removeprefix("file://")) / key


def rows(lake: ObjectStore, table: str) -> list[dict[str, Any]]:
    return [
        row
        for listed in lake.list(f"processed/{table}/")
        for row in pq.read_table(path_of(lake, listed.key)).to_pylist()
    ]


def test_a_person_is_removed_from_raw_lake_and_warehouse(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    assert len(mentions(lake)) == 10  # 5 raw, 1 file of rejects, 4 published files; reasons quote nothing

    result = forget(lake, warehouse, "ann")

    assert mentions(lake) == []
    assert warehouse.query("select count(*) as c from SPOTIFY.LANDING.PLAYLIST_ITEMS where ADDED_BY_ID = 'ann'") == [
        (0,)
    ]
    assert warehouse.query("select OWNER_ID, URL from SPOTIFY.LANDING.PLAYLIST_CHECKS where PLAYLIST_ID = 'p1'") == [
        (None, None),
        (None, None),
    ]
    assert (result.is_complete, result.left) == (True, [])
    assert dict(result.removed) == {
        "raw documents": 5,
        "files of rejects": 1,
        "rows of playlist_items in the lake": 3,
        "rows of playlist_checks in the lake": 3,
        "published files": 4,
        "added_by_id in playlist_items of the warehouse": 3,
        "owner_id in playlist_checks of the warehouse": 3,
        "url in playlist_checks of the warehouse": 3,
    }


def test_other_peoples_data_and_equal_names_stay(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    before = rows(lake, "playlist_items")

    forget(lake, warehouse, "ann")

    after = rows(lake, "playlist_items")
    assert [row["added_by_id"] for row in after] == [None, "bob", None, None]
    assert [row | {"added_by_id": None} for row in after] == [row | {"added_by_id": None} for row in before]
    assert {row["name"] for row in rows(lake, "playlist_checks") if row["playlist_id"] == "p1"} == {"ann"}
    assert status(lake, warehouse).differences == []


def test_published_files_keep_names_and_types_so_no_pipe_loads_them_again(
    lake: ObjectStore, warehouse: EmbeddedSnowflake
) -> None:
    key = "processed/playlist_items/ingest_date=2026-11-16/00000000000000000001-00000.parquet"
    before = pq.ParquetFile(path_of(lake, key)).schema

    forget(lake, warehouse, "ann")

    assert pq.ParquetFile(path_of(lake, key)).schema.equals(before)
    assert warehouse.load_new() == []
    assert {load.status for load in warehouse.arrived([key])} == {LoadStatus.SKIPPED}


def test_forgetting_again_removes_nothing(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    forget(lake, warehouse, "ann")
    before = {listed.key: listed.token for listed in lake.list("raw/")}

    assert dict(forget(lake, warehouse, "ann").removed) == {}
    assert {listed.key: listed.token for listed in lake.list("raw/")} == before


def test_a_dry_run_touches_nothing(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    before = {listed.key: listed.token for listed in lake.list("")}

    result = forget(lake, warehouse, "ann", apply=False)

    assert result.removed["raw documents"] == 5
    assert {listed.key: listed.token for listed in lake.list("")} == before
    assert warehouse.query("select count(*) as c from SPOTIFY.LANDING.PLAYLIST_CHECKS where OWNER_ID = 'ann'") == [(3,)]


class Breaking:
    """A store whose n-th write fails."""

    def __init__(self, store: ObjectStore, writes: int) -> None:
        self._store, self._left = store, writes

    def __getattr__(self, name: str) -> Any:  # noqa: D105  # every other operation is the store's
        if name in {"put", "delete"}:
            self._left -= 1
            if self._left < 0:
                raise StoreError("the network is down")
        return getattr(self._store, name)


@pytest.mark.parametrize("writes", [0, 3, 6, 8, 10])
def test_a_stopped_run_is_finished_by_the_next(lake: ObjectStore, warehouse: EmbeddedSnowflake, writes: int) -> None:
    with pytest.raises(StoreError):
        forget(Breaking(lake, writes), warehouse, "ann")

    forget(lake, warehouse, "ann")

    assert mentions(lake) == []
    assert status(lake, warehouse).differences == []


def test_damage_after_forgetting_is_reported(lake: ObjectStore) -> None:
    forget(lake, None, "ann")
    for listed in [*lake.list("raw/"), *lake.list("processed/"), *lake.list("rejects/")]:
        fetched = lake.get(listed.key)
        assert fetched is not None
        lake.put(listed.key, fetched.data[:-1])
        assert len(status(lake, None).differences) == 1, listed.key
        lake.put(listed.key, fetched.data)


def test_pending_objects_are_left_to_the_job_and_reported(lake: ObjectStore) -> None:
    data = read_of("20261118T100000Z", "2026-11-18T10:00:00Z", "v3", row("s1", "New", "ann"))
    lake.put(PENDING, data)

    result = forget(lake, None, "ann")

    assert result.is_complete is False
    assert result.left == ["1 pending raw objects: run the job, which takes them, then this command again"]
    fetched = lake.get(PENDING)
    assert fetched is not None
    assert fetched.data == data


class Unfetched:
    """A store from which one object must not be fetched."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store, self._key = store, key

    def __getattr__(self, name: str) -> Any:  # noqa: D105  # every other operation is the store's
        return getattr(self._store, name)

    def get(self, key: str) -> Fetched | None:
        assert key != self._key
        return self._store.get(key)


def test_objects_that_the_job_never_read_are_named_until_a_replay_reads_them(lake: ObjectStore) -> None:
    page = {"href": "https://api.spotify.com/v1/playlists/p4/items", "items": [row("s4", "Four", "ann")], "total": 1}
    large = gzip.compress(json.dumps(page).encode() + b" " * 2**20)
    put_old(lake, "raw/pending/drop/at=20261118T090000Z/large.json.gz", large)
    take(path_of(lake, ""), lambda: datetime(2026, 11, 18, 10, tzinfo=UTC), "--max-json-mib", "1")
    key = "raw/quarantine/00000000000000000003/drop/at=20261118T090000Z/large.json.gz"
    note = f"{key}: the job did not understand it, so it may mention any person; --quarantine removes it"

    assert forget(Unfetched(lake, key), None, "ann").left == [note]
    assert status(Unfetched(lake, key), None).differences == []

    take(path_of(lake, ""), lambda: datetime(2026, 11, 19, 10, tzinfo=UTC), "--replay", "3..3")
    result = forget(lake, None, "ann")

    assert result.left == []
    assert "ann" not in uncompressed((path_of(lake, key)).read_bytes()).decode()


def test_a_pending_bomb_is_left_to_the_job(lake: ObjectStore) -> None:
    lake.put("raw/pending/drop/bomb.json.gz", gzip.compress(bytes(257 * 2**20), compresslevel=1))

    assert forget(lake, None, "ann").left == [
        "1 pending raw objects: run the job, which takes them, then this command again"
    ]


def test_while_a_job_runs_it_is_refused(lake: ObjectStore) -> None:
    lake.put("log/attempts/x.json", b"{}")

    with pytest.raises(CommandError, match=r"a job may be running \(log/attempts/x.json\)"):
        forget(lake, None, "ann")


def test_staging_of_a_killed_run_is_removed_after_its_deadline(lake: ObjectStore) -> None:
    lake.put("staging/dead/songs/part-0.parquet", b"x")

    forget(lake, None, "ann")
    assert [listed.key for listed in lake.list("staging/")] == ["staging/dead/songs/part-0.parquet"]
    forget(lake, None, "ann", clock=lambda: datetime(2100, 1, 1, tzinfo=UTC))
    assert [listed.key for listed in lake.list("staging/")] == []


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ('{"owner": {"id": "ann"}, "id": "p"}', '{"owner": null, "id": "p"}'),
        ('{"owner": "ann", "name": "ann"}', '{"owner": null, "name": "ann"}'),
        ('{"id": "ann", "type": "track"}', '{"id": "ann", "type": "track"}'),
        ('{"added_by": {"id": "anna"}}', '{"added_by": {"id": "anna"}}'),
        ('{"u": "https://open.spotify.com/user/ann?si=1"}', '{"u": null}'),
        ('{"u": "spotify:user:ann:playlist:1"}', '{"u": null}'),
        ('{"u": "spotify:user:anna"}', '{"u": "spotify:user:anna"}'),
        ('{"owner": {"id": "\\u0061nn"}}', '{"owner": null}'),
        ('{"owner": {"id": "ann"}}\n{"broken": "ann\n', '{"owner": null}\n{"broken": "\n'),
    ],
)
def test_a_person_is_recognised_as_an_object_or_a_url(text: str, without: str) -> None:
    assert Person("ann").out_of_text(text) == without


def test_a_person_is_removed_from_every_form_of_a_reject() -> None:
    row = json.dumps({"added_by": {"id": "ann"}, "item": {"name": "a\u2028b\u0085c"}}, ensure_ascii=False)
    place = {"source_object": "raw/pending/drop/a.json", "document_id": "d1"}
    of_a_row = {"reason": "no int: n/a", "table": "songs", "column": "duration_ms", **place, "source_position": 0}
    of_a_position = {"reason": "the row is no object but 5", "table": "playlist_items", "column": None, **place}
    of_a_file = {"reason": "no JSON: it begins with 'ann'", **place, "batch_id": "b1", "row": None}
    lines = [of_a_row | {"batch_id": "b1", "row": row}, of_a_position | {"batch_id": "b1", "row": "5"}, of_a_file]
    data = gzip.compress("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())

    without = gzip.decompress(Person("ann").out_of_rejects(data)).decode()

    assert without.endswith("}\n")
    kept = [json.loads(line) for line in without.split("\n")[:-1]]
    assert [json.loads(line["row"]) for line in kept[:2]] == [
        {"added_by": None, "item": {"name": "a\u2028b\u0085c"}},
        5,
    ]
    assert [line["reason"] for line in kept] == [
        "no int: n/a",
        "the row is no object but 5",
        "no JSON: it begins with ''",
    ]
    assert Person("bob").out_of_rejects(data) is data


def test_a_document_of_another_encoding_is_read() -> None:
    data = json.dumps({"owner": user("anna.von-åäö_42")}, ensure_ascii=False).encode("utf-16")

    assert json.loads(Person("anna.von-åäö_42").out_of_document(data)) == {"owner": None}
    assert Person("ann").out_of_document(data) is data


def test_an_unreadable_document_is_named(lake: ObjectStore) -> None:
    key = "raw/quarantine/00000000000000000002/drop/cut.json.gz"
    lake.put(key, gzip.compress(b"x" * 1000)[:20])

    assert forget(lake, None, "ann").left == [
        f"{key}: the job did not understand it, so it may mention any person; --quarantine removes it"
    ]


def test_quarantined_files_are_named_and_removed_only_with_quarantine(lake: ObjectStore) -> None:
    data = json.dumps({"username": "ann", "email": "ann@example.org", "birthdate": "2000-01-01"}).encode()
    put_old(lake, "raw/pending/drop/Userdata.json", data)
    take(path_of(lake, ""), lambda: datetime(2026, 11, 18, 10, tzinfo=UTC))
    key = "raw/quarantine/00000000000000000003/drop/Userdata.json"

    result = forget(lake, None, "ann")

    note = f"{key}: the job did not understand it, so it may mention any person; --quarantine removes it"
    assert (result.left, result.is_complete) == ([note], False)
    assert path_of(lake, key).read_bytes() == data

    result = forget(lake, None, "ann", quarantine=True)

    assert (result.left, result.is_complete) == ([], True)
    assert result.removed == {"quarantined files, whole": 1}
    assert path_of(lake, key).read_bytes() == b""
    assert status(lake, None).differences == []
    assert forget(lake, None, "ann", quarantine=True).removed == {}


def test_a_person_is_removed_from_a_zip_and_from_json_in_a_string(lake: ObjectStore) -> None:
    person = {"added_by": {"type": "user", "id": "ann"}, "item": None}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("Playlist1.json", json.dumps([person]))
        archive.writestr("other.json", "[1]")

    without = Person("ann").out_of_document(file.getvalue())

    with zipfile.ZipFile(io.BytesIO(without)) as archive:
        assert archive.read("Playlist1.json") == b'[{"added_by": null, "item": null}]'
        assert archive.read("other.json") == b"[1]"
    assert Person("bob").out_of_document(file.getvalue()) == file.getvalue()
    text = json.dumps(json.dumps([person])).encode()
    assert json.loads(json.loads(Person("ann").out_of_document(text))) == [{"added_by": None, "item": None}]


def test_a_replay_afterwards_doubles_nothing_and_restores_no_person(
    lake: ObjectStore,
    warehouse: EmbeddedSnowflake,
    spark: object,
) -> None:
    forget(lake, warehouse, "ann")
    before = current(warehouse)

    take(path_of(lake, ""), lambda: datetime(2026, 11, 20, tzinfo=UTC), "--replay", "1..2")
    warehouse.load_new()

    assert current(warehouse) == before
    assert mentions(lake) == []


def current(warehouse: EmbeddedSnowflake) -> list[list[tuple[object, ...]]]:
    columns = {
        "PLAYLIST_ITEMS": "PLAYLIST_ID, SNAPSHOT_ID, POSITION, SONG_ID, ADDED_BY_ID, DOCUMENT_ID",
        "PLAYLIST_CHECKS": "PLAYLIST_ID, RUN_ID, SNAPSHOT_ID, OWNER_ID, DOCUMENT_ID",
        "SONG_POPULARITY": "SONG_ID, DOCUMENT_ID, SOURCE_POSITION, POPULARITY",
    }
    return [
        warehouse.query(f"select {names} from SPOTIFY.CORE.{view} order by {names}") for view, names in columns.items()
    ]


def test_a_lake_in_a_bucket_is_cleaned_as_well(lake: ObjectStore, s3_store: ObjectStore) -> None:
    for listed in lake.list(""):
        fetched = lake.get(listed.key)
        assert fetched is not None
        s3_store.put(listed.key, fetched.data)

    first, second = forget(s3_store, None, "ann"), forget(s3_store, None, "ann")

    assert (first.removed["raw documents"], first.removed["published files"]) == (5, 4)
    assert dict(second.removed) == {}
    assert status(s3_store, None).differences == []


# --- everything


def test_forgetting_everything_keeps_only_the_batch_numbers(lake: ObjectStore, warehouse: EmbeddedSnowflake) -> None:
    lake.put("state/playlists.json", b"{}")

    forget_everything(lake, warehouse)

    assert [listed.key for listed in lake.list("")] == [
        "log/00000000000000000002.json",
        "log/done/00000000000000000001",
        "log/done/00000000000000000002",
        "log/frontier.json",
    ]
    fetched = lake.get("log/00000000000000000002.json")
    assert fetched is not None
    left = json.loads(fetched.data)
    assert (left["inputs"], left["files"], left["rows"], left["reconciliation"]) == ([], [], {}, {})
    assert warehouse.query("select count(*) as c from SPOTIFY.LANDING.SONGS") == [(0,)]
    assert dict(forget_everything(lake, warehouse).removed) == {}
    assert status(lake, warehouse).differences == []


def test_after_forgetting_everything_batch_numbers_continue_so_pipes_load_new_files(
    lake: ObjectStore,
    warehouse: EmbeddedSnowflake,
    spark: object,
) -> None:
    forget_everything(lake, warehouse)
    lake.delete("log/frontier.json")  # a hint
    lake.put(PENDING, read_of("20261118T100000Z", "2026-11-18T10:00:00Z", "v3", row("s9", "Fresh", "bob")))

    take(path_of(lake, ""), lambda: datetime(2026, 11, 17, tzinfo=UTC))
    warehouse.load_new()

    assert warehouse.query("select SONG_ID from SPOTIFY.CORE.SONGS") == [("s9",)]
    assert [batch["batch_number"] for batch in rows(lake, "batches")] == [3]


# --- the command


def test_the_command_says_what_it_removed(lake: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lake", lake.uri, "--user", "spotify:user:ann", "--apply"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["ann was removed from:", "           5 raw documents"]
    assert "update SPOTIFY.LANDING.PLAYLIST_ITEMS set added_by_id = null where added_by_id = 'ann';" in lines


def test_the_warehouse_file_keeps_no_trace(lake: ObjectStore, deployed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(deployed, tmp_path / "warehouse")
    with EmbeddedSnowflake(folder, lake) as warehouse:
        warehouse.deploy()
        warehouse.load_new()
    assert any(b"bob" in path.read_bytes() for path in folder.iterdir())

    assert main(["--lake", lake.uri, "--warehouse", str(folder), "--user", "bob", "--apply"]) == 0

    assert [path.name for path in folder.iterdir()] == ["SPOTIFY.db"]
    assert b"bob" not in (folder / "SPOTIFY.db").read_bytes()
    with EmbeddedSnowflake(folder, lake) as warehouse:
        assert warehouse.load_new() == []
        assert warehouse.query(
            "select count(*) as n from SPOTIFY.LANDING.PLAYLIST_ITEMS where added_by_id = 'bob'"
        ) == [(0,)]


def test_an_empty_user_is_refused(lake: ObjectStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command("forget", main, ["--lake", lake.uri, "--user", " "]) == 1
    assert capsys.readouterr().err == (
        "forget: USER is empty: name the person, USER=id as in spotify:user:id, or USER=ALL\n"
    )


def test_a_quote_in_an_id_stays_inside_its_statement() -> None:
    assert "set owner_id = null where owner_id = 'o''neil';" in statements("o'neil")[-1] + "".join(statements("o'neil"))
