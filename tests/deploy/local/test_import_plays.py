"""`make import` from package to warehouse; afterwards no personal field is left outside the quarantine."""

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from deploy.local.import_plays import main
from deploy.operate.status import main as status
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.store import open_store
from shared.tables import TABLES
from tests.deploy.local.packages import MARK, SONG, account_row, as_zip, now_row, old_row

QUARANTINE = "raw/quarantine/"


def decoded(data: bytes) -> str:
    """The content of a file, uncompressed if it is a zip or gzip."""
    if data.startswith(b"\x1f\x8b"):
        return decoded(gzip.decompress(data))
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "".join(decoded(archive.read(name)) for name in archive.namelist())
    if data.startswith(b"PAR1"):
        return str(pq.ParquetFile(io.BytesIO(data)).read().to_pydict())
    return data.decode("utf-8", "replace")


def drop(out: Path, name: str, data: bytes) -> None:
    path = out / "lake/raw/pending/drop" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (0, 0))


def test_no_personal_field_of_a_package_is_anywhere_but_in_quarantine(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    history = [now_row("2026-02-11T18:05:44Z"), old_row("2020-02-11T18:05:44Z"), now_row("no time"), account_row("x")]
    personal = {
        "Userdata": {"username": MARK, "email": MARK},
        "Inferences": {"inferences": [MARK]},
        "notes": MARK.encode(),
    }
    package = as_zip(
        tmp_path / "p.zip", (2026, 11, 20), history=history, music=[account_row("2020-01-01 10:00")], **personal
    )
    playlist = {"playlists": [{"name": "Mine", "lastModifiedDate": "2026-01-01", "items": []}]}
    drop(out, "endsong.json", json.dumps(history).encode())
    drop(out, "cut/endsong.json", json.dumps(history, indent=1).encode()[:-40])
    drop(out, "whole.zip", as_zip(tmp_path / "q.zip", (2026, 1, 1), a=playlist, b=history).read_bytes())

    assert main(["--file", str(package), "--out", str(out)]) == 0
    exit_status = status(["--lake", str(out / "lake"), "--warehouse", str(out / "warehouse")])

    shown = capfd.readouterr()
    assert exit_status == 0, shown.out
    assert MARK not in shown.out + shown.err
    store = open_store(str(out / "lake"))
    files = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    marked = [name for name, data in files.items() if MARK in decoded(data)]
    assert sorted(name.rpartition("/")[2] for name in marked) == ["endsong.json", "endsong.json", "whole.zip"]
    assert all(name.startswith(f"lake/{QUARANTINE}") for name in marked)
    assert "3 files are in quarantine as they came" in shown.out
    assert [name for name in marked if f"- {name.removeprefix('lake/')}" not in shown.out] == []
    with EmbeddedSnowflake(out / "warehouse", store) as warehouse:
        for table in TABLES:
            rows = warehouse.query(f"select * from SPOTIFY.LANDING.{table.name}")
            assert MARK not in str(rows)
        plays = warehouse.query("select song_id, played_at, source from SPOTIFY.CORE.PLAYS order by played_at")
    assert [(song, str(at)[:16], source) for song, at, source in plays] == [
        (None, "2020-01-01 10:00", "account"),
        (SONG, "2020-02-11 18:05", "extended"),
        (SONG, "2026-02-11 18:05", "extended"),
    ]
