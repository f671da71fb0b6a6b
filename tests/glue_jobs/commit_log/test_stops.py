"""A run stopped anywhere, then one ordinary run: the lake is that of an undisturbed run."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped, unused-ignore]
from moto import mock_aws

from shared.store import ObjectStore, S3Store, TransientError, open_store
from shared.store import folder as folder_module
from tests.glue_jobs.commit_log import s3_double
from tests.glue_jobs.commit_log.writer import run
from tests.stores import content, keys
from tests.waiting import started, wait_for

PENDING = {
    "raw/pending/run=20261120T100000Z/a.ndjson.gz": b"a",
    "raw/pending/run=20261120T100000Z/b.ndjson.gz": b"b",
}
ARCHIVED = "raw/processed/00000000000000000001/run=20261120T100000Z"
NAME = "ingest_date=2026-11-20/00000000000000000001-00000.parquet"
UNDISTURBED = {
    f"processed/artists/{NAME}": b"a|b",
    f"processed/batches/{NAME}": b"1 12:00",
    f"processed/songs/{NAME}": b"a|b",
    f"{ARCHIVED}/a.ndjson.gz": b"a",
    f"{ARCHIVED}/b.ndjson.gz": b"b",
}
IMMUTABLE = ("processed/", "raw/processed/", "log/0", "log/done/")


class Killed(BaseException):
    """The process was killed: none of its code runs any more."""


def filled(store: ObjectStore) -> ObjectStore:
    for key, data in PENDING.items():
        store.put(key, data)
    return store


def lake(store: ObjectStore) -> dict[str, bytes | None]:
    return {key: content(store, key) for prefix in ("processed/", "raw/") for key in keys(store, prefix)}


def immutable_objects(store: ObjectStore) -> dict[str, object]:
    """The listing (size, version, time) of objects that never change."""
    return {listed.key: listed for prefix in IMMUTABLE for listed in store.list(prefix)}


def assert_an_ordinary_run_completes(store: ObjectStore, where: str) -> None:
    before = immutable_objects(store)
    run(store)
    after = immutable_objects(store)
    assert {key: after[key] for key in before} == before, where
    assert lake(store) == UNDISTURBED, where
    assert keys(store, "log/0") == ["log/00000000000000000001.json"], where
    assert keys(store, "log/done/") == ["log/done/00000000000000000001"], where


# --- a folder


class Guard:
    """Counts the system calls that change a folder; from number `last` on, none is executed."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self.killed_in = ""
        self._last = last

    def call(self, name: str, real: Callable[..., Any], cut_short: Callable[..., Any] | None = None) -> Any:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self.count < self._last:
                return real(*args, **kwargs)
            if self.count == self._last:
                self.killed_in = name
                if cut_short:
                    cut_short(*args)
            raise Killed

        return guarded


def half(source: BinaryIO, target: BinaryIO) -> None:
    """A write that is killed in the middle."""
    data = source.read()
    target.write(data[: len(data) // 2])
    target.flush()


def killed_at(call: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> str:
    """Runs `act` until system call number `call`; returns the call's name, or "" if there were fewer."""
    guard = Guard(call)
    with monkeypatch.context() as patch:
        for name in ("link", "unlink", "rename", "replace", "mkdir", "rmdir", "fsync"):
            patch.setattr(os, name, guard.call(name, getattr(os, name)))
        patch.setattr(shutil, "copyfileobj", guard.call("write", shutil.copyfileobj, half))
        try:
            act()
        except Killed:
            return guard.killed_in
    return ""


def test_an_undisturbed_run_makes_this_lake(store: ObjectStore) -> None:
    assert_an_ordinary_run_completes(filled(store), "undisturbed")


def test_a_run_stopped_before_any_system_call_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the machine stays on; this saves half of the time
    killed_in = []
    for call in range(1, 1000):
        store = filled(open_store(str(tmp_path / str(call)), create=True))
        name = killed_at(call, monkeypatch, lambda: run(store))
        assert_an_ordinary_run_completes(store, f"killed before call {call}, {name}")
        if not name:
            break
        killed_in.append(name)

    assert set(killed_in) == {"write", "link", "unlink", "rename", "replace", "mkdir", "rmdir", "fsync"}
    assert len(killed_in) > 100


def test_a_completing_run_may_be_stopped_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    template = filled(open_store(str(tmp_path / "template"), create=True))
    entry = "log/00000000000000000001.json"
    for first in range(1, 1000):  # stop the first run right behind its commit
        if content(template, entry) is not None:
            break
        shutil.rmtree(tmp_path / "template")
        template = filled(open_store(str(tmp_path / "template"), create=True))
        assert killed_at(first, monkeypatch, lambda: run(template))
    assert keys(template, "processed/") == []

    for call in range(1, 1000):
        root = tmp_path / str(call)
        shutil.copytree(tmp_path / "template", root)
        store = open_store(str(root))
        name = killed_at(call, monkeypatch, lambda: run(store))
        assert_an_ordinary_run_completes(store, f"the second killed before call {call}, {name}")
        if not name:
            break
    assert call > 40


def test_a_program_killed_by_the_system_is_completed_by_the_next(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.glue_jobs.commit_log.writer"]
    root = tmp_path / "undisturbed"
    filled(open_store(str(root), create=True))
    subprocess.run([*program, str(root)], check=True)
    killed = 0
    for number in range(8):
        root = tmp_path / str(number)
        store = filled(open_store(str(root), create=True))
        log = root / "log"
        with started([*program, str(root)]) as job:
            # The program's start is most of its time: wait for its first file, then a little longer each time.
            wait_for(lambda: log.exists() or job.poll() is not None, "the first file of the log", pause=0.0005)
            time.sleep(0.004 * number)
            job.send_signal(signal.SIGKILL)
        killed += job.returncode == -signal.SIGKILL
        run(store)
        published = [content(store, key) for key in keys(store, "processed/songs/")]
        assert published == [b"a|b"]
        assert [content(store, key) for key in keys(store, "raw/processed/")] == [b"a", b"b"]
        assert keys(store, "raw/pending/") == []
    assert killed


def test_an_archived_object_is_removed_from_disk_before_its_completion_marker(
    folder_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems reorder changes in two folders at a power cut unless each folder is synced."""
    root = folder_store.uri.removeprefix("file://")
    done: list[str] = []
    link, sync, rename = os.link, folder_module._sync, Path.rename

    def linked(old: Path, new: Path) -> None:
        done.append(f"link {new.relative_to(root)}")
        link(old, new)

    def renamed(old: Path, new: Path) -> Path:
        done.append(f"rename {old.relative_to(root)}")
        return rename(old, new)

    def synced(folder: Path) -> None:
        done.append(f"sync {folder.relative_to(root)}")
        sync(folder)

    monkeypatch.setattr(os, "link", linked)
    monkeypatch.setattr(folder_module, "_sync", synced)
    monkeypatch.setattr(Path, "rename", renamed)

    run(filled(folder_store))

    mark = done.index("link log/done/00000000000000000001")
    for key in PENDING:
        gone = done.index(f"rename {key}")
        assert f"sync {key.rpartition('/')[0]}" in done[gone:mark]
        assert f"sync {ARCHIVED}" in done[:gone]


# --- a bucket

CHANGING = ("put_object", "copy_object", "delete_object", "delete_objects")


@pytest.fixture
def moto_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], S3Store]]:
    """Makes empty lakes in moto, in this process: thousands of requests over HTTP would take minutes.

    The data of the session's moto server, in the same process, stay.
    """
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    moto = mock_aws()
    moto.start(reset=False)
    try:
        boto3.client("s3").create_bucket(Bucket="stops")
        made = 0

        def lake_in_moto() -> S3Store:
            nonlocal made
            made += 1
            store = open_store(f"s3://stops/{made}")
            assert isinstance(store, S3Store)
            return store

        yield lake_in_moto
        emptied = open_store("s3://stops")
        for number in range(1, made + 1):
            emptied.delete_under(f"{number}/")
        boto3.client("s3").delete_bucket(Bucket="stops")
    finally:
        moto.stop(remove_data=False)


class Disturbed:
    """A client that fails or is killed at a changing request."""

    def __init__(self, client: Any, last: int, how: str) -> None:
        self.count = 0
        self._client = client
        self._last = last
        self._how = how

    def __getattr__(self, name: str) -> Any:
        """The client's method."""
        real = getattr(self._client, name)
        if name not in CHANGING:
            return real if self.count < self._last or self._how != "killed before" else self._gone

        def request(**named: Any) -> Any:
            self.count += 1
            if self.count == self._last:
                return self._disturb(name, real, named)
            if self.count > self._last and self._how == "killed before":
                raise Killed
            return real(**named)

        return request

    def _gone(self, *_: Any, **__: Any) -> None:
        raise Killed

    def _disturb(self, name: str, real: Callable[..., Any], named: dict[str, Any]) -> Any:
        if self._how == "killed before":
            raise Killed
        if self._how != "not done, an error":
            real(**named)
        if self._how == "done, the answer lost, tried again":
            return real(**named)
        status = {"HTTPStatusCode": 500}
        raise ClientError({"Error": {"Code": "InternalError", "Message": ""}, "ResponseMetadata": status}, name)


@pytest.mark.parametrize(
    "how", ["killed before", "done, the answer lost, tried again", "done, an error", "not done, an error"]
)
def test_a_run_stopped_at_any_changing_request_is_completed_by_the_next(
    how: str, moto_bucket: Callable[[], S3Store]
) -> None:
    for last in range(1, 100):
        store = moto_bucket()
        filled(store)
        real = store._client
        disturbed = Disturbed(real, last, how)
        store._client = disturbed
        with contextlib.suppress(Killed, TransientError):
            run(store)
        store._client = real
        assert_an_ordinary_run_completes(store, f"{how} request {last}")
        if disturbed.count < last:
            break
    assert 12 < last < 99


def test_the_double_answers_as_moto_does_but_for_the_condition_of_a_copy(moto_bucket: Callable[[], S3Store]) -> None:
    etag, other = s3_double.etag(b"one"), s3_double.etag(b"other")
    requests: list[s3_double.Request] = [
        ("get", "a"),
        ("head", "a"),
        ("put", "a", b"one", "*"),
        ("put", "a", b"other", "*"),
        ("head", "a"),
        ("copy", "none", "b", None),
        ("copy", "a", "b", etag),
        ("delete", "a", other),
        ("get", "a"),
        ("delete", "a", etag),
        ("delete", "a", etag),
        ("delete", "a", None),
        ("put", "a", b"two", None),
        ("list", "", ""),
        ("list", "", "a"),
        ("delete_many", ("a", "none")),
        ("list", "", ""),
    ]
    bucket: s3_double.Bucket = {}
    on_moto, on_double = [], []
    store = moto_bucket()
    for request in requests:
        bucket, answer = s3_double.answered(bucket, request)
        on_double.append(answer)
        on_moto.append(asked(store, request))

    assert on_moto == on_double
    # moto ignores the condition and copies; S3 refuses, and so does the double.
    store.put("source", b"two")
    assert asked(store, ("copy", "source", "target", etag)) is None
    assert s3_double.answered({"source": b"two"}, ("copy", "source", "target", etag))[1] == s3_double.CHANGED


def asked(store: S3Store, request: s3_double.Request) -> Any:
    """The answer of moto in the double's form."""
    client = store._client
    name, key, *rest = request
    where = {"Bucket": "stops", "Key": key if isinstance(key, tuple) else store._prefix + key}
    try:
        if name == "get":
            return client.get_object(**where)["Body"].read()
        if name == "head":
            return client.head_object(**where)["ETag"].strip('"')
        if name == "put":
            client.put_object(**where, Body=rest[0], **({"IfNoneMatch": rest[1]} if rest[1] else {}))
        if name == "copy":
            source = {"Bucket": "stops", "Key": where["Key"]}
            condition = {"CopySourceIfMatch": rest[1]} if rest[1] else {}
            client.copy_object(Bucket="stops", Key=store._prefix + rest[0], CopySource=source, **condition)
        if name == "delete":
            client.delete_object(**where, **({"IfMatch": rest[0]} if rest[0] else {}))
        if name == "delete_many":
            to_delete = [{"Key": store._prefix + listed} for listed in key]
            client.delete_objects(Bucket="stops", Delete={"Objects": to_delete})
        if name == "list":
            return tuple((listed.key, listed.size, listed.token) for listed in store.list(key, rest[0]))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return {"404": "NoSuchKey", "412": "PreconditionFailed"}.get(code, code)
    return None
