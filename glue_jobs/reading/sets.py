"""Files of one folder below drop/ form a set: pages of one read in several files are joined into one read.

Pages of different days, versions or totals are not joined; each stays an incomplete read.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from glue_jobs.log_entry import Input
from glue_jobs.reading.model import Check
from glue_jobs.reading.playlist import is_complete
from shared import lake

JOINED_WITHIN = timedelta(minutes=10)
_DIGITS = re.compile(r"\d+")
_OF_DOCUMENT = "document:"  # begins an id that is made from the document


def set_of(planned: Input) -> str | None:
    """The folder of the file, if it is a folder below drop/ or of a --source file; null for other objects."""
    key = lake.pending_key(planned.key)
    folder = key.rpartition("/")[0]
    if key.startswith(lake.DROP):
        return folder if f"{folder}/" != lake.DROP else None
    return folder if "://" in key else None


def series_of(planned: Input) -> str | None:
    """The set of the file and its name without digits. The pages of a playlist that a program saved are one series."""
    folder = set_of(planned)
    return folder and f"{folder}/{_DIGITS.sub('', planned.key.rpartition('/')[2])}"


@dataclass
class Fragment:
    """A read, or a part of one, from one document; `place` and `kinds` are the document's."""

    check: Check
    place: dict[str, Any]
    kinds: Counter[str]


@dataclass
class Read:
    """A read with the place of its check, and its parts, each with the place of its items."""

    check: Check
    place: dict[str, Any]
    parts: list[Fragment]


def single(fragment: Fragment) -> Read:
    """The read of one document."""
    return Read(fragment.check, fragment.place, [fragment])


def may_join(check: Check) -> bool:
    """Whether another document may have the rest of the read."""
    return (
        check.is_dropped
        and bool(check.pages)
        and not check.is_complete
        and type(check.total) is int
        and not check.playlist_id.startswith(_OF_DOCUMENT)
    )


def joined(fragments: Iterable[Fragment]) -> Iterator[Read]:
    """The reads of a set. If pages have a position in common, none is joined: it is unknown which belong together."""
    groups: dict[tuple[str, object], list[Fragment]] = defaultdict(list)
    for fragment in sorted(fragments, key=lambda fragment: fragment.place["extracted_at"]):
        groups[fragment.check.playlist_id, fragment.check.total].append(fragment)
    for group in groups.values():
        near: list[Fragment] = []
        for fragment in group:
            if near and fragment.place["extracted_at"] - near[0].place["extracted_at"] > JOINED_WITHIN:
                yield from _joined(near)
                near = []
            near.append(fragment)
        yield from _joined(near)


def _joined(near: list[Fragment]) -> Iterator[Read]:
    pages = [page for fragment in near for page in fragment.check.pages]
    versions = {fragment.check.snapshot_id or "" for fragment in near}
    known = {version for version in versions if not version.startswith(_OF_DOCUMENT)}
    if len(near) == 1 or len(known) > 1 or replace(near[0].check, pages=pages).has_repeats():
        yield from map(single, near)
        return
    near = sorted(near, key=lambda fragment: min(page.offset for page in fragment.check.pages))
    ids = "".join(str(fragment.place["document_id"]) for fragment in near)
    run_id = _OF_DOCUMENT + sha256(ids.encode()).hexdigest()
    snapshot_id = known.pop() if known else f"{run_id}#0"
    # The rows of the joined read are one observation, which replaces an older observation as a whole.
    observed = {
        "source_object": near[0].place["source_object"],
        "extracted_at": max(fragment.place["extracted_at"] for fragment in near),
    }
    check = replace(
        near[0].check,
        run_id=run_id,
        snapshot_id=snapshot_id,
        item_count=sum(fragment.check.item_count or 0 for fragment in near),
        is_complete=is_complete(pages),
        playlist=next((each.check.playlist for each in near if each.check.playlist is not None), None),
        pages=pages,
    )
    parts = [Fragment(replace(each.check, snapshot_id=snapshot_id), each.place | observed, each.kinds) for each in near]
    yield Read(check, near[0].place | observed, parts)
