"""The artists: who is on most songs, who rises, who sings with whom."""

from collections import defaultdict
from collections.abc import Sequence

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Bi, Row
from deploy.local.report.page import Figure, Section, Table
from deploy.local.report.words import count, day, figure, labels, name, shared_first

_MOST_BARS = 24
_MOST_ON_ARCS = 24


def artists(bi: Bi) -> Section:
    """Presence, rise and collaborations."""
    return Section("artists", "Artists", [_most(bi), _together(bi), *_rise(bi)])


def _most(bi: Bi) -> Figure:
    held = bi.rows(
        "ARTIST_SUMMARY",
        "artist_id, artist_name, held_song_count, weighted_song_count, playlist_count, collaborator_count,"
        " first_release_year, last_release_year",
        where="held_song_count > 0",
        order="held_song_count desc, artist_name, artist_id",
    )
    title = "Artists with the most songs"
    if not held:
        return Figure("most", title, Markup("No playlist holds a song whose artist is known."))
    songs = bi.one("TOTALS", "held_song_count")["held_song_count"]
    first = [artist for artist in held if artist["held_song_count"] == held[0]["held_song_count"]]
    sentence = Markup("{} {} credited on {}; {} on the most, {}").format(
        count(len(held), "artist"),
        "is" if len(held) == 1 else "are",
        count(songs, "song"),
        shared_first([artist["artist_name"] for artist in first], "artist"),
        figure(held[0]["held_song_count"]),
    )
    sentence += " each." if len(first) > 1 else f", or {round(100 * held[0]['held_song_count'] / songs)}%."
    once = sum(artist["held_song_count"] == 1 for artist in held)
    if once and held[0]["held_song_count"] > 1:
        sentence += f" {figure(once)} of them {'is' if once == 1 else 'are'} on one song alone."
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
    rows = [
        (
            artist["artist_name"],
            artist["held_song_count"],
            artist["playlist_count"],
            artist["collaborator_count"],
            _years(artist),
        )
        for artist in held
    ]
    return Figure(
        "most",
        title,
        sentence,
        charts.bars(points, "artist", [("text", "songs"), ("playlists", "playlists")]),
        Table.of(("artist", "songs", "playlists", "shares songs with", "released"), rows, "BI.ARTIST_SUMMARY"),
    )


def _years(row: Row) -> str | None:
    first, last = row["first_release_year"], row["last_release_year"]
    if first is None:
        return None
    return str(first) if first == last else f"{first} to {last}"


def _rise(bi: Bi) -> list[Figure]:
    """Who gained and lost songs on the newest day; nothing where there was no day before it."""
    moved = bi.rows(
        "ARTIST_RISE",
        "artist_id, artist_name, checked_on, song_count, previous_on, song_count_change",
        where="checked_on = (select max(checked_on) from SPOTIFY.BI.ARTIST_RISE) and previous_on is not null",
        order="song_count_change desc, artist_name, artist_id",
    )
    if not moved:
        return []
    title = "Artists that rise and fall"
    up = [artist for artist in moved if artist["song_count_change"] > 0]
    down = [artist for artist in reversed(moved) if artist["song_count_change"] < 0]
    since = day(moved[0]["previous_on"])
    if not up and not down:
        return [Figure("rise", title, Markup("Since {} no artist gained or lost a song.").format(since))]
    sentence = Markup("Since {} {} gained songs and {}").format(
        since, count(len(up), "artist"), f"{count(len(down), 'artist')} lost some" if down else "none lost any"
    )
    sentence += _most_moved(up, "gained") + _most_moved(down, "lost")
    shown = [*up[:8], *reversed(down[:8])]
    label = labels((artist["artist_id"], artist["artist_name"]) for artist in shown)
    points = [
        {
            "label": label[artist["artist_id"]],
            "gained": max(0, artist["song_count_change"]),
            "lost": max(0, -artist["song_count_change"]),
        }
        for artist in shown
    ]
    rows = [(artist["artist_name"], artist["song_count_change"], artist["song_count"]) for artist in (*up, *down)]
    table = Table.of(("artist", "change", "songs now"), rows, "BI.ARTIST_RISE")
    spec = charts.come_and_go(points, "artist", "songs", ways=("gained", "lost"))
    return [Figure("rise", title, sentence + ".", spec, table)]


def _most_moved(moved: Sequence[Row], word: str) -> Markup:
    """Who moved most, where that says more than who comes first."""
    if not moved:
        return Markup("")
    most = moved[0]["song_count_change"]
    first = [artist["artist_name"] for artist in moved if artist["song_count_change"] == most]
    if len(first) > 2:  # noqa: PLR2004 - more names tell nothing
        return Markup("; none {} more than {}").format(word, abs(most))
    each = " each" if len(first) > 1 else ""
    return Markup("; {} {} most, {}{}").format(shared_first(first, "artist"), word, abs(most), each)


def _together(bi: Bi) -> Figure:
    pairs = bi.rows(
        "ARTIST_COLLABORATIONS",
        "artist_id, artist_name, other_artist_id, other_artist_name, song_count, first_release_year, last_release_year",
        order="song_count desc, artist_id, other_artist_id",
    )
    title = "Who sings with whom"
    if not pairs:
        return Figure("together", title, Markup("No song is credited to two artists."))
    top = pairs[0]
    first = sum(pair["song_count"] == top["song_count"] for pair in pairs)
    sentence = Markup("{}; ").format(
        count(len(pairs), "pair of artists shares songs", "pairs of artists share songs"),
    )
    sentence += (
        Markup("{} and {} the most, {}").format(
            name(top["artist_name"]), name(top["other_artist_name"]), top["song_count"]
        )
        if first == 1
        else f"{figure(first)} of them the most, {count(top['song_count'], 'song')} each"
    )
    partners: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for pair in pairs:
        partners[pair["artist_id"]].add(pair["other_artist_id"])
        partners[pair["other_artist_id"]].add(pair["artist_id"])
        names |= {pair["artist_id"]: pair["artist_name"], pair["other_artist_id"]: pair["other_artist_name"]}
    most = max(len(others) for others in partners.values())
    widest = sorted(key for key in partners if len(partners[key]) == most)
    if most > 1:
        sentence += Markup("; {} {} with the most others, {}").format(
            shared_first([names[key] for key in widest], "artist"), "sings" if len(widest) == 1 else "sing", most
        )
    chosen = strongest(pairs)
    order = neighbours(chosen)
    label = labels((key, names[key]) for key in order)
    drawn = [(order.index(one), order.index(other), songs) for one, other, songs in chosen]
    sentence += "."
    if len(chosen) < len(pairs):
        sentence += f" Drawn are the {count(len(chosen), 'strongest pair', 'strongest pairs')}."
    rows = [(pair["artist_name"], pair["other_artist_name"], pair["song_count"], _years(pair)) for pair in pairs]
    return Figure(
        "together",
        title,
        sentence,
        charts.arcs([label[key] for key in order], drawn),
        Table.of(("artist", "with", "songs", "released"), rows, "BI.ARTIST_COLLABORATIONS"),
    )


def strongest(pairs: Sequence[Row]) -> list[tuple[str, str, int]]:
    """Pairs, strongest first, of no more artists than can be read; then all pairs among these artists."""
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
    """The artists in an order that keeps arcs short: groups of those who sing together, the largest group first."""
    ties: dict[str, dict[str, int]] = defaultdict(dict)
    for one, other, songs in pairs:
        ties[one][other] = ties[other][one] = songs
    groups: list[list[str]] = []
    left = set(ties)
    while left:
        # From an end inwards: who has the fewest partners begins, whoever is tied most to the last ones follows.
        group = [min(_reached(ties, min(left)), key=lambda key: (len(ties[key]), key))]
        while more := {other for one in group for other in ties[one]} - set(group):
            group.append(max(more, key=lambda key: (_pull(ties[key], group), key)))
        groups.append(group)
        left -= set(group)
    return [key for group in sorted(groups, key=lambda group: (-len(group), group)) for key in group]


def _pull(ties: dict[str, int], group: Sequence[str]) -> float:
    """The nearer to the end of the group the partners are, the stronger."""
    return sum(songs / (len(group) - group.index(key)) for key, songs in ties.items() if key in group)


def _reached(ties: dict[str, dict[str, int]], start: str) -> set[str]:
    found, queue = {start}, [start]
    while queue:
        new = set(ties[queue.pop()]) - found
        found |= new
        queue += new
    return found
