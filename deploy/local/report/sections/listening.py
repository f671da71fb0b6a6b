"""The listening history: when you listened, what you played most, and how plays and playlists relate.

Charts add up the accounts; lists have a row for each account, and a column `account` if there are several.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Row
from deploy.local.report.history import History
from deploy.local.report.library import Library
from deploy.local.report.page import Figure, Link, Section, Table
from deploy.local.report.words import count, day, figure, hours, labels, listed, name, plain, shared_first

_MOST_BARS = 15
_MOST_PLAYLISTS = 20  # with a bar
_MOST_ROWS = 3_000  # of a list; the view has all
_DAYS_TO_DRAW = 400  # a longer history is drawn by month
_OFTEN = 10  # plays
_MS_PER_HOUR = 3_600_000
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SONG_PAGE = "https://open.spotify.com/track/"

_NAMELESS: Mapping[str, object] = {"song_name": None}

Ranking = Literal["play_rank", "listening_rank"]


def listening(library: Library) -> Section:
    """When and what was played; no figures if no history was imported or no play counts."""
    history = library.history
    if not history.days:
        return Section("listening", "Listening", [])
    if not _total(history.days, "counted_play_count"):
        return Section("listening", "Listening", [], _lead(history))
    figures = [_days(history), _hours(history), _weekdays(history)]
    for kind in _KINDS:
        figures += _most(kind, history)
    if library.held_songs:
        figures += [*_from_playlists(history), *_outside(history), *_never_played(library), *_entries(library)]
    return Section("listening", "Listening", figures, _lead(history))


def _lead(history: History) -> Markup:
    counted, total = _total(history.days, "counted_play_count"), _total(history.days, "play_count")
    text = Markup(
        "{} from {} to {}, {} in all. A play counts below if it lasted 30 seconds or more, or if it ended by itself:"
        " this holds for {} of {}."
    ).format(
        count(total, "play"),
        day(history.days[0]["played_on"]),
        day(history.days[-1]["played_on"]),
        _hours_of(_total(history.days, "listening_ms")),
        figure(counted),
        figure(total),
    )
    if history.songs:
        first = min(history.songs, key=lambda song: (song["first_played_at"], song["song_key"]))
        last = max(history.songs, key=lambda song: (song["last_played_at"], song["song_key"]))
        text += Markup(" The first song was {}, and the last song was {}.").format(_song(first), _song(last))
    if len(history.accounts) > 1:
        text += Markup(" Charts add up the accounts {}.").format(listed([name(each) for each in history.accounts]))
    return text


def _song(song: Row) -> Markup:
    by = Markup(" by {}").format(name(song["artist_name"])) if song["artist_name"] else ""
    return Markup("{}{}").format(name(song["track_name"]), by)


# --- when


def _days(history: History) -> Figure:
    counted: Counter[date] = Counter()
    for row in history.local_days:
        counted[row["local_played_on"]] += row["counted_play_count"]
    first, last = min(counted), max(counted)
    busiest = max(counted, key=lambda of_day: (counted[of_day], of_day))
    span = (last - first).days + 1
    text = Markup("{} on {} of {} ({}). The busiest day was {}, with {}.").format(
        count(counted.total(), "play"),
        figure(len(counted)),
        count(span, "day"),
        history.zone,
        day(busiest),
        count(counted[busiest], "play"),
    )
    unit: Literal["day", "month"] = "day" if span <= _DAYS_TO_DRAW else "month"
    points: Counter[date] = Counter()
    for of_day, plays in counted.items():
        points[of_day if unit == "day" else of_day.replace(day=1)] += plays
    text += " The chart shows months." if unit == "month" else ""
    drawn = [{"at": of_day.isoformat(), "value": points[of_day]} for of_day in sorted(points)]
    utc = {(row["account"], row["played_on"]): row["counted_play_count"] for row in history.days}
    rows = [
        (
            row["local_played_on"],
            *_both_clocks(history, row["counted_play_count"], utc.get((row["account"], row["local_played_on"]), 0)),
            row["play_count"],
            row["listening_ms"] / _MS_PER_HOUR,
        )
        for row in reversed(history.local_days)
    ]
    columns = ("day", *_clocks(history), "all plays", "hours")
    table = _table(history, columns, rows, history.local_days[::-1], "days")
    spec = charts.over_time(drawn, unit, "plays")
    return Figure("plays-by-day", "Plays, day by day", text, spec, table, is_wide=True)


def _hours(history: History) -> Figure:
    local, utc = _by(history.hours, "local_played_hour"), _by(history.hours, "played_hour")
    most = max(local, key=lambda hour: (local[hour], -hour))
    text = Markup(
        "The busiest hour is {}:00 to {}:00 ({}), with {} of {}. A play counts in the hour in which it ended."
    ).format(f"{most:02}", f"{(most + 1) % 24:02}", history.zone, figure(local[most]), count(local.total(), "play"))
    points = [{"at": hour, "value": local[hour]} for hour in range(24)]
    rows = [(f"{hour:02}:00", *_both_clocks(history, local[hour], utc[hour])) for hour in range(24)]
    table = Table(("hour", *_clocks(history)), rows, "hours")
    spec = charts.columns(points, f"hour, {history.zone}", "plays")
    return Figure("plays-by-hour", "Plays by hour of the day", text, spec, table)


def _weekdays(history: History) -> Figure:
    local, utc = _by(history.hours, "local_played_weekday"), _by(history.hours, "played_weekday")
    most = max(local, key=lambda weekday: (local[weekday], -weekday))
    text = Markup("The busiest weekday is {} ({}), with {} of {}.").format(
        _WEEKDAYS[most - 1], history.zone, figure(local[most]), count(local.total(), "play")
    )
    points = [{"label": weekday[:3], "value": local[number]} for number, weekday in enumerate(_WEEKDAYS, start=1)]
    rows = [
        (weekday, *_both_clocks(history, local[number], utc[number])) for number, weekday in enumerate(_WEEKDAYS, 1)
    ]
    table = Table(("weekday", *_clocks(history)), rows, "weekdays")
    spec = charts.steps(points, f"weekday, {history.zone}", "plays")
    return Figure("plays-by-weekday", "Plays by weekday", text, spec, table)


def _clocks(history: History) -> tuple[str, ...]:
    """The columns of plays: in the zone of the setting, and also in UTC if the zone is another."""
    return ("plays",) if history.zone == "UTC" else (f"plays, {history.zone}", "plays, UTC")


def _both_clocks(history: History, local: int, utc: int) -> tuple[int, ...]:
    return (local,) if history.zone == "UTC" else (local, utc)


def _by(rows: Iterable[Row], column: str) -> Counter[int]:
    counted: Counter[int] = Counter()
    for row in rows:
        counted[row[column]] += row["counted_play_count"]
    return counted


# --- played most


@dataclass(frozen=True)
class _Kind:
    """What is ranked: its names in sentences, the columns that name it, and those columns' titles."""

    key: str
    what: str
    named: tuple[str, ...]
    columns: tuple[str, ...]

    def rows(self, history: History) -> list[Row]:
        """The rows of its view, the most played first."""
        return {"songs": history.songs, "artists": history.artists, "albums": history.albums}[self.key]

    def cells(self, row: Row) -> tuple[object, ...]:
        """The first cells of its row in a list."""
        if self.key == "songs":
            return _song_link(row["track_name"], row["song_id"]), row["artist_name"]
        return (*(row[column] for column in self.named), row["song_count"])

    def label(self, row: Row) -> str:
        """Its name beside a bar."""
        return ", ".join(plain(row[column]) for column in self.named if row[column])


_KINDS = (
    _Kind("songs", "song", ("track_name", "artist_name"), ("song", "artist")),
    _Kind("artists", "artist", ("artist_name",), ("artist", "songs")),
    _Kind("albums", "album", ("album_name", "artist_name"), ("album", "artist", "songs")),
)


def _most(kind: _Kind, history: History) -> list[Figure]:
    """Two figures: ranked by plays, and by listening time."""
    played = kind.rows(history)
    if not played:
        return []
    by_time = sorted(played, key=lambda row: row["listening_rank"])
    return [_ranked(kind, history, played, "play_rank"), _ranked(kind, history, by_time, "listening_rank")]


def _ranked(kind: _Kind, history: History, ranked: Sequence[Row], by: Ranking) -> Figure:
    is_time = by == "listening_rank"
    first = [row[kind.named[0]] for row in ranked if row[by] == 1]
    value = _hours_of(ranked[0]["listening_ms"]) if is_time else figure(ranked[0]["counted_play_count"])
    each = " each" if len(first) > 1 else ""
    text = Markup("{} played. {} {} the {}: {}{}.").format(
        count(len(ranked), f"{kind.what} was", f"{kind.what}s were"),
        shared_first(first, kind.what),
        "has" if len(first) == 1 else "have",
        "longest listening time" if is_time else "most plays",
        value,
        each,
    )
    label = labels((str(place), kind.label(row)) for place, row in enumerate(ranked[:_MOST_BARS]))
    points = [
        {
            "label": label[str(place)],
            "value": row["listening_ms"] if is_time else row["counted_play_count"],
            "text": f"{figure(row['listening_ms'] / _MS_PER_HOUR)} h" if is_time else figure(row["counted_play_count"]),
        }
        for place, row in enumerate(ranked[:_MOST_BARS])
    ]
    spec = charts.bars(points, kind.what, [("text", "listening time" if is_time else "plays")])
    rows = [
        (
            *kind.cells(row),
            row["counted_play_count"],
            row["play_count"],
            row["listening_ms"] / _MS_PER_HOUR,
            row["first_played_at"].date(),
            row["last_played_at"].date(),
        )
        for row in ranked
    ]
    columns = (*kind.columns, "plays", "all plays", "hours", "first play", "last play")
    table = _table(history, columns, rows, ranked, kind.key)
    title = f"{kind.what.capitalize()}s by listening time" if is_time else f"{kind.what.capitalize()}s by plays"
    key = f"{kind.key}-by-{'time' if is_time else 'plays'}"
    return Figure(key, title, text + _cut(ranked), spec, table)


# --- plays and playlists


def _from_playlists(history: History) -> list[Figure]:
    """Nothing if no song was played."""
    heard: Counter[date] = Counter()
    kept: Counter[date] = Counter()
    for row in history.months:
        heard[row["month_begins_on"]] += row["listening_ms"]
        kept[row["month_begins_on"]] += row["kept_listening_ms"]
    if not heard.total():
        return []
    text = Markup(
        "Songs that are in a playlist today have {}% of the listening time of all songs: {} of {}. A play without a"
        " song's id (account history) counts as outside the playlists."
    ).format(round(100 * kept.total() / heard.total()), _hours_of(kept.total()), _hours_of(heard.total()))
    months = sorted(heard)
    share = {month: round(100 * kept[month] / heard[month], 1) if heard[month] else None for month in months}
    points = [{"at": month.isoformat(), "value": share[month] or 0} for month in months]
    rows = [
        (f"{month:%Y-%m}", share[month], kept[month] / _MS_PER_HOUR, heard[month] / _MS_PER_HOUR)
        for month in reversed(months)
    ]
    table = Table(("month", "%", "hours from playlists", "hours"), rows, "months")
    spec = charts.over_time(points, "month", "% of listening time")
    return [Figure("from-playlists", "Listening from your playlists", text, spec, table)]


def _outside(history: History) -> list[Figure]:
    outside = history.outside
    if not outside:
        return []
    often = sum(row["counted_play_count"] >= _OFTEN for row in outside)
    first = [row["track_name"] for row in outside if row["counted_play_count"] == outside[0]["counted_play_count"]]
    text = Markup(
        "{} played and {} in no playlist today. {} played {} times or more. {} {} the most plays: {}{}."
    ).format(
        count(len(outside), "song was", "songs were"),
        "is" if len(outside) == 1 else "are",
        f"{figure(often) if often else 'None'} of them {'were' if often > 1 else 'was'}",
        _OFTEN,
        shared_first(first, "song"),
        "has" if len(first) == 1 else "have",
        figure(outside[0]["counted_play_count"]),
        " each" if len(first) > 1 else "",
    )
    rows = [
        (
            _song_link(row["track_name"], row["song_id"]),
            row["artist_name"],
            row["counted_play_count"],
            row["listening_ms"] / _MS_PER_HOUR,
            row["last_played_at"].date(),
        )
        for row in outside
    ]
    columns = ("song", "artist", "plays", "hours", "last play")
    table = _table(history, columns, rows, outside, "songs", is_open=True)
    return [Figure("outside", "Played, but in no playlist", text + _cut(outside), None, table)]


def _never_played(library: Library) -> list[Figure]:
    history = library.history
    never = history.never_played
    if not never:
        return []
    songs = Counter(row["song_id"] for row in never)
    text = Markup("{} of {} in a playlist today {} never played{}. Plays are matched by the song's id.").format(
        figure(len(songs)),
        count(len(library.held_songs), "song"),
        "was" if len(songs) == 1 else "were",
        " by at least one of the accounts" if len(history.accounts) > 1 else "",
    )
    rows = [(_song_link(row["song_name"], row["song_id"]), row["artist_names"]) for row in never]
    table = _table(history, ("song", "artists"), rows, never, "songs", is_open=True)
    return [Figure("never-played", "In a playlist, but never played", text + _cut(never), None, table)]


def _entries(library: Library) -> list[Figure]:
    """Plays before and after a song entered a playlist."""
    entries = library.history.entries
    if not entries:
        return []
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for row in entries:
        before[row["playlist_id"]] += row["before_count"]
        after[row["playlist_id"]] += row["after_count"]
    text = Markup(
        "Songs of {} were played {} before they entered it, and {} afterwards. The two periods are not equally long."
    ).format(
        count(len(before), "playlist"),
        count(before.total(), "time"),
        count(after.total(), "time"),
    )
    names = {row["playlist_id"]: row["playlist_name"] for row in entries}
    keys = sorted(names, key=lambda key: (-before[key] - after[key], str(names[key]), key))
    label = labels((key, names[key]) for key in keys)
    points = [{"label": label[key], "After": after[key], "Before": before[key]} for key in keys[:_MOST_PLAYLISTS]]
    text += (
        f" The chart shows the {_MOST_PLAYLISTS} playlists with the most plays." if len(keys) > _MOST_PLAYLISTS else ""
    )
    rows = [
        (
            row["playlist_name"],
            _song_link(library.songs.get(row["song_id"], _NAMELESS)["song_name"], row["song_id"]),
            row["entered_at"].date(),
            row["before_count"],
            row["after_count"],
        )
        for row in entries
    ]
    columns = ("playlist", "song", "entered", "plays before", "plays after")
    table = _table(library.history, columns, rows, entries, "songs")
    spec = charts.bars_to_both_sides(points, "playlist", "plays", ways=("After", "Before"), is_change=False)
    title = "Plays before and after a song entered a playlist"
    return [Figure("entries-plays", title, text + _cut(entries), spec, table, is_wide=True)]


# --- what figures share


def _table(
    history: History,
    columns: tuple[str, ...],
    rows: Sequence[tuple[object, ...]],
    of: Sequence[Row],
    what: str,
    *,
    is_open: bool = False,
) -> Table:
    """A table of the first rows; if there are several accounts, with a column `account`. `of` has the view's rows."""
    shown = list(rows[:_MOST_ROWS]) if what != "days" else list(rows)
    if len(history.accounts) > 1:
        shown = [(*cells, row["account"]) for cells, row in zip(shown, of, strict=False)]
        columns = (*columns, "account")
    return Table(columns, shown, what, is_open=is_open)


def _cut(rows: Sequence[Row]) -> str:
    return f" The list shows the first {figure(_MOST_ROWS)}." if len(rows) > _MOST_ROWS else ""


def _song_link(title: object, song_id: str | None) -> Link:
    return Link(title, f"{_SONG_PAGE}{song_id}" if song_id else None)


def _hours_of(ms: float) -> str:
    return hours(ms / 60_000)


def _total(rows: Iterable[Row], column: str) -> int:
    return sum(row[column] for row in rows)
