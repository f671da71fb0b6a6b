"""Explores every interleaving of concurrent runs of the commit log, request by request, with kills and changes.

A state is a bucket, the place of each run, and the events still to come. The place of a run follows from the answers
since its last checkpoint (the start of a batch); to learn its next request, it is run again with these answers.
Two runs with equal variables on equal lines are at the same place (`_place`). States are visited once. A request that
cannot conflict with another run (`Exploration.is_private`) is done at once; the rest are tried in every order.

    python -m tests.glue_jobs.commit_log.explorer         # the scenarios of the ordinary tests
    python -m tests.glue_jobs.commit_log.explorer --deep  # all of them
"""

import logging
import re
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from glue_jobs.commit_log import CommitLog
from glue_jobs.log_entry import Entry, Input
from shared import lake
from shared.store import TransientError
from shared.store.s3 import S3Store
from tests.glue_jobs.commit_log import s3_double
from tests.glue_jobs.commit_log.s3_double import BUSY, CHANGED, CHANGING, MISSING, Bucket, Refusal, Request
from tests.glue_jobs.commit_log.writer import NOON, attempt

X = "raw/pending/run=1/x"
Y = "raw/pending/run=1/y"
TABLES = ("songs",)

ENTRY = re.compile(r"log/[0-9]{20}[.]json")
FOREVER = re.compile(r"log/[0-9]{20}[.]json|log/done/.*|processed/.*|raw/processed/.*|raw/quarantine/.*|rejects/.*")

Segment = tuple[str, str, int]  # kind of run, name of the run, number of its batch
MakeLog = Callable[..., CommitLog]


class PausedError(BaseException):
    """The run waits for the answer to a request. A BaseException, so no `except` of the project catches it."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.request = request


@dataclass(frozen=True)
class Event:
    """A put of an object by another program; with `after_archive` only once its key was archived and is free again."""

    key: str
    data: bytes
    after_archive: bool = False


@dataclass(frozen=True)
class Scenario:
    """The runs, the objects, and the events that may happen meanwhile.

    A `run` takes what is pending, a `source` the sources, a `replay` the sources even if they were committed before;
        a `finisher` finishes earlier commits and ends.
    """

    pending: Mapping[str, bytes]
    runs: tuple[str, ...] = ("run", "run")
    events: tuple[Event, ...] = ()  # in this order, each at any moment
    kills: int = 0  # of any run, before any request
    lost_answers: int = 0  # the put of an entry is done, its answer lost, and the second try is refused
    errors: int = 0  # a changing request is done, or not, and answered with an error
    max_objects: int = 1000
    keeps_listing: bool = (
        False  # a run keeps its log and its listing for all batches; else there is a checkpoint before each
    )
    sources: Mapping[str, bytes] | None = None
    watermark: bool = False  # else log/frontier.json is never there: it is a hint
    archived: Mapping[str, bytes] = field(default_factory=dict)  # there from the start, under raw/processed/


@dataclass
class Findings:
    """The results; `violations` has a schedule for each kind, the shortest one if the search went breadth first."""

    states: int = 0
    ends: int = 0
    complete: bool = True
    violations: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class _Node:
    """A point in a run: its next request. None: the run ended or was killed."""

    segment: Segment
    answers: tuple[Any, ...]
    request: Request | None = None
    raised: str | None = None
    children: dict[Any, "_Node"] = field(default_factory=dict)
    identity: int = 0


State = tuple[int, tuple[int, ...], tuple[int, int, int, int]]  # bucket, nodes, (kills, lost, errors, events) so far


class _Ids:
    """Makes the ids of a run's batches; the count is a part of the run's place."""

    def __init__(self, who: str, count: int) -> None:
        self._who = who
        self._count = count

    def __call__(self) -> str:
        self._count += 1
        return f"{self._who}{self._count - 1}"

    def __repr__(self) -> str:
        return f"{self._who}{self._count}"


class Exploration:
    """One scenario under one set of rules."""

    def __init__(
        self, scenario: Scenario, make_log: MakeLog = CommitLog, *, private_staging: bool = True, merge: bool = True
    ) -> None:
        """`make_log` may break a rule; where runs touch each other's staging, staging is not private.

        Without `merge`, every list of answers is a place of its own: ten times as many states.
        """
        self._merge = merge
        self._scenario = scenario
        self._make_log = make_log
        self._private_staging = private_staging
        self._buckets: list[Bucket] = []
        self._bucket_numbers: dict[frozenset[tuple[str, bytes]], int] = {}
        self._nodes: list[_Node] = []
        self._roots: dict[Segment, _Node] = {}
        self._done: dict[tuple[int, Request], tuple[int, Any, str | None]] = {}
        self._places: dict[Hashable, _Node] = {}
        self._ended = self._new_node(("ended", "", 0), ())
        self._judged: dict[tuple[int, int], list[str]] = {}
        self._has_quiet = any(key.startswith(lake.QUIET) for key in scenario.pending)

    # The code under test, one segment at a time.

    def _run_segment(self, segment: Segment, ask: Callable[[Request], Any]) -> Segment | None:
        """Runs from one checkpoint to the next; None at the end of the run."""
        kind, who, batch_count = segment
        store = s3_double.s3_store(ask)
        ids = _Ids(who, batch_count)
        log = self._make_log(
            store, clock=lambda: NOON, new_id=ids, max_objects=self._scenario.max_objects, cores=lambda: 1
        )
        sources = self._scenario.sources if kind in {"source", "replay"} else None
        inputs = None
        if sources is not None:
            inputs = [Input(key, s3_double.etag(data), len(data), NOON) for key, data in sources.items()]
        try:
            if batch_count == 0:
                log.finish_earlier_commits()
                return None if kind == "finisher" else (kind, who, 1)
            while batch := log.next_batch(sources=inputs, again=kind == "replay"):
                entry = attempt(log, store, batch, sources, TABLES)
                if entry and kind == "replay":
                    return None
                if not self._scenario.keeps_listing:
                    break
            else:
                return None
        except TransientError:  # the job ends with a message
            return None
        return kind, who, batch_count + 1

    # Points in runs.

    def _new_node(self, segment: Segment, answers: tuple[Any, ...]) -> _Node:
        node = _Node(segment, answers, identity=len(self._nodes))
        self._nodes.append(node)
        return node

    def _root(self, segment: Segment | None, bucket: Bucket) -> _Node:
        if segment is None:
            return self._ended
        if segment not in self._roots:
            self._roots[segment] = self._new_node(segment, ())
            self._learn(self._roots[segment], bucket)
        return self._roots[segment]

    def _learn(self, node: _Node, bucket: Bucket) -> _Node:
        """Runs the segment to the node's request, and through private requests, at which it need not stop.

        The node, or an earlier one of the same run at the same place.
        """
        answers = iter(node.answers)
        here = first = node
        before: tuple[_Node, Any] | None = None

        def ask(request: Request) -> Any:
            nonlocal here, first, before, bucket
            for answer in answers:
                return answer
            place = _place(node.segment, request) if self._merge else None
            known = self._places.setdefault(place, here) if place else here
            if known is not here:
                if before is None:
                    first = known
                else:
                    before[0].children[before[1]] = known
                raise PausedError(request)
            here.request = request
            if not self.is_private(bucket, request):
                raise PausedError(request)
            bucket, answer = self._answered(bucket, request)
            before = here, answer
            here.children[answer] = self._new_node(here.segment, (*here.answers, answer))
            here = here.children[answer]
            return answer

        try:
            here.request = (NEXT, self._run_segment(node.segment, ask))
        except PausedError:
            pass
        except Exception as error:  # noqa: BLE001  # whatever a run ends with is a finding
            here.raised = f"{type(error).__name__}: {error}"
        return first

    def _after(self, node: _Node, answer: Any, bucket: Bucket) -> _Node:
        """The node that the answer leads to; the bucket is that after the request."""
        child = node.children.get(answer)
        if child is None:
            child = node.children[answer] = self._learn(self._new_node(node.segment, (*node.answers, answer)), bucket)
        return self._root(child.request[1], bucket) if child.request and child.request[0] == NEXT else child

    # Requests.

    def _is_hidden(self, key: str) -> bool:
        """Attempt markers matter only after a failure, and the watermark is a hint: states leave out both."""
        return key.startswith(lake.ATTEMPTS) or (key == lake.WATERMARK and not self._scenario.watermark)

    def is_private(self, bucket: Bucket, request: Request) -> bool:
        """Whether neither its answer nor its effect depends on requests of other runs.

        What never changes (entries, completion markers, published and archived objects; an exploration checks that) is
        read or refused the same at any time. Only its own run reads the staging of a batch without an entry, and puts
        the entry last.
        """
        name, key = request[0], request[1]
        if isinstance(key, tuple):
            return False
        if self._is_hidden(key) or (key == lake.QUIET and not self._has_quiet):
            return True
        if name in {"get", "head"} or (name == "put" and request[3]):
            return key in bucket and FOREVER.fullmatch(key) is not None
        return name in {"put", "list"} and key.startswith(lake.STAGING) and self._private_staging

    def _answered(self, bucket: Bucket, request: Request) -> tuple[Bucket, Any]:
        name, key = request[0], request[1]
        if isinstance(key, str) and self._is_hidden(key):
            return bucket, {"put": None, "list": ()}.get(name, Refusal(MISSING))
        bucket, answer = s3_double.answered(bucket, request)
        if name == "list" and key == lake.LOG:  # the log stops reading at the first key that is no entry
            answer = tuple(listed for listed in answer if ENTRY.fullmatch(listed[0]))
        return bucket, answer

    def _number(self, bucket: Bucket) -> int:
        content = frozenset(bucket.items())
        if content not in self._bucket_numbers:
            self._bucket_numbers[content] = len(self._buckets)
            self._buckets.append(bucket)
        return self._bucket_numbers[content]

    def _do(self, number: int, request: Request) -> tuple[int, Any, str | None]:
        """The bucket after the request, the answer, and the violation, if any."""
        if (number, request) not in self._done:
            before = self._buckets[number]
            after, answer = self._answered(before, request)
            wrong = None if after is before else _wrong_step(before, after)
            self._done[number, request] = (self._number(after), answer, wrong)
        return self._done[number, request]

    # The search.

    def explore(self, *, limit: int = 10_000_000, first_only: bool = False, shortest: bool = False) -> Findings:
        """Visits all states up to the limit, or up to the first violation."""
        findings = Findings()
        scenario = self._scenario
        start_bucket = {**scenario.pending, **scenario.archived}
        roots = tuple(
            self._root((kind, who, 0), start_bucket) for kind, who in zip(scenario.runs, "ABCD", strict=False)
        )
        start: State = (self._number(start_bucket), tuple(node.identity for node in roots), (0, 0, 0, 0))
        parents: dict[State, tuple[State, str] | None] = {start: None}
        waiting = deque([start])
        while waiting:
            state = waiting.popleft() if shortest else waiting.pop()
            findings.states += 1
            if findings.states > limit:
                findings.complete = False
                break
            moved = False
            for following, label, wrong in self._steps(state):
                moved = True
                if wrong and wrong not in findings.violations:
                    findings.violations[wrong] = (*_schedule(parents, state), label)
                if following not in parents:
                    parents[following] = (state, label)
                    waiting.append(following)
            if not moved:
                findings.ends += 1
                for wrong in self._judgement(state[0], state[2][3]):
                    if wrong not in findings.violations:
                        findings.violations[wrong] = _schedule(parents, state)
            if first_only and findings.violations:
                break
        return findings

    def _steps(self, state: State) -> Iterator[tuple[State, str, str | None]]:
        bucket_number, identities, budget = state
        bucket = self._buckets[bucket_number]
        nodes = [self._nodes[identity] for identity in identities]
        for place, node in enumerate(nodes):
            if node.request and self.is_private(bucket, node.request):
                yield self._step(state, place)
                return
        kills, lost, errors, events = budget
        for place, node in enumerate(nodes):
            request = node.request
            if request is None:
                continue
            yield self._step(state, place)
            if kills < self._scenario.kills:
                killed = _replaced(identities, place, self._ended.identity)
                yield (bucket_number, killed, (kills + 1, lost, errors, events)), f"{_name(node)} is killed", None
            is_entry = request[0] == "put" and request[1] not in bucket and ENTRY.fullmatch(request[1])
            if is_entry and lost < self._scenario.lost_answers:
                yield self._step(
                    state, place, "answer lost, tried again", Refusal(CHANGED), (kills, lost + 1, errors, events)
                )
            if request[0] in CHANGING and errors < self._scenario.errors:
                left = (kills, lost, errors + 1, events)
                yield self._step(state, place, "done, but answered with an error", Refusal(BUSY), left)
                yield self._step(state, place, "not done, answered with an error", Refusal(BUSY), left, done=False)
        if events < len(self._scenario.events):
            event = self._scenario.events[events]
            if not event.after_archive or _is_archived(bucket, event.key):
                after = self._number({**bucket, event.key: event.data})
                yield (after, identities, (kills, lost, errors, events + 1)), f"put {event.key} {event.data!r}", None

    def _step(
        self,
        state: State,
        place: int,
        how: str = "",
        instead: Refusal | None = None,
        budget: tuple[int, int, int, int] | None = None,
        *,
        done: bool = True,
    ) -> tuple[State, str, str | None]:
        node = self._nodes[state[1][place]]
        assert node.request is not None
        after, answer, wrong = self._do(state[0], node.request) if done else (state[0], None, None)
        answer = answer if instead is None else instead
        following = self._after(node, answer, self._buckets[after])
        wrong = wrong or following.raised
        label = f"{_name(node)} {_request_text(node.request)}" + (f" ({how})" if how else "")
        return (after, _replaced(state[1], place, following.identity), budget or state[2]), label, wrong

    # What must be true.

    def ends(self) -> set[frozenset[tuple[str, bytes]]]:
        """The buckets in which all runs had ended."""
        return {frozenset(self._buckets[number].items()) for number, _ in self._judged}

    def _judgement(self, bucket_number: int, events: int) -> list[str]:
        """The violations after one more undisturbed run."""
        if (bucket_number, events) not in self._judged:
            self._judged[bucket_number, events] = self._judge(self._buckets[bucket_number], events)
        return self._judged[bucket_number, events]

    def _judge(self, bucket: Bucket, events: int) -> list[str]:
        wrong = []

        def ask(request: Request) -> Any:
            nonlocal bucket
            before = bucket
            bucket, answer = self._answered(bucket, request)
            if bucket is not before and (step := _wrong_step(before, bucket)):
                wrong.append(step)
            return answer

        try:
            for kind in ("source", "run") if "source" in self._scenario.runs else ("run",):
                segment: Segment | None = (kind, "Y" if kind == "source" else "Z", 0)
                while segment:
                    segment = self._run_segment(segment, ask)
        except Exception as error:  # noqa: BLE001  # every error of a run is a finding
            return [*wrong, f"{type(error).__name__}: {error}"]
        put = [
            *self._scenario.pending.items(),
            *((source.key, source.data) for source in self._scenario.events[:events]),
        ]
        wrong += _wrong_end(bucket, put)
        rows = _rows(bucket)
        least, most = (1, 1) if "source" in self._scenario.runs else (0, self._scenario.runs.count("replay"))
        sources = (self._scenario.sources or {}).values()
        return wrong + [
            f"source {source!r} was taken {rows[source]} times"
            for source in sources
            if not least <= rows[source] <= most
        ]


NEXT = "next"  # no request: the segment has ended
CODE = ("/commit_log.py", "/log_entry.py", "/writer.py", "/store/s3.py", "/broken.py")


def _place(segment: Segment, request: Request) -> Hashable:
    """The place of a run: two runs of a segment with equal places do the same from here on. None if it is unknown.

    It is the line of every function on the stack with its variables. A loop's own iterator cannot be seen, but in this
    code its items differ and are made of variables. A comprehension hides its partial result. A
    value that an expression holds until its next request cannot be seen either: each request is a statement of its own.
    """
    place: list[Hashable] = [segment, request]
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_name != "_run_segment":
        frame = frame.f_back
        if not frame.f_code.co_filename.endswith(CODE):
            continue
        if frame.f_code.co_name.startswith("<"):
            return None
        variables = frame.f_locals.items()
        place.append((frame.f_code.co_name, frame.f_lasti, tuple((name, _value(value)) for name, value in variables)))
    return tuple(place)


def _value(element: Any) -> Hashable:
    if isinstance(element, CommitLog):
        # What the log remembers; its store, clock and bounds are the same for all.
        return tuple(
            (name, _value(value)) for name, value in vars(element).items() if name not in {"store", "_max_objects"}
        )
    if isinstance(element, set | frozenset):
        return tuple(sorted(map(repr, element)))
    if isinstance(element, S3Store | s3_double.Client) or (callable(element) and not isinstance(element, _Ids)):
        return type(element).__name__
    if isinstance(element, list | tuple):
        return tuple(map(_value, element))
    if isinstance(element, Mapping):
        return tuple(sorted((repr(key), _value(value)) for key, value in element.items()))
    return repr(element)


def _schedule(parents: Mapping[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    labels: list[str] = []
    while (step := parents[state]) is not None:
        state, label = step
        labels.append(label)
    return tuple(reversed(labels))


def _replaced(identities: tuple[int, ...], place: int, identity: int) -> tuple[int, ...]:
    return (*identities[:place], identity, *identities[place + 1 :])


def _name(node: _Node) -> str:
    kind, who, batch_count = node.segment
    return f"{who}{batch_count or ''}" if kind != "finisher" else f"{who} (finisher)"


def _request_text(request: Request) -> str:
    name, key = request[0], request[1]
    text = re.sub(r"0{10,}", "", f"{key} > {request[2]}" if name == "copy" else str(key))
    return f"{name}-if-absent {text}" if name == "put" and request[3] else f"{name} {text}"


def _is_archived(bucket: Bucket, key: str) -> bool:
    name = key.removeprefix(lake.PENDING)
    return key not in bucket and any(stored.startswith("raw/processed/") and stored.endswith(name) for stored in bucket)


def _wrong_step(before: Bucket, after: Bucket) -> str | None:
    """The violation that a single request makes, if any."""
    for key, data in before.items():
        if after.get(key) == data:
            continue
        if FOREVER.fullmatch(key):
            return "an immutable object was changed or removed"
        is_raw = key.startswith((lake.PENDING, lake.QUIET))
        if is_raw and not any(data == kept for name, kept in after.items() if name.startswith("raw/")):
            return "a raw object was removed that is not archived"
    for key in after:
        if key.startswith("processed/batches/") and key not in before:
            number = int(re.findall("[0-9]{20}", key)[0])
            entry = Entry.from_bytes(after[lake.log_entry(number)])
            if any(file.final not in after for file in entry.files):
                return "a batch was announced before its tables were there"
    return None


def _entries(bucket: Bucket) -> list[Entry]:
    return [Entry.from_bytes(data) for key, data in sorted(bucket.items()) if ENTRY.fullmatch(key)]


def _documents(bucket: Bucket, entry: Entry) -> list[bytes]:
    published = [bucket.get(file.final, b"") for file in entry.files if file.table == TABLES[0]]
    return [row for data in published for row in data.split(b"|")]


def _rows(bucket: Bucket) -> Counter[bytes]:
    return Counter(row for entry in _entries(bucket) for row in _documents(bucket, entry))


def _wrong_end(bucket: Bucket, put: Sequence[tuple[str, bytes]]) -> list[str]:
    entries = _entries(bucket)
    wrong = [wrong for entry in entries if (wrong := _wrong_entry(entry, _documents(bucket, entry)))]
    if [entry.number for entry in entries] != list(range(1, len(entries) + 1)):
        wrong.append("the log has a gap")
    if any(lake.completion_marker(entry.number) not in bucket for entry in entries):
        wrong.append("an entry is not done")
    if any(key.startswith((lake.PENDING, lake.QUIET)) for key in bucket):
        wrong.append("something is still pending")
    rows = _rows(bucket)
    kept = Counter(data for key, data in bucket.items() if key.startswith("raw/processed/") and key != ARCHIVED)
    times = Counter(data for _, data in put)
    latest = dict(put)
    for key, data in put:
        # A version that was replaced under its key may never have been listed, or be replaced before it was archived.
        is_latest = latest[key] == data
        if is_latest and not rows[data]:
            wrong.append(f"{data!r} was lost")
        if rows[data] > times[data]:
            wrong.append(f"{data!r} was taken twice")
        # S3 does not distinguish equal bytes: a late finisher may archive the same bytes that were dropped again.
        least = 1 if times[data] > 1 else rows[data]
        if is_latest and not least <= kept[data] <= rows[data]:
            wrong.append(f"{data!r} was archived {kept[data]} times and taken {rows[data]} times")
    return wrong


def _wrong_entry(entry: Entry, documents: Sequence[bytes]) -> str | None:
    if [sha256(row).hexdigest() for row in documents] != [committed.document_id for committed in entry.inputs]:
        return "an entry's rows are not those of its inputs"
    pairs = zip(documents, entry.inputs, strict=True)
    if any(s3_double.etag(row) != committed.token for row, committed in pairs if committed.place != "source"):
        return "an entry names another version than it took"
    return None


ONE_OBJECT = {X: b"x1"}
TWO = {X: b"x1", Y: b"y1"}
ARCHIVED = "raw/processed/00000000000000000900/run=0/x"
OLD = {ARCHIVED: b"r1"}
FILE = {"file:///home/me/playlist.json": b"f1"}
REPUT = (Event(X, b"x2"),)
ARRIVAL = (Event(Y, b"y1"),)
SAME_AGAIN = (Event(X, b"x1", after_archive=True),)
OTHER_AGAIN = (Event(X, b"x2", after_archive=True),)

SCENARIOS = {
    "an answer lost": Scenario(ONE_OBJECT, kills=1, lost_answers=1),
    "errors": Scenario(ONE_OBJECT, kills=1, errors=1),
    "a re-put": Scenario(ONE_OBJECT, events=REPUT, kills=1),
    "an arrival": Scenario(ONE_OBJECT, events=ARRIVAL, kills=1),
    "the same dropped again": Scenario(ONE_OBJECT, events=SAME_AGAIN, kills=1),
    "another dropped under the name": Scenario(ONE_OBJECT, events=OTHER_AGAIN, kills=1),
    "two objects": Scenario(TWO, kills=1),
    "batches of one": Scenario(TWO, kills=1, max_objects=1),
    "two batches from one listing": Scenario(TWO, kills=1, max_objects=1, keeps_listing=True),
    "a quiet manifest": Scenario({**ONE_OBJECT, "raw/quiet/run=1.json": b"q1"}, kills=1),
    "two runs and a finisher": Scenario(ONE_OBJECT, ("run", "run", "finisher"), kills=1),
    "a run and two finishers": Scenario(ONE_OBJECT, ("run", "finisher", "finisher"), kills=1),
    "a source": Scenario({}, ("source", "source"), kills=1, lost_answers=1, sources=FILE),
    "a source beside a run": Scenario(ONE_OBJECT, ("source", "run"), kills=1, sources=FILE),
    "two replays": Scenario({}, ("replay", "replay"), kills=1, sources=OLD, archived=OLD),
    "a replay beside a run": Scenario(ONE_OBJECT, ("replay", "run"), kills=1, sources=OLD, archived=OLD),
    "the watermark": Scenario(ONE_OBJECT, events=ARRIVAL, kills=1, max_objects=1, watermark=True),
}
DEEP_SCENARIOS = {
    "a re-put and an answer lost": Scenario(ONE_OBJECT, events=REPUT, kills=1, lost_answers=1),
    "a re-put and errors": Scenario(ONE_OBJECT, events=REPUT, errors=1),
    "a re-put, batches of one": Scenario(TWO, events=REPUT, max_objects=1),
    "two batches from one listing and a re-put": Scenario(TWO, events=REPUT, max_objects=1, keeps_listing=True),
    "two batches from one listing and an answer lost": Scenario(
        TWO, kills=1, lost_answers=1, max_objects=1, keeps_listing=True
    ),
    "a re-put and an arrival": Scenario(ONE_OBJECT, events=REPUT + ARRIVAL),
    "dropped again, and again": Scenario(ONE_OBJECT, events=OTHER_AGAIN + SAME_AGAIN, kills=1),
    "two runs, a finisher and two kills": Scenario(ONE_OBJECT, ("run", "run", "finisher"), kills=2, lost_answers=1),
    "three runs": Scenario(ONE_OBJECT, ("run", "run", "run")),
    "two runs, a finisher and a re-put": Scenario(ONE_OBJECT, ("run", "run", "finisher"), REPUT),
}


def _print_findings(name: str, scenario: Scenario, limit: int) -> bool:
    start = time.monotonic()
    findings = Exploration(scenario).explore(limit=limit)
    count = f"{findings.states:,} states{'' if findings.complete else ', not all'}, {findings.ends} ends"
    print(f"{name:42}{count:40}{time.monotonic() - start:6.1f} s", flush=True)  # noqa: T201  # a program
    for wrong, schedule in findings.violations.items():
        print(wrong, *schedule, sep="\n    ")  # noqa: T201  # a program
    return not findings.violations


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    chosen = SCENARIOS | (DEEP_SCENARIOS if "--deep" in sys.argv else {})
    results = [_print_findings(name, scenario, 5_000_000) for name, scenario in chosen.items()]
    sys.exit(not all(results))
