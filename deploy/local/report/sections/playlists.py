"""The playlists: how much they hold, and on which days that was seen."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Bi, Row
from deploy.local.report.page import Figure, Link, Section, Table
from deploy.local.report.sections.changes import latest
from deploy.local.report.words import MINUS, count, day, figure, labels, name, span

_MOST_BARS = 30
_MOST_DAYS = 31
_DAILY = (
    "playlist_id, checked_on, song_count, episode_count, local_count, empty_count, unavailable_count, rejected_count,"
    " duration_minutes, entered_count, left_count"
)
_KINDS = ("song", "episode", "local", "empty", "unavailable", "rejected")


def playlists(bi: Bi) -> Section:
    """Every playlist with what it held when it was last seen."""
    every = bi.rows(
        "PLAYLISTS",
        "playlist_id, playlist_name, url, follower_count, last_status, last_failure_class",
        order="playlist_name, playlist_id",
    )
    daily = bi.rows("PLAYLIST_DAILY", _DAILY, order="playlist_id, checked_on")
    known = bi.rows("PLAYLIST_CHECKS", "playlist_id, status", where="is_known", order="playlist_id, look_number")
    gone = {look["playlist_id"] for look in latest(known) if look["status"] == "gone"}
    last = {row["playlist_id"]: row for row in daily if row["playlist_id"] not in gone}
    every.sort(key=lambda playlist: (-_size(playlist, last), playlist["playlist_name"], playlist["playlist_id"]))
    label = labels((playlist["playlist_id"], playlist["playlist_name"]) for playlist in every)
    return Section("playlists", "Playlists", [_sizes(every, last, gone, label), _seen(bi, every, daily, label)])


def _positions(row: Row) -> int:
    return sum(row[f"{kind}_count"] for kind in _KINDS)


def _size(playlist: Row, last: dict[str, Row]) -> int:
    """Positions it holds as far as known; less than nothing if it is gone or was never seen."""
    row = last.get(playlist["playlist_id"])
    return _positions(row) if row else -1


def _sizes(every: Sequence[Row], last: dict[str, Row], gone: set[str], label: dict[str, str]) -> Figure:
    points = []
    for playlist in every:
        size = _size(playlist, last)
        text = figure(size)
        if size < 0:
            text = "gone" if playlist["playlist_id"] in gone else "never seen"
        elif playlist["last_status"] == "failed":
            text += " when last seen"
        points.append({"label": label[playlist["playlist_id"]], "value": max(size, 0), "text": text})
    spec = charts.bars(points[:_MOST_BARS], "playlist", [("text", "items")])
    sentence = _size_sentence(every, last) + _cut(every)
    return Figure("sizes", "What they hold", sentence, spec, _size_table(every, last, gone))


def _cut(every: Sequence[Row]) -> str:
    return f" Drawn are the {_MOST_BARS} largest." if len(every) > _MOST_BARS else ""


def _size_sentence(every: Sequence[Row], last: dict[str, Row]) -> Markup:
    held = [playlist for playlist in every if _size(playlist, last) >= 0]
    if not held:
        return Markup("No playlist has been seen whole yet.")
    total = sum(_size(playlist, last) for playlist in held)
    minutes = sum(last[playlist["playlist_id"]]["duration_minutes"] for playlist in held)
    text = Markup("{} {}").format(count(len(held), "playlist holds", "playlists hold"), count(total, "item"))
    if minutes:
        text += f", {span(minutes)} of sound"
    if len(held) > 1 and total:
        biggest = held[0]
        share = round(100 * _size(biggest, last) / total)
        text += Markup("; {} alone has {}% of them").format(name(biggest["playlist_name"]), share)
    odd = sum(_positions(last[each["playlist_id"]]) - last[each["playlist_id"]]["song_count"] for each in held)
    return text + (f". {count(odd, 'item')} of these {'is no song' if odd == 1 else 'are no songs'}." if odd else ".")


def _size_table(every: Sequence[Row], last: dict[str, Row], gone: set[str]) -> Table:
    rows: list[tuple[object, ...]] = []
    for playlist in every:
        row = last.get(playlist["playlist_id"])
        rows.append(
            (
                Link(playlist["playlist_name"], playlist["url"]),
                _positions(row) if row else None,
                row["song_count"] if row else None,
                row["episode_count"] if row else None,
                row["local_count"] if row else None,
                row["empty_count"] + row["unavailable_count"] + row["rejected_count"] if row else None,
                row["duration_minutes"] if row else None,
                "withheld" if playlist["follower_count"] is None else playlist["follower_count"],
                row["checked_on"] if row else "gone" if playlist["playlist_id"] in gone else "never",
                playlist["last_status"],
            )
        )
    columns = ("playlist", "items", "songs", "episodes", "local files", "unreadable", "minutes")
    return Table.of((*columns, "followers", "last seen on", "last look"), rows, "BI.PLAYLISTS and BI.PLAYLIST_DAILY")


def _seen(bi: Bi, every: Sequence[Row], daily: Sequence[Row], label: dict[str, str]) -> Figure:
    looks = bi.rows(
        "PLAYLIST_CHECKS", "playlist_id, look_number, checked_on, status, is_known", order="playlist_id, look_number"
    )
    days = sorted({look["checked_on"] for look in looks})
    by_day = {(row["playlist_id"], row["checked_on"]): row for row in daily}
    states: dict[tuple[str, date], tuple[str, str]] = {}
    known: set[str] = set()
    for of_day in days:
        for look in latest([look for look in looks if look["checked_on"] == of_day]):
            key = (look["playlist_id"], of_day)
            states[key] = _state(look, by_day.get(key), is_first=look["playlist_id"] not in known)
            if look["is_known"]:
                known.add(look["playlist_id"])
    shown_days = days[-_MOST_DAYS:]
    points = [
        {"label": label[playlist["playlist_id"]], "day": of_day.isoformat(), "state": state, "text": text}
        for playlist in every[:_MOST_BARS]
        for of_day in shown_days
        for state, text in [states.get((playlist["playlist_id"], of_day), ("", ""))]
        if state
    ]
    names = [label[playlist["playlist_id"]] for playlist in every[:_MOST_BARS]]
    rows = [
        (playlist["playlist_name"], of_day, *(text or "-" for text in states[playlist["playlist_id"], of_day]))
        for playlist in every
        for of_day in reversed(shown_days)
        if (playlist["playlist_id"], of_day) in states
    ]
    return Figure(
        "seen",
        "What was seen when",
        _seen_sentence(days, every, known, states) + _cut(every),
        charts.seen(points, names, [of_day.isoformat() for of_day in shown_days]),
        Table.of(("playlist", "day", "look", "change"), rows, "BI.PLAYLIST_CHECKS"),
    )


def _state(look: Row, row: Row | None, *, is_first: bool) -> tuple[str, str]:
    """What the last look of a day showed, and the change in numbers."""
    if look["status"] == "gone":
        return "gone", ""
    if row is None:
        return "not seen", ""
    if row["entered_count"] or row["left_count"]:
        signs = [
            f"+{row['entered_count']}" * bool(row["entered_count"]),
            f"{MINUS}{row['left_count']}" * bool(row["left_count"]),
        ]
        return "changed", " ".join(sign for sign in signs if sign)
    return ("first look" if is_first else "as before"), ""


def _seen_sentence(
    days: Sequence[date], every: Sequence[Row], known: set[str], states: dict[tuple[str, date], tuple[str, str]]
) -> Markup:
    whole = sum(
        all(states.get((each["playlist_id"], of_day), ("not seen",))[0] != "not seen" for of_day in days)
        for each in every
    )
    if len(days) == 1:
        when = f"On {day(days[0])}, the only day with a look,"
        return Markup("{} {} of {} could be seen.").format(when, whole, count(len(every), "playlist"))
    text = Markup("{} of {} could be seen on {} with a look, {} {} {}").format(
        whole,
        count(len(every), "playlist"),
        "both days" if len(days) == 2 else f"each of {count(len(days), 'day')}",  # noqa: PLR2004 - two are both
        day(days[0]),
        "and" if len(days) == 2 else "to",  # noqa: PLR2004 - likewise
        day(days[-1]),
    )
    never = len(every) - len(known)
    return text + (f"; {never} never." if never else ".")
