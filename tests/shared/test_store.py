"""Both stores keep the promises of ObjectStore; each also has a few of its own."""

import errno
import hashlib
import os
import pickle
import shutil
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped, unused-ignore]

from shared.store import (
    FolderStore,
    ObjectStore,
    S3Store,
    StoreError,
    TargetDiffersError,
    TransientError,
    UnreadableObjectError,
    open_store,
)
from shared.store import folder as folder_module
from tests.stores import UNPRIVILEGED_UID, content, folder_store, keys, s3_endpoint, s3_store, store, token

__all__ = ["folder_store", "s3_endpoint", "s3_store", "store"]

KEY = "raw/pending/run=1/a"
STRANGE = "raw/pending/drop/Jürgen's 100% +1 & más? #ü 日本.json"


def root(store: ObjectStore) -> Path:
    return Path(store.uri.removeprefix("file://"))


class FlakyS3(BaseHTTPRequestHandler):
    """Answers GET with each of `faults` in turn (a body that breaks off, or 503), then with the whole object."""

    faults: ClassVar[list[str]] = []
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        fault = self.faults.pop() if self.faults else ""
        if fault == "busy":
            body = b"<Error><Code>SlowDown</Code></Error>"
            self.send_response(503)
        else:
            body = b"whole body"
            self.send_response(200)
            self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:4] if fault == "cut" else body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FlakyS3]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), FlakyS3)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff._MAX_BACKOFF", 0.01)
    FlakyS3.asked = 0
    yield FlakyS3
    FlakyS3.faults.clear()
    server.shutdown()
    server.server_close()


def test_a_body_that_breaks_off_is_read_again(flaky: type[FlakyS3]) -> None:
    flaky.faults.extend(["cut", "cut"])

    fetched = open_store("s3://lake").get("a")

    assert fetched is not None
    assert (fetched.data, flaky.asked) == (b"whole body", 3)


def test_a_body_that_breaks_off_three_times_is_a_transient_error(flaky: type[FlakyS3]) -> None:
    flaky.faults.extend(["cut"] * 9)

    with pytest.raises(TransientError, match="start again"):
        open_store("s3://lake").get("a")

    assert flaky.asked == 3


def test_a_digest_is_of_the_whole_body(flaky: type[FlakyS3]) -> None:
    flaky.faults.extend(["cut", "cut"])
    store = open_store("s3://lake")
    assert isinstance(store, S3Store)

    assert store._digest("a") == hashlib.sha256(b"whole body").digest()


@pytest.mark.slow
def test_a_request_to_s3_is_tried_eight_times(flaky: type[FlakyS3]) -> None:
    flaky.faults.extend(["busy"] * 7)

    fetched = open_store("s3://lake").get("a")

    assert fetched is not None
    assert (fetched.data, flaky.asked) == (b"whole body", 8)


def test_no_thread_waits_for_a_connection(s3_store: S3Store) -> None:
    assert s3_store._client.meta.config.max_pool_connections >= s3_store.requests_at_once


# --- both roots


def test_an_object_that_was_put_can_be_read(store: ObjectStore) -> None:
    store.put("state/a.json", b"one")
    store.put("state/a.json", b"two")

    fetched = store.get("state/a.json")

    assert fetched is not None
    assert fetched.data == b"two"
    assert fetched.token == token(store, "state/a.json")


def test_a_missing_object_is_none_and_false(store: ObjectStore) -> None:
    assert store.get("a") is None
    assert store.get("a/b") is None
    assert not store.delete("a")
    assert not store.delete("a", "1-2-3-4")
    assert not store.copy("a", "b")
    assert keys(store) == []


def test_put_if_absent_leaves_the_first_as_it_is(store: ObjectStore) -> None:
    assert store.put_if_absent("log/1.json", b"mine")
    assert not store.put_if_absent("log/1.json", b"yours")
    assert content(store, "log/1.json") == b"mine"
    assert keys(store) == ["log/1.json"]


def test_exactly_one_of_many_simultaneous_puts_wins(store: ObjectStore) -> None:
    won: list[int] = []
    start = threading.Barrier(8)

    def race(number: int) -> None:
        start.wait()
        if store.put_if_absent("log/1.json", b"%d" % number):
            won.append(number)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert content(store, "log/1.json") == b"%d" % won[0]


def test_a_listing_is_in_key_order_and_starts_behind_after(store: ObjectStore) -> None:
    for key in ("b/1", "a/2", "a.x", "a/1/z", "a/10", "a0", "é", "c"):
        store.put(key, b"")

    assert keys(store) == ["a.x", "a/1/z", "a/10", "a/2", "a0", "b/1", "c", "é"]
    assert keys(store, "a/") == ["a/1/z", "a/10", "a/2"]
    assert keys(store, "a/1") == ["a/1/z", "a/10"]
    assert [listed.key for listed in store.list("", after="a/10")] == ["a/2", "a0", "b/1", "c", "é"]
    assert [listed.key for listed in store.list("a/", after="a/1/z")] == ["a/10", "a/2"]
    assert keys(store, "nothing/") == []


def test_a_listing_has_size_and_time(store: ObjectStore) -> None:
    store.put("a", b"12345")

    listed = next(store.list(""))

    assert listed.size == 5
    assert listed.time.tzinfo is UTC
    assert abs(datetime.now(UTC) - listed.time) < timedelta(seconds=5)


def test_unfinished_files_are_not_listed(store: ObjectStore) -> None:
    for name in (".hidden", "a.json.part", "a.tmp", "a.crc", "_temporary/0/a", ".spark/a"):
        store.put(f"raw/{name}", b"")
    store.put("raw/_manifest.json", b"")
    store.put("raw/_SUCCESS", b"")

    assert keys(store) == ["raw/_SUCCESS", "raw/_manifest.json"]


def test_keys_are_plain_text(store: ObjectStore) -> None:
    assert store.put_if_absent(STRANGE, b"x")
    assert keys(store, "raw/pending/") == [STRANGE]
    assert [listed.key for listed in store.list("raw/", after=STRANGE)] == []
    assert store.copy(STRANGE, STRANGE + " copy", token(store, STRANGE))
    assert store.delete(STRANGE, token(store, STRANGE), b"x")
    assert keys(store) == [STRANGE + " copy"]
    assert store.object_uri(STRANGE) == f"{store.uri}/{STRANGE}"


def test_no_key_leads_out_of_the_lake(store: ObjectStore) -> None:
    for key in ("../x", "a/../../x", "/etc/passwd", "a//b", "./a", "", "a\0b"):
        for act in (store.get, store.delete, store.object_uri, store.delete_under):
            with pytest.raises(StoreError, match="is no key"):
                act(key)
        with pytest.raises(StoreError, match="is no key"):
            store.put(key, b"")
        with pytest.raises(StoreError, match="is no key"):
            store.put_if_absent(key, b"")
        with pytest.raises(StoreError, match="is no key"):
            store.copy("a", key)
    with pytest.raises(StoreError, match="is no key"):
        list(store.list("../"))


@pytest.mark.parametrize("other", [b"old", b"older"])
def test_a_copy_onto_other_bytes_is_refused_and_changes_nothing(store: ObjectStore, other: bytes) -> None:
    store.put("staging/a", b"new")
    store.put("processed/a", other)

    with pytest.raises(TargetDiffersError, match=r"processed/a holds other bytes than staging/a"):
        store.copy("staging/a", "processed/a")

    assert content(store, "processed/a") == other
    assert content(store, "staging/a") == b"new"


def test_a_copy_already_made_by_another_run_succeeds_with_or_without_the_source(store: ObjectStore) -> None:
    store.put("staging/a", b"same")
    store.put("processed/a", b"same")

    assert store.copy("staging/a", "processed/a")
    store.delete("staging/a")
    assert store.copy("staging/a", "processed/a")
    assert content(store, "processed/a") == b"same"


def test_a_copy_with_a_token_is_of_that_version_only(folder_store: ObjectStore) -> None:
    """Of a bucket, tests/glue_jobs/commit_log/test_archive.py: moto ignores the condition."""
    store = folder_store
    store.put("a", b"one")
    first = token(store, "a")
    store.put("a", b"two")

    assert not store.copy("a", "b", first)
    assert content(store, "b") is None
    assert store.copy("a", "b", token(store, "a"))
    assert content(store, "b") == b"two"


def test_a_delete_with_a_token_is_of_that_version_only(store: ObjectStore) -> None:
    store.put("a", b"one")
    first = token(store, "a")
    store.put("a", b"two")

    assert not store.delete("a", first)
    assert content(store, "a") == b"two"
    assert store.delete("a", token(store, "a"))
    assert keys(store) == []


def test_delete_under_removes_hidden_files_too_and_nothing_beside(store: ObjectStore) -> None:
    for key in ("staging/1/songs/a", "staging/1/songs/.a.crc", "staging/1/_temporary/0/a", "staging/10/a"):
        store.put(key, b"")

    store.delete_under("staging/1/")

    assert keys(store) == ["staging/10/a"]
    assert store.get("staging/1/songs/.a.crc") is None
    store.delete_under("staging/1/")


def test_a_token_changes_with_the_version_only(store: ObjectStore) -> None:
    store.put_if_absent("a", b"one")
    first = token(store, "a")

    assert token(store, "a") == first
    store.put("a", b"two")
    assert token(store, "a") != first


# --- opening


def test_a_missing_lake_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"There is no lake at {tmp_path}/x: create the folder or check --lake"):
        open_store(f"file://{tmp_path}/x")

    assert open_store(f"{tmp_path}/x", create=True).uri == f"file://{tmp_path}/x"
    assert open_store(f"file://{tmp_path}/x/").uri == f"file://{tmp_path}/x"


@pytest.mark.parametrize("uri", ["gs://lake/x", "file://host/x", "s3://"])
def test_an_unknown_kind_of_uri_is_an_error_with_the_right_form(uri: str) -> None:
    with pytest.raises(StoreError, match="write s3://bucket/prefix"):
        open_store(uri)


@pytest.mark.usefixtures("s3_endpoint")
def test_a_bucket_is_the_lake_with_and_without_a_prefix() -> None:
    assert open_store("s3://lake/a b/c/").uri == "s3://lake/a b/c"
    assert open_store("s3://lake").object_uri("log/1") == "s3://lake/log/1"


# --- a folder


class Killed(BaseException):
    """The process was killed: none of its code runs any more."""


def killed_at(call: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> bool:
    """Runs `act` without any system call that changes a folder from number `call` on; False if there were fewer."""
    count = 0

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call_it(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count >= call:
                raise Killed
            return real(*args, **kwargs)

        return call_it

    with monkeypatch.context() as patch:
        for name in ("link", "unlink", "rename", "replace", "mkdir", "rmdir", "fsync"):
            patch.setattr(os, name, guarded(getattr(os, name)))
        try:
            act()
        except Killed:
            return True
    return False


def test_a_put_killed_at_any_call_leaves_a_whole_object_or_none_and_its_token_is_stable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()
    for call in range(1, 50):
        lake = open_store(str(tmp_path / str(call)), create=True)
        if not killed_at(call, monkeypatch, partial(lake.put_if_absent, "log/1.json", b"whole")):
            break
        before = {listed.key: listed.token for listed in lake.list("")}
        seen.add(content(lake, "log/1.json"))
        lake.put_if_absent("log/1.json", b"whole")
        assert content(lake, "log/1.json") == b"whole"
        assert before in ({}, {"log/1.json": token(lake, "log/1.json")})

    assert seen == {None, b"whole"}


def test_a_token_listed_before_the_writer_has_cleaned_up_is_stable(
    folder_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    link = os.link

    def list_at_once(old: Path, new: Path) -> None:
        link(old, new)
        listed.append(token(folder_store, "drop"))

    monkeypatch.setattr(os, "link", list_at_once)
    folder_store.put_if_absent("drop", b"x")

    assert listed == [token(folder_store, "drop")]


def test_a_hidden_link_that_a_kill_left_changes_no_token_whichever_operation_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen_by_list(lake: ObjectStore) -> str:
        return token(lake, KEY)

    def seen_by_get(lake: ObjectStore) -> str:
        fetched = lake.get(KEY)
        assert fetched is not None
        return fetched.token

    def seen_by_copy(lake: ObjectStore) -> str:
        assert lake.copy(KEY, "copy")
        return seen_by_get(lake)

    def seen_by_refused_delete(lake: ObjectStore) -> str:
        assert not lake.delete(KEY, "1-2-3-4")
        return seen_by_get(lake)

    for number, first in enumerate((seen_by_list, seen_by_get, seen_by_copy, seen_by_refused_delete)):
        lake = open_store(str(tmp_path / str(number)), create=True)
        real = os.unlink
        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", lambda *_, **__: (_ for _ in ()).throw(Killed))
            with pytest.raises(Killed):
                lake.put_if_absent(KEY, b"x")
        assert os.unlink is real
        file = root(lake) / KEY
        assert file.stat().st_nlink == 2  # the visible name and the hidden name

        seen = first(lake)

        assert file.stat().st_nlink == 1
        time.sleep(0.02)  # a later change of the file would have a later ctime
        assert [seen_by_list(lake), seen_by_get(lake), seen_by_copy(lake)] == [seen] * 3
        assert lake.delete(KEY, seen, b"x")
        assert list(root(lake).rglob(".put-*")) == []


def test_an_aside_that_another_thread_removes_meanwhile_hides_no_linked_file(
    folder_store: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "mine.json").write_bytes(b"x")
    os.link(tmp_path / "mine.json", root(folder_store) / "a.json")
    is_over = threading.Event()

    def set_aside_and_remove() -> None:
        while not is_over.is_set():
            aside = root(folder_store) / ".aside-1-1-1--00"
            aside.mkdir()
            (aside / "b.json").write_bytes(b"")
            (aside / "b.json").unlink()
            aside.rmdir()

    other = threading.Thread(target=set_aside_and_remove)
    other.start()
    try:
        missed = sum(folder_store.get("a.json") is None for _ in range(3000))
    finally:
        is_over.set()
        other.join()

    assert missed == 0


def test_what_an_operation_on_a_linked_file_costs_does_not_grow_with_the_folder(
    folder_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    for number in range(300):
        (tmp_path / "mine" / f"{number}.json").write_bytes(b"x")
        os.link(tmp_path / "mine" / f"{number}.json", root(folder_store) / f"{number}.json")
    listings: list[object] = []
    scandir, listdir = os.scandir, os.listdir

    monkeypatch.setattr(os, "scandir", lambda *args: listings.append(args) or scandir(*args))  # type: ignore[func-returns-value]
    monkeypatch.setattr(os, "listdir", lambda *args: listings.append(args) or listdir(*args))  # type: ignore[func-returns-value]
    assert len(keys(folder_store)) == 300
    for number in range(300):
        assert folder_store.get(f"{number}.json") is not None

    assert len(listings) == 1


def test_the_hidden_name_of_another_file_is_left_alone(folder_store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(b"x")
    os.link(tmp_path / "mine.json", root(folder_store) / "a.json")
    number = (tmp_path / "mine.json").stat().st_ino
    hidden = root(folder_store) / f".put-{number}"  # as in a copied lake, where inode numbers differ
    hidden.write_bytes(b"on its way")

    assert content(folder_store, "a.json") == b"x"
    assert hidden.read_bytes() == b"on its way"


def test_a_persons_hard_link_is_left_alone(folder_store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_bytes(b"x")
    os.link(tmp_path / "mine.json", root(folder_store) / "a.json")
    os.link(tmp_path / "mine.json", root(folder_store) / "b.json")

    assert keys(folder_store) == ["a.json", "b.json"]


def test_a_delete_killed_at_any_call_is_done_or_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in range(1, 50):
        lake = open_store(str(tmp_path / str(call)), create=True)
        lake.put(KEY, b"one")
        first = token(lake, KEY)
        killed = killed_at(call, monkeypatch, partial(lake.delete, KEY, first, b"one"))

        assert keys(lake) in ([], [KEY])
        lake.delete(KEY, first, b"one")
        assert keys(lake) == []
        assert [path.name for path in root(lake).rglob("*") if path.is_file()] == []
        if not killed:
            break
    assert call > 4


def test_a_newer_version_moved_aside_by_a_delete_is_put_back_after_a_kill_at_any_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call in range(1, 50):
        lake = open_store(str(tmp_path / str(call)), create=True)
        lake.put(KEY, b"one")
        first = token(lake, KEY)
        rename, replace = Path.rename, os.replace

        def rename_another(path: Path, target: Path) -> Path:
            (path.parent / "new").write_bytes(b"two")
            replace(path.parent / "new", path)
            return rename(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", rename_another)
            killed = killed_at(call, monkeypatch, partial(lake.delete, KEY, first, b"one"))

        assert keys(lake) == [KEY]
        if content(lake, KEY) == b"two":
            second = token(lake, KEY)
            assert not lake.delete(KEY, first)
            assert token(lake, KEY) == second
        assert [path.name for path in root(lake).rglob("*") if path.is_file()] == ["a"]
        if not killed:
            assert content(lake, KEY) == b"two"
            break
    assert call > 5


def test_what_is_put_back_does_not_overwrite_a_still_newer_version(
    folder_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_store.put("a", b"one")
    first = token(folder_store, "a")
    rename = Path.rename

    def two_more(path: Path, target: Path) -> Path:
        path.unlink()
        path.write_bytes(b"two!")
        moved = rename(path, target)
        path.write_bytes(b"three")
        return moved

    monkeypatch.setattr(Path, "rename", two_more)

    assert not folder_store.delete("a", first)
    assert content(folder_store, "a") == b"three"
    assert keys(folder_store) == ["a"]
    assert [path.name for path in root(folder_store).iterdir()] == ["a"]


def test_other_bytes_with_the_same_size_and_time_are_another_version(folder_store: ObjectStore) -> None:
    folder_store.put("a", b"one")
    first = token(folder_store, "a")
    path = root(folder_store) / "a"
    times = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert token(folder_store, "a") != first
    assert not folder_store.delete("a", first, b"one")
    assert content(folder_store, "a") == b"two"


def test_a_changed_mode_is_no_other_version_to_delete(folder_store: ObjectStore) -> None:
    folder_store.put("a", b"one")
    first = token(folder_store, "a")
    (root(folder_store) / "a").chmod(0o600)

    assert folder_store.delete("a", first, b"one")


def test_empty_folders_of_the_suite_are_removed_and_those_of_people_stay(folder_store: ObjectStore) -> None:
    for key in ("raw/pending/run=1/a", "raw/pending/drop/b", "staging/1/songs/c"):
        folder_store.put(key, b"")
        folder_store.delete(key, token(folder_store, key))

    assert sorted(path.name for path in root(folder_store).rglob("*")) == ["drop", "pending", "raw", "staging"]


def test_symbolic_links_are_neither_listed_nor_followed_out(folder_store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"x")
    (root(folder_store) / "out").symlink_to(tmp_path / "outside")
    (root(folder_store) / "file").symlink_to(tmp_path / "outside" / "secret")

    assert keys(folder_store) == []
    assert folder_store.get("file") is None
    with pytest.raises(StoreError, match=r"out/secret leads out of the lake .* by a symbolic link"):
        folder_store.get("out/secret")
    with pytest.raises(StoreError, match="by a symbolic link"):
        folder_store.put("out/new", b"")
    with pytest.raises(StoreError, match="by a symbolic link"):
        list(folder_store.list("out/"))


@pytest.mark.parametrize("name", ["write", "fsync"])
def test_a_full_disk_is_an_error_and_nothing_is_half_written(
    name: str, folder_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if name == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(shutil, "copyfileobj", full)

    for put in (folder_store.put, folder_store.put_if_absent):
        with pytest.raises(StoreError, match=r"Cannot work on .*/my lake/a: the disk is full; free some space"):
            put("a", b"x")
    assert list(root(folder_store).iterdir()) == []


def test_a_folder_without_write_permission_is_an_error_that_names_it(
    folder_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "link", refuse)

    with pytest.raises(StoreError, match=r"/my lake/a: permission denied; check who owns the folder"):
        folder_store.put_if_absent("a", b"x")
    assert list(root(folder_store).iterdir()) == []


def test_a_temporary_file_left_by_a_kill_is_removed_after_a_day(folder_store: ObjectStore) -> None:
    old, new = root(folder_store) / ".put-old", root(folder_store) / ".put-new"
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    os.utime(old, (time.time() - 90_000,) * 2)

    assert keys(folder_store) == []
    assert [path.name for path in root(folder_store).iterdir()] == [".put-new"]


def test_a_folder_removed_during_a_put_is_made_again(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = folder_module._make_folder
    made: list[Path] = []

    def make_and_lose(folder: Path) -> None:
        real(folder)
        made.append(folder)
        if folder.name == "run=1" and made.count(folder) == 1:
            folder.rmdir()

    monkeypatch.setattr(folder_module, "_make_folder", make_and_lose)

    assert folder_store.put_if_absent("run=1/a", b"x")
    assert keys(folder_store) == ["run=1/a"]


def test_a_folder_removed_during_a_listing_is_empty(folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = root(folder_store) / "run=1"
    folder.joinpath(".aside-1-1-1--00").mkdir(parents=True)  # of a delete that is at its end
    real = folder_module._settle_aside

    def settle_and_lose(aside: Path) -> bool:
        removed = real(aside)
        folder.rmdir()
        return removed

    monkeypatch.setattr(folder_module, "_settle_aside", settle_and_lose)

    assert keys(folder_store) == []


# --- a folder with entries that may not be read

DENIED = "permission denied; check who owns it and who may read it and move it out of the lake"


def leaving(store: ObjectStore, prefix: str = "raw/pending/") -> tuple[list[str], dict[str, str]]:
    """The keys that a listing yields, and those that it leaves out, with their reasons."""
    left: dict[str, str] = {}
    return [listed.key for listed in store.list(prefix, left=left.__setitem__)], left


def test_a_file_that_may_not_be_read_says_so(others_lake: Path) -> None:
    store = open_store(str(others_lake))
    store.put("raw/pending/drop/a.json", b"x")
    (others_lake / "raw/pending/drop/a.json").chmod(0)

    with pytest.raises(UnreadableObjectError) as raised:
        store.get("raw/pending/drop/a.json")

    assert raised.value.reason == DENIED
    assert str(raised.value).startswith(f"Cannot read {others_lake}/raw/pending/drop/a.json: permission denied; check")


@pytest.mark.parametrize(("mode", "left"), [(0o000, ""), (0o100, ""), (0o400, "b.json"), (0o500, "b.json")])
def test_a_folder_that_may_not_be_listed_or_emptied_is_left_and_the_rest_is_listed(
    others_lake: Path, mode: int, left: str
) -> None:
    store = open_store(str(others_lake))
    for key in ("a.json", "shut/b.json", "z.json"):
        store.put(f"raw/pending/drop/{key}", b"x")
    (others_lake / "raw/pending/drop/shut").chmod(mode)

    assert leaving(store) == (
        ["raw/pending/drop/a.json", "raw/pending/drop/z.json"],
        {f"raw/pending/drop/shut/{left}": DENIED},
    )


def test_a_read_only_folder_outside_the_lake_is_listed(others_lake: Path) -> None:
    store = open_store(str(others_lake))
    store.put("mine/a.json", b"x")
    (others_lake / "mine").chmod(0o500)

    assert leaving(store, "") == (["mine/a.json"], {})


def test_a_file_of_another_user_in_a_sticky_folder_is_left(others_lake: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can make a file of another user")
    store = open_store(str(others_lake))
    store.put("raw/pending/drop/a.json", b"x")
    store.put("raw/pending/drop/b.json", b"x")
    os.seteuid(0)
    os.chown(others_lake / "raw/pending/drop", 0, 0)
    os.chown(others_lake / "raw/pending/drop/b.json", 0, 0)
    (others_lake / "raw/pending/drop").chmod(0o1777)
    os.seteuid(UNPRIVILEGED_UID)

    assert leaving(store) == (["raw/pending/drop/a.json"], {"raw/pending/drop/b.json": DENIED})


@pytest.mark.parametrize("folder", ["raw/pending", "raw", "."])
def test_a_lake_that_may_not_be_listed_is_an_error(others_lake: Path, folder: str) -> None:
    store = open_store(str(others_lake))
    store.put("raw/pending/drop/a.json", b"x")
    (others_lake / folder).chmod(0)

    with pytest.raises(StoreError, match="permission denied"):
        leaving(store)


def test_a_listing_of_the_log_leaves_nothing(others_lake: Path) -> None:
    store = open_store(str(others_lake))
    store.put("log/done/1", b"")
    (others_lake / "log/done").chmod(0)

    with pytest.raises(StoreError, match="permission denied"):
        list(store.list("log/"))


@pytest.mark.parametrize(("code", "is_left"), [(errno.EIO, True), (errno.EMFILE, False), (errno.ENOSPC, False)])
def test_an_io_error_of_a_folder_is_left_and_a_fault_of_the_machine_is_not(
    folder_store: ObjectStore, monkeypatch: pytest.MonkeyPatch, code: int, *, is_left: bool
) -> None:
    for key in ("a.json", "bad/b.json"):
        folder_store.put(f"raw/pending/drop/{key}", b"x")
    scandir = os.scandir

    def failing(folder: Path) -> Any:
        if folder.name == "bad":
            raise OSError(code, os.strerror(code))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", failing)

    if is_left:
        assert leaving(folder_store) == (
            ["raw/pending/drop/a.json"],
            {"raw/pending/drop/bad/": "Input/output error; check the disk"},
        )
    else:
        with pytest.raises(StoreError, match="Cannot work on"):
            leaving(folder_store)


def test_a_name_that_is_not_utf8_is_left(folder_store: ObjectStore) -> None:
    folder_store.put("raw/pending/drop/a.json", b"x")
    (root(folder_store) / "raw/pending/drop").joinpath(os.fsdecode(b"caf\xe9.json")).write_bytes(b"x")

    assert leaving(folder_store) == (
        ["raw/pending/drop/a.json"],
        {"raw/pending/drop/caf\\xe9.json": "its name is not UTF-8; rename it"},
    )


# --- a bucket


def answer(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutObject"
    )


def test_a_conflict_is_put_again(s3_store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = s3_store._client.put_object
    conflicts = [answer("ConditionalRequestConflict", 409)] * 2

    def put_object(**request: Any) -> Any:
        if conflicts:
            raise conflicts.pop()
        return real(**request)

    monkeypatch.setattr(s3_store._client, "put_object", put_object)

    assert s3_store.put_if_absent("log/1", b"x")
    assert content(s3_store, "log/1") == b"x"


@pytest.mark.parametrize(("code", "status"), [("ConditionalRequestConflict", 409), ("SlowDown", 503), ("Odd", 500)])
def test_errors_that_a_retry_may_cure_are_transient(
    code: str, status: int, s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_object(**_: Any) -> None:
        raise answer(code, status)

    monkeypatch.setattr(s3_store._client, "put_object", put_object)

    with pytest.raises(TransientError, match=f"is busy \\({code}\\): start again in a minute"):
        s3_store.put_if_absent("log/1", b"x")


def test_a_refused_request_is_an_error_that_names_the_operation(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = answer("AccessDenied", 403)

    def put_object(**_: Any) -> None:
        raise refusal

    monkeypatch.setattr(s3_store._client, "put_object", put_object)

    with pytest.raises(StoreError, match=r"AWS refuses PutObject on s3://lake/.*: check the credentials"):
        s3_store.put("a", b"x")


@pytest.mark.usefixtures("s3_endpoint")
def test_a_missing_bucket_is_an_error_that_names_it() -> None:
    lake = open_store("s3://missing-bucket/lake")

    for act in (lambda: list(lake.list("")), lambda: lake.get("a"), lambda: lake.put("a", b"")):
        with pytest.raises(StoreError, match="There is no bucket missing-bucket: create it or check --lake"):
            act()


@pytest.mark.usefixtures("s3_endpoint")
def test_an_endpoint_that_does_not_answer_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(TransientError, match="does not answer"):
        open_store("s3://lake").get("a")


@pytest.mark.usefixtures("s3_endpoint")
def test_missing_credentials_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it caches credentials

    with pytest.raises(StoreError, match="There are no AWS credentials for s3://lake"):
        open_store("s3://lake").get("a")


def test_equal_bytes_with_other_etags_are_equal_as_under_kms(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = s3_store._client.head_object

    def with_an_etag_of_its_own(**request: str) -> Any:
        return head(**request) | {"ETag": f'"{request["Key"]}"'}

    monkeypatch.setattr(s3_store._client, "head_object", with_an_etag_of_its_own)
    for key, data in (("a", b"same"), ("b", b"same"), ("c", b"diff")):
        s3_store.put(key, data)

    assert s3_store.copy("a", "b")
    with pytest.raises(TargetDiffersError):
        s3_store.copy("a", "c")


def test_equal_etags_are_not_downloaded(s3_store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    s3_store.put("a", b"same")
    s3_store.put("b", b"same")
    monkeypatch.setattr(s3_store._client, "get_object", lambda **_: pytest.fail("downloaded"))

    assert s3_store.copy("a", "b")


NO_KEY = "its key has an empty part, '.' or '..'; copy it to another key and delete it"


@pytest.mark.parametrize(
    "name",
    ["double//slash.json", "/leading.json", "./here.json", "a/../b.json", "..", "a/./b.json", "end/", "twice//", "//"],
)
def test_a_key_that_no_lake_can_hold_is_left_and_the_rest_is_listed(s3_store: S3Store, name: str) -> None:
    s3_store.put("raw/pending/drop/a.json", b"x")
    s3_store.put("raw/pending/drop/z.json", b"x")
    prefix = s3_store.uri.removeprefix("s3://lake/")
    s3_store._client.put_object(Bucket="lake", Key=f"{prefix}/raw/pending/drop/{name}", Body=b"x")

    assert leaving(s3_store) == (
        ["raw/pending/drop/a.json", "raw/pending/drop/z.json"],
        {f"raw/pending/drop/{name}": NO_KEY},
    )
    assert keys(s3_store, "raw/pending/") == ["raw/pending/drop/a.json", "raw/pending/drop/z.json"]


def test_every_listed_object_can_be_read_copied_and_deleted(s3_store: S3Store) -> None:
    prefix = s3_store.uri.removeprefix("s3://lake/")
    names = ["a b+c (1).json", "日本.json", "x%2By.json", "_SUCCESS", "sub_$folder$", "a//b", "./c", "d/../e", "f/"]
    for name in [*names, ".DS_Store", "g/.git//h", "tab\there"]:
        s3_store._client.put_object(Bucket="lake", Key=f"{prefix}/raw/pending/drop/{name}", Body=b"x")

    listed = keys(s3_store, "raw/pending/drop/")

    assert listed == [
        f"raw/pending/drop/{name}"
        for name in (
            "_SUCCESS",
            "a b+c (1).json",
            "sub_$folder$",
            "tab\there",
            "x%2By.json",
            "日本.json",
        )
    ]
    for number, key in enumerate(listed):
        assert content(s3_store, key) == b"x"
        assert s3_store.copy(key, f"copies/{number}")
        assert s3_store.delete(key, token(s3_store, key))
    assert keys(s3_store, "raw/pending/drop/") == []


def test_a_key_too_long_for_the_archive_is_left(s3_store: S3Store) -> None:
    prefix = s3_store.uri.removeprefix("s3://lake/")
    name = "n" * (1024 - len(f"{prefix}/raw/pending/drop/"))
    s3_store.put(f"raw/pending/drop/{name}", b"x")
    s3_store.put(f"raw/pending/drop/{name[32:]}", b"x")

    assert leaving(s3_store) == (
        [f"raw/pending/drop/{name[32:]}"],
        {f"raw/pending/drop/{name}": "its key is too long to be archived; copy it to a shorter key and delete it"},
    )


def test_folder_markers_of_the_s3_console_are_not_listed(s3_store: S3Store) -> None:
    s3_store._client.put_object(Bucket="lake", Key=f"{s3_store.uri[len('s3://lake/') :]}/raw/pending/drop/")
    s3_store.put("raw/pending/drop/a.json", b"")

    assert keys(s3_store, "raw/") == ["raw/pending/drop/a.json"]


def test_more_than_one_page_is_listed_and_deleted(s3_store: S3Store) -> None:
    request = {"Bucket": "lake", "Prefix": s3_store.uri[len("s3://lake/") :]}
    for number in range(12):
        s3_store.put(f"staging/1/{number:02d}", b"")
    paginate = s3_store._client.get_paginator("list_objects_v2").paginate

    assert len(list(paginate(**request, PaginationConfig={"PageSize": 5}))) == 3
    s3_store.delete_under("staging/1/")
    assert keys(s3_store) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (StoreError("The disk is full."), "The disk is full."),
        (TransientError("s3://lake is busy."), "s3://lake is busy."),
        (TargetDiffersError("a", "b"), "b holds other bytes than a: it was left as it is, move it away."),
        (UnreadableObjectError("a", "check the disk"), "Cannot read a: check the disk."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_executors_error_reaches_the_driver_unchanged(error: StoreError, sentence: str) -> None:
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301  # made here

    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), sentence, vars(error))


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("a symbolic link", lambda path: path.symlink_to("/etc/passwd")),
        ("a symbolic link", lambda path: path.symlink_to("/etc", target_is_directory=True)),
        ("a symbolic link", lambda path: path.symlink_to("nowhere")),
        ("a named pipe", os.mkfifo),
        ("a socket", lambda path: os.mknod(path, stat.S_IFSOCK | 0o600)),
        pytest.param(
            "a device",
            lambda path: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3)),
            marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices"),
        ),
    ],
)
def test_an_entry_that_is_no_regular_file_is_left_out_with_its_kind(
    folder_store: ObjectStore, kind: str, make: Callable[[Path], object]
) -> None:
    folder_store.put("raw/pending/drop/a.json", b"a")
    make(root(folder_store) / "raw/pending/drop/b.json")
    left: dict[str, str] = {}

    listed = [entry.key for entry in folder_store.list("raw/pending/", left=left.__setitem__)]

    assert listed == ["raw/pending/drop/a.json"]
    assert left == {"raw/pending/drop/b.json": f"it is {kind}, no regular file; put a copy of the file there instead"}


def test_a_name_that_is_not_utf_8_is_logged_once_and_only_where_it_matters(
    folder_store: ObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    folder_store.put("log/1", b"1")
    folder = os.fsencode(root(folder_store))
    Path(os.fsdecode(folder + b"/log/\xff")).touch()
    Path(os.fsdecode(folder + b"/log/x\xff")).mkdir()

    for prefix in ("log/", "log/", "log/1", "log/2"):
        list(folder_store.list(prefix))

    assert caplog.messages == [
        "Left out log/x\\xff/: its name is not UTF-8; rename it.",
        "Left out log/\\xff: its name is not UTF-8; rename it.",
    ]
