"""HTTP as the extractor uses it: no redirects, and a limit of time and size for every answer."""

import math
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

LONGEST_COOL_DOWN = 86_400.0  # seconds: a longer Retry-After counts as a day
_CHUNK = 2**16  # bytes that are read and uncompressed at a time


@dataclass(frozen=True)
class Limits:
    """Limits of one answer: seconds until its last byte, and uncompressed bytes."""

    seconds: float = 60.0
    max_bytes: int = 16 * 2**20


class SlowAnswerError(requests.RequestException):
    """The answer was not complete in time; the message says after how many seconds."""


class LargeAnswerError(requests.RequestException):
    """The answer is larger than the limit; the message names the limit."""


class DirectSession(requests.Session):  # noqa: TID251  # all other code uses this class
    """A session that follows no redirect and enforces `limits` on every answer.

    A redirect would send the login to another server and make calls that are not counted: each answer with a status of
    3xx raises requests.TooManyRedirects, also with `allow_redirects=False`. The timeouts of requests apply to each
    byte; the deadline here applies to the whole answer, headers included.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        """The limits may be changed between two requests."""
        super().__init__()
        self.limits = limits or Limits()

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Called by requests for each answer, before anything else is sent."""
        if 300 <= resp.status_code < 400:  # noqa: PLR2004  # HTTP's own numbers
            path = str(resp.request.path_url).partition("?")[0]
            raise requests.TooManyRedirects(f"{path}: {resp.status_code}, a redirect", response=resp)
        return None

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401  # as requests
        """The answer with its whole body. Raises SlowAnswerError and LargeAnswerError, and the errors of requests."""
        limits, is_abandoned = self.limits, threading.Event()
        answers: list[requests.Response] = []
        errors: list[BaseException] = []

        def fetch() -> None:
            try:
                response = requests.Session.send(self, request, **{**options, "stream": True})  # noqa: TID251  # as above
                _read_body(response, limits.max_bytes, is_abandoned)
                answers.append(response)
            except BaseException as error:  # noqa: BLE001  # raised below, in the thread of the caller
                errors.append(error)

        # A thread, since no timeout of requests ends a slow but steady answer; it ends when its connection does.
        thread = threading.Thread(target=fetch, daemon=True)
        thread.start()
        thread.join(limits.seconds)
        if not answers and not errors:
            is_abandoned.set()
            raise SlowAnswerError(f"the answer took more than {limits.seconds:.3g} seconds", request=request)
        if errors:
            raise errors[0]
        return answers[0]


def _read_body(response: requests.Response, max_bytes: int, is_abandoned: threading.Event) -> None:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_CHUNK):
        size += len(part)
        if size > max_bytes or is_abandoned.is_set():
            response.close()
            raise LargeAnswerError(f"the answer is larger than {max_bytes / 2**20:g} MiB", response=response)
        parts.append(part)
    response._content = b"".join(parts)  # noqa: SLF001  # requests has no other way to set a body that was streamed


_REASONS: tuple[tuple[type[Exception], str], ...] = (  # the first match counts; subclasses before their bases
    (requests.Timeout, "the server did not answer in time"),
    (requests.exceptions.InvalidJSONError, "the answer is cut off or no JSON"),
    (requests.exceptions.ContentDecodingError, "the compressed answer is damaged"),
    (requests.exceptions.ChunkedEncodingError, "the connection failed"),
    (requests.ConnectionError, "the connection failed"),
    (requests.RequestException, "the request failed"),
    (RecursionError, "the answer is nested too deeply"),
)


def reason_of(error: Exception) -> str:
    """Why there is no usable answer, as a phrase; `error` is from requests, spotipy or the JSON parser."""
    if isinstance(error, SlowAnswerError | LargeAnswerError):
        return str(error)
    reasons = (reason for kind, reason in _REASONS if isinstance(error, kind))
    return next(reasons, "the answer does not have the form that Spotify documents")


def retry_after(carrier: Any, now: datetime) -> float | None:  # noqa: ANN401  # a response, or spotipy's exception
    """The header Retry-After (a number or a time) as seconds, a day at most; None if it is absent or malformed."""
    text = str((getattr(carrier, "headers", None) or {}).get("Retry-After", "")).strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        seconds = float(text)
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_COOL_DOWN)


def is_deep(value: object, levels: int = 64) -> bool:
    """Whether lists and objects are nested deeper than `levels`: encoding could exceed Python's recursion limit."""
    level = [value]
    for _ in range(levels):
        parts = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        level = [each for part in parts for each in part]
        if not level:
            return False
    return True
