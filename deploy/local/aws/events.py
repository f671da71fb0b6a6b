"""Delivers events to the targets of rules like EventBridge: at least once, in any order, with each target's input."""

import json
import logging
import queue
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)

Event = Mapping[str, Any]
Deliver = Callable[[str, Any], None]  # the target's ARN, and its input

_WORKERS = 4


@dataclass(frozen=True)
class Delivery:
    """An event for one target."""

    rule: str
    target_arn: str
    body: Any
    dead_letter_arn: str = ""  # the dead-letter queue


class Deliveries:
    """Delivers events to targets in its own threads.

    `made` has all deliveries so far. `lost` has those that neither the target nor the dead-letter queue accepted.
    """

    def __init__(self, deliver: Deliver) -> None:
        self.made: list[Delivery] = []
        self.lost: list[Delivery] = []
        self._deliver = deliver
        self._waiting: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        self._held: list[Delivery] | None = None
        self._under_way = 0
        self._lock = threading.Lock()
        for _ in range(_WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def send(self, delivery: Delivery) -> None:
        """Deliver it soon, or when events are no longer held back. The same delivery may be sent again."""
        with self._lock:
            if self._held is None:
                self._under_way += 1
                self._waiting.put(delivery)
            else:
                self._held.append(delivery)

    @contextmanager
    def held(self) -> Iterator[list[Delivery]]:
        """Hold events back until the end of the block, then deliver them. Events removed from the list are lost."""
        with self._lock:
            kept = self._held = []
        try:
            yield kept
        finally:
            with self._lock:
                self._held = None
            for delivery in kept:
                self.send(delivery)

    @property
    def is_idle(self) -> bool:
        """Whether no delivery is under way; events that are held back do not count."""
        return self._under_way == 0

    def _work(self) -> None:
        while True:
            delivery = self._waiting.get()
            arns = [arn for arn in (delivery.target_arn, delivery.dead_letter_arn) if arn]
            is_delivered = any(self._is_delivered(delivery, arn) for arn in arns)
            with self._lock:
                self.made.append(delivery)
                if not is_delivered:
                    self.lost.append(delivery)
                self._under_way -= 1

    def _is_delivered(self, delivery: Delivery, arn: str) -> bool:
        try:
            self._deliver(arn, delivery.body)
        except Exception:  # other events must be delivered even if this one fails
            log.exception("%s could not be delivered to %s", delivery.rule, arn)
            return False
        return True


def body_of(target: Mapping[str, Any], event: Event) -> Any:  # noqa: ANN401  # JSON
    """The target's input: its Input, the result of its InputPath or InputTransformer, or the whole event.

    In a template, <name> alone is the JSON value; inside a string it is the text, which EventBridge does not escape.
    Raises ValueError if the result is not JSON.
    """
    if target.get("Input"):
        return json.loads(target["Input"])
    if target.get("InputPath"):
        return _at(event, target["InputPath"])
    transformer = target.get("InputTransformer")
    if not transformer:
        return event
    values = {name: _at(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}

    def filled(match: re.Match[str]) -> str:
        is_string = match[0].startswith('"')
        return re.sub(
            r"<([\w.-]+)>", lambda name: _in_string(values, name) if is_string else _alone(values, name), match[0]
        )

    text = re.sub(r'"(?:[^"\\]|\\.)*"|<[\w.-]+>', filled, transformer["InputTemplate"])
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"the result of an input template is not JSON: {text[:200]}") from error


def _in_string(values: Mapping[str, Any], name: re.Match[str]) -> str:
    if name[1] not in values:
        return name[0]
    value = values[name[1]]
    return value if isinstance(value, str) else json.dumps(value)


def _alone(values: Mapping[str, Any], name: re.Match[str]) -> str:
    return json.dumps(values.get(name[1]))


def _at(event: Event, path: str) -> Any:  # noqa: ANN401  # JSON
    """The value at a path such as $.detail.object.key; None if there is none."""
    value: Any = event
    for name in path.removeprefix("$").strip(".").split("."):
        if name:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value
