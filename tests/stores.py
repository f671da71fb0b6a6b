"""Lakes for tests: a folder, and a bucket on a moto server over HTTP. Test modules import the fixtures they use."""

import logging
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
from moto.server import ThreadedMotoServer

from shared.store import ObjectStore, open_store

BUCKET = "lake"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A moto server with one bucket; boto3 is pointed at it for the session."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line per request helps nobody read a failure
    server.start()
    endpoint = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as environment:
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


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    """What a listing shows."""
    return [listed.key for listed in store.list(prefix)]


def token(store: ObjectStore, key: str) -> str:
    """The version that a listing shows."""
    return next(listed.token for listed in store.list(key) if listed.key == key)


def content(store: ObjectStore, key: str) -> bytes | None:
    """The object's bytes."""
    fetched = store.get(key)
    return fetched.data if fetched else None
