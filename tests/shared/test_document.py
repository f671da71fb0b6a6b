"""What shared/document.py promises about writing and recognising raw documents."""

import gzip
import hashlib
import json
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from shared.document import (
    GZIP_MAGIC,
    DamagedDocumentError,
    DocumentTooLargeError,
    Manifest,
    PlaylistCheck,
    RawLine,
    document_id,
    is_manifest,
    is_page_request,
    is_raw_line,
    timestamp,
    uncompressed,
    write_document,
)
from tests.waiting import finished

LINE = RawLine(
    run_id="20261120T100000Z",
    playlist_id="p1",
    snapshot_id="v1",
    extracted_at="2026-11-20T10:00:00Z",
    asked="/playlists/p1/items?offset=0",
    offset=0,
    attempt=1,
    body={"items": [{"item": {"name": "Smörgåsbord \u2028 in two lines"}}], "total": 1},
)


def test_a_document_is_its_lines_of_json_with_the_body_untouched() -> None:
    text = uncompressed(write_document([LINE, replace(LINE, offset=None, body={})])).decode()

    first, second, rest = text.split("\n")
    assert rest == ""
    assert json.loads(first) == {
        "run_id": "20261120T100000Z",
        "playlist_id": "p1",
        "snapshot_id": "v1",
        "extracted_at": "2026-11-20T10:00:00Z",
        "asked": "/playlists/p1/items?offset=0",
        "offset": 0,
        "attempt": 1,
        "body": {"items": [{"item": {"name": "Smörgåsbord \u2028 in two lines"}}], "total": 1},
    }
    assert json.loads(second)["offset"] is None


def test_equal_lines_are_equal_bytes_whenever_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    before = write_document([LINE])
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)

    assert write_document([LINE]) == before


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    written = write_document([replace(LINE, body={"name": "half \ud83d"})])

    assert json.loads(uncompressed(written))["body"] == {"name": "half ?"}
    assert b"half ?" in Manifest(run_id="half \ud83d", extracted_at="x").as_bytes()


def test_a_document_id_is_the_digest_of_the_uncompressed_bytes() -> None:
    expected = hashlib.sha256(b"{}\n").hexdigest()

    assert document_id(b"{}\n") == expected
    assert document_id(gzip.compress(b"{}\n", mtime=0)) == expected
    assert document_id(gzip.compress(b"{}\n", compresslevel=1, mtime=99)) == expected
    assert document_id(b"{}") != expected


def test_a_gzip_stream_that_is_cut_off_is_damaged_but_has_an_id() -> None:
    whole = gzip.compress(b"x" * 1000)

    for cut in (2, 9, len(whole) // 2, len(whole) - 1):
        with pytest.raises(DamagedDocumentError, match="cut off or broken"):
            uncompressed(whole[:cut])
        assert document_id(whole[:cut]) == hashlib.sha256(whole[:cut]).hexdigest()


def test_a_gzip_stream_whose_bytes_were_changed_is_damaged() -> None:
    whole = bytearray(gzip.compress(b"x" * 1000))
    whole[-6] ^= 1  # in the checksum

    with pytest.raises(DamagedDocumentError):
        uncompressed(bytes(whole))


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 1001,
        gzip.compress(b"x" * 1001),
        gzip.compress(b"x" * 1000) + gzip.compress(b"x"),
        gzip.compress(b"x" * 10**7),
    ],
    ids=["plain", "gzip", "two members", "gzip of much more"],
)
def test_a_document_over_the_limit_is_refused_and_has_no_id(data: bytes) -> None:
    with pytest.raises(DocumentTooLargeError, match=r"larger than 0\.000953674 MiB uncompressed"):
        uncompressed(data, 1000)
    assert document_id(data, 1000) == ""
    assert len(uncompressed(data, 10**7)) == len(uncompressed(data, None)) > 1000
    assert document_id(data, 10**7) == document_id(data) == hashlib.sha256(uncompressed(data)).hexdigest()


def test_a_document_as_large_as_the_limit_is_read() -> None:
    assert uncompressed(gzip.compress(b"x" * 1000), 1000) == uncompressed(b"x" * 1000, 1000) == b"x" * 1000


@pytest.mark.parametrize("padding", [b"", bytes(5), bytes(200_000)])
def test_all_members_of_a_gzip_stream_are_read(padding: bytes) -> None:
    noise = random.Random(1).randbytes(100_000)
    members = [gzip.compress(member) for member in (b"first ", noise, b"", b" last")]

    assert uncompressed(padding.join(members) + padding) == b"first " + noise + b" last"


@pytest.mark.parametrize("rest", [b"rubbish", GZIP_MAGIC])
def test_bytes_behind_a_gzip_stream_that_are_no_gzip_are_damage(rest: bytes) -> None:
    with pytest.raises(DamagedDocumentError, match="cut off or broken"):
        uncompressed(gzip.compress(b"x") + rest)


# Reads with the address space that Python needs plus 1.25 times the limit of 256 MiB.
BOMBED = """
import resource, sys
import psutil
from shared.document import DocumentTooLargeError, document_id, uncompressed
data = open(sys.argv[1], "rb").read()
limit = psutil.Process().memory_info().vms + 320 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    uncompressed(data)
except DocumentTooLargeError as error:
    print(error, document_id(data))
"""


@pytest.mark.slow
def test_a_gzip_bomb_takes_no_more_memory_than_the_limit(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        for _ in range(1024):
            file.write(bytes(2**20))

    done = finished([sys.executable, "-c", BOMBED, str(bomb)])

    assert done.stderr == ""
    assert done.stdout == (
        "it is larger than 128 MiB uncompressed, the limit (--max-json-mib of the job) "
        "49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14\n"  # sha256sum of 1 GiB of zeros
    )


@pytest.mark.parametrize(
    ("asked", "is_page"),
    [
        ("/playlists/p1/items", True),
        ("/playlists/p1/items?offset=50&limit=50", True),
        ("/playlists/p1/items/", True),
        ("https://api.spotify.com/v1/playlists/p1/items?fields=items", True),
        ("/me/tracks?limit=50", True),
        ("/playlists/p1", False),
        ("/playlists/p1?fields=/items", False),
        ("/playlists/items1", False),
        ("/me", False),
        ("", False),
    ],
)
def test_a_page_request_is_recognised_by_its_path(asked: str, *, is_page: bool) -> None:
    assert is_page_request(asked) is is_page


@pytest.mark.parametrize("value", [{"body": {}}, {"asked": "/x"}, [{"asked": "/x", "body": {}}], None, "asked body"])
def test_a_raw_line_has_a_request_path_and_a_body(value: object) -> None:
    assert not is_raw_line(value)
    assert is_raw_line({"asked": "/x", "body": None})


def test_a_manifest_is_one_line_with_the_status_of_each_check() -> None:
    checks = (PlaylistCheck(playlist_id="p1", status="failed", failure_class="TransientError"),)
    written = Manifest(run_id="r1", extracted_at="2026-11-20T10:00:00Z", checks=checks).as_bytes()

    assert written.count(b"\n") == 1
    value = json.loads(written)
    assert is_manifest(value)
    assert not is_raw_line(value)
    assert value == {
        "manifest": 1,
        "run_id": "r1",
        "extracted_at": "2026-11-20T10:00:00Z",
        "checks": [
            {
                "playlist_id": "p1",
                "status": "failed",
                "failure_class": "TransientError",
                "snapshot_id": None,
                "object": None,
                "item_count": None,
                "missing_count": None,
                "playlist": None,
            }
        ],
    }


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 20, 10, tzinfo=UTC), "2026-11-20T10:00:00Z"),
        (datetime(2026, 11, 20, 10, 0, 0, 5, tzinfo=UTC), "2026-11-20T10:00:00.000005Z"),
        (datetime(2026, 11, 20, 0, 30, tzinfo=timezone(timedelta(hours=2))), "2026-11-19T22:30:00Z"),
    ],
)
def test_a_timestamp_is_utc(at: datetime, text: str) -> None:
    assert timestamp(at) == text
