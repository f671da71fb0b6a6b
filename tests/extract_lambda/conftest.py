"""A Spotify API that a test can configure, a lake in a folder, and the extraction between them."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from extract_lambda import handler
from extract_lambda.credentials import Credentials
from extract_lambda.extract import extract
from extract_lambda.result import Result
from extract_lambda.spotify import Spotify
from extract_lambda.transport import Limits
from shared.store import open_store
from tests.extract_lambda.api import Api, running

CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN = "the-client-id", "the-client-secret", "the-refresh-token"


@pytest.fixture
def api() -> Iterator[Api]:
    with running(Api()) as api:
        yield api


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up credentials and a region."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries do not wait."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The output of the Lambda's logger, which keeps the stdout of its import."""
    stream = io.StringIO()
    monkeypatch.setattr(handler.log.registered_handler, "stream", stream)
    return stream


@dataclass
class Lake:
    """The lake's files as people see them."""

    root: Path

    def keys(self, prefix: str = "raw/") -> list[str]:
        return sorted(
            str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file() and prefix in str(path)
        )

    def text(self, key: str) -> str:
        data = (self.root / key).read_bytes()
        return (gzip.decompress(data) if key.endswith(".gz") else data).decode()

    def lines(self, key: str) -> list[Any]:
        return [json.loads(line) for line in self.text(key).splitlines()]

    def checks(self, key: str) -> list[tuple[str, str, str | None]]:
        checks = json.loads(self.text(key))["checks"]
        return [(check["playlist_id"], check["status"], check["failure_class"]) for check in checks]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    root = tmp_path / "lake"
    root.mkdir()
    return Lake(root)


Run = Callable[..., Result]


@pytest.fixture
def run(api: Api, lake: Lake) -> Run:
    """Runs the extractor at 10:00 on a day of November 2026."""

    def run(day: int = 20, *, playlists: tuple[str, ...] = ("mine",), **more: Any) -> Result:
        credentials = Credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN)
        now = datetime(2026, 11, day, 10, 0, 5, tzinfo=UTC)
        settings = {"clock": lambda: now, **more}
        spotify = Spotify(
            credentials,
            api_url=f"{api.url}/v1",
            accounts_url=api.url,
            clock=settings["clock"],
            sleep=api.slept.append,
            end=settings.pop("end", None),
            limits=settings.pop("limits", Limits()),
            min_request_interval=settings.pop("min_request_interval", 0.0),
        )
        run_id = settings.pop("run_at", f"202611{day}T100000Z")
        return extract(playlists, spotify, open_store(str(lake.root)), run_id=run_id, **settings)

    return run


@pytest.fixture
def environment(api: Api, lake: Lake) -> dict[str, str]:
    return {
        "LAKE_URI": str(lake.root),
        "SPOTIFY_CLIENT_ID": CLIENT_ID,
        "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET,
        "SPOTIFY_REFRESH_TOKEN": REFRESH_TOKEN,
        "SPOTIFY_API_URL": f"{api.url}/v1",
        "SPOTIFY_ACCOUNTS_URL": api.url,
        "SPOTIFY_MIN_REQUEST_INTERVAL": "0",
    }
