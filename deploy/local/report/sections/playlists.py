"""The playlists: how many songs each has, and the list of all of them."""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Row
from deploy.local.report.library import Library, song_count
from deploy.local.report.page import Figure, Link, Section, Table
from deploy.local.report.words import count, figure, labels, shared_first

_MOST_BARS = 30


def playlists(library: Library) -> Section:
    """How many songs each playlist has, and the list of all playlists."""
    return Section("playlists", "Playlists", [*_sizes(library.held_playlists), _all(library)])


def _sizes(held: Sequence[Row]) -> list[Figure]:
    if not held:
        return []
    label = labels((playlist["playlist_id"], playlist["playlist_name"]) for playlist in held)
    points = [
        {
            "label": label[playlist["playlist_id"]],
            "value": song_count(playlist),
            "text": figure(song_count(playlist)) + (", when last read" if playlist["state"] else ""),
        }
        for playlist in held
    ]
    first = [playlist["playlist_name"] for playlist in held if song_count(playlist) == song_count(held[0])]
    text = Markup("{}; {} {} the longest, with {}{}.").format(
        count(len(held), "playlist"),
        shared_first(first, "playlist"),
        "is" if len(first) == 1 else "are",
        count(song_count(held[0]), "song"),
        " each" if len(first) > 1 else "",
    )
    cut = f" The chart shows the {_MOST_BARS} longest." if len(held) > _MOST_BARS else ""
    spec = charts.bars(points[:_MOST_BARS], "playlist", [("text", "songs")])
    rows = [(playlist["playlist_name"], song_count(playlist)) for playlist in held]
    return [
        Figure("sizes", "Songs in each playlist", text + cut, spec, Table(("playlist", "songs"), rows, "playlists"))
    ]


def _all(library: Library) -> Figure:
    added = Counter(row["playlist_id"] for row in library.added)
    removed = Counter(row["playlist_id"] for row in library.removed)
    read = {row["playlist_id"]: row["checked_on"] for row in library.daily}
    has_followers = any(playlist["follower_count"] is not None for playlist in library.playlists)
    rows: list[tuple[object, ...]] = [
        (
            Link(playlist["playlist_name"], playlist["url"]),
            playlist["now"]["distinct_song_count"] if playlist["now"] else None,
            playlist["now"]["duration_minutes"] / 60 if playlist["now"] else None,
            added[playlist["playlist_id"]],
            removed[playlist["playlist_id"]],
            *([playlist["follower_count"]] if has_followers else []),
            read.get(playlist["playlist_id"], "never"),
            playlist["state"] or "in your library",
        )
        for playlist in library.playlists
    ]
    columns = ("playlist", "songs", "hours", "added", "removed", *(["followers"] if has_followers else []))
    other = Counter(playlist["state"] for playlist in library.playlists if not playlist["now"])
    parts = [f"{number} {state}" for state, number in other.items()]
    text = Markup(
        "{} in all{}. Each song counts once. The columns added and removed cover the time since the first check."
    ).format(count(len(library.playlists), "playlist"), f", {', '.join(parts)}" if parts else "")
    table = Table((*columns, "last read", "state"), rows, "playlists", is_open=True)
    return Figure("all-playlists", "All playlists", text, None, table, is_wide=True)
