"""Lakes for tests: a folder, and a bucket on a moto server over HTTP. Test modules import the fixtures they use."""

import logging
import os
import shutil
import socket
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest

from shared.store import ObjectStore, open_store

BUCKET = "lake"
UNPRIVILEGED_UID = 65534


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A moto server with one bucket; boto3 uses it for the whole session."""
    from moto.s3.responses import S3Response  # noqa: PLC0415  # the import takes half a second, and few tests use it
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  # likewise

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line per request makes a failure harder to read
    server.start()
    endpoint = f"http://127.0.0.1:{port}"
    put_object, one_at_a_time = S3Response.put_object, threading.Lock()

    def atomic_put(response: S3Response) -> object:
        """S3 checks the condition and writes in one step; moto's threads can interleave between the two."""
        with one_at_a_time:
            return put_object(response)

    with pytest.MonkeyPatch.context() as environment:
        environment.setattr(S3Response, "put_object", atomic_put)
        environment.setenv("AWS_ENDPOINT_URL", endpoint)
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield endpoint
    server.stop()


@pytest.fixture
def folder_store(tmp_path: Path) -> ObjectStore:
    """An empty lake in a folder."""
    return open_store(str(tmp_path / "my lake"), create=True)


@pytest.fixture
def s3_store(s3_endpoint: str) -> ObjectStore:
    """An empty lake in a bucket."""
    assert s3_endpoint
    # Again for each test: the server lives in this process, and tests that use moto without it empty its buckets.
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    return open_store(f"s3://{BUCKET}/test {uuid.uuid4()}/lake")


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """An empty lake, once in a folder and once in a bucket."""
    made: ObjectStore = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def others_lake() -> Iterator[Path]:
    """A folder of an unprivileged user. The test runs as that user, because root may read and write everything."""
    root = Path(tempfile.mkdtemp()).resolve()  # root's tmp_path is closed to others
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(root, UNPRIVILEGED_UID, UNPRIVILEGED_UID)
        os.seteuid(UNPRIVILEGED_UID)
    try:
        yield root
    finally:
        if is_root:
            os.seteuid(0)
        for folder, _, _ in os.walk(root):
            Path(folder).chmod(0o700)
        shutil.rmtree(root, ignore_errors=True)


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    """The keys of a listing."""
    return [listed.key for listed in store.list(prefix)]


def token(store: ObjectStore, key: str) -> str:
    """The object's token in a listing."""
    return next(listed.token for listed in store.list(key) if listed.key == key)


def content(store: ObjectStore, key: str) -> bytes | None:
    """The object's bytes."""
    fetched = store.get(key)
    return fetched.data if fetched else None
