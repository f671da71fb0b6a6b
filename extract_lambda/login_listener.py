"""The local web server to which Spotify's consent page sends the browser back."""

import errno
import queue
import secrets
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

from extract_lambda.failures import LoginError
from shared.terminal import printable

DASHBOARD: Final = "https://developer.spotify.com/dashboard"
PORT: Final = 8888
_PATH = "/callback"


class Listener:
    """Waits on 127.0.0.1 for the browser that Spotify sends back; answers to other logins are reported and ignored.

    Raises LoginError if the port is not available; port 0 means any free port.
    """

    def __init__(self, port: int, say: Callable[[str], None]) -> None:
        self.state = secrets.token_urlsafe(24)
        self._say = say
        self._answers: queue.Queue[dict[str, str]] = queue.Queue()
        try:
            self._server = _Server(("127.0.0.1", port), self)
        except (OSError, OverflowError) as error:
            is_in_use = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            reason = "another program uses it" if is_in_use else str(error)
            other = PORT if port != PORT else PORT + 1
            raise LoginError(
                f"Port {port} cannot be used ({reason}). Choose another, such as --port {other}, and add the "
                f"redirect URI http://127.0.0.1:{other}{_PATH} to your app in {DASHBOARD}."
            ) from error
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def redirect_uri(self) -> str:
        """Where Spotify sends the browser; an IP address, since Spotify refuses the name localhost."""
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def __enter__(self) -> Self:
        """Start to listen."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Free the port."""
        self._server.shutdown()
        self._server.server_close()

    def code(self, seconds: float) -> str:
        """The code that Spotify gave the browser. Raises LoginError after a refusal, or if no code arrives in time."""
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise LoginError(
                f"No answer came within {seconds:.0f} seconds. If Spotify's page said that the redirect URI is invalid "
                f"or does not match, add {self.redirect_uri} to your app in {DASHBOARD}; if it said that the client is "
                "invalid, check the client id (--new-app asks for another). Then run `make login` again."
            ) from None
        if answer.get("error") == "access_denied":
            raise LoginError("You did not agree on Spotify's page, so there is no login; `make login` asks again.")
        if not answer.get("code"):
            reason = printable(answer.get("error", "neither a code nor an error"))[:100]
            raise LoginError(f"Spotify's page refused the login ({reason}). Run `make login` again in a minute.")
        return answer["code"]

    def answer(self, target: str) -> tuple[int, str, dict[str, str] | None]:
        """The response to a browser's request: status and sentence; and Spotify's answer if the request contains it."""
        parts = urllib.parse.urlsplit(target)
        if parts.path != _PATH:
            return 404, "There is nothing here.", None
        query = dict(urllib.parse.parse_qsl(parts.query))
        if not secrets.compare_digest(query.get("state", "").encode(), self.state.encode()):
            self._say(
                "An answer to another login arrived (its state differs), perhaps from an old tab. It is ignored; use "
                "the page above."
            )
            return 400, "This page belongs to another login. Use the address that the terminal shows.", None
        return 200, "Spotify has answered. Close this tab and go back to the terminal.", query

    def receive(self, answer: dict[str, str]) -> None:
        """Keep Spotify's answer; only the first is used."""
        self._answers.put(answer)


class _Server(ThreadingHTTPServer):  # threads: a browser may open a connection that it does not use
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], listener: Listener) -> None:
        super().__init__(address, _Handler)
        self.listener = listener


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        status, sentence, answer = self.server.listener.answer(self.path)
        try:
            self._show(status, sentence)
        finally:  # last, since the program may end once it has the answer
            if answer is not None:
                self.server.listener.receive(answer)

    def _show(self, status: int, sentence: str) -> None:
        body = f"<!doctype html><meta charset=utf-8><title>Login</title><p>{sentence}".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: the request contains the code."""
