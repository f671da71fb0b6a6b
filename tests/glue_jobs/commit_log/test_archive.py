"""Archiving copies the committed version inside the store and deletes it; only a changed version is downloaded."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from glue_jobs.log_entry import CommitLogError
from shared.store import ObjectStore, S3Store, TargetDiffersError, TransientError
from shared.store import s3 as s3_module
from tests.glue_jobs.commit_log import s3_double
from tests.glue_jobs.commit_log.test_races import Died, DiesAfterItsCommit, archived, planned, rows
from tests.glue_jobs.commit_log.writer import commit_log, run, take
from tests.stores import content, keys, token
from tests.waiting import PATIENCE

X = "raw/pending/run=1/x.json"
ARCHIVED_X = "raw/processed/00000000000000000001/run=1/x.json"
DONE_1 = "log/done/00000000000000000001"


def fill(store: ObjectStore, count: int) -> list[str]:
    pending = [f"raw/pending/run=1/{number:03d}" for number in range(count)]
    for key in pending:
        store.put(key, key.encode())
    return pending


def commit_and_die(store: ObjectStore) -> None:
    log = commit_log(DiesAfterItsCommit(store, 0, lambda: None))
    with pytest.raises(Died):
        take(log, store, planned(log))


def recorded(store: S3Store, of: Callable[[str], bool]) -> Counter[str]:
    """Counts the requests by name, for the keys that `of` accepts."""
    seen = Counter[str]()
    if isinstance(store._client, s3_double.Client):
        ask = store._client._ask

        def asked(request: s3_double.Request) -> Any:
            key = request[2] if request[0] == "copy" else request[1]
            seen[str(request[0])] += request[0] != "list" and of(str(key))
            return ask(request)

        store._client._ask = asked
        return seen

    def before(params: dict[str, Any], model: Any, **_: Any) -> None:
        name = {"HeadObject": "head", "CopyObject": "copy", "DeleteObject": "delete", "GetObject": "get"}
        seen[name.get(model.name, model.name)] += of(params.get("Key", "").removeprefix(store._prefix))

    store._client.meta.events.register("before-parameter-build.s3", before)
    return seen


@pytest.fixture(params=["S3 double", "moto"])
def bucket(request: pytest.FixtureRequest) -> Any:
    """An empty lake in a bucket."""
    return s3_double.new_store() if request.param == "S3 double" else request.getfixturevalue("s3_store")


def test_an_object_is_archived_by_three_requests_and_no_download(bucket: S3Store) -> None:
    fill(bucket, 20)
    log = commit_log(bucket, moves_at_once=4)
    batch = planned(log)
    seen = recorded(bucket, lambda key: key.startswith("raw/"))

    entry = take(log, bucket, batch)

    assert entry is not None
    assert +seen == Counter(get=20, head=20, copy=20, delete=20)  # the table writer reads each object once
    assert len(keys(bucket, "raw/processed/")) == 20
    assert keys(bucket, "raw/pending/") == []


def test_the_same_bytes_put_again_under_another_etag_are_archived(s3_store: S3Store) -> None:
    s3_store.put(X, b"x1")
    before = token(s3_store, X)
    commit_and_die(s3_store)
    where = {"Bucket": "lake", "Key": s3_store._prefix + X}
    client = s3_store._client
    upload = client.create_multipart_upload(**where)["UploadId"]
    part = client.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x1")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
    assert token(s3_store, X) != before

    run(s3_store)

    assert rows(s3_store) == archived(s3_store) == Counter([b"x1"])
    assert keys(s3_store, "log/0") == ["log/00000000000000000001.json"]


def test_an_archived_copy_has_no_tags(s3_store: S3Store) -> None:
    s3_store.put(X, b"x1")
    where = {"Bucket": "lake", "Key": s3_store._prefix + X}
    s3_store._client.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "owner", "Value": "me"}]})

    run(s3_store)

    where["Key"] = s3_store._prefix + ARCHIVED_X
    assert s3_store._client.get_object_tagging(**where)["TagSet"] == []


# --- a refused copy


def changed_before(name: str, change: Callable[[s3_double.Bucket], s3_double.Bucket]) -> S3Store:
    """A bucket that `change` changes once, before the first request of that name."""
    waiting = [change]

    def before(request: s3_double.Request, bucket: s3_double.Bucket) -> s3_double.Bucket | None:
        return waiting.pop()(bucket) if request[0] == name and waiting else None

    return s3_double.new_store(before)


def test_a_source_that_changes_just_before_the_copy_is_not_copied() -> None:
    store = changed_before("copy", lambda bucket: {**bucket, "source": b"two"})
    store.put("source", b"one")

    assert not store.copy("source", "target", s3_double.etag(b"one"))
    assert keys(store) == ["source"]


def test_a_source_that_is_removed_just_before_the_copy_is_not_copied() -> None:
    store = changed_before("copy", lambda _: {})
    store.put("source", b"one")

    assert not store.copy("source", "target", s3_double.etag(b"one"))
    assert keys(store) == []


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_copy_that_another_run_makes_just_before_is_that_copy(is_removed: bool) -> None:
    store = changed_before("copy", lambda _: {"target": b"one"} if is_removed else {"source": b"one", "target": b"one"})
    store.put("source", b"one")

    assert store.copy("source", "target", s3_double.etag(b"one"))
    assert content(store, "target") == b"one"


def test_a_target_that_appears_just_before_the_copy_with_other_bytes_is_not_replaced() -> None:
    store = changed_before("copy", lambda bucket: {**bucket, "target": b"other"})
    store.put("source", b"one")

    with pytest.raises(TargetDiffersError, match="target holds other bytes than source"):
        store.copy("source", "target", s3_double.etag(b"one"))
    assert content(store, "target") == b"other"


def test_a_changed_source_of_an_archived_object_is_no_damage(store: ObjectStore) -> None:
    store.put("source", b"one")
    first = token(store, "source")
    store.put("target", b"one")
    store.put("source", b"two")

    assert not store.copy("source", "target", first)
    assert content(store, "target") == b"one"


def test_a_source_that_changes_while_it_is_compared_is_no_damage() -> None:
    store = changed_before("get", lambda bucket: {**bucket, "source": b"two"})
    store.put("source", b"one")
    store.put("target", b"zero")

    assert not store.copy("source", "target", s3_double.etag(b"one"))


@pytest.mark.parametrize(("conflicts", "is_made"), [(2, True), (99, False)])
def test_a_copy_refused_by_a_conflict_is_made_again(conflicts: int, is_made: bool) -> None:
    real = s3_double.new_store()
    real.put("source", b"one")
    left = [s3_double.Refusal("ConditionalRequestConflict")] * conflicts
    store = s3_double.s3_store(
        lambda request: left.pop() if request[0] == "copy" and left else real._client._ask(request)
    )

    if is_made:
        assert store.copy("source", "target", s3_double.etag(b"one"))
        assert content(store, "target") == b"one"
    else:
        with pytest.raises(TransientError, match="is busy"):
            store.copy("source", "target", s3_double.etag(b"one"))


def test_a_pending_object_stays_if_its_archived_copy_was_changed_by_forgetting() -> None:
    """A late finisher that meets such a copy deletes nothing."""
    store = s3_double.new_store()
    store.put(X, b"x1")
    commit_and_die(store)
    late = commit_log(store)
    entry = late._entry(1)
    run(store)
    store.put(ARCHIVED_X, b"forgotten")
    store.put(X, b"x1")

    late._archive(1, entry.inputs[0])

    assert content(store, X) == b"x1"


# --- objects over the limit of a single copy


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A single copy takes 4 bytes, a part 3."""
    monkeypatch.setattr(s3_module, "MAX_COPY", 4)
    monkeypatch.setattr(s3_module, "COPY_PART", 3)


@pytest.mark.usefixtures("small_limits")
def test_a_large_object_is_copied_in_parts_of_one_version() -> None:
    asked: list[s3_double.Request] = []
    store = s3_double.new_store(lambda request, _: asked.append(request))
    store.put("source", b"12345678")
    version = s3_double.etag(b"12345678")

    assert store.copy("source", "target", version, 8)

    assert content(store, "target") == b"12345678"
    assert [(call[0], *call[3:]) for call in asked if call[0] in {"copy", "copy_part", "complete", "abort"}] == [
        ("copy_part", version, "bytes=0-2"),
        ("copy_part", version, "bytes=3-5"),
        ("copy_part", version, "bytes=6-7"),
        ("complete", "*"),
    ]


@pytest.mark.usefixtures("small_limits")
def test_a_large_object_that_changes_between_two_parts_is_not_copied() -> None:
    left = ["the second part", "the first part"]

    def before(request: s3_double.Request, bucket: s3_double.Bucket) -> s3_double.Bucket | None:
        if request[0] == "copy_part" and left.pop() == "the second part":
            return {**bucket, "source": b"changed!"}
        return None

    all_keys: list[set[str]] = []
    store = s3_double.new_store(lambda request, bucket: all_keys.append(set(bucket)) or before(request, bucket))
    store.put("source", b"12345678")

    assert not store.copy("source", "target", s3_double.etag(b"12345678"), 8)
    assert keys(store) == ["source"]
    assert all_keys[-1] == {"source"}  # S3 would bill parts that are left over


def test_a_large_object_is_archived_in_parts(bucket: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_module, "MAX_COPY", 5 * 2**20)
    monkeypatch.setattr(s3_module, "COPY_PART", 5 * 2**20)  # S3 refuses smaller parts, and so does moto
    data = b"0123456789abcdef" * 2**16 * 6
    bucket.put(X, data)

    run(bucket)

    assert content(bucket, ARCHIVED_X) == data
    assert keys(bucket, "raw/pending/") == []


@pytest.mark.usefixtures("small_limits")
def test_a_large_object_is_not_copied_over_another() -> None:
    store = changed_before("complete", lambda bucket: {**bucket, "target": b"other"})
    store.put("source", b"12345678")

    with pytest.raises(TargetDiffersError):
        store.copy("source", "target", s3_double.etag(b"12345678"), 8)
    assert content(store, "target") == b"other"


# --- many at a time


def test_64_objects_are_archived_at_a_time_on_s3(s3_store: S3Store) -> None:
    assert S3Store.requests_at_once == 64
    assert s3_store._client.meta.config.max_pool_connections == 64
    store = s3_double.new_store()
    fill(store, 128)
    ask = store._client._ask
    all_64 = threading.Barrier(64)

    def asked(request: s3_double.Request) -> Any:
        if request[0] == "copy" and request[1].startswith("raw/"):
            all_64.wait(PATIENCE)  # with fewer at a time the barrier would never open
        return ask(request)

    store._client._ask = asked

    run(store, moves_at_once=store.requests_at_once)

    assert len(keys(store, "raw/processed/")) == 128


def test_an_error_ends_the_archiving_of_the_others(store: ObjectStore) -> None:
    pending = fill(store, 200)
    log = commit_log(store, moves_at_once=4)
    batch = planned(log)
    copied: list[str] = []

    class Failing:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def copy(self, source: str, *args: Any) -> bool:
            if source in pending:
                copied.append(source)
                if len(copied) == 5:
                    raise TransientError("busy")
            return store.copy(source, *args)

    log.store = Failing()  # type: ignore[assignment]  # a store on which one copy fails

    with pytest.raises(TransientError):
        take(log, store, batch)

    assert len(copied) < 100
    assert content(store, DONE_1) is None
    run(store)
    assert len(keys(store, "raw/processed/")) == 200


def test_of_a_restored_lake_at_most_eight_objects_are_in_memory_at_a_time() -> None:
    store = s3_double.new_store()
    pending = fill(store, 100)
    commit_and_die(store)
    ask = store._client._ask
    now: set[int] = set()
    most: list[int] = []

    def asked(request: s3_double.Request) -> Any:
        if request[0] == "copy" and request[1] in pending:
            return s3_double.Refusal(s3_double.CHANGED)  # as if every ETag had changed
        if request[0] == "get" and request[1] in pending:
            now.add(threading.get_ident())
            most.append(len(now))
            time.sleep(0.005)
            answer = ask(request)
            now.discard(threading.get_ident())
            return answer
        return ask(request)

    store._client._ask = asked

    commit_log(store, moves_at_once=64).finish_earlier_commits()

    assert max(most) <= 8
    assert len(keys(store, "raw/processed/")) == 100
    assert keys(store, "raw/pending/") == []


def test_an_archived_object_of_another_batch_stops_the_run_and_deletes_nothing(bucket: S3Store) -> None:
    bucket.put(X, b"x1")
    bucket.put(ARCHIVED_X, b"other")

    with pytest.raises(CommitLogError, match=f"{ARCHIVED_X} is not the object that log entry 1 took"):
        run(bucket)

    assert content(bucket, X) == b"x1"
    assert content(bucket, ARCHIVED_X) == b"other"
