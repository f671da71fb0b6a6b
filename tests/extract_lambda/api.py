"""A small Spotify API for tests, which set its playlists and its faults."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

ACCESS_TOKEN = "the-access-token"
Rows = list[dict[str, Any] | None]


def rows(*songs: str, kind: str = "item") -> Rows:
    """Rows of a playlist; of the liked songs with kind track."""
    return [{"added_at": "2026-01-01T00:00:00Z", kind: {"id": song, "type": "track"}} for song in songs]


@dataclass
class Playlist:
    """A playlist; without in_library, only its id leads to it."""

    rows: Rows
    name: str = "Morning"
    snapshot_id: str | None = "snap1"
    owner: str = "me"
    collaborative: bool = False
    in_library: bool = True


@dataclass
class Api:
    """The API's data, and the requests it received, in order."""

    playlists: dict[str, Playlist] = field(default_factory=dict)
    liked: Rows = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    url: str = ""
    retry_after: str | None = "50000"  # of each 429
    location: str | None = None  # of each redirect
    faults: list[tuple[str, int, str]] = field(default_factory=list)  # once each: pattern of the path, status, body
    slept: list[float] = field(default_factory=list)  # seconds of each wait, which is recorded instead
    before: Callable[[str], None] = lambda _path: None  # called before each answer
    raw: dict[str, Callable[[BinaryIO], None]] = field(default_factory=dict)  # by pattern: writes the answer itself

    def fail(
        self, pattern: str, status: int, body: str = '{"error": {"status": 0, "message": "no"}}', times: int = 1
    ) -> None:
        """The next answers to paths that match the pattern fail."""
        self.faults += [(pattern, status, body)] * times

    def asked_of(self, pattern: str) -> int:
        """How many requests had a path that matches the pattern."""
        return sum(bool(re.search(pattern, path)) for path in self.asked)

    def answer(self, path: str) -> tuple[int, str]:
        """Status and body."""
        self.asked.append(path)
        self.before(path)
        for fault in self.faults:
            if re.search(fault[0], path):
                self.faults.remove(fault)
                return fault[1], fault[2]
        body = self._body(path)
        missing = {"error": {"status": 404, "message": "Resource not found"}}
        return (404, json.dumps(missing)) if body is None else (200, json.dumps(body))

    def _body(self, path: str) -> object:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        fixed = {"/api/token": {"access_token": ACCESS_TOKEN, "expires_in": 3600}, "/v1/me/": {"id": "me"}}
        if parts.path in fixed:
            return fixed[parts.path]
        if parts.path == "/v1/me/playlists":
            return _page([self._entry(name) for name, each in self.playlists.items() if each.in_library], query)
        if parts.path == "/v1/me/tracks":
            return _page(self.liked, query)
        match = re.fullmatch("/v1/playlists/([^/]+)(/items)?", parts.path)
        if not match or match[1] not in self.playlists:
            return None
        things = self.playlists[match[1]].rows
        if match[2]:
            return _page(things, query)
        return self._entry(match[1]) | {"items": {"total": len(things), "items": things[:100]}}

    def _entry(self, name: str) -> dict[str, Any]:
        playlist = self.playlists[name]
        return {
            "id": name,
            "name": playlist.name,
            "owner": {"id": playlist.owner},
            "collaborative": playlist.collaborative,
            "snapshot_id": playlist.snapshot_id,
            "items": {"total": len(playlist.rows)},
        }


def _page(things: list[Any], query: dict[str, str]) -> dict[str, Any]:
    offset, limit = int(query["offset"]), int(query["limit"])
    return {"items": things[offset : offset + limit], "offset": offset, "total": len(things), "next": "http://removed/"}


@contextmanager
def running(api: Api) -> Iterator[Api]:
    """The API behind real HTTP, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            for pattern, write in api.raw.items():
                if re.search(pattern, self.path):
                    api.asked.append(self.path)
                    with suppress(ConnectionError):
                        write(self.wfile)  # type: ignore[arg-type]  # a binary stream for writing
                    self.close_connection = True
                    return
            status, body = api.answer(self.path)
            self.send_response(status)
            if status == 429 and api.retry_after is not None:
                self.send_header("Retry-After", api.retry_after)
            if 300 <= status < 400 and api.location is not None:
                self.send_header("Location", api.location)
            self.end_headers()
            self.wfile.write(body.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
