"""Every answer has a limit of time and size; playlists already read are kept."""

import gzip
import json
import time
import zlib
from collections.abc import Callable
from typing import BinaryIO

import pytest

from extract_lambda.result import FailedRunError
from extract_lambda.settings import Settings, SettingsError
from extract_lambda.transport import Limits
from tests.extract_lambda.api import Api, Playlist, rows
from tests.extract_lambda.conftest import Lake, Run
from tests.extract_lambda.test_incomplete import MANIFEST

MIB = 2**20
TIGHT = Limits(seconds=2.0, max_bytes=MIB)
PAGE = json.dumps({"items": rows("s1"), "offset": 0, "total": 1}).encode()
Write = Callable[[BinaryIO], None]


def response(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def whole(data: bytes) -> Write:
    def write(stream: BinaryIO) -> None:
        stream.write(data)

    return write


def trickle(start: bytes, byte: bytes, chunk: str = "") -> Write:
    """The start, then a byte every 0.1 seconds for half a minute."""

    def write(stream: BinaryIO) -> None:
        stream.write(start)
        for _ in range(300):
            stream.write(f"1\r\n{byte.decode()}\r\n".encode() if chunk else byte)
            stream.flush()
            time.sleep(0.1)

    return write


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "the body": trickle(HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "a body without a length": trickle(HEAD + b"Connection: close\r\n\r\n", b" "),
    "chunks": trickle(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b" ", "chunk"),
    "a header": trickle(HEAD + b"X-Slow: ", b"x"),
    "the status": trickle(b"", b"H"),
    "a compressed body": trickle(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PAGE)[:10], b"\x00"),
}


@pytest.mark.parametrize("kind", SLOW)
def test_an_endless_answer_fails_only_its_playlist(api: Api, run: Run, lake: Lake, kind: str) -> None:
    api.playlists = {"1a": Playlist(rows("s1")), "1odd": Playlist(rows("s2")), "1z": Playlist(rows("s3"))}
    api.raw["/1odd/items"] = SLOW[kind]
    messages: list[str] = []

    result = run(limits=TIGHT, report=lambda each: messages.append(each.outcome) if each.failure_class else None)

    assert sorted(lake.checks(MANIFEST)) == [("1a", "read", None), ("1odd", "failed", "server"), ("1z", "read", None)]
    assert "the answer took more than 2 seconds" in messages[0]
    assert (result.status, api.asked_of("/1odd/items")) == ("partial", 2)


def compressed(kind: str, data: bytes) -> bytes:
    return gzip.compress(data) if kind == "gzip" else zlib.compress(data)


BIG = b" " * (8 * MIB)
LARGE = {
    "plain": response(BIG),
    "without a length": HEAD + b"Connection: close\r\n\r\n" + BIG,
    "gzip": response(compressed("gzip", BIG), "Content-Encoding: gzip"),
    "deflate": response(compressed("deflate", BIG), "Content-Encoding: deflate"),
    "gzip twice": response(compressed("gzip", compressed("gzip", BIG)), "Content-Encoding: gzip, gzip"),
}


@pytest.mark.parametrize("kind", LARGE)
def test_an_answer_beyond_the_limit_is_not_read(api: Api, run: Run, lake: Lake, kind: str) -> None:
    api.playlists = {"1a": Playlist(rows("s1")), "1odd": Playlist(rows("s2"))}
    api.raw["/1odd/items"] = whole(LARGE[kind])
    messages: list[str] = []

    run(
        limits=Limits(seconds=60, max_bytes=MIB),
        report=lambda each: messages.append(each.outcome) if each.failure_class else None,
    )

    assert sorted(lake.checks(MANIFEST)) == [("1a", "read", None), ("1odd", "failed", "malformed")]
    assert "the answer is larger than 1 MiB" in messages[0]
    assert api.asked_of("/1odd/items") == 1


@pytest.mark.parametrize("kind", ["gzip", "deflate"])
def test_a_compressed_answer_within_the_limit_is_read(api: Api, run: Run, kind: str) -> None:
    api.playlists = {"1odd": Playlist(rows("s1"))}
    api.raw["/1odd/items"] = whole(response(compressed(kind, PAGE), f"Content-Encoding: {kind}"))

    assert run(limits=Limits(seconds=60, max_bytes=4096)).count("read") == 1


def nested(levels: int, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + "1" * (opening != "[") + closing * levels


@pytest.mark.parametrize(
    "value", [nested(100_000), nested(400), nested(100), nested(50_000, '{"a":', "}"), nested(300, '{"a":', "}")]
)
@pytest.mark.parametrize("status", [200, 500, 400])
def test_a_deeply_nested_answer_is_malformed(api: Api, run: Run, lake: Lake, status: int, value: str) -> None:
    api.playlists = {"1a": Playlist(rows("s1")), "1odd": Playlist(rows("s2"))}
    api.fail("/1odd/items", status, f'{{"items": [{value}], "total": 1, "error": {value}}}', times=99)

    run()

    failure_class = "server" if status == 500 else "malformed"
    assert sorted(lake.checks(MANIFEST)) == [("1a", "read", None), ("1odd", "failed", failure_class)]


@pytest.mark.parametrize("odd", ["slow", "large", "deep"])
def test_odd_answers_after_reading_keep_what_was_read(api: Api, run: Run, lake: Lake, odd: str) -> None:
    """The library's answer is odd at the final check whether playlists changed meanwhile."""
    api.playlists = {"1a": Playlist(rows("s1"))}
    run(20)
    api.playlists["1b"] = Playlist(rows("s2"))
    body = response(json.dumps({"items": [], "deep": []}).replace("[]", nested(100_000)).encode())

    def spoil(path: str) -> None:
        if "/1b/items" in path:
            writes = {"slow": SLOW["the body"], "large": whole(LARGE["plain"]), "deep": whole(body)}
            api.raw["/me/playlists"] = writes[odd]

    api.before = spoil

    result = run(21, limits=TIGHT)

    assert {(check.playlist_id, check.status) for check in result.checks} == {("1a", "unchanged"), ("1b", "failed")}
    assert lake.checks("raw/quiet/run=20261121T100000Z.json")[0] == ("1a", "unchanged", None)


@pytest.mark.parametrize(
    ("write", "messages"),
    [
        (SLOW["the body"], "the answer took more than 2 seconds"),
        (whole(LARGE["gzip"]), "the answer is larger than 1 MiB"),
        (whole(response(nested(100_000).encode())), "the answer is nested too deeply"),
    ],
)
def test_the_login_has_the_same_limits(api: Api, run: Run, write: Write, messages: str) -> None:
    api.raw["/api/token"] = write

    with pytest.raises(FailedRunError, match=f"no playlist could be checked.*{messages}"):
        run(limits=TIGHT)


def test_the_limits_are_settings() -> None:
    base = {"LAKE_URI": "x", "SPOTIFY_SECRET_ARN": "arn"}

    assert Settings.from_env(base).limits == Limits(seconds=60.0, max_bytes=16_777_216)
    settings = Settings.from_env(base | {"SPOTIFY_ANSWER_SECONDS": "2.5", "SPOTIFY_ANSWER_MIB": "3"})
    assert settings.limits == Limits(seconds=2.5, max_bytes=3_145_728)
    config = {"SPOTIFY_CONFIG": "answer_seconds = 7\nanswer_mib = 1"}
    assert Settings.from_env(base | config).limits == Limits(seconds=7.0, max_bytes=1_048_576)
    for name, value in (("SECONDS", "0"), ("SECONDS", "601"), ("MIB", "0"), ("MIB", "1025"), ("MIB", "1.5")):
        with pytest.raises(SettingsError, match=f"^SPOTIFY_ANSWER_{name}: {value}"):
            Settings.from_env(base | {f"SPOTIFY_ANSWER_{name}": value})
