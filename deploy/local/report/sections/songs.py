"""The songs: in how many playlists they stand, how popular they are where that is shown, and how long they stay."""

import statistics
from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Bi, Row
from deploy.local.report.page import Figure, Section, Table
from deploy.local.report.words import count, figure, labels, listed, name, shared_first

_BIN = 10
_CHANGE = "popularity_change"
_MOST_MOVERS = 8  # each way
_DAYS_TO_DRAW = 4  # before that the sentence says it all


def songs(bi: Bi) -> Section:
    """Presence, popularity and stays."""
    total = bi.one("TOTALS", "song_count")["song_count"]
    figures = [_presence(bi), _popularity(bi, total), *_movers(bi), _stays(bi)]
    return Section("songs", "Songs", sorted(figures, key=lambda each: each.spec is None))


def _presence(bi: Bi) -> Figure:
    held = bi.rows(
        "TOP_SONGS_BY_PRESENCE",
        "presence_rank, song_name, artist_names, album_name, playlist_count, ever_playlist_count, held_days",
        where="playlist_count > 0",
        order="presence_rank, song_name, song_id",
    )
    title = "Songs in more than one playlist"
    if not held:
        return Figure("presence", title, Markup("No playlist holds a song, as far as known."))
    numbers = Counter(song["playlist_count"] for song in held)
    most = held[0]["playlist_count"]
    top = [song for song in held if song["playlist_count"] == most]
    shared = sum(number for playlists, number in numbers.items() if playlists > 1)
    if shared:
        sentence = Markup("{} of {} ({}%) {} in more than one playlist; the most, {}, hold {}.").format(
            figure(shared),
            count(len(held), "song"),
            round(100 * shared / len(held)),
            "stands" if shared == 1 else "stand",
            most,
            _songs_named(top),
        )
    else:
        sentence = Markup("Each of {} stands in one playlist alone.").format(count(len(held), "song"))
    points = [{"label": f"{playlists}", "value": numbers[playlists]} for playlists in range(1, most + 1)]
    rows = [
        (
            song["song_name"],
            song["artist_names"],
            song["playlist_count"],
            song["ever_playlist_count"],
            song["held_days"],
        )
        for song in held
    ]
    columns = ("song", "artists", "playlists now", "playlists ever", "days held")
    return Figure(
        "presence",
        title,
        sentence,
        charts.steps(points, "playlists that hold the song", "songs"),
        Table.of(columns, rows, "BI.TOP_SONGS_BY_PRESENCE"),
    )


def _songs_named(top: Sequence[Row]) -> Markup:
    shown = [name(song["song_name"]) for song in top[:2]]
    more = len(top) - len(shown)
    return listed([*shown, f"{figure(more)} more"] if more else shown)


def _popularity(bi: Bi, total: int) -> Figure:
    shown = bi.rows(
        "TOP_SONGS_BY_POPULARITY",
        "song_name, artist_names, album_name, popularity, observed_at",
        order="popularity_rank, song_name, song_id",
    )
    title = "Popularity at Spotify"
    if not shown:
        return Figure(
            "popularity",
            title,
            Markup(
                "Spotify withholds it: none of {} comes with a popularity as last described. Apps in development mode"
                " do not get it, which says nothing about the songs; there is nothing to draw."
            ).format(count(total, "song")),
        )
    values = [song["popularity"] for song in shown]
    median = statistics.median_low(values)
    first = [song["song_name"] for song in shown if song["popularity"] == values[0]]
    sentence = Markup("Half of {} {} rated {} or more out of 100; the highest, {}, {} {}.").format(
        count(len(shown), "song"),
        "is" if len(shown) == 1 else "are",
        median,
        values[0],
        "has" if len(first) == 1 else "have",
        shared_first(first, "song"),
    )
    if len(shown) < total:
        sentence += f" Of {count(total - len(shown), 'song')} it is not known."
    bins = Counter(min(value, 99) // _BIN for value in values)
    points = [{"label": f"{number * _BIN}+", "value": bins[number]} for number in range(10)]
    rows = [(song["song_name"], song["artist_names"], song["popularity"], song["observed_at"]) for song in shown]
    table = Table.of(("song", "artists", "popularity", "seen at"), rows, "BI.TOP_SONGS_BY_POPULARITY")
    return Figure("popularity", title, sentence, charts.steps(points, "popularity, 0 to 100", "songs"), table)


def _movers(bi: Bi) -> list[Figure]:
    """The newest change of each song whose popularity moved while it was looked at; nothing if none did."""
    moved = bi.rows(
        "SONG_POPULARITY_INTERVALS",
        "song_id, song_name, popularity, popularity_change, observed_from_at, interval_number",
        where="popularity_change is not null",
        order="song_id, interval_number",
    )
    newest = sorted(
        {song["song_id"]: song for song in moved}.values(),
        key=lambda song: (-abs(song[_CHANGE]), str(song["song_name"]), song["song_id"]),
    )
    if not newest:
        return []
    up = [song for song in newest if song[_CHANGE] > 0]
    down = [song for song in newest if song[_CHANGE] < 0]
    parts = [
        f"{count(len(songs), 'song')} {word}{f' (by up to {abs(songs[0][_CHANGE])})' if songs else ''}"
        for songs, word in ((up, "rose"), (down, "fell"))
    ]
    sentence = Markup("At the last change of each, {} and {}.").format(*parts)
    shown = [*up[:_MOST_MOVERS], *reversed(down[:_MOST_MOVERS])]
    label = labels((song["song_id"], song["song_name"]) for song in shown)
    points = [
        {"label": label[song["song_id"]], "rose": max(0, song[_CHANGE]), "fell": max(0, -song[_CHANGE])}
        for song in shown
    ]
    rows = [(song["song_name"], song[_CHANGE], song["popularity"], song["observed_from_at"]) for song in newest]
    table = Table.of(("song", "change", "popularity now", "seen at"), rows, "BI.SONG_POPULARITY_INTERVALS")
    spec = charts.come_and_go(points, "song", "points", ways=("rose", "fell"))
    return [Figure("movers", "Popularity that moved", sentence, spec, table)]


def _stays(bi: Bi) -> Figure:
    stays = bi.rows(
        "LONGEST_STAYS",
        "stay_rank, playlist_name, item_name, artist_names, stay_days, entered_by_at, last_seen_at, state",
        order="stay_rank, playlist_name, item_name, item_uri, stay_number",
    )
    title = "How long things stay"
    if not stays:
        return Figure("stays", title, Markup("Nothing has been seen in a playlist yet."))
    longest = stays[0]["stay_days"]
    if not longest:
        return Figure("stays", title, Markup("Everything was seen once so far: a stay takes two looks to measure."))
    over = [stay for stay in stays if stay["state"] in {"left", "playlist gone"}]
    same = sum(stay["stay_days"] == longest for stay in stays)
    sentence = Markup("The longest stay seen lasts at least {}, that of {}").format(
        count(longest, "day"), count(same, "item")
    )
    if over:
        mean = statistics.fmean(stay["stay_days"] for stay in over)
        known = f"stayed {count(round(mean, 1), 'day')} on average" if round(mean, 1) else "been seen once"
        sentence += f"; what left had {known}"
    bins = Counter(int(stay["stay_days"]) for stay in stays)
    points = [{"at": days, "value": number} for days, number in sorted(bins.items())]
    spec = charts.columns(points, "whole days", "stays") if longest >= _DAYS_TO_DRAW else None
    rows = [
        (stay["item_name"], stay["artist_names"], stay["playlist_name"], stay["stay_days"], stay["state"])
        for stay in stays
    ]
    table = Table.of(("title", "artists", "playlist", "days", "state"), rows, "BI.LONGEST_STAYS")
    return Figure("stays", title, sentence + ".", spec, table)
