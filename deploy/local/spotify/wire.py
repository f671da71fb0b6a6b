"""HTTP for the stub: requests in, answers out, and the faults of a connection."""

import json
import socket
import struct
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from deploy.local.spotify.answers import Json
from deploy.local.spotify.faults import Fault


@dataclass(frozen=True)
class Request:
    """A parsed request; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str = ""  # path and query, not decoded


@dataclass(frozen=True)
class Answer:
    """An answer: `body` as JSON, or unchanged if it is a text; and its fault, if any."""

    status: int
    body: Json | str
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None


class RefusedError(Exception):
    """Ends a request with an error body of the API or, with a description, of the token endpoint."""

    def __init__(self, status: int, message: str, description: str | None = None) -> None:
        super().__init__(message)
        body: Json = {"error": {"status": status, "message": message}}
        self.answer = Answer(status, {"error": message, "error_description": description} if description else body)


class Stub(Protocol):
    """The server's view of the API; `is_closed` and `stall_seconds` end an answer that stalls."""

    is_closed: threading.Event
    stall_seconds: float

    def answer(self, request: Request) -> Answer:
        """The API's answer."""


class Server(ThreadingHTTPServer):
    """Serves the stub on an address of this machine."""

    daemon_threads = True
    block_on_close = False  # a client's open connection must not delay the shutdown

    def __init__(self, address: tuple[str, int], stub: Stub) -> None:
        super().__init__(address, _Handler)
        self.stub = stub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the end of an answer waits 40 ms for an acknowledgement
    wbufsize = -1  # sends head and body in few packets
    server: Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        answer = self.server.stub.answer(self._request())
        if answer.fault is Fault.STALL:
            self.server.stub.is_closed.wait(self.server.stub.stall_seconds)
        if answer.fault in {Fault.STALL, Fault.RESET}:
            self._break_off()
        else:
            self._send(answer)
            if answer.fault is Fault.TRUNCATED:
                self._break_off()

    def _request(self) -> Request:
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(
            self.command,
            urllib.parse.unquote(url.path),
            dict(urllib.parse.parse_qsl(url.query)),
            headers,
            body,
            self.path,
        )

    def _send(self, answer: Answer) -> None:
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
        body = text.encode()
        if answer.fault is Fault.GARBLED:
            body = b"<html>" + body[: len(body) // 2]
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if answer.fault is Fault.TRUNCATED else body)

    def _break_off(self) -> None:
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )  # closes with a TCP reset
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Log nothing: requests are counted, not printed."""
