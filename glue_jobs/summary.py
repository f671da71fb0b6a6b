"""The summary of a run, for people and for machines."""

import json
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import TextIO

from glue_jobs.arguments import ALARM_REJECTS, NAME
from glue_jobs.commit_log import Batch
from glue_jobs.log_entry import Entry
from glue_jobs.read_batch import BatchRead
from glue_jobs.reading.presence import add_absent_keys
from glue_jobs.replay import Replay, first_number
from shared.terminal import printable

log = logging.getLogger(__name__)

_MAX_KEYS = 5  # absent keys that a sentence lists
_SHOWN = 100  # how many of the objects left in place the text for people names


class TableProgress:
    """Shows which table is being written and how many there are. Several threads may use it.

    On a terminal it rewrites one line with the seconds so far; elsewhere it writes log lines.
    """

    def __init__(self, of: int, stream: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic) -> None:
        # The default is stderr as it was at import: the stream that `main` sets up would escape what erases a line.
        self._of = of
        self._stream = stream
        self._clock = clock
        self._number = 0
        self._started = clock()
        self._lock = threading.Lock()

    def begin(self, table: str) -> None:
        """Show that the table is being written."""
        with self._lock:
            self._number += 1
            text = f"writing {table}, {self._number} of {self._of}"
            if not self._stream.isatty():
                log.info(text)
                return
            self._show(f"{text} ({self._clock() - self._started:.0f} s)")

    def close(self) -> None:
        """Erase the rewritten line."""
        if self._stream.isatty():
            self._show("")

    def _show(self, text: str) -> None:
        self._stream.write(f"\r\x1b[2K{text}")
        self._stream.flush()


@dataclass
class Summary:
    """What a run did, over all its batches."""

    lake: str
    batches: list[str] = field(default_factory=list)
    objects: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)
    quarantined: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)  # objects that could not be read and stay in place, and why
    finished: list[int] = field(default_factory=list)
    used_file_time: int = 0
    incomplete: int = 0  # reads of dropped files
    left_out: Counter[str] = field(default_factory=Counter)  # rows, by table, whose files lack keys
    absent_keys: dict[str, frozenset[str]] = field(default_factory=dict)  # the keys that they lack, by table
    alarms: list[dict[str, int]] = field(default_factory=list)
    alarm_rejects: float = ALARM_REJECTS
    replay: Replay | None = None
    started: float = field(default_factory=time.monotonic)
    more: bool = False  # it stopped because its minutes were used up, and inputs are left
    replay_from: int = 0  # if a replay stopped: the batch to continue from
    seconds: float = 0.0

    def add(self, entry: Entry, read: BatchRead, alarm_rejects: float = ALARM_REJECTS) -> None:
        """Add a committed batch, and an alarm if it has too many rejects."""
        self.incomplete += read.incomplete
        self.used_file_time += read.used_file_time
        self.left_out += read.left_out
        add_absent_keys(self.absent_keys, read.absent_keys)
        items = sum(entry.reconciliation["kinds"].values()) + sum(entry.reconciliation.get("plays", {}).values())
        rejects = sum(entry.rejects.values())
        if rejects > alarm_rejects * items:
            self.alarms.append({"batch": entry.number, "items": items, "rejects": rejects})
            self.alarm_rejects = alarm_rejects
        self.batches.append(entry.batch_id)
        self.objects.update(committed.place for committed in entry.inputs)
        self.kinds.update(entry.reconciliation["kinds"])
        self.rows.update(entry.rows)
        self.rejects.update(entry.rejects)
        self.quarantined |= {committed.key: committed.reason for committed in entry.inputs if committed.reason}

    def stopped_before(self, batch: Batch) -> None:
        """Record that the budget of minutes was used up before this batch."""
        self.more = True
        if self.replay:
            self.replay_from = first_number(batch.inputs)

    def as_json(self) -> str:
        """One line for machines."""
        return json.dumps(
            {
                "job": NAME,
                "lake": self.lake,
                "status": "ok",
                "batches": self.batches,
                "finished_earlier": self.finished,
                "objects": self.objects.total(),
                "items": self.kinds.total(),
                "kinds": dict(self.kinds),
                "rows": dict(self.rows),
                "rejects": dict(self.rejects),
                "quarantined": self.quarantined,
                "left": self.left,
                "used_file_time": self.used_file_time,
                "incomplete_reads": self.incomplete,
                "left_out": {
                    table: {"rows": count, "absent_keys": sorted(self.absent_keys[table])}
                    for table, count in self.left_out.items()
                },
                "alarms": self.alarms,
                "more": self.more,
                "replay": self.replay
                and {
                    "from": self.replay.first,
                    "to": self.replay.last,
                    "objects": len(self.replay.inputs),
                    "gone": len(self.replay.gone),
                    "outside": len(self.replay.outside),
                },
                "seconds": round(self.seconds, 1),
            },
            ensure_ascii=False,
        )

    def as_table(self) -> str:
        """A few lines for people."""
        lines = self._batch_lines()
        if self.more:
            how = f" with --replay {self.replay_from}..{self.replay.last}" if self.replay else ""
            lines.append(f"Stopped between two batches, as its minutes were used up: more is left, run again{how}.")
        if self.left:
            lines.append(f"{len(self.left):,} left in place:")
            lines += [f"  {key}: {reason}" for key, reason in islice(self.left.items(), _SHOWN)]
        if len(self.left) > _SHOWN:
            lines.append(f"  and {len(self.left) - _SHOWN:,} more (the line of JSON has all)")
        return "\n".join(printable(line) for line in lines)

    def _batch_lines(self) -> list[str]:
        if not self.batches and self.replay:
            return ["Nothing was replayed."]
        if not self.batches:
            return [f"Nothing to do: nothing {'else ' if self.left else ''}is pending in {self.lake}."]
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.kinds.items() if count)
        lines = [
            f"Raw objects taken: {self.objects.total():,}, batches: {len(self.batches):,}",
            f"{self.kinds.total():,} playlist items: {kinds or 'none'}",
            *(f"  {table:<16}{count:>10,} rows" for table, count in self.rows.items()),
        ]
        if self.rejects:
            lines.append(f"{self.rejects.total():,} rejects, kept with their reasons in rejects/:")
            lines += [f"  {reason:<40}{count:>8,}" for reason, count in self.rejects.most_common()]
        lines += [f"  quarantined: {key}: {reason}" for key, reason in self.quarantined.items()]
        if self.quarantined:
            lines.append("raw/quarantine/ keeps these files; Dropped files in docs/data-model.md lists what is read.")
        if self.used_file_time:
            lines.append(
                f"{self.used_file_time:,} files do not say when they were extracted: the job used their file time. "
                "An old answer that was saved late then replaces newer ones: use --extracted-at, or drop the files "
                "below drop/at=<time>/."
            )
        if self.incomplete:
            reads = "read is" if self.incomplete == 1 else "reads are"
            items = "its items" if self.incomplete == 1 else "their items"
            lines.append(
                f"{self.incomplete:,} {reads} incomplete: BI shows {items}, and no other item counts as removed; "
                "see Dropped files in docs/data-model.md."
            )
        for table, count in self.left_out.items():
            is_are, its = ("row is", "its") if count == 1 else ("rows are", "their")
            lines.append(f"{count:,} {is_are} not in {table}: {its} file has no {_listing(self.absent_keys[table])}.")
        return lines + [
            f"WARNING: batch {alarm['batch']} has {alarm['rejects']:,} rejects for {alarm['items']:,} items, "
            f"more than --alarm-rejects {self.alarm_rejects} allows."
            for alarm in self.alarms
        ]


def _listing(keys: frozenset[str]) -> str:
    """The keys as a phrase: "key uri", or "keys duration_ms, name and uri", or a few keys and the number of the others.

    If a key is absent, the keys below it are not named.
    """
    names = sorted(key for key in keys if not any(key.startswith(f"{other}.") for other in keys))
    if len(names) == 1:
        return f"key {names[0]}"
    others = len(names) - _MAX_KEYS + 1
    last = names[-1] if len(names) <= _MAX_KEYS else f"{others:,} others"
    return f"keys {', '.join(names[:-1][: _MAX_KEYS - 1])} and {last}"
