"""The artists: who is on the most songs, who gains and loses songs, and who shares songs."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Row
from deploy.local.report.library import Library
from deploy.local.report.page import Figure, Link, Section, Table
from deploy.local.report.words import count, day, figure, labels, name, shared_first

_MOST_BARS = 24
_MOST_ON_ARCS = 24


def artists(library: Library) -> Section:
    """Who is on the most songs, who shares songs, who gains and loses songs, and the list of all."""
    figures = [*_most(library), *_together(library.pairs), *_rise(library), *_all(library.artists)]
    return Section("artists", "Artists", figures)


def _most(library: Library) -> list[Figure]:
    held = library.artists
    if not held:
        return []
    songs = len(library.held_songs)
    first = [artist for artist in held if artist["held_song_count"] == held[0]["held_song_count"]]
    text = Markup("{} by {}. {} {} on the most songs: {}").format(
        count(songs, "song"),
        count(len(held), "artist"),
        shared_first([artist["artist_name"] for artist in first], "artist"),
        "is" if len(first) == 1 else "are",
        figure(held[0]["held_song_count"]),
    )
    text += " each." if len(first) > 1 else f", or {round(100 * held[0]['held_song_count'] / songs)}%."
    once = sum(artist["held_song_count"] == 1 for artist in held)
    if once and held[0]["held_song_count"] > 1:
        text += f" {count(once, 'artist is', 'artists are')} on only one song."
    label = labels((artist["artist_id"], artist["artist_name"]) for artist in held)
    points = [
        {
            "label": label[artist["artist_id"]],
            "value": artist["held_song_count"],
            "text": figure(artist["held_song_count"]),
            "playlists": artist["playlist_count"],
        }
        for artist in held[:_MOST_BARS]
    ]
    spec = charts.bars(points, "artist", [("text", "songs"), ("playlists", "playlists")])
    rows = [(point["label"], point["value"]) for point in points]
    return [Figure("most", "Artists with the most songs", text, spec, Table(("artist", "songs"), rows, "artists"))]


def _all(held: Sequence[Row]) -> list[Figure]:
    if not held:
        return []
    rows = [
        (
            Link(artist["artist_name"], artist["url"]),
            artist["held_song_count"],
            artist["playlist_count"],
            artist["collaborator_count"],
            _years(artist),
        )
        for artist in held
    ]
    text = Markup("{} a song in a playlist today.").format(count(len(rows), "artist has", "artists have"))
    table = Table(("artist", "songs", "playlists", "collaborators", "released"), rows, "artists", is_open=True)
    return [Figure("all-artists", "All artists", text, None, table, is_wide=True)]


def _years(row: Row) -> str | None:
    first, last = row["first_release_year"], row["last_release_year"]
    if first is None:
        return None
    return str(first) if first == last else f"{first} to {last}"


def _rise(library: Library) -> list[Figure]:
    """Who gained and lost songs in the newest period; nothing if there is only one day with checks."""
    days = sorted({row["checked_on"] for row in library.rise})
    if len(days) < 2:  # noqa: PLR2004  # changes show from the second day on
        return []
    before = max([of_day for of_day in days if of_day < library.since], default=days[0])
    counts: dict[str, dict[date, int]] = defaultdict(dict)
    names = {row["artist_id"]: row["artist_name"] for row in library.rise}
    for row in library.rise:
        counts[row["artist_id"]][row["checked_on"]] = row["song_count"]
    moved = [(key, now.get(days[-1], 0) - now.get(before, 0), now.get(days[-1], 0)) for key, now in counts.items()]
    moved = sorted((row for row in moved if row[1]), key=lambda row: (-row[1], str(names[row[0]]), row[0]))
    if not moved:
        return []
    up = [row for row in moved if row[1] > 0]
    down = [row for row in reversed(moved) if row[1] < 0]
    text = Markup("Since {}, {} gained songs and {} lost songs.").format(
        day(before), count(len(up), "artist"), count(len(down), "artist")
    )
    shown = [*up[:8], *reversed(down[:8])]
    label = labels((key, names[key]) for key, _, _ in shown)
    points = [{"label": label[key], "Gained": max(0, change), "Lost": max(0, -change)} for key, change, _ in shown]
    rows = [(names[key], change, songs) for key, change, songs in (*up, *down)]
    table = Table(("artist", "change", "songs"), rows, "artists")
    spec = charts.bars_to_both_sides(points, "artist", "songs", ways=("Gained", "Lost"))
    return [Figure("rise", "Artists that gain and lose songs", text, spec, table)]


def _together(pairs: Sequence[Row]) -> list[Figure]:
    if not pairs:
        return []
    top = pairs[0]
    first = sum(pair["song_count"] == top["song_count"] for pair in pairs)
    text = Markup("{}. ").format(count(len(pairs), "pair of artists shares songs", "pairs of artists share songs"))
    text += (
        Markup("{} and {} share the most: {}").format(
            name(top["artist_name"]), name(top["other_artist_name"]), top["song_count"]
        )
        if first == 1
        else f"{figure(first)} of them share the most: {count(top['song_count'], 'song')} each"
    )
    names: dict[str, str] = {}
    for pair in pairs:
        names |= {pair["artist_id"]: pair["artist_name"], pair["other_artist_id"]: pair["other_artist_name"]}
    chosen = strongest(pairs)
    order = neighbours(chosen)
    label = labels((key, names[key]) for key in order)
    drawn = [(order.index(artist), order.index(partner), songs) for artist, partner, songs in chosen]
    text += ". An arc joins two artists. The thicker it is, the more songs they share."
    if len(chosen) < len(pairs):
        text += f" The chart shows the {count(len(chosen), 'strongest pair', 'strongest pairs')}."
    rows = [(pair["artist_name"], pair["other_artist_name"], pair["song_count"], _years(pair)) for pair in pairs]
    table = Table(("artist", "other artist", "songs", "released"), rows, "pairs")
    spec = charts.arcs([label[key] for key in order], drawn)
    return [Figure("together", "Artists who share songs", text, spec, table)]


def strongest(pairs: Sequence[Row]) -> list[tuple[str, str, int]]:
    """All pairs among the artists of the strongest pairs; not more artists than a chart shows legibly."""
    chosen: set[str] = set()
    for pair in pairs:
        both = {pair["artist_id"], pair["other_artist_id"]}
        if len(chosen | both) <= _MOST_ON_ARCS:
            chosen |= both
    return [
        (pair["artist_id"], pair["other_artist_id"], pair["song_count"])
        for pair in pairs
        if pair["artist_id"] in chosen and pair["other_artist_id"] in chosen
    ]


def neighbours(pairs: Sequence[tuple[str, str, int]]) -> list[str]:
    """The artists in an order that keeps arcs short: groups who share songs, the largest group first."""
    ties: dict[str, dict[str, int]] = defaultdict(dict)
    for artist, partner, songs in pairs:
        ties[artist][partner] = ties[partner][artist] = songs
    groups: list[list[str]] = []
    left = set(ties)
    while left:
        # Start with the artist with the fewest partners; then add the strongest ties to the group's end.
        group = [min(_reached(ties, min(left)), key=lambda key: (len(ties[key]), key))]
        while more := {partner for artist in group for partner in ties[artist]} - set(group):
            group.append(max(more, key=lambda key: (_pull(ties[key], group), key)))
        groups.append(group)
        left -= set(group)
    return [key for group in sorted(groups, key=lambda group: (-len(group), group)) for key in group]


def _pull(ties: dict[str, int], group: Sequence[str]) -> float:
    """Shared songs with the group, weighted: partners near the group's end count more."""
    return sum(songs / (len(group) - group.index(key)) for key, songs in ties.items() if key in group)


def _reached(ties: dict[str, dict[str, int]], start: str) -> set[str]:
    reached, queue = {start}, [start]
    while queue:
        new = set(ties[queue.pop()]) - reached
        reached |= new
        queue += new
    return reached
