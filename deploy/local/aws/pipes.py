"""Moves messages from queues to state machines like EventBridge Pipes: the messages of a window start one execution."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.pipes.models import pipes_backends

log = logging.getLogger(__name__)

Start = Callable[[str, Any], None]  # the target's ARN, and the input

_POLL_SECONDS = 0.1


@dataclass
class _Batch:
    until: float
    handles: list[str] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)


class Pipes:
    """Empties the queues of all pipes in moto, in its own thread."""

    def __init__(self, account: str, region: str, sqs: Callable[[], Any], start: Start) -> None:
        self._pipes: Mapping[str, Any] = pipes_backends[account][region].pipes
        self._sqs = sqs
        self._start = start
        self._batches: dict[str, _Batch] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def begin(self) -> None:
        """Start polling."""
        self._thread.start()

    def end(self) -> None:
        """Stop polling."""
        self._is_over.set()
        self._thread.join()

    @property
    def is_idle(self) -> bool:
        """Whether no queue of a pipe has a message, and no batch is open."""
        if self._batches:
            return False
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return not any(
            int(count)
            for pipe in list(self._pipes.values())
            for count in self._sqs()
            .get_queue_attributes(QueueUrl=self._url(pipe), AttributeNames=names)["Attributes"]
            .values()
        )

    def _work(self) -> None:
        while not self._is_over.wait(_POLL_SECONDS):
            for pipe in list(self._pipes.values()):
                if pipe.desired_state == "STOPPED":
                    continue
                try:
                    self._poll(pipe)
                except Exception:  # the other pipes must continue
                    log.exception("%s could not be emptied", pipe.name)
                    self._batches.pop(pipe.name, None)

    def _poll(self, pipe: Any) -> None:
        source = (pipe.source_parameters or {}).get("SqsQueueParameters", {})
        url = self._url(pipe)
        batch = self._batches.get(pipe.name)
        while batch is None or len(batch.records) < source.get("BatchSize", 10):
            messages = self._sqs().receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            if not messages:
                break
            if batch is None:
                window = source.get("MaximumBatchingWindowInSeconds", 0)
                batch = self._batches[pipe.name] = _Batch(time.monotonic() + window)
            batch.handles += [message["ReceiptHandle"] for message in messages]
            batch.records += [_record(pipe, message) for message in messages]
        if batch is not None and (batch.until <= time.monotonic() or len(batch.records) >= source.get("BatchSize", 10)):
            self._start(pipe.target, batch.records)
            for start in range(0, len(batch.handles), 10):
                entries = [
                    {"Id": str(number), "ReceiptHandle": handle}
                    for number, handle in enumerate(batch.handles[start : start + 10])
                ]
                self._sqs().delete_message_batch(QueueUrl=url, Entries=entries)
            del self._batches[pipe.name]

    def _url(self, pipe: Any) -> str:
        url: str = self._sqs().get_queue_url(QueueName=pipe.source.rpartition(":")[2])["QueueUrl"]
        return url


def _record(pipe: Any, message: Mapping[str, Any]) -> Any:
    """The target's input for a message: the template, if there is one, or the message. Placeholders are unsupported."""
    template = (pipe.target_parameters or {}).get("InputTemplate")
    return json.loads(template) if template else {"messageId": message["MessageId"], "body": message["Body"]}
