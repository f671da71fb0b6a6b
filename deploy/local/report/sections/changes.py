"""What changed in the newest seven days, and lists of everything that was ever added or removed."""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Row
from deploy.local.report.library import Library
from deploy.local.report.page import Figure, Link, Section, Table
from deploy.local.report.words import count, day, labels, listed, name

_MOST_BARS = 20
_KINDS = {"song": "song", "episode": "episode", "local": "local file"}
DELETED = "playlist gone"  # the view's word for a stay that ended with its playlist


def changes(library: Library) -> Section:
    """Additions and removals by playlist, new names, deleted playlists, and lists of all items."""
    added = library.in_period(library.added, "entered_by_at")
    ended = library.in_period(library.removed, "left_by_at")
    removed = [row for row in ended if row["state"] != DELETED]
    figures = [
        *_by_playlist(added, removed),
        *_names(library),
        *_items("added", "Added", library, library.added, added),
        *_items("removed", "Removed", library, library.removed, removed),
    ]
    return Section("changes", "What changed", figures, _lead(library, added, removed, ended))


def _lead(library: Library, added: Sequence[Row], removed: Sequence[Row], ended: Sequence[Row]) -> Markup:
    """What changed in the newest period; `ended` has the rows of `removed` and the items of deleted playlists."""
    days = {check["checked_on"] for check in library.checks}
    if len(days) == 1:
        return Markup("{} is the first day with data. Changes show from the second day on.").format(day(library.newest))
    since = max(library.since, min(days))
    text = Markup("From {} to {}: ").format(day(since), day(library.newest))
    deleted = {row["playlist_id"] for row in ended if row["state"] == DELETED}
    gone = (
        f" {count(len(deleted), 'playlist was', 'playlists were')} deleted, with"
        f" {count(len(ended) - len(removed), 'item')}."
        if deleted
        else ""
    )
    if not added and not ended:
        return text + "nothing was added and nothing was removed."
    return text + f"{count(len(added), 'item')} added, {count(len(removed), 'item')} removed.{gone}"


def _by_playlist(added: Sequence[Row], removed: Sequence[Row]) -> list[Figure]:
    if not added and not removed:
        return []
    came = Counter(row["playlist_id"] for row in added)
    went = Counter(row["playlist_id"] for row in removed)
    names = {row["playlist_id"]: row["playlist_name"] for row in (*added, *removed)}
    keys = sorted(names, key=lambda key: (-came[key] - went[key], str(names[key]), key))
    label = labels((key, names[key]) for key in keys)
    points = [{"label": label[key], "Added": came[key], "Removed": went[key]} for key in keys]
    text = Markup("{} changed in the last 7 days").format(count(len(names), "playlist"))
    first, others = keys[0], keys[1:]
    if others and came[first] + went[first] > came[others[0]] + went[others[0]]:
        text += Markup("; {} changed most, with {} added and {} removed").format(
            name(names[first]), came[first], went[first]
        )
    cut = f" The chart shows the {_MOST_BARS} that changed most." if len(keys) > _MOST_BARS else ""
    rows = [(names[key], came[key], went[key]) for key in keys]
    return [
        Figure(
            "by-playlist",
            "Added and removed, by playlist",
            text + "." + cut,
            charts.bars_to_both_sides(points[:_MOST_BARS], "playlist"),
            Table(("playlist", "added", "removed"), rows, "playlists"),
        )
    ]


def _items(key: str, title: str, library: Library, stays: Sequence[Row], newest: Sequence[Row]) -> list[Figure]:
    """A list of all these stays; the sentence is about those of the newest period."""
    if not stays:
        return []
    if newest:
        kinds = Counter(row["item_kind"] for row in newest)
        words = [count(number, _KINDS.get(kind, "other item")) for kind, number in kinds.most_common()]
        verb = "was" if len(newest) == 1 else "were"
        text = Markup("{} {} {} in the last 7 days").format(listed(words), verb, key)
        named = list(dict.fromkeys(row["item_name"] for row in newest if row["item_name"]))[:2]
        before = ": " if len(named) == len(newest) else ", such as "
        text += before + listed([name(each) for each in named]) if named else ""
    else:
        text = Markup("Nothing was {} in the last 7 days").format(key)
    when = "entered_by_at" if key == "added" else "left_by_at"
    rows = [
        (
            Link(row["item_name"], library.songs.get(row["item_uri"].rpartition(":")[2], {}).get("url")),
            row["artist_names"],
            row["playlist_name"] + (" (deleted)" if row.get("state") == DELETED else ""),
            row[when].date(),
        )
        for row in stays
    ]
    columns = ("title", "artists", "playlist", "on or before")
    return [Figure(key, title, text + ".", None, Table(columns, rows, "items", is_open=True))]


def _names(library: Library) -> list[Figure]:
    """Every new name and every deletion, the newest first."""
    deleted = {playlist["playlist_id"] for playlist in library.playlists if playlist["state"] == "deleted"}
    held = Counter(row["playlist_id"] for row in library.removed if row["state"] == DELETED)
    by = {check["playlist_id"]: check for check in library.checks if check["status"] == "gone"}
    events = [
        (check["playlist_name"], f"deleted with {count(held[key], 'item')}", check["checked_on"])
        for key, check in by.items()
        if key in deleted
    ]
    events += [
        (row["previous_name"], f"renamed to {row['playlist_name']}", row["first_checked_at"].date())
        for row in library.renamed
    ]
    if not events:
        return []
    events.sort(key=lambda event: event[2], reverse=True)
    title, what, of_day = events[0]
    text = Markup("{} was {} on or before {}.").format(name(title), name(what), day(of_day))
    table = Table(("playlist", "what changed", "on or before"), events, "changes", is_open=True)
    return [Figure("names", "Renamed and deleted playlists", text, None, table)]
