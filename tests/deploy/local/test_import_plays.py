"""`make import` as a user runs it: package, job, warehouse, report; no personal field is stored."""

import gzip
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from deploy.local.import_plays import main
from deploy.local.report.__main__ import write_report
from deploy.operate.forget_plays import main as forget
from deploy.operate.status import main as status
from deploy.operate.why import main as why
from deploy.snowflake.embedded import EmbeddedSnowflake
from shared.store import open_store
from tests.deploy.local.packages import (
    MARK,
    MARKED_TIME,
    SONG,
    as_zip,
    every_form,
    now_row,
    old_row,
)
from tests.waiting import finished

ROOT = Path(__file__).parents[3]
QUARANTINE = "raw/quarantine/"
MARKS = (MARK, str(MARKED_TIME))


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


def has_mark(text: str) -> bool:
    return any(mark in text for mark in MARKS)


def in_warehouse(folder: Path) -> dict[str, str]:
    """Every row of every table and view of the warehouse, by schema and name."""
    with duckdb.connect(str(folder / "SPOTIFY.db"), read_only=True) as connection:
        named = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = 'SPOTIFY' and table_schema in ('LANDING', 'CORE', 'BI', '_LOCAL')"
        ).fetchall()
        return {
            f"{schema}.{name}": str(connection.execute(f'select * from SPOTIFY."{schema}"."{name}"').fetchall())
            for schema, name in named
        }


def test_no_personal_field_of_a_package_is_anywhere_but_in_quarantine(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    package = as_zip(tmp_path / f"{MARK}.zip", (2026, 11, 20), **every_form())
    with zipfile.ZipFile(package, "a") as archive:
        archive.comment = MARK.encode()
        archive.writestr("inside.zip", as_zip(tmp_path / "i.zip", (2026, 1, 1), **every_form()).read_bytes())
    history = [now_row("2026-02-11T18:05:44Z"), old_row("2020-02-11T18:05:44Z")]
    playlist = {"playlists": [{"name": "Mine", "lastModifiedDate": "2026-01-01", "items": []}]}
    drop(out, "endsong.json", json.dumps(history).encode())
    drop(out, "cut/endsong.json", json.dumps(history, indent=1).encode()[:-40])
    drop(out, "whole.zip", as_zip(tmp_path / "q.zip", (2026, 1, 1), a=playlist, b=history).read_bytes())
    lake = str(out / "lake")

    assert main(["--file", str(package), "--out", str(out)]) == 0
    write_report(out)
    page = finished([sys.executable, "-m", "deploy.local.notebook", f"--out={out}"], cwd=ROOT)
    exit_status = status(["--lake", lake, "--warehouse", str(out / "warehouse")])
    with EmbeddedSnowflake(out / "warehouse", open_store(lake)) as warehouse:
        plays = warehouse.query("select play_id, played_at, source, song_id from SPOTIFY.CORE.PLAYS order by played_at")
    why(["--lake", lake, "--table", "plays", "--id", str(plays[-1][0])])
    forget(["--lake", lake, "--warehouse", str(out / "warehouse"), "--account", "me"])

    shown = capfd.readouterr()
    assert exit_status == 0, shown.out
    assert (page.returncode, has_mark(page.stdout + page.stderr)) == (0, False), page.stderr
    assert not has_mark(shown.out + shown.err)
    files = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert {"report.html", "explore.html", "warehouse/SPOTIFY.db"} <= files.keys()
    assert [name for name in files if has_mark(name)] == []
    marked = [name for name, data in files.items() if has_mark(decoded(data))]
    assert sorted(name.rpartition("/")[2] for name in marked) == ["endsong.json", "endsong.json", "whole.zip"]
    assert all(name.startswith(f"lake/{QUARANTINE}") for name in marked)
    assert "3 files are in quarantine unchanged" in shown.out
    assert [name for name in marked if f"- {name.removeprefix('lake/')}" not in shown.out] == []
    rows = in_warehouse(out / "warehouse")
    assert {"LANDING.PLAYS", "CORE.PLAYS", "BI.PLAYS"} <= rows.keys()
    assert [name for name, text in rows.items() if has_mark(text)] == []
    assert [(str(at)[:16], source, song) for _, at, source, song in plays] == [
        ("2019-01-01 10:00", "account", None),
        ("2019-01-02 10:00", "account", None),
        ("2019-01-03 10:00", "account", None),
        ("2020-02-11 18:05", "extended", SONG),
        ("2025-02-11 18:05", "extended", SONG),
        ("2026-02-11 18:05", "extended", SONG),
        ("2026-02-12 06:31", "extended", None),
        ("2026-03-01 20:00", "extended", None),
        ("2026-03-03 20:00", "extended", SONG),
    ]
    assert "1 play breaks the contract" in shown.out  # the row without a time
    assert "3 rows of another form" in shown.out
    assert "2 plays of private sessions" in shown.out
