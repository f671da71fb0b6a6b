"""Faults in the stub's answers and connections: by rule, or at random from a seed.

stub.faults.add("server", path="/items", times=3)
stub.faults.at_random(seed=1, share=0.2)
"""

import random
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """A kind of fault; the value is its name in rules."""

    RATE = "rate"  # 429, with seconds in Retry-After
    QUOTA = "quota"  # 429 with reason QUOTA_EXCEEDED, and hours
    UNAUTHORISED = "unauthorised"  # 401 for a valid token
    NOT_OWNER = "not_owner"  # 403, as are the next three
    NOT_ALLOW_LISTED = "not_allow_listed"
    PREMIUM_LAPSED = "premium_lapsed"
    WRONG_SCOPE = "wrong_scope"
    NOT_FOUND = "not_found"  # 404
    SERVER = "server"  # 500, 502, 503, 504
    RESET = "reset"  # the connection breaks before an answer
    STALL = "stall"  # no answer for a while, then none at all
    TRUNCATED = "truncated"  # fewer bytes than promised
    GARBLED = "garbled"  # as many bytes as promised, and no JSON
    CHANGED = "changed"  # the playlist is edited just before the answer
    LYING_TOTAL = "lying_total"  # a page has a wrong total
    SHORT_PAGE = "short_page"  # a page leaves out its last row


ON_THE_WIRE: Final = frozenset({Fault.RESET, Fault.STALL, Fault.TRUNCATED, Fault.GARBLED})
# How often each comes at random, in proportion. Tokens come from another server, which has no playlists.
TOKEN_WEIGHTS: Final[Mapping[Fault, float]] = {
    Fault.RATE: 1,
    Fault.SERVER: 6,
    Fault.RESET: 4,
    Fault.TRUNCATED: 3,
    Fault.GARBLED: 3,
}
ANY_WEIGHTS: Final[Mapping[Fault, float]] = {**TOKEN_WEIGHTS, Fault.RATE: 3, Fault.UNAUTHORISED: 2, Fault.STALL: 0.3}
ITEMS_WEIGHTS: Final[Mapping[Fault, float]] = {
    **ANY_WEIGHTS,
    Fault.QUOTA: 0.1,
    Fault.NOT_OWNER: 0.2,
    Fault.NOT_ALLOW_LISTED: 0.2,
    Fault.PREMIUM_LAPSED: 0.2,
    Fault.WRONG_SCOPE: 0.2,
    Fault.NOT_FOUND: 0.2,
    Fault.CHANGED: 0.3,
    Fault.LYING_TOTAL: 1,
    Fault.SHORT_PAGE: 1,
}


@dataclass
class Rule:
    """A fault for requests whose path and query match, after the first `skip`, `times` times (None: always)."""

    fault: Fault
    path: str = ""
    times: int | None = 1
    skip: int = 0
    retry_after: int | None = None

    def takes(self, target: str) -> bool:
        """Whether the rule applies to this request; if so, it counts as one of its times."""
        if self.times == 0 or not re.search(self.path, target):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Switchboard:
    """Decides which request gets which fault; `met` counts them by fault.

    At random, the fault of the n-th request depends only on the seed and n.
    """

    rules: list[Rule] = field(default_factory=list)
    seed: int = 0
    share: float = 0.0
    met: Counter[str] = field(default_factory=Counter)
    _asked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self, fault: str, path: str = "", *, times: int | None = 1, skip: int = 0, retry_after: int | None = None
    ) -> None:
        """Add a rule; the first that matches a request counts. ValueError for an unknown fault."""
        self.rules.append(Rule(Fault(fault), path, times, skip, retry_after))

    def at_random(self, seed: int, share: float) -> None:
        """From now on this share of all requests gets a random fault, in addition to the rules."""
        self.seed, self.share, self._asked = seed, share, 0

    def clear(self) -> None:
        """Remove all faults."""
        self.rules.clear()
        self.share = 0.0

    def next(self, kind: str, target: str) -> Rule | None:
        """The fault of the next request, if any; `kind` is its kind of endpoint, `target` its path and query."""
        with self._lock:
            self._asked += 1
            rule_of_call = next((rule for rule in self.rules if rule.takes(target)), None) or self._drawn(kind)
            if rule_of_call:
                self.met[rule_of_call.fault.value] += 1
            return rule_of_call

    def _drawn(self, kind: str) -> Rule | None:
        draw = random.Random(f"{self.seed}:{self._asked}")  # noqa: S311  # no secret
        if draw.random() >= self.share:
            return None
        weights = {"token": TOKEN_WEIGHTS, "playlist_items": ITEMS_WEIGHTS}.get(kind, ANY_WEIGHTS)
        (fault,) = draw.choices(list(weights), list(weights.values()))
        return Rule(fault)
