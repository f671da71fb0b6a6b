"""The songs and albums: lists of all, how many playlists share them, popularity where shown, how long they stay."""

import statistics
from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from deploy.local.report import charts
from deploy.local.report.ask import Row
from deploy.local.report.library import Library
from deploy.local.report.page import Figure, Link, Section, Table, Tile
from deploy.local.report.words import count, figure, labels, listed, name, shared_first

_BIN = 10
_MOST_MOVERS = 8  # each way
_DAYS_TO_DRAW = 4  # no chart while the longest stay is shorter
MOST_TILES = 24


def songs(library: Library) -> Section:
    """Tiles of albums, lists of songs, albums and episodes, and charts of them."""
    if not library.held_songs:
        return Section("songs", "Songs", [], Markup("No playlist has a song, as far as is known."))
    figures = [
        _covers(library),
        _all_songs(library),
        *_presence(library.held_songs),
        *_popularity(library.held_songs),
        *_movers(library.moved_popularity),
        *_stays(library.stays),
        _all_albums(library),
        *_episodes(library),
    ]
    return Section("songs", "Songs", [each for each in figures if each])


def _covers(library: Library) -> Figure | None:
    top = library.albums[:MOST_TILES]
    if not top:
        return None
    tiles = [
        Tile(album["album_id"], Link(album["album_name"], album["url"]), count(album["song_count"], "song"))
        for album in top
    ]
    text = Markup("Shown are {} of {}: those with the most songs in a playlist today.").format(
        figure(len(top)), count(len(library.albums), "album")
    )
    return Figure("covers", "Albums with the most songs", text, tiles=tiles, is_wide=True)


def _all_songs(library: Library) -> Figure:
    albums = {album["album_id"]: album["url"] for album in library.albums}
    is_rated = any(song["popularity"] is not None for song in library.held_songs)
    rows = [
        (
            Link(song["song_name"], song["url"]),
            song["artist_names"],
            Link(song["album_name"], albums.get(song["album_id"])) if song["album_name"] else None,
            str(song["release_year"]) if song["release_year"] else None,
            song["duration_minutes"],
            song["playlist_count"],
            song["first_entered_by_at"].date(),
            *([song["popularity"]] if is_rated else []),
        )
        for song in library.held_songs
    ]
    columns = ("song", "artists", "album", "year", "minutes", "playlists", "first seen")
    text = Markup("{} in a playlist today.").format(count(len(rows), "song is", "songs are"))
    table = Table((*columns, *(["popularity"] if is_rated else [])), rows, "songs", is_open=True)
    return Figure("all-songs", "All songs", text, None, table, is_wide=True)


def _presence(held: Sequence[Row]) -> list[Figure]:
    numbers = Counter(song["playlist_count"] for song in held)
    most = held[0]["playlist_count"]
    if most == 1:
        return []
    top = [song for song in held if song["playlist_count"] == most]
    shared = sum(number for playlists, number in numbers.items() if playlists > 1)
    text = Markup("{} of {} ({}%) {} in more than one playlist. {} {} in {} playlists.").format(
        figure(shared),
        count(len(held), "song"),
        round(100 * shared / len(held)),
        "is" if shared == 1 else "are",
        _songs_named(top),
        "is" if len(top) == 1 else "are",
        most,
    )
    points = [{"label": f"{playlists}", "value": numbers[playlists]} for playlists in range(1, most + 1)]
    rows = [(point["label"], point["value"]) for point in points]
    spec = charts.steps(points, "playlists that have the song", "songs")
    return [
        Figure("presence", "Songs in more than one playlist", text, spec, Table(("playlists", "songs"), rows, "rows"))
    ]


def _songs_named(top: Sequence[Row]) -> Markup:
    shown = [name(song["song_name"]) for song in top[:2]]
    more = len(top) - len(shown)
    return listed([*shown, f"{figure(more)} more"] if more else shown)


def _popularity(held: Sequence[Row]) -> list[Figure]:
    """Nothing where Spotify withholds it."""
    rated = sorted(
        (song for song in held if song["popularity"] is not None),
        key=lambda song: (-song["popularity"], str(song["song_name"]), song["song_id"]),
    )
    if not rated:
        return []
    values = [song["popularity"] for song in rated]
    first = [song["song_name"] for song in rated if song["popularity"] == values[0]]
    text = Markup("The median popularity of {} is {} out of 100. {} {} the highest: {}.").format(
        count(len(rated), "song"),
        statistics.median_low(values),
        shared_first(first, "song"),
        "has" if len(first) == 1 else "have",
        values[0],
    )
    if len(rated) < len(held):
        text += f" Spotify does not show the popularity of {count(len(held) - len(rated), 'song')}."
    bins = Counter(min(value, 99) // _BIN for value in values)
    points = [{"label": f"{number * _BIN}+", "value": bins[number]} for number in range(10)]
    rows = [(Link(song["song_name"], song["url"]), song["artist_names"], song["popularity"]) for song in rated]
    table = Table(("song", "artists", "popularity"), rows, "songs")
    spec = charts.steps(points, "popularity, 0 to 100", "songs")
    return [Figure("popularity", "Popularity on Spotify", text, spec, table)]


def _movers(newest: Sequence[Row]) -> list[Figure]:
    """The newest change of each song whose popularity changed; nothing if none did."""
    if not newest:
        return []
    change = "popularity_change"
    up = [song for song in newest if song[change] > 0]
    down = [song for song in newest if song[change] < 0]
    parts = [
        f"{count(len(songs), 'song')} {word}{f' (by up to {abs(songs[0][change])})' if songs else ''}"
        for songs, word in ((up, "rose"), (down, "fell"))
    ]
    text = Markup("At the newest change of each song's popularity, {} and {}.").format(*parts)
    shown = [*up[:_MOST_MOVERS], *reversed(down[:_MOST_MOVERS])]
    label = labels((song["song_id"], song["song_name"]) for song in shown)
    points = [
        {"label": label[song["song_id"]], "Rose": max(0, song[change]), "Fell": max(0, -song[change])} for song in shown
    ]
    rows = [(song["song_name"], song[change], song["popularity"], song["observed_from_at"].date()) for song in newest]
    table = Table(("song", "change", "popularity", "since"), rows, "songs")
    spec = charts.bars_to_both_sides(points, "song", "points", ways=("Rose", "Fell"))
    return [Figure("movers", "Changes of popularity", text, spec, table)]


def _stays(stays: Sequence[Row]) -> list[Figure]:
    """How long removed items were in a playlist; nothing while no item has been in one for _DAYS_TO_DRAW days."""
    longest = stays[0]["stay_days"] if stays else 0
    if longest < _DAYS_TO_DRAW:
        return []
    over = [stay for stay in stays if stay["state"] in {"left", "playlist gone"}]
    if not over:
        return []
    mean = statistics.fmean(stay["stay_days"] for stay in over)
    text = Markup(
        "{} removed since the first check. On average, {} passed between the first and the last check that showed them."
    ).format(count(len(over), "item was", "items were"), count(round(mean, 1), "day"))
    bins = Counter(int(stay["stay_days"]) for stay in over)
    points = [{"at": days, "value": number} for days, number in sorted(bins.items())]
    rows = [(stay["item_name"], stay["artist_names"], stay["playlist_name"], stay["stay_days"]) for stay in over]
    table = Table(("title", "artists", "playlist", "days"), rows, "items")
    spec = charts.columns(points, "days in the playlist", "items")
    return [Figure("stays", "How long removed items were in a playlist", text, spec, table)]


def _all_albums(library: Library) -> Figure:
    rows = [
        (
            Link(album["album_name"], album["url"]),
            album["artist_names"],
            str(album["release_year"]) if album["release_year"] else None,
            album["song_count"],
        )
        for album in library.albums
    ]
    text = Markup("{} a song in a playlist today.").format(count(len(rows), "album has", "albums have"))
    table = Table(("album", "artists", "year", "songs"), rows, "albums", is_open=True)
    return Figure("all-albums", "All albums", text, None, table)


def _episodes(library: Library) -> list[Figure]:
    rows = [
        (Link(episode["episode_name"], episode["url"]), episode["show_name"], episode["duration_minutes"])
        for episode in library.episodes
    ]
    if not rows:
        return []
    text = Markup("{} in your playlists, or used to be.").format(
        count(len(rows), "podcast episode is", "podcast episodes are")
    )
    table = Table(("episode", "show", "minutes"), rows, "episodes", is_open=True)
    return [Figure("episodes", "Podcast episodes", text, None, table)]
