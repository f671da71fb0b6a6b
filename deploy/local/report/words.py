"""Words for people: counts, days, lists, and names, which are untrusted text."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from markupsafe import Markup, escape

NAMELESS = "(no name)"
LONGEST = 70  # characters of a name in a sentence or beside a bar; tables have the whole name

MINUS = "\u2212"

# Control characters, and those that change the direction of the text after them. Emoji and scripts need joiners.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")


def plain(text: object) -> str:
    """The name on one line, without control characters; NAMELESS if nothing is left."""
    return " ".join(_CONTROL.sub(" ", str(text or "")).split()) or NAMELESS


def short(text: object, longest: int = LONGEST) -> str:
    """As `plain`, truncated to the number of characters."""
    whole = plain(text)
    return whole if len(whole) <= longest else whole[: longest - 1].rstrip() + "…"


def name(text: object) -> Markup:
    """A name inside a sentence: escaped, and isolated from the writing direction of the text around it."""
    return Markup("<bdi>{}</bdi>").format(short(text))


def count(number: float, what: str, many: str | None = None) -> str:
    """`1 song`, `1,481 songs`, `no songs`."""
    return f"{figure(number) if number else 'no'} {what if number == 1 else many or what + 's'}"


def figure(number: float) -> str:
    """`1,481`; at most one decimal."""
    return f"{number:,.1f}".removesuffix(".0")


def day(moment: date | datetime) -> str:
    """`20 Nov 2026`."""
    return f"{moment.day} {moment:%b %Y}"


def minute(moment: datetime) -> str:
    """`20 Nov 2026, 09:00 UTC`."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def hours(minutes: float) -> str:
    """`88 hours`; less than two hours in minutes."""
    return count(round(minutes / 60), "hour") if minutes >= 120 else count(round(minutes), "minute")  # noqa: PLR2004  # two hours


def listed(parts: Sequence[object]) -> Markup:
    """`a`, `a and b`, `a, b and c`; plain text is escaped, markup is not."""
    safe = [escape(part) for part in parts]
    if len(safe) <= 1:
        return Markup("").join(safe)
    return Markup("{} and {}").format(Markup(", ").join(safe[:-1]), safe[-1])


def shared_first(names: Sequence[object], what: str) -> Markup:
    """The names that share the first place: `A`, `A and B`; from three on only their number, `3 artists`."""
    return listed([name(each) for each in names]) if len(names) <= 2 else escape(count(len(names), what))  # noqa: PLR2004  # more names would not help


def labels(keys_and_names: Iterable[tuple[str, object]]) -> dict[str, str]:
    """A label for each key of a chart: its short name, numbered where another key has the same one."""
    seen: Counter[str] = Counter()
    made: dict[str, str] = {}
    for key, text in keys_and_names:
        if key in made:
            continue
        label = short(text, 48)
        seen[label] += 1
        made[key] = label if seen[label] == 1 else f"{label} ({seen[label]})"
    return made
